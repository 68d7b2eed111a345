"""What somebody can prove themselves with besides a password, and what must not be taken away."""

from dataclasses import dataclass, field
from datetime import datetime

from banyan.contracts.users import ROLES

CEREMONY_SECONDS = 300  # how long a challenge may be answered
SECOND_STEP_SECONDS = 300  # … and a sign-in may wait for its code
RECENT_SECONDS = 600  # for how long after proving oneself factors may be changed
MOST_PASSKEYS = 20
WRITES = frozenset(role for role, permits in ROLES.items() if any(each.endswith(":write") for each in permits))
"""The roles that change something: who has one signs in with a second factor, or a passkey."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of WebAuthn. `synced`: its maker keeps copies of it on the owner's other devices."""

    id: str
    account_id: str
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    synced: bool
    transports: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account has."""

    passkeys: int
    totp: bool
    recovery_codes: int
    password: bool
    mailbox_proved: bool

    @property
    def second(self) -> bool:
        """Whether it has anything besides a password and its mailbox."""
        return self.passkeys > 0 or self.totp

    def without_passkey(self) -> "Factors":
        return Factors(self.passkeys - 1, self.totp, self.recovery_codes, self.password, self.mailbox_proved)

    def without_totp(self) -> "Factors":
        return Factors(self.passkeys, False, 0, self.password, self.mailbox_proved)

    @property
    def way_in(self) -> bool:
        """Whether its owner comes in with it: a mailbox counts once it is proved to be theirs."""
        return self.passkeys > 0 or self.password or self.mailbox_proved


_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def device_words(user_agent: str) -> str:
    """A browser in a few words, as people would say it: `Chrome on Windows`."""
    said = (next((name for sign, name in known.items() if sign in user_agent), "") for known in (_BROWSERS, _SYSTEMS))
    return " on ".join(filter(None, said)) or "a device we do not know"

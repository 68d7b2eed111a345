"""Applications of others (RFC 6749 clients): what they may be, where answers may be sent, and how their proofs are checked."""

import base64
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from banyan.contracts.users import PERMISSIONS, SCOPES

CODE, REFRESH, CREDENTIALS = GRANTS = ("authorization_code", "refresh_token", "client_credentials")
CODE_SECONDS = 60  # RFC 9700 §2.1, ASVS 5.0 V10.4.3
OFFLINE = "offline_access"
INTROSPECT = "introspect"  # tokens of other clients, for servers that are shown them
KNOWN_SCOPES = frozenset(SCOPES) | PERMISSIONS | {INTROSPECT}

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_VISIBLE = re.compile(r"[!-~]{1,2000}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")  # a domain's name, reversed (RFC 8252 §7.1)
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?(/.*)?")


class Wrong(Exception):
    """A client cannot be like this; the text says why."""


class Refused(Exception):
    """Refused, in the words of RFC 6749 (`error`, and a description for developers)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Client:
    """An application that is known here. Confidential when it keeps a secret."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    grants: frozenset[str]
    created_at: datetime
    secret_hash: bytes | None = field(default=None, repr=False)
    first_party: bool = False
    status: str = "active"

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def confidential(self) -> bool:
        return self.secret_hash is not None

    def knows(self, secret: str) -> bool:
        """Whether it is its secret. It is unguessable, so a plain digest is kept."""
        return self.secret_hash is not None and hmac.compare_digest(sha256(secret.encode()).digest(), self.secret_hash)

    def sends_to(self, uri: str) -> bool:
        """Whether an answer may be sent there: character for character, but for the port on the machine itself."""
        return any(same_place(each, uri) for each in self.redirect_uris)

    def sure_at(self, uri: str) -> bool:
        """Whether nobody else can receive what is sent there in its name. Any program may claim a port or a scheme of its
        own, so such a client asks each time (RFC 8252 §8.6)."""
        return self.confidential or uri.startswith("https://")


def same_place(registered: str, asked: str) -> bool:
    """RFC 9700 §2.1 (simple string comparison) and RFC 8252 §7.3 (any port of the loopback address)."""
    if registered == asked:
        return True
    one, other = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(asked)
    if one is None or other is None or (one[1], one[3]) != (other[1], other[3]):
        return False
    return _VISIBLE.fullmatch(asked) is not None and int(other[2] or 80) < 65_536


def check_client(
    *, redirect_uris: Sequence[str], scopes: Iterable[str], grants: Iterable[str], confidential: bool
) -> None:
    """Wrong for a client that cannot be registered."""
    asked = frozenset(grants)
    if not asked or not asked <= set(GRANTS):
        raise Wrong(f"the grants are {', '.join(GRANTS)}")
    if unknown := sorted(frozenset(scopes) - KNOWN_SCOPES):
        raise Wrong(f"{unknown[0]} is no scope; the scopes are {', '.join(sorted(KNOWN_SCOPES))}")
    if REFRESH in asked and CODE not in asked:
        raise Wrong("refresh tokens come of authorization codes")
    if CREDENTIALS in asked and not confidential:
        raise Wrong("a client that acts for itself needs a secret")
    if CODE in asked and not redirect_uris:
        raise Wrong("a client that shoppers are sent back to needs a redirect URI")
    for uri in redirect_uris:
        check_redirect_uri(uri)


def check_redirect_uri(uri: str) -> None:
    """Wrong for an address that answers must not be sent to."""
    if not _VISIBLE.fullmatch(uri) or "\\" in uri:
        raise Wrong("a redirect URI is visible ASCII, at most 2,000 characters")
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        raise Wrong("this is no URI") from None
    if "#" in uri or "*" in uri or "@" in parts.netloc:
        raise Wrong("a redirect URI has no fragment, no wildcard and no user")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"):
        return
    if _PRIVATE_SCHEME.fullmatch(parts.scheme) and not parts.netloc:
        return
    raise Wrong("a redirect URI is https://…, http:// on the machine itself, or a scheme such as com.example.app:/…")


def is_challenge(text: str) -> bool:
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """Whether this verifier is what the challenge was made of (RFC 7636 §4.6, S256 and nothing else)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier), challenge)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def ordered(scopes: Iterable[str]) -> list[str]:
    """Scopes in the order in which they are told."""
    told = [*SCOPES, *sorted(PERMISSIONS), INTROSPECT]
    return sorted(set(scopes), key=told.index)


def words(scope: str) -> str:
    """A scope as a shopper reads it."""
    return SCOPES.get(scope) or f"Act with your permission {scope}"

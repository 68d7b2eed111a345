"""What others are shown: accounts, sessions and addresses as the API answers them."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from banyan.users.domain.accounts import Account, Session, permissions
from banyan.users.domain.api_keys import ApiKey


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


Item = TypeVar("Item", bound=View)


class Page(View, Generic[Item]):
    """Part of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


class PreferencesView(View):
    """What someone likes. `language` is a tag such as `de` or `pt-BR` (BCP 47), `currency` ISO 4217."""

    language: str | None = None
    currency: str | None = None
    marketing: bool = False


class UserView(View):
    """An account. Edits need its `version` as an ETag in If-Match."""

    id: str
    email: str
    name: str
    roles: list[str]
    permissions: list[str]
    preferences: PreferencesView
    has_password: bool
    version: int
    created_at: datetime


class Tokens(View):
    """The access token goes into `Authorization: Bearer`; the refresh token gets the next pair, once."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: str
    session_id: str


class SignedUp(UserView, Tokens):
    """A new account, signed in."""


class SignedIn(Tokens):
    """A session that has begun. `factor_needed`: it permits nothing before a passkey or an app's codes are set up."""

    user: UserView
    factor_needed: bool = False


class SecondStep(View):
    """The first step is done; the account asks for a code as well. `second_step` goes with it."""

    second_step: str
    ways: list[str]
    expires_in: int


class ClientName(View):
    """An application of somebody else."""

    id: str
    name: str


class SessionView(View):
    """A sign-in on some device. `current` is the one that asks; `client` the application it was given to, if any."""

    id: str
    current: bool
    method: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    client: ClientName | None = None


class AddressView(View):
    """Where a parcel can go. Edits need its `version` as an ETag in If-Match."""

    id: str
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    is_default: bool
    version: int
    created_at: datetime


class RoleView(View):
    """A role and what it permits."""

    role: str
    permissions: list[str]


class ApiKeyView(View):
    """An API key, of which only the last four characters are told. `state`: `active`, `expired` or `revoked`."""

    id: str
    user_id: str
    name: str
    hint: str
    scopes: list[str]
    state: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None


class MadeApiKey(ApiKeyView):
    """A new key. `key` is shown this once: it goes into `Authorization: Bearer`."""

    key: str


class Expires(View):
    """For how many seconds the link works that was mailed, if there is an account."""

    expires_in: int


class LinkSent(Expires):
    """With the `attempt`, which only this browser is given, the code in the mail can be typed here."""

    attempt: str


class LinkSeen(View):
    """What a link that was mailed leads to: the device that asked for it, and what was there before the address was
    proved and goes with the first link, unless it is said to be one's own."""

    asked_by: str
    asked_at: datetime
    same_browser: bool
    unproved_passkeys: list[str]


class PasskeyView(View):
    """A passkey. `synced`: its maker keeps copies of it on one's other devices."""

    id: str
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


class Ceremony(View):
    """A challenge: `public_key` goes into navigator.credentials, its answer back with `ceremony`, once and in time."""

    ceremony: str
    expires_in: int
    public_key: dict[str, Any]


class FactorsView(View):
    """What one can prove oneself with. `recent`: whether factors may be changed now without doing so again."""

    passkeys: int
    totp: bool
    recovery_codes: int
    password: bool
    mailbox_proved: bool
    factor_needed: bool
    recent: bool


class TotpBegun(View):
    """For an authenticator app: the address in the QR code, the code itself as SVG, and the secret to be typed."""

    uri: str
    qr_svg: str
    secret: str


class RecoveryCodes(View):
    """Shown once. Each works once, instead of an app's code."""

    recovery_codes: list[str]


def of_account(account: Account) -> UserView:
    return UserView(
        id=account.id,
        email=account.email,
        name=account.name,
        roles=sorted(account.roles),
        permissions=permissions(account.roles),
        preferences=PreferencesView(**known_preferences(account.preferences)),
        has_password=account.scheme is not None,
        version=account.version,
        created_at=account.created_at,
    )


def of_api_key(key: ApiKey, now: datetime) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        user_id=key.account_id,
        name=key.name,
        hint=key.hint,
        scopes=list(key.scopes),
        state=key.state(now),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        replaced_by=key.replaced_by,
    )


def of_session(session: Session, current: str | None, client: tuple[str, str] | None = None) -> SessionView:
    return SessionView(
        id=session.id,
        current=session.id == current,
        method=session.method,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        client=ClientName(id=client[0], name=client[1]) if client else None,
    )


def known_preferences(kept: dict[str, Any]) -> dict[str, Any]:
    """Those that this version knows; others may have been kept by a newer one."""
    return {name: value for name, value in kept.items() if name in PreferencesView.model_fields}

"""What others are shown: accounts, sessions and addresses as the API answers them."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from banyan.users.domain.accounts import Account, Session, permissions


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
    """A session that has begun."""

    user: UserView


class SessionView(View):
    """A sign-in on some device. `current` is the one that asks."""

    id: str
    current: bool
    method: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


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


class Expires(View):
    """For how many seconds the link works that was mailed, if there is an account."""

    expires_in: int


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


def of_session(session: Session, current: str | None) -> SessionView:
    return SessionView(
        id=session.id,
        current=session.id == current,
        method=session.method,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )


def known_preferences(kept: dict[str, Any]) -> dict[str, Any]:
    """Those that this version knows; others may have been kept by a newer one."""
    return {name: value for name, value in kept.items() if name in PreferencesView.model_fields}

"""Accounts, sessions, visitors: the records this service works with, and what roles permit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from banyan.contracts.users import PERMISSIONS, ROLES

OPERATOR = "operator"
MAY_SET_ROLES = frozenset(role for role, permissions in ROLES.items() if "users:write" in permissions)
SESSION_SECONDS = 30 * 86_400  # absolute: a session ends then however often it was refreshed (RFC 9700 §4.14)
LINK_SECONDS = 600
OPERATOR_LINK_SECONDS = 1800
FRESH_SECONDS = 900  # for how long after signing in someone without a password may set one


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may sign in. `version` is for editors, `epoch` rises when what they may do changes."""

    id: str
    email: str
    canonical: str
    created_at: datetime
    name: str = ""
    scheme: str | None = None
    hash: str | None = field(default=None, repr=False)
    roles: tuple[str, ...] = ()
    preferences: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    version: int = 1
    epoch: int = 1

    @property
    def active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in on one device, alive until it is ended or 30 days are over."""

    id: str
    account_id: str
    method: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request came from, as the gateway saw it. `network` is None where nobody said."""

    network: str | None = None
    user_agent: str = ""


def permissions(roles: Iterable[str]) -> list[str]:
    """What these roles permit together, sorted; roles nobody knows permit nothing."""
    granted = frozenset[str]().union(*(ROLES.get(role, frozenset()) for role in roles))
    return sorted(granted & PERMISSIONS)

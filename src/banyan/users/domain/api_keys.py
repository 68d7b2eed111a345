"""API keys: what they may be for, and how long they live."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from banyan.contracts.users import PERMISSIONS

# Who gives roles or registers applications can be anyone: that is for people who are signed in.
SCOPES = PERMISSIONS - {"users:write", "clients:write"}
MOST = 50  # of one operator that work
DAYS, MOST_DAYS = 90, 365
OVERLAP_SECONDS, MOST_OVERLAP = 86_400, 7 * 86_400


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is remembered; the key itself is known to whoever made it alone."""

    id: str
    account_id: str
    name: str
    hint: str  # its last four characters
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        return "revoked" if self.revoked_at else "active" if self.expires_at > now else "expired"


def beyond(scopes: Iterable[str], permissions: Iterable[str]) -> list[str]:
    """Those scopes that a maker with these permissions cannot give."""
    return sorted(set(scopes) - (SCOPES & set(permissions)))

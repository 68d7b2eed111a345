"""Sessions apart from the users database, as a promise: a family of refresh tokens never forks, and its end holds.

Without such a store (BANYAN_SESSIONS_URL is empty) they are rows of the users database, changed in its transactions
(users.storage.sessions). A store apart shares no transaction with it. What stands in for one is the account's `epoch`,
which rises when its rights change: a session of an older epoch is over, and nobody needs to be told.
docs/decisions/0024-sessions-behind-a-port.md says why that is as strong.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in on one device. `epoch` is its account's as it was then; it is alive as long as the account has no newer."""

    id: str
    account_id: str
    epoch: int
    method: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that someone sent, and its family, as they were at one moment. Digests only, never tokens."""

    session: Session
    ended: bool
    version: int = field(repr=False)  # of the family: it rises each time one of it is used
    used_at: datetime | None
    used_with: bytes | None
    seed: bytes | None
    next_unused: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A session whose end was not said to be told yet."""

    id: str
    account_id: str
    reason: str


class Sessions(Protocol):
    async def begin(self, session: Session, refresh_hash: bytes) -> None:
        """Keep a session with its first refresh token. Nobody has been given the token yet."""
        ...

    async def drop(self, session_id: str, refresh_hash: bytes) -> None:
        """It did not begin after all: as if it had never been."""
        ...

    async def presented(self, refresh_hash: bytes) -> Presented | None:
        """The token with this digest. What is said to be unused was so after the token was looked up."""
        ...

    async def use(
        self,
        shown: Presented,
        refresh_hash: bytes,
        next_hash: bytes,
        *,
        seed: bytes,
        used_with: bytes | None,
        now: datetime,
    ) -> bool:
        """Replace an unused token by its successor, all of it or nothing.

        False, and nothing is changed, when the session has ended or any of its family was used since it was shown.
        """
        ...

    async def end(self, session_id: str, account_id: str, reason: str, now: datetime) -> bool:
        """End a session for ever; False when it is none of this account's, or had ended. Untold until `told`."""
        ...

    async def told(self, session_id: str) -> None: ...

    async def untold(self) -> list[Ended]:
        """Some of those whose end was not told, soon after it."""
        ...

    async def carry(self, session_id: str, account_id: str, epoch: int) -> None:
        """Let a session that goes on belong to its account's new epoch; nothing happens to one that has ended."""
        ...

    async def live(self, session_id: str, account_id: str, epoch: int, now: datetime) -> Session | None:
        """The session, if it is this account's, of this epoch or a newer one, and not over."""
        ...

    async def of_account(
        self, account_id: str, epoch: int, now: datetime, *, before: str | None, limit: int
    ) -> list[Session]:
        """Live sessions, the newest first, from behind the one with id `before`; a new one may be missing for a moment."""
        ...

    async def forget(self, account_id: str) -> None:
        """Drop what is known of an account's sessions, alive or over: their account is gone."""
        ...

    async def close(self) -> None: ...

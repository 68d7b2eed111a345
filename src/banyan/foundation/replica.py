"""A replica of a service's database, for reads that may be a moment old: lists and pages for shoppers, reports. Never for
a decision, and never for whoever has just written.

It is asked while it is fit: it answers, and what it has replayed is no older than a second. Otherwise the database itself
is asked, and nobody notices. A replica of a database that nobody writes to looks old and is not asked; there is no load then.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from prometheus_client import Counter

from banyan.foundation.db import Db, Row
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unavailable

T = TypeVar("T")
ASKED = Counter("shop_replica_reads_total", "Reads that may be a moment old, by who answered", ["by"])
OLDEST = 1.0  # seconds since what was replayed last was committed
LOOK = 0.5  # seconds that what is known of its age is believed
AWAY = 5.0  # seconds for which one that failed is not asked
# A primary by this URL, after a promotion, is not old at all; who replays and cannot say since when is not trusted.
_AGE = """
SELECT CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8
       ELSE 0 END"""


class Replica:
    """Reads like a Db, by the replica while it is fit and by the database itself otherwise."""

    def __init__(self, primary: Db, replica: Db, clock: Clock) -> None:
        self._primary = primary
        self._replica = replica
        self._clock = clock
        self._fit = False
        self._until = clock.monotonic()  # what is known of its age holds until then

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        return await self._by_whom(lambda db: db.fetch(sql, *values))

    async def fetchrow(self, sql: str, *values: Any) -> Row | None:
        return await self._by_whom(lambda db: db.fetchrow(sql, *values))

    async def fetchval(self, sql: str, *values: Any) -> Any:
        return await self._by_whom(lambda db: db.fetchval(sql, *values))

    async def close(self) -> None:
        await self._replica.close()

    async def _by_whom(self, read: Callable[[Db], Awaitable[T]]) -> T:
        if await self._is_fit():
            try:
                told = await read(self._replica)
            except Unavailable:
                self._fit, self._until = False, self._clock.monotonic() + AWAY
            else:
                ASKED.labels("replica").inc()
                return told
        ASKED.labels("primary").inc()
        return await read(self._primary)

    async def _is_fit(self) -> bool:
        now = self._clock.monotonic()
        if now < self._until:
            return self._fit
        self._until = now + LOOK  # one looks, the others believe what was known
        try:
            age = await self._replica.fetchval(_AGE)
            self._fit = age is not None and age <= OLDEST
        except Unavailable:
            self._fit, self._until = False, now + AWAY
        return self._fit

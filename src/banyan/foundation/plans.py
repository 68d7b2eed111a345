"""Plans that PostgreSQL keeps are made anew when a table has outgrown them.

A plan made while a table was empty or small reads all of it, and goes on to when it is large: until PostgreSQL analyzes the
table, which may take a minute. How many rows tables have is looked up at most once a second, by whoever borrows a connection
then: from PostgreSQL's statistics, which are a second old and wait for no lock.
"""

from collections.abc import Mapping
from typing import cast

from banyan.foundation.connection import DROP_PLANS, Lent, PlainConnection
from banyan.kernel.clock import Clock

PAUSE = 1.0  # seconds between looks
FACTOR = 4  # times as many rows as when plans were made, and they are made anew …
FEW = 16  # … from so many rows on …
MANY = 20_000  # … up to so many: who plans for these looks them up by an index
_ROWS = """
SELECT oid, pg_stat_get_live_tuples(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"""
UPKEEP = frozenset({_ROWS, DROP_PLANS})
"""Statements that no request asks for, and that are not counted as its own."""


class Plans:
    """Those that the connections of one pool keep. An age of them ends when a table has outgrown it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._look_at = 0.0
        self._age = 0
        self._rows: dict[int, int] = {}  # of each table, the fewest in this age

    def due(self, con: Lent) -> bool:
        """Whether there is anything to renew: a look is due, or this connection's plans are of an earlier age."""
        return self._clock.monotonic() >= self._look_at or _plain(con).age != self._age

    async def renew(self, con: Lent) -> None:
        """Drop what this connection keeps from an earlier age."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + PAUSE
            rows = {row[0]: row[1] for row in await con.fetch(_ROWS)}
            if outgrown(self._rows, rows):
                self._age += 1
                self._rows = rows
            else:
                self._rows = {table: min(self._rows.get(table, 0), many) for table, many in rows.items()}
        if _plain(con).age != self._age:
            await _plain(con).drop_plans(self._age)


def _plain(con: Lent) -> PlainConnection:
    """What is lent stands in for the connection, and passes on to it what is asked of it."""
    return cast(PlainConnection, con)


def outgrown(fewest: Mapping[int, int], rows: Mapping[int, int]) -> bool:
    """Whether a table has so many more rows than it once had that it wants another plan."""
    return any(
        fewest.get(table, 0) < MANY and many >= FACTOR * max(fewest.get(table, 0), FEW) for table, many in rows.items()
    )

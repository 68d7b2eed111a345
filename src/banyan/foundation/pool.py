"""A pool of asyncpg's with the connections used last at hand: lending one takes it 17 µs and two tasks, and a small
statement 13.
"""

from typing import TypeAlias, cast

import asyncpg

Lent: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
AT_HAND = 4  # connections: those beyond are let go when they are not used for long
YOUNG = 16  # times lent, after which a connection's plans are made anew, and then after four times as many each


class PlainConnection(asyncpg.Connection):
    """A connection that needs no reset between borrowers: only `SET LOCAL` and transaction locks are ever used."""

    _lent = 0
    _planned_anew = YOUNG

    def get_reset_query(self) -> str:
        return ""

    def outgrown(self) -> bool:
        """Count that it is lent once more; whether tables have likely grown out of what its plans were made for."""
        self._lent += 1
        if self._lent < self._planned_anew:
            return False
        self._planned_anew *= 4
        return True


class Pool:
    """What several may borrow from: `plain` is asyncpg's, of PlainConnections, from which others may borrow, too.

    `keeps_plans`: its connections plan a statement once (`plan_cache_mode`), but anew as tables grow.
    """

    def __init__(self, plain: "asyncpg.Pool[asyncpg.Record]", *, keeps_plans: bool = False) -> None:
        self.plain = plain
        self._keeps_plans = keeps_plans
        self._at_hand: list[Lent] = []
        self._wanting = 0

    async def lend(self, seconds: float) -> Lent:
        """A connection. TimeoutError when all are lent for so long."""
        con = await self._any(seconds)
        if self._keeps_plans and cast(PlainConnection, con).outgrown():  # what stands in for it passes all on to it
            try:
                await con.execute("DISCARD PLANS")
            except BaseException:
                await self.plain.release(con)
                raise
        return con

    async def _any(self, seconds: float) -> Lent:
        while self._at_hand:
            con = self._at_hand.pop()
            if not con.is_closed():
                return con
            await self.plain.release(con)
        self._wanting += 1
        try:
            return await self.plain.acquire(timeout=seconds)
        finally:
            self._wanting -= 1

    def take_back(self, con: Lent) -> bool:
        """Take one back on which all went well. False where it is to be released: somebody waits, or enough are at hand."""
        if self._wanting or len(self._at_hand) >= AT_HAND or con.is_closed() or self.plain.is_closing():
            return False
        self._at_hand.append(con)
        return True

    async def release(self, con: Lent) -> None:
        """Take one back, whatever became of it."""
        await self.plain.release(con)

    async def close(self) -> None:
        """Close every connection once it is not lent any more."""
        while self._at_hand:
            await self.plain.release(self._at_hand.pop())
        await self.plain.close()

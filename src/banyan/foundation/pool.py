"""A pool of asyncpg's with the connections used last at hand: lending one takes it 17 µs and two tasks, and a small
statement 13.
"""

import asyncpg

from banyan.foundation.connection import Lent
from banyan.foundation.plans import Plans

AT_HAND = 4  # connections: those beyond are let go when they are not used for long


class Pool:
    """What several may borrow from: `plain` is asyncpg's, of PlainConnections, from which others may borrow, too.

    `plans`: where its connections keep their plans.
    """

    def __init__(self, plain: "asyncpg.Pool[asyncpg.Record]", plans: Plans | None = None) -> None:
        self.plain = plain
        self._plans = plans
        self._at_hand: list[Lent] = []
        self._wanting = 0

    async def lend(self, seconds: float) -> Lent:
        """A connection. TimeoutError when all are lent for so long."""
        con = await self._any(seconds)
        if self._plans is not None and self._plans.due(con):
            try:
                await self._plans.renew(con)
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

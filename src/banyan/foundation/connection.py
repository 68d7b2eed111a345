"""The connections that a pool lends."""

from typing import TypeAlias

import asyncpg

Lent: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
DROP_PLANS = "DISCARD PLANS"


class PlainConnection(asyncpg.Connection):
    """A connection that needs no reset between borrowers: only `SET LOCAL` and transaction locks are ever used."""

    age = 0  # of the plans it keeps (foundation.plans)

    def get_reset_query(self) -> str:
        return ""

    async def drop_plans(self, age: int) -> None:
        """Drop the plans it keeps; those made from now on are of this age."""
        await self.execute(DROP_PLANS)
        self.age = age

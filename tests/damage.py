"""Damage done to a database, to see which invariants find it, and undone again."""

from collections.abc import Sequence

from banyan.foundation.db import Db
from banyan.foundation.service import Invariant


class UndoneError(Exception):
    """Rolls a transaction back."""


async def found_after(db: Db, invariants: Sequence[Invariant], damage: str) -> list[str]:
    """Which of these invariants the damage breaks; it is rolled back."""
    found: list[str] = []
    try:
        async with db.transaction() as tx:
            await tx.execute(damage)
            found = [each.id for each in invariants if await tx.fetch(each.sql)]
            raise UndoneError
    except UndoneError:
        return found

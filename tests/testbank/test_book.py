"""The bank's book refuses to be changed, and each of its invariants finds what is forced in."""

import contextlib

import asyncpg
import pytest

from tests.testbank.conftest import Desk

BREAK = {
    "I1": """INSERT INTO entry SELECT transfer, charge_id, 'merchant', 7, 'EUR' FROM entry
             WHERE transfer = 'charge forced' LIMIT 1""",
    "I2": "UPDATE charge SET captured = captured - 1",
    "I3": "UPDATE deed SET kind = 'capture'",
    "I4": "UPDATE charge SET refunded = captured + 1",
}


@pytest.mark.parametrize(
    "statement",
    [
        BREAK["I1"],
        BREAK["I4"],
        "UPDATE entry SET amount = -amount",
        "DELETE FROM entry",
        "UPDATE charge SET captured = approved + 1",
        "UPDATE charge SET state = 'authorized' WHERE captured > 0",
    ],
)
async def test_the_database_refuses_it(desk: Desk, statement: str) -> None:
    await _taken(desk)
    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)):
        async with desk.ports.db.transaction() as tx:
            await tx.execute(statement)
    assert await desk.broken() == []


@pytest.mark.parametrize("found", BREAK)
async def test_each_invariant_finds_what_is_forced_in(desk: Desk, found: str) -> None:
    await _taken(desk)
    sql = next(each.sql for each in desk.bank.invariants if each.id == found)
    with contextlib.suppress(_Undone):
        async with desk.ports.db.transaction() as tx:
            await tx.execute("ALTER TABLE entry DISABLE TRIGGER USER")
            for check in await tx.fetch(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = 'charge'::regclass"
            ):
                await tx.execute(f"ALTER TABLE charge DROP CONSTRAINT {check['conname']}")
            assert await tx.fetch(sql) == []
            await tx.execute(BREAK[found])
            assert await tx.fetch(sql) != []
            raise _Undone


class _Undone(Exception):
    """Nothing of this is kept."""


async def _taken(desk: Desk) -> None:
    charge = await desk.held("forced")
    await desk.do(charge, "capture", "forced.c")
    await desk.do(charge, "refunds", "forced.r", 100)

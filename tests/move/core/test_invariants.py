"""Each invariant is able to fail: what it forbids is made with the constraint taken away, and found."""

import pytest

from banyan.move.invariants import INVARIANTS
from banyan.move.storage import tables
from tests.move.core.conftest import MakeMoving, Moving

DAMAGE = {
    "M1": "ALTER TABLE legacy_table DROP CONSTRAINT legacy_table_check; UPDATE legacy_table SET seen = 1",
    "M2": "INSERT INTO pending (tbl, key, at) SELECT number, '\\x01', 1 FROM legacy_table",
    "M3": "UPDATE mirror SET at = at + (1::bigint << 56)",
    "M4": "UPDATE covered SET unverified = unverified + 1",
}


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    m = await shared_moving(makers=5, work=True)
    await m.copied()
    await m.rest()
    return m


@pytest.mark.parametrize("id_", DAMAGE)
async def test_damage_is_found(m: Moving, id_: str) -> None:
    assert set(DAMAGE) == {each.id for each in INVARIANTS}
    (invariant,) = [each for each in INVARIANTS if each.id == id_]
    assert await tables.states(m.ports.db)
    assert [dict(row) for row in await m.ports.db.fetch(invariant.sql)] == []
    async with m.ports.db.own() as con:
        damage = con.transaction()
        await damage.start()
        await con.execute(DAMAGE[id_])
        found = await con.fetch(invariant.sql)
        await damage.rollback()
    assert found

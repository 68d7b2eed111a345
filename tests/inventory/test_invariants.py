"""Each invariant can fail: data broken on purpose, behind the constraints' back, is found by just its query."""

import pytest

from banyan.inventory.invariants import INVARIANTS
from banyan.kernel.clock import VirtualClock
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor

OVERSOLD, RESERVED, MOVED, SOLD, LATE = (each.promise for each in INVARIANTS)
BREAKS = {
    "ALTER TABLE level DROP CONSTRAINT level_never_oversold; UPDATE level SET on_hand = 1": {OVERSOLD, MOVED},
    "UPDATE level SET reserved = reserved + 1": {RESERVED},
    "UPDATE reservation_line SET quantity = quantity + 1 WHERE quantity = 2": {RESERVED},
    "DELETE FROM level WHERE reserved > 0": {RESERVED, MOVED},
    "UPDATE level SET on_hand = on_hand + 1": {MOVED},
    "ALTER TABLE movement DISABLE TRIGGER USER; DELETE FROM movement WHERE kind = 'counted'": {MOVED},
    "ALTER TABLE movement DISABLE TRIGGER USER; UPDATE movement SET reservation_id = 'rsv_x' WHERE kind = 'sold'": {
        SOLD
    },
    "UPDATE reservation SET expires_at = shop_now() - interval '301 seconds' WHERE state = 'held'": {LATE},
}


@pytest.fixture(scope="module")
async def floor(open_floor: OpenFloor) -> Floor:
    floor = await open_floor(VirtualClock())
    await floor.count("mug", 9)
    await floor.hold("crt_1", mug=2)
    await floor.hold("crt_2", "ord_2", mug=3)
    await floor.hold("crt_3", "ord_3", mug=1)
    await floor.sell("ord_3")
    return floor


@pytest.mark.parametrize("sql", BREAKS)
async def test_what_is_broken_on_purpose_is_found(floor: Floor, sql: str) -> None:
    assert await floor.broken() == []
    async with floor.ports.db.transaction() as tx:
        await tx.execute(sql)
        found = {each.promise for each in INVARIANTS if await tx.fetch(each.sql)}
        await tx.execute("ROLLBACK; BEGIN")
    assert found == BREAKS[sql]
    assert await floor.broken() == []


async def test_movements_are_only_ever_added(floor: Floor) -> None:
    for sql in ("UPDATE movement SET reason = 'x'", "DELETE FROM movement", "TRUNCATE movement"):
        with pytest.raises(Exception, match="only ever added"):
            async with floor.ports.db.transaction() as tx:
                await tx.execute(sql)


async def test_overselling_is_forbidden_by_the_table_itself(floor: Floor) -> None:
    for sql in ("UPDATE level SET reserved = on_hand + 1", "UPDATE level SET reserved = -1"):
        with pytest.raises(Exception, match="violates check constraint"):
            async with floor.ports.db.transaction() as tx:
                await tx.execute(sql)

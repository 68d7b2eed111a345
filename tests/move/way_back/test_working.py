"""What our side changes comes to the legacy tables, whole and once, written by one process at a time."""

import asyncio
from typing import Any

import pytest
from tests.move.cutover.conftest import MakeWorld
from tests.move.cutover.world import GROUP, Wares

from banyan.contracts.catalog import CategoriesChanged
from banyan.move.cutover.keeping import way_back_of
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reconcile import reconcile
from banyan.move.cutover.reverting import revert
from banyan.move.legacy import Use, View
from banyan.move.storage import back, groups
from banyan.move.way_back.hearing import hear, seconds_behind
from banyan.move.way_back.writing import Relieved, Writer

OPEN = {"coverage": "a test"}


class Hidden(Wares):
    """The notes' wares cannot be told by a column."""

    uses = {
        **Wares.uses,
        "ware_note": Use("ware_note", GROUP, (View("category", GROUP, lambda row: row.text("ware_id")),)),
    }


@pytest.fixture(scope="module")
async def w(world: MakeWorld) -> Any:
    found = await world(adapter=Hidden())
    assert (await cutover(await found.ground(), GROUP, max_pause=3, overrides=OPEN)).done
    return found


async def until(w: Any) -> None:
    """Everything told so far is back."""
    async with asyncio.timeout(30):
        while await w.catalog.db.fetchval(
            "SELECT EXISTS (SELECT FROM outbox WHERE (txid, pos) > (SELECT txid, pos FROM relay_position))"
        ):
            await asyncio.sleep(0.02)
        while await unheard(w) or (await back.lag(w.move.db, GROUP)).due:
            await asyncio.sleep(0.02)


async def unheard(w: Any) -> int:
    """Facts that the way back has yet to take in."""
    found: list[Any] = []

    async def take(batch: Any) -> None:
        found.extend(batch)

    await w.move.bus.follow(frozenset({"catalog"}), (await w.group()).way_back_from, take)
    return len(found)


async def test_a_change_goes_back_and_leaves_every_other_column_as_it_was(w: Any) -> None:
    w.sql("UPDATE ware SET viewed = viewed + 5 WHERE name = 'old 3'")
    await w.sell("old 3", 42)
    await until(w)
    row = w.sql("SELECT position, viewed, CAST(added AS CHAR) FROM ware WHERE name = 'old 3'")
    assert row == ((42, 5, "0000-00-00"),)


async def test_rows_that_only_the_mirror_can_find_are_changed_and_not_doubled(w: Any) -> None:
    await w.sell("first name", 1)
    await until(w)
    for number in range(3):
        await w.catalog.db.execute("UPDATE thing SET name = $1 WHERE id = 'cat_firstname'", f"name {number}")
        await w.sell(f"name {number}", number)
        await until(w)
    notes = w.sql("SELECT note FROM ware JOIN ware_note USING (ware_id) WHERE name = 'name 2'")
    assert notes == (("name 2",),)


async def test_what_is_removed_here_is_removed_there(w: Any) -> None:
    await w.sell("short lived", 1)
    await until(w)
    async with w.catalog.db.transaction() as tx:
        await tx.execute("UPDATE thing SET removed = true WHERE name = 'short lived'")
        tx.tell(CategoriesChanged(category_id="cat_shortlived"))
    await until(w)
    assert "short lived" not in w.theirs()


async def test_what_the_legacy_database_refuses_holds_up_nobody_it_came_with(w: Any) -> None:
    w.sql(
        "CREATE TRIGGER unlucky BEFORE UPDATE ON ware FOR EACH ROW"
        " IF NEW.position = 13 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not that number'; END IF"
    )
    await change(w, {"old 7": 77, "old 8": 13, "old 9": 99})
    await until(w)
    theirs = w.theirs()
    assert (theirs["old 7"], theirs["old 8"], theirs["old 9"]) == (77, 8, 99)
    [flag] = await back.flagged(w.move.db, GROUP)
    assert "not that number" in flag["why"]
    w.sql("DROP TRIGGER unlucky")
    await change(w, {"old 8": 14})
    await until(w)
    assert w.theirs()["old 8"] == 14
    assert await back.flagged(w.move.db, GROUP) == []


async def change(w: Any, positions: dict[str, int]) -> None:
    """All in one transaction: the way back hears of them together."""
    async with w.catalog.db.transaction() as tx:
        for name, position in positions.items():
            id_ = await tx.fetchval("UPDATE thing SET position = $2 WHERE name = $1 RETURNING id", name, position)
            tx.tell(CategoriesChanged(category_id=id_))


async def test_no_write_is_held_while_the_way_back_is_too_far_behind(w: Any) -> None:
    await w.rest()
    await change(w, {"old 4": 44})
    await asyncio.sleep(0.3)
    turn = await revert(await w.ground(), GROUP, max_pause=0.5, patience=0.2)
    assert (turn.outcome, turn.pause) == ("aborted", 0.0)
    assert "the way back is" in turn.why
    w.work()
    await until(w)
    assert w.theirs()["old 4"] == 44
    assert await seconds_behind(w.move, GROUP, ["catalog"]) == 0


async def test_one_process_writes_and_the_one_before_it_no_more(w: Any) -> None:
    ground = await w.ground()
    await w.rest()
    owned = way_back_of(ground, GROUP).owned
    stalled, next_ = Writer(ground, GROUP, owned), Writer(ground, GROUP, owned)
    await stalled.take_pen()
    await next_.take_pen()
    await w.sell("old 5", 55)
    group = await groups.one(w.move.db, GROUP)
    place = group.way_back_from
    async with asyncio.timeout(30):
        while not await back.next_of(w.move.db, GROUP, 1):
            place = await hear(w.move, GROUP, place, ["catalog"], frozenset({"category"}))
            await asyncio.sleep(0.02)
    before = w.theirs()
    with pytest.raises(Relieved):
        await stalled.once()
    assert w.theirs() == before
    assert await next_.once() == 1
    assert w.theirs()["old 5"] == 55
    with pytest.raises(back.Overtaken):
        async with w.move.db.transaction() as tx:
            await back.heard(tx, GROUP, "a place that was left", "0.1", {}, {})
    for each in (stalled, next_):
        await each.close()
    w.work()


async def test_a_fact_heard_again_changes_nothing(w: Any) -> None:
    await w.sell("old 6", 66)
    await until(w)
    before = w.theirs()
    async with w.move.db.transaction() as tx:
        await tx.execute("UPDATE groups SET way_back_from = '0.0'")
    await w.rest()
    w.work()
    await asyncio.sleep(0.5)
    await until(w)
    assert w.theirs() == before


async def test_the_way_back_ends_with_the_revert(w: Any) -> None:
    ground = await w.ground()
    assert (await revert(ground, GROUP, max_pause=3, overrides={"way_back_lag": "a test"})).done
    assert await way_back_of(ground, GROUP).once() is None
    with pytest.raises(Relieved):
        await Writer(ground, GROUP, way_back_of(ground, GROUP).owned).take_pen()
    assert await reconcile(ground) == []

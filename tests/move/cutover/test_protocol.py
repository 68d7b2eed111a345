"""A group changes hands and back: nothing acknowledged is lost, nobody sees an error, and what fails goes back."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pymysql
import pytest
from tests.move.cutover.conftest import MakeWorld
from tests.move.cutover.world import GROUP, Killed, World, killing

from banyan.kernel.refusals import Conflict
from banyan.move.cutover.attempt import LATE, fence_of
from banyan.move.cutover.gates import Shut
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reconcile import reconcile
from banyan.move.cutover.reverting import revert
from banyan.move.cutover.triggers import CODE
from banyan.move.storage import back, hands, log, shift
from banyan.move.way_back.ground import Ground

OPEN = {"coverage": "a test"}
PAUSE = 3.0  # generous: eight people share this machine


@pytest.fixture(scope="module")
async def w(world: MakeWorld) -> World:
    return await world()


@pytest.fixture(autouse=True)
async def at_rest(w: World) -> AsyncIterator[None]:
    """Each test begins and ends with the legacy shop as the owner."""
    yield
    w.errors.clear()
    w.ledger.clear()
    if (await w.group()).owner == "new":
        assert (await revert(await w.ground(), GROUP, max_pause=PAUSE)).done
    await w.settled()
    assert await w.ours() == w.theirs()


async def both_know(w: World) -> None:
    """What shoppers were told is kept is with the owner, and nobody saw an error."""
    assert w.errors == []
    owner = await w.ours() if (await w.group()).owner == "new" else w.theirs()
    assert {name: owner.get(name) for name in w.ledger} == w.ledger


def fenced(w: World) -> bool:
    try:
        w.sql("UPDATE ware SET position = position + 1 WHERE name = 'old 0'")
    except pymysql.err.MySQLError:
        return True
    return False


async def test_writes_go_over_and_come_back_with_everything(w: World) -> None:
    ground = await w.ground()
    turn = await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)
    assert turn.done, turn.lines()
    assert fenced(w)
    await w.sell("old 3", 333)
    await w.sell("brand new", 1)
    turn = await revert(ground, GROUP, max_pause=PAUSE)
    assert turn.done, turn.lines()
    assert not fenced(w)
    theirs = w.theirs()
    assert (theirs["old 3"], theirs["brand new"]) == (333, 1)
    assert w.sql("SELECT note FROM ware JOIN ware_note USING (ware_id) WHERE name = 'brand new'") == (("brand new",),)
    w.sql("INSERT INTO ware (name, position) VALUES ('after', 2)")
    await w.settled()
    assert (await w.ours())["after"] == 2


async def test_shoppers_notice_nothing_of_three_round_trips(w: World) -> None:
    ground = await w.ground()
    w.open_shop(workers=2, shoppers=2)
    await asyncio.sleep(0.3)
    for _ in range(3):
        turn = await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)
        assert turn.done, turn.lines()
        await asyncio.sleep(0.2)
        turn = await revert(ground, GROUP, max_pause=PAUSE, overrides={"way_back_lag": "a test"})
        assert turn.done, turn.lines()
        await asyncio.sleep(0.1)
    await w.close_shop()
    assert len(w.ledger) == 4
    await both_know(w)


async def test_our_own_writes_do_not_come_home_as_news(w: World) -> None:
    ground = await w.ground()
    told = await w.move.db.fetchval("SELECT coalesce(sum(taken + stale + refused), 0) FROM delivered")
    assert (await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)).done
    for number in range(5):
        await w.sell(f"old {number}", 900 + number)
    assert (await revert(ground, GROUP, max_pause=PAUSE)).done
    await w.settled()
    assert await w.move.db.fetchval("SELECT coalesce(sum(taken + stale + refused), 0) FROM delivered") == told
    assert w.theirs()["old 4"] == 904


async def test_a_stream_that_does_not_come_in_time_takes_everything_back(w: World) -> None:
    async def never(group: str, at: int, seconds: float) -> bool:
        await asyncio.sleep(min(seconds, 0.2))
        return False

    w.open_shop(workers=2, shoppers=2)
    await asyncio.sleep(0.2)
    ground = replace(await w.ground(), reached=never)
    turn = await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)
    assert turn.outcome == "aborted"
    assert "stream" in turn.why
    await asyncio.sleep(0.2)
    await w.close_shop()
    await both_know(w)
    group = await w.group()
    assert (group.state, group.owner, group.holding, group.step) == ("in_sync", "legacy", False, None)
    assert not fenced(w)


async def test_no_write_is_held_while_the_stream_is_too_far_behind(w: World) -> None:
    ground = await w.ground()
    await w.rest()
    w.sql("UPDATE ware SET position = 77 WHERE name = 'old 1'")
    turn = await cutover(ground, GROUP, max_pause=0.5, patience=0.3, overrides=OPEN)
    assert (turn.outcome, turn.pause) == ("aborted", 0.0), turn.lines()
    assert "the stream is behind" in turn.why
    assert not fenced(w)
    w.work()
    await w.settled()
    assert (await w.ours())["old 1"] == 77


async def test_no_write_is_held_while_writes_take_as_long_as_the_pause(w: World) -> None:
    ground = await w.ground()

    async def report(beat: int, seconds: float) -> None:
        async with w.move.db.transaction() as tx:
            await shift.report(tx, "slow", beat, epochs={}, held={}, seconds=30, slowest={GROUP: seconds})

    await report(1, 0.7)
    turn = await cutover(ground, GROUP, max_pause=0.5, patience=0.3, overrides=OPEN)
    assert (turn.outcome, turn.pause) == ("aborted", 0.0), turn.lines()
    assert "writes take up to 0.70 s" in turn.why
    assert not fenced(w)
    async with w.move.db.transaction() as tx:
        await shift.leave(tx, "slow")
    turn = await cutover(ground, GROUP, max_pause=5, overrides=OPEN)
    assert turn.outcome == "done", turn.lines()


async def test_what_never_answers_ends_with_the_pause_and_everything_goes_back(w: World) -> None:
    async def asleep(group: str, at: int, seconds: float) -> bool:
        await asyncio.sleep(3600)
        return True

    ground = replace(await w.ground(), reached=asleep)
    turn = await cutover(ground, GROUP, max_pause=0.6, overrides=OPEN)
    assert (turn.outcome, turn.why) == ("aborted", LATE)
    group = await w.group()
    assert (group.state, group.owner, group.holding, group.step) == ("in_sync", "legacy", False, None)
    assert not fenced(w)


async def test_who_bypasses_the_gateway_is_taken_along_before_and_refused_after(w: World) -> None:
    ground, stop = await w.ground(), threading.Event()
    kept, refused = [0], [0]

    def bypass() -> None:
        with pymysql.connect(**_address(w), autocommit=True) as con, con.cursor() as cursor:
            while not stop.is_set():
                try:
                    cursor.execute("UPDATE ware SET position = %s WHERE name = 'old 8'", (kept[0] + 1,))
                    kept[0] += 1
                except pymysql.err.MySQLError as error:
                    refused[0] += error.args[0] == CODE
                    stop.wait(0.01)

    thread = threading.Thread(target=bypass)
    thread.start()
    try:
        turn = await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)
        assert turn.done, turn.lines()
        last = kept[0]
        assert (await w.ours())["old 8"] == last
        async with asyncio.timeout(30):
            while not await fence_of(ground, GROUP).hits():
                await asyncio.sleep(0.02)
        assert (await revert(ground, GROUP, max_pause=PAUSE)).done
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)
    assert kept[0] > last > 0
    assert refused[0] > 0
    await w.settled()
    assert (await w.ours())["old 8"] == kept[0]


async def test_an_open_transaction_is_waited_for_and_taken_along(w: World) -> None:
    other = pymysql.connect(**_address(w), autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("UPDATE ware SET position = 4711 WHERE name = 'old 1'")
    ending = asyncio.get_running_loop().call_later(1.2, other.commit)
    turn = await cutover(await w.ground(), GROUP, max_pause=PAUSE, overrides=OPEN)
    assert turn.done, turn.lines()
    assert (await w.ours())["old 1"] == 4711
    ending.cancel()
    other.close()


async def test_a_transaction_that_does_not_end_takes_everything_back(w: World) -> None:
    ground = await w.ground()
    other = pymysql.connect(**_address(w), autocommit=False)

    def begin(step: str) -> None:
        if step == "C2":
            with other.cursor() as cursor:
                cursor.execute("UPDATE ware SET position = 815 WHERE name = 'old 2'")

    turn = await cutover(ground, GROUP, max_pause=0.6, overrides=OPEN, crossed=begin)
    assert turn.outcome == "aborted"
    other.commit()
    other.close()
    await w.settled()
    assert (await w.ours())["old 2"] == 815


async def test_a_worker_that_does_not_answer_takes_everything_back(w: World) -> None:
    async with w.move.db.transaction() as tx:
        await tx.execute("INSERT INTO worker (id, until) VALUES ('mute', shop_now() + interval '10 s')")
    turn = await cutover(await w.ground(), GROUP, max_pause=0.3, overrides=OPEN)
    assert "mute" in turn.why
    async with w.move.db.transaction() as tx:
        await tx.execute("UPDATE worker SET until = shop_now() - interval '20 s'")
    assert (await cutover(await w.ground(), GROUP, max_pause=PAUSE, overrides=OPEN)).done
    async with w.move.db.transaction() as tx:
        await tx.execute("DELETE FROM worker")


async def test_a_shut_gate_names_itself_with_its_numbers_and_what_to_do(w: World) -> None:
    ground = await w.ground()
    with pytest.raises(Shut, match=r"coverage: .*verified after their last change") as shut:
        await cutover(ground, GROUP)
    assert [gate.name for gate in shut.value.gates] == ["coverage"]
    with pytest.raises(Conflict, match="no gate caverage"):
        await cutover(ground, GROUP, overrides={"caverage": "oops"})
    with pytest.raises(Shut, match="rehearsal"):
        await cutover(ground, GROUP, overrides=OPEN, rehearsal=True)
    with pytest.raises(Shut, match="state"):
        await revert(ground, GROUP)
    assert (await cutover(ground, GROUP, overrides=OPEN, dry_run=True)).outcome == "dry_run"
    assert (await w.group()).state in ("in_sync", "verified")
    kept = [row for row in await log.read(w.move.db, GROUP) if row["what"] == "cutover: gates passed"]
    assert kept[-1]["numbers"]["reasons"] == OPEN


async def test_of_two_operators_one_goes_ahead(w: World) -> None:
    ground = await w.ground()
    first, second = await asyncio.gather(
        cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN),
        cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN),
        return_exceptions=True,
    )
    done = [each for each in (first, second) if not isinstance(each, BaseException)]
    assert len(done) == 1
    assert done[0].done


async def test_what_the_legacy_shop_cannot_hold_is_flagged_at_once_and_holds_up_the_revert(w: World) -> None:
    ground = await w.ground()
    assert (await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)).done
    await w.sell("a name that is longer than forty characters are", 1)
    async with asyncio.timeout(30):
        while not await back.flagged(w.move.db, GROUP):
            await asyncio.sleep(0.02)
    with pytest.raises(Shut, match="unwritable"):
        await revert(ground, GROUP)
    await w.catalog.db.execute("UPDATE thing SET name = 'short' WHERE name LIKE 'a name that%'")
    await w.sell("short", 2)
    async with asyncio.timeout(30):
        while await back.flagged(w.move.db, GROUP):
            await asyncio.sleep(0.02)
    assert (await revert(ground, GROUP, max_pause=PAUSE)).done
    assert w.theirs()["short"] == 2


async def test_keys_given_out_on_either_side_are_never_given_out_again(w: World) -> None:
    ground = await w.ground()
    w.sql("INSERT INTO ware (name, position) VALUES ('gone', 1)")
    w.sql("DELETE FROM ware WHERE name = 'gone'")
    [[last]] = w.sql("SELECT LAST_INSERT_ID()")
    assert (await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)).done
    await w.sell("ours", 1)
    assert (await revert(ground, GROUP, max_pause=PAUSE)).done
    [[ours]] = w.sql("SELECT ware_id FROM ware WHERE name = 'ours'")
    w.sql("INSERT INTO ware (name, position) VALUES ('theirs', 1)")
    [[theirs]] = w.sql("SELECT ware_id FROM ware WHERE name = 'theirs'")
    assert last < ours < theirs


STEPS = [f"C{number}" for number in range(14)]
BACK_STEPS = ["R0", "R1", "R2", "R3", "R4", "R5", "R7", "R8", "R9", "R11", "R12", "R13"]


async def kill(ground: Ground, what: Any, step: str, **given: Any) -> None:
    with pytest.raises(Killed):
        await what(ground, GROUP, max_pause=PAUSE, crossed=killing(step), **given)


async def recover(ground: Ground, *, again: str | None) -> None:
    """A fresh process finds the row; with `again` it too is killed, at that place of its own work."""
    if again:
        with suppress(Killed):
            await reconcile(ground, killing(again))
    await reconcile(ground)


async def only_way_back(w: World) -> None:
    await w.rest()
    w.work("way back")


@pytest.mark.parametrize(
    ("steps", "again"), [(STEPS, None), (["C2", "C5", "C7", "C11", "C12"], "opened")], ids=["", "twice"]
)
async def test_a_cutover_killed_at_any_step_ends_where_it_must(w: World, steps: list[str], again: str | None) -> None:
    await only_way_back(w)
    for step in steps:
        ground = await w.ground()
        w.sql("UPDATE ware SET position = position + 1")
        await kill(ground, cutover, step, overrides=OPEN)
        await recover(ground, again="C13" if again and step == "C12" else again)
        group = await w.group()
        committed = step in ("C12", "C13")
        assert (group.owner, group.holding, group.step) == ("new" if committed else "legacy", False, None), step
        assert fenced(w) is committed, step
        if committed:
            assert (await w.ours())["old 9"] == w.theirs()["old 9"]
            await w.sell("old 5", 1000 + len(step))
            assert (await revert(ground, GROUP, max_pause=PAUSE)).done
        await w.settled()
        assert await w.ours() == w.theirs(), step


@pytest.mark.parametrize(
    ("steps", "again"), [(BACK_STEPS, None), (["R3", "R7", "R11", "R12"], "back")], ids=["", "twice"]
)
async def test_a_revert_killed_at_any_step_ends_where_it_must(w: World, steps: list[str], again: str | None) -> None:
    await only_way_back(w)
    ground = await w.ground()
    for number, step in enumerate(steps):
        if (await w.group()).owner == "legacy":
            assert (await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)).done
        await w.sell("old 6", 2000 + number)
        await kill(ground, revert, step)
        await recover(ground, again="R13" if again and step == "R12" else again)
        group = await w.group()
        committed = step in ("R12", "R13")
        assert (group.owner, group.holding, group.step) == ("legacy" if committed else "new", False, None), step
        assert fenced(w) is not committed, step
        if not committed:
            await w.sell("old 7", 3000 + number)


async def test_what_our_side_owns_stays_fenced_whoever_takes_the_fence_away(w: World) -> None:
    ground = await w.ground()
    assert (await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN)).done
    for row in w.sql("SHOW TRIGGERS"):
        w.sql(f"DROP TRIGGER `{row[0]}`")
    assert not fenced(w)
    assert any("mended" in line for line in await reconcile(ground))
    assert fenced(w)
    await w.sell("old 0", 1)  # what the bypasser wrote is overwritten: it was never theirs to write


async def test_a_late_attempt_is_taken_back_by_whoever_finds_it(w: World) -> None:
    db = w.move.db
    async with hands.alive(db, GROUP):
        assert await hands.begin(db, GROUP, "att_stalled", ("in_sync", "verified"), "cutting_over", "C1", 30)
        assert await hands.hold(db, GROUP, "att_stalled", "C2", 0.05) is not None
        await asyncio.sleep(0.6)
        await reconcile(await w.ground())
        assert (await w.group()).state == "in_sync"
        assert not await hands.step(db, GROUP, "att_stalled", "C11", way_back_from="0.0")
        assert await hands.commit(db, GROUP, "att_stalled", 10) is None


def _address(w: World) -> dict[str, Any]:
    address = w.mover.source.address
    return {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.database,
    }

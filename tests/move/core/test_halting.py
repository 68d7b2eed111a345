"""What cannot be taken in stops the stream, or the one table it is about, with a reason and a way on; nothing is skipped."""

import pytest

from banyan.kernel.refusals import Conflict
from banyan.move.mover import Mover
from banyan.move.status import status
from banyan.move.storage import checkpoints, groups
from tests.move.core.conftest import MakeMoving, Moving
from tests.move.core.toy import Toy


async def state_of(m: Moving, table: str) -> str:
    return str((await m.counts())[table]["state"])


async def halted(m: Moving) -> str | None:
    checkpoint = await checkpoints.read(m.ports.db)
    assert checkpoint is not None
    return checkpoint.halted


async def test_a_changed_table_stands_still_alone_until_it_is_resumed(moving: MakeMoving) -> None:
    m = await moving(makers=50, work=True)
    await m.copied()
    async with m.ports.db.transaction() as tx:
        await groups.step(tx, "catalog", ["in_sync"], "verified")
    m.sql("ALTER TABLE toy_shelf ADD COLUMN colour varchar(10) NOT NULL DEFAULT 'red' AFTER code")
    m.sql("UPDATE toy_shelf SET name = 'after the change' WHERE code = 'Shelf 001'")
    m.sql("DELETE FROM toy_shelf WHERE code = 'Shelf 009'")
    m.sql("UPDATE toy_maker SET name = 'other tables go on' WHERE maker_id = 3")

    async def stopped() -> bool:
        return await state_of(m, "toy_shelf") == "stopped"

    await m.until(stopped)
    await m.until(lambda: any("other tables go on" in name for name in m.catalog.names("brand")))
    assert "after the change" not in m.catalog.names("category")
    now = await status(m.ports.db, m.mover.adapter)
    (group,) = now.groups
    assert group.state == "in_sync", "a table that stands still is not verified"
    assert "banyan move resume" in group.stopped["toy_shelf"]
    assert "banyan move resume" in now.next_steps()
    assert any("STOPPED toy_shelf" in line for line in now.lines())
    with pytest.raises(Conflict, match="toy_shelf"):
        await m.mover.copied()
    with pytest.raises(Conflict, match="does not stand still"):
        await m.mover.resume(table="toy_maker")

    resumed = await m.mover.resume(table="shelf")
    assert resumed.tables == ["toy_shelf"]
    await m.until(lambda: "after the change" in m.catalog.names("category"))
    await m.copied()
    await m.settled()
    await m.same()
    assert "shelf 9" not in m.catalog.names("category"), "what went meanwhile is told too"


async def test_an_emptied_table_is_empty_here_too_and_its_records_are_told(moving: MakeMoving) -> None:
    m = await moving(makers=20, work=True)
    await m.copied()
    m.sql("TRUNCATE TABLE toy_shelf")
    m.sql("INSERT INTO toy_shelf VALUES ('New', 'a new start', NULL)")
    await m.until(lambda: m.catalog.names("category") == {"a new start"})
    await m.settled()
    await m.same()


async def test_what_the_log_does_not_say_row_by_row_halts_and_a_fresh_copy_mends_it(moving: MakeMoving) -> None:
    m = await moving(makers=20, work=True)
    await m.copied()
    m.sql("SET SESSION binlog_format = STATEMENT")
    m.sql("UPDATE toy_maker SET name = 'written as a statement' WHERE maker_id < 5")
    m.sql("SET SESSION binlog_format = ROW")
    m.sql("UPDATE toy_maker SET name = 'written as a row' WHERE maker_id = 6")

    async def stands() -> bool:
        return await halted(m) is not None

    await m.until(stands)
    assert "banyan move resume" in str(await halted(m))
    assert not any("as a row" in name for name in m.catalog.names("brand"))
    with pytest.raises(Conflict, match="resume"):
        await m.mover.copied()
    await m.mover.resume()  # what is wrong is still there: it halts again, and skips nothing
    await m.until(stands)
    await m.mover.resume(again=True)
    await m.until(lambda: any("as a row" in name for name in m.catalog.names("brand")))
    await m.settled()
    await m.same()
    source = await checkpoints.source(m.ports.db)
    assert source is not None
    assert source.lineage == 2


async def test_another_server_is_never_taken_for_the_one_that_was_followed(moving: MakeMoving) -> None:
    m = await moving(makers=20, work=True)
    await m.copied()
    await m.rest()
    await m.ports.db.execute("UPDATE source SET server_id = 4711")
    before = await m.counts()
    m.work()

    async def stands() -> bool:
        return await halted(m) is not None

    await m.until(stands)
    assert "4711" in str(await halted(m))
    m.sql("UPDATE toy_maker SET name = 'unseen' WHERE maker_id = 1")
    assert (await m.counts())["toy_maker"]["copy_began_at"] == before["toy_maker"]["copy_began_at"], (
        "no silent new copy"
    )
    await m.ports.db.execute("UPDATE source SET server_id = 3307")
    await m.mover.resume()
    await m.settled()
    await m.same()


async def test_a_second_worker_waits_for_the_lease_and_then_takes_over(moving: MakeMoving) -> None:
    m = await moving(makers=20, work=True)
    await m.copied()
    second = await Mover.open(m.ports, Toy())
    async with second.working():
        m.sql("UPDATE toy_maker SET name = 'by the first' WHERE maker_id = 1")
        await m.settled()
        await m.rest()
        m.sql("UPDATE toy_maker SET name = 'by the second' WHERE maker_id = 1")
        await m.until(lambda: any("by the second" in name for name in m.catalog.names("brand")))
    await second.source.close()


async def test_one_move_database_is_for_one_shop(moving: MakeMoving) -> None:
    m = await moving(makers=1)
    again = await m.mover.prepare()
    assert again.groups == ["catalog"]
    assert any("next: banyan move copy" in line for line in again.lines())
    await m.ports.db.execute("UPDATE source SET server = 'elsewhere:3306/shop'")
    with pytest.raises(Conflict, match="elsewhere"):
        await m.mover.prepare()
    with pytest.raises(Conflict, match="there is no group cellar"):
        await m.mover.copy(["cellar"])


async def test_a_table_without_a_key_is_refused_before_anything_is_written(moving: MakeMoving) -> None:
    m = await moving(makers=1)
    async with m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM legacy_table")
    m.sql("ALTER TABLE toy_shelf DROP PRIMARY KEY")
    with pytest.raises(Conflict, match=r"toy_shelf.*ADD COLUMN"):
        await (await Mover.open(m.ports, Toy())).prepare()
    m.sql("DROP TABLE toy_shelf")
    with pytest.raises(Conflict, match="has no toy_shelf"):
        await (await Mover.open(m.ports, Toy())).prepare()
    assert await m.counts() == {}

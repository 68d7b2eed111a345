"""What the source commits is in the mirror once, whole and in order, and every change of it is counted."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from banyan.move import throttle
from banyan.move.rows import Change, Position, Transaction, Values, unpack
from banyan.move.storage import checkpoints, due, mirror, tables
from banyan.move.storage.checkpoints import Checkpoint, Overtaken
from banyan.move.streaming import Applier, batches
from tests.move.core.conftest import MakeMoving, Moving
from tests.move.core.interrupted import cut_off

NAME = "toy_shelf"


def shelf(code: str, name: str = "a shelf", parent: str | None = None) -> Values:
    return (code.encode(), name.encode(), None if parent is None else parent.encode())


class Stream:
    """Transactions made by hand, on a shop that is copied and that nobody works on."""

    def __init__(self, m: Moving, checkpoint: Checkpoint) -> None:
        self.m, self.checkpoint, self.row = m, checkpoint, 0
        self.applier = Applier(m.ports.db, m.ports.ids, m.mover.mirrors, way_back_id=99)

    def of(self, *changes: tuple[Values | None, Values | None], server_id: int = 1, table: str = NAME) -> Transaction:
        self.row += 100
        known = self.m.mover.mirrors.by_name[table].table
        place = Position.of(self.checkpoint.at + self.row)
        made = [Change(known, before, after) for before, after in changes]
        return Transaction(place, f"0-1-{self.row}", 1_700_000_000, server_id, made)

    async def apply(self, *transactions: Transaction) -> None:
        self.checkpoint = await self.applier.apply(self.checkpoint, transactions, "binlog.000001")
        self.row = 0

    async def shelves(self) -> dict[str, str]:
        number = self.m.mover.mirrors.by_name[NAME].number
        rows = [unpack(image) for image in await mirror.all_of(self.m.ports.db, number)]
        return {(row[0] or b"").decode(): (row[1] or b"").decode() for row in rows}

    async def counts(self, table: str = NAME) -> tuple[int, int, int, int, int]:
        row = (await self.m.counts())[table]
        return (row["seen"], row["applied"], row["coalesced"], row["filtered"], row["quarantined"])

    async def due(self) -> set[tuple[str, str]]:
        return {(row["kind"], row["key"]) for row in await self.m.ports.db.fetch("SELECT kind, key FROM due")}


@pytest.fixture(scope="module")
async def followed(shared_moving: MakeMoving) -> Stream:
    m = await shared_moving(makers=3, shelves=2, work=True)
    await m.copied()
    await m.settled()
    await m.rest()
    await tables.refresh(m.ports.db, m.mover.mirrors, m.mover.adapter)
    checkpoint = await checkpoints.read(m.ports.db)
    assert checkpoint is not None
    return Stream(m, checkpoint)


@pytest.fixture
async def s(followed: Stream) -> Stream:
    """Two shelves, nothing due, nothing counted."""
    number = followed.m.mover.mirrors.by_name[NAME].number
    async with followed.m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM due")
        await tx.execute("UPDATE legacy_table SET seen = 0, applied = 0, coalesced = 0, filtered = 0, quarantined = 0")
        await tx.execute("UPDATE checkpoint SET halted = NULL")
        await mirror.forget(tx, number)
    checkpoint = await checkpoints.read(followed.m.ports.db)
    assert checkpoint is not None
    s = Stream(followed.m, checkpoint)
    await s.apply(s.of((None, shelf("Shelf 000", "shelf 0")), (None, shelf("Shelf 001", "shelf 1", "Shelf 000"))))
    async with followed.m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM due")
        await tx.execute("UPDATE legacy_table SET seen = 0, applied = 0, coalesced = 0, filtered = 0, quarantined = 0")
    return s


async def test_changes_of_one_row_are_coalesced_and_every_one_is_counted(s: Stream) -> None:
    old, new = shelf("Shelf 001", "shelf 1", "Shelf 000"), shelf("Shelf 001", "one", "Shelf 000")
    await s.apply(
        s.of((old, new), (None, shelf("B"))),
        s.of((new, shelf("Shelf 001", "two")), (shelf("B"), None)),
        s.of((shelf("Shelf 001", "two"), shelf("Shelf 001", "three"))),
    )
    assert await s.shelves() == {"Shelf 000": "shelf 0", "Shelf 001": "three"}
    assert await s.counts() == (5, 2, 3, 0, 0)
    assert await s.due() == {("category", "Shelf 001"), ("category", "B")}

    noisy = tuple(unpack((await mirror.all_of(s.m.ports.db, s.m.mover.mirrors.by_name["toy_maker"].number))[0]))
    viewed = (*noisy[:3], b"7", noisy[4])
    async with s.m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM due")
    await s.apply(s.of((noisy, viewed), table="toy_maker"))
    assert await s.counts("toy_maker") == (1, 0, 0, 1, 0)
    assert await s.due() == set()
    assert unpack((await mirror.all_of(s.m.ports.db, s.m.mover.mirrors.by_name["toy_maker"].number))[0]) == viewed


async def test_a_key_that_changes_and_two_that_swap_leave_one_row_each(s: Stream) -> None:
    await s.apply(s.of((None, shelf("A", "was a")), (None, shelf("B", "was b"))))
    swap = s.of(
        (shelf("A", "was a"), shelf("T", "was a")),
        (shelf("B", "was b"), shelf("A", "was b")),
        (shelf("T", "was a"), shelf("B", "was a")),
    )
    await s.apply(swap)
    found = await s.shelves()
    assert (found["A"], found["B"], "T" in found) == ("was b", "was a", False)
    await s.apply(s.of((shelf("A", "was b"), shelf("Z", "was b"))))
    await s.apply(s.of((shelf("Z", "was b"), None), (None, shelf("Z", "again"))))
    found = await s.shelves()
    assert (found["Z"], "A" in found) == ("again", False)
    seen, applied, coalesced, filtered, quarantined = await s.counts()
    assert seen == 8 == applied + coalesced + filtered + quarantined


async def test_every_transaction_twice_changes_nothing(s: Stream) -> None:
    first = [s.of((None, shelf(f"C{number}"))) for number in range(5)]
    second = [s.of((shelf("C1"), shelf("C1", "new"))), s.of((shelf("C2"), None))]
    await s.apply(*first, *second)
    async with s.m.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM due")
    number = s.m.mover.mirrors.by_name[NAME].number
    before = (await mirror.digest(s.m.ports.db, number), await s.counts(), s.checkpoint)
    await s.apply(*first, *second)
    for each in [*first, *second]:
        await s.apply(each)
    assert before == (await mirror.digest(s.m.ports.db, number), await s.counts(), s.checkpoint)
    assert await s.due() == set()


async def test_what_we_wrote_back_ourselves_is_mirrored_and_told_to_nobody(s: Stream) -> None:
    await s.apply(s.of((None, shelf("Ours")), server_id=99))
    assert "Ours" in await s.shelves()
    assert await s.due() == set()


async def test_another_worker_with_an_old_place_commits_nothing(s: Stream) -> None:
    old = s.checkpoint
    first, late = s.of((None, shelf("First"))), s.of((None, shelf("Late")))
    await s.apply(first)
    with pytest.raises(Overtaken):
        await s.applier.apply(old, [first, late], "binlog.000001")
    assert "Late" not in await s.shelves()
    async with s.m.ports.db.transaction() as tx:
        await checkpoints.halt(tx, checkpoints.BINLOG, "a test says so")
    with pytest.raises(Overtaken):
        await s.apply(late)
    assert await s.counts() == (1, 1, 0, 0, 0)


async def test_a_batch_cut_off_at_any_await_is_whole_or_not_at_all(s: Stream) -> None:
    at, was_cut, made = 0, True, 0
    while was_cut:
        at += 1
        batch = [s.of((None, shelf(f"D{at}")), (shelf("Shelf 000"), shelf("Shelf 000", f"cut {at}"))), s.of()]
        was_cut = await cut_off(s.applier.apply(s.checkpoint, batch, "binlog.000001"), at)
        there = await checkpoints.read(s.m.ports.db)
        assert there is not None
        done = there.at == batch[-1].position.at
        made += 2 if done else 0
        assert (f"D{at}" in await s.shelves()) is done
        assert (await s.counts())[0] == made
        assert (("category", f"D{at}") in await s.due()) is done
        if not done:
            assert there.at == s.checkpoint.at
            await s.apply(*batch)  # again, from what is written down
            made += 2
        else:
            s.checkpoint, s.row = replace(there, halted=None), 0
        assert f"D{at}" in await s.shelves()
    assert at > 5


async def test_a_transaction_larger_than_a_batch_is_one_commit_here_too(s: Stream) -> None:
    large = s.of(*((None, shelf(f"L{number}")) for number in range(2_500)), (shelf("L7"), shelf("L7", "the last word")))
    await s.apply(large)
    found = await s.shelves()
    assert len(found) == 2_502
    assert found["L7"] == "the last word"
    assert await s.counts() == (2_501, 2_501, 0, 0, 0)


def test_batches_are_cut_between_transactions_only() -> None:
    made = [Transaction(Position(1, 1, number), "", 0, 1, [None] * (number % 7)) for number in range(3_000)]  # type: ignore[list-item]
    runs = list(batches(made))
    assert [each for run in runs for each in run] == made
    assert len(runs) > 3


async def test_changes_before_and_during_the_copy_end_as_the_source_has_them(moving: MakeMoving) -> None:
    m = await moving(makers=200)
    await throttle.rest(m.ports.db, "test", "so that the stream is first")
    await m.mover.copy()
    m.work()
    await m.until(lambda: any(each.state == "copying" for each in m.mover.mirrors))
    m.sql("UPDATE toy_maker SET name = 'before its chunk' WHERE maker_id = 10")
    m.sql("DELETE FROM toy_maker WHERE maker_id = 11")
    m.sql("DELETE FROM toy_maker WHERE maker_id = 12")
    m.sql("INSERT INTO toy_maker (maker_id, name) VALUES (12, 'born again')")
    m.sql("UPDATE toy_maker SET maker_id = 9000 WHERE maker_id = 13")
    m.sql("INSERT INTO toy_maker (maker_id, name) VALUES (9001, 'came and went')")
    m.sql("DELETE FROM toy_maker WHERE maker_id = 9001")
    now = await m.mover.head()

    async def passed() -> bool:
        there = await checkpoints.read(m.ports.db)
        return there is not None and there.at >= now

    await m.until(passed)
    assert await m.ports.db.fetchval("SELECT count(*) FROM pending") == 6
    await throttle.go(m.ports.db, "test")
    await m.copied()
    await m.settled()
    await m.same()
    assert await m.ports.db.fetchval("SELECT count(*) FROM pending") == 0
    assert len(m.catalog.names("brand")) == 199


async def test_under_random_writes_the_mirror_ends_as_the_source_and_the_counters_add_up(moving: MakeMoving) -> None:
    m = await moving(makers=3_000, work=True)
    chance = random.Random(7)
    written = 0

    def write() -> int:
        return sum(_write_some(m, chance) for _ in range(25))

    while not all(each.state == "live" for each in m.mover.mirrors):
        written += await asyncio.to_thread(write)
    for _ in range(10):
        written += await asyncio.to_thread(write)
    await m.copied()
    await m.settled()
    await m.same()
    rows = await m.counts()
    for row in rows.values():
        assert row["seen"] == row["applied"] + row["coalesced"] + row["filtered"] + row["quarantined"]
    assert sum(row["seen"] for row in rows.values()) >= written * 0.5  # those before the stream began are in the copy
    assert not await due.unsettled(m.ports.db, "catalog")


def _write_some(m: Moving, chance: random.Random) -> int:
    """One transaction of a few statements; how many rows it changed."""
    changed = 0
    with m.con.cursor() as cursor:
        cursor.execute("BEGIN")
        for _ in range(chance.randint(1, 4)):
            key, other = chance.randint(1, 3_300), chance.randint(1, 3_300)
            statement: Sequence[object] = chance.choice(
                [
                    ("UPDATE toy_maker SET name = %s WHERE maker_id = %s", f"n{other}", key),
                    ("UPDATE toy_maker SET viewed = viewed + 1 WHERE maker_id = %s", key),
                    ("DELETE FROM toy_maker WHERE maker_id = %s", key),
                    ("REPLACE INTO toy_maker (maker_id, name) VALUES (%s, %s)", key, f"r{other}"),
                    ("UPDATE IGNORE toy_maker SET maker_id = %s WHERE maker_id = %s", other, key),
                    ("REPLACE INTO toy_maker_text VALUES (%s, 'fr', 'texte')", key),
                    ("DELETE FROM toy_maker_text WHERE maker_id = %s", key),
                ]
            )
            cursor.execute(str(statement[0]), statement[1:])
            changed += cursor.rowcount
        cursor.execute("ROLLBACK" if chance.random() < 0.1 else "COMMIT")
    return changed

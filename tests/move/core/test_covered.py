"""Status counts no row: what it tells of the mirror was counted as it changed, is exact, and is read in a few statements."""

import asyncio
import random
from typing import Any

import pytest

from banyan.move.invariants import INVARIANTS
from banyan.move.status import status
from banyan.move.storage import checks, covered, mirror
from banyan.move.storage.mirror import Writes
from tests.move.core.conftest import MakeMoving, Moving

NAME, KEYS = "toy_shelf", 60
M4 = next(each.sql for each in INVARIANTS if each.id == "M4")


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    """A shop that is copied and that nobody works on."""
    m = await shared_moving(makers=200, shelves=30, work=True)
    await m.copied()
    await m.settled()
    await m.rest()
    return m


def number(m: Moving, name: str = NAME) -> int:
    return m.mover.mirrors.by_name[name].number


async def counted(m: Moving) -> dict[str, int]:
    """Rows, unverified and the oldest, by a full count."""
    row = await m.ports.db.fetchrow(
        f"""SELECT count(*) AS rows, count(*) FILTER (WHERE open) AS unverified, min(at) FILTER (WHERE open) AS oldest
            FROM (SELECT at, {covered.is_open(number(m), "m")} AS open FROM mirror_{number(m)} m) m"""
    )
    assert row is not None
    return dict(row)


class History:
    """Writes of a stream whose position only rises, and comparisons beside it."""

    def __init__(self, m: Moving, rng: random.Random) -> None:
        self.m, self.rng, self.number = m, rng, number(m)
        self.at = 1 << 60

    def writes(self, *, gone: bool = False) -> Writes:
        rows, self.at = Writes(), self.at + 1
        for key in sorted(self.rng.sample(range(KEYS), self.rng.randint(1, 12))):
            at = self.at - self.rng.choice((0, 0, 0, 7))  # now and then one that comes too late
            rows.put(b"%03d" % key, None, None if gone else b"image %d" % at, at)
        return rows

    async def write(self) -> None:
        async with self.m.ports.db.transaction() as tx:
            await mirror.upsert(tx, self.number, self.writes())

    async def stream(self) -> None:
        async with self.m.ports.db.transaction() as tx:
            await mirror.upsert(tx, self.number, self.writes())
            if self.rng.random() < 0.4:
                await mirror.delete(tx, self.number, self.writes(gone=True))
            if self.rng.random() < 0.03:
                await mirror.forget(tx, self.number)

    async def compare(self) -> None:
        rows = await checks.unverified(self.m.ports.db, self.number, 20)
        some = [(row["key"], row["at"]) for row in rows if self.rng.random() < 0.7]
        async with self.m.ports.db.transaction() as tx:
            await checks.checked(tx, self.number, some)

    async def pass_over(self) -> None:
        async with self.m.ports.db.transaction() as tx:
            await checks.begin(tx, self.number)
        began = self.at
        await self.compare()
        async with self.m.ports.db.transaction() as tx:
            await checks.passed(tx, self.number, began)


async def test_what_was_counted_as_it_changed_is_what_a_full_count_finds_after_the_copy(m: Moving) -> None:
    assert await m.ports.db.fetch(M4) == []
    coverage = await checks.coverage(m.ports.db, [number(m)])
    assert (coverage.rows, coverage.unverified) == (30, 30)


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_history_of_writers_beside_each_other_too(m: Moving, seed: int) -> None:
    rng = random.Random(seed)
    history = History(m, rng)

    async def stream() -> None:
        for _ in range(60):
            await history.stream()

    async def compare() -> None:
        for _ in range(40):
            await (history.pass_over() if rng.random() < 0.15 else history.compare())

    await asyncio.gather(stream(), compare(), compare())
    await history.write()  # the last act may have been to forget
    found = await counted(m)
    assert found["rows"] > 0
    (row,) = await covered.read(m.ports.db, [number(m)])
    assert (row["rows"], row["unverified"]) == (found["rows"], found["unverified"])
    assert await covered.oldest(m.ports.db, number(m)) == found["oldest"]
    assert await m.ports.db.fetch(M4) == []


def scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(each for below in plan.get("Plans", ()) for each in scans(below))]


async def test_status_reads_no_mirror_whole_and_asks_as_often_for_many_rows_as_for_few(m: Moving) -> None:
    maker = number(m, "toy_maker")
    async with m.ports.db.transaction() as tx:
        await checks.begin(tx, maker)
        await checks.passed(tx, maker, (1 << 61) - 1)

    async def asked() -> list[tuple[str, tuple[Any, ...]]]:
        """The statements of one status."""
        found: list[tuple[str, tuple[Any, ...]]] = []
        db = m.ports.db
        fetch, fetchrow, fetchval = db.fetch, db.fetchrow, db.fetchval

        class Listening:
            async def fetch(self, sql: str, *values: Any) -> Any:
                found.append((sql, values))
                return await fetch(sql, *values)

            async def fetchrow(self, sql: str, *values: Any) -> Any:
                found.append((sql, values))
                return await fetchrow(sql, *values)

            async def fetchval(self, sql: str, *values: Any) -> Any:
                found.append((sql, values))
                return await fetchval(sql, *values)

        await status(Listening(), m.mover.adapter)  # type: ignore[arg-type]
        return found

    few = await asked()
    rows = Writes()
    for each in range(20_000):
        rows.put(b"\xff%08d" % each, None, b"image", (1 << 61) - (each % 100 != 0))
    async with m.ports.db.transaction() as tx:
        await mirror.upsert(tx, maker, rows)
    async with m.ports.db.own() as con:
        await con.execute("VACUUM ANALYZE mirror")
    many = await asked()
    assert abs(len(many) - len(few)) <= 1  # the oldest change is asked for where there is one
    async with m.ports.db.own() as con:
        for sql, values in many:
            ((told,),) = await con.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
            for scan in scans(told[0]["Plan"]):
                if str(scan.get("Relation Name", "")).startswith(f"mirror_{maker}"):
                    assert scan["Actual Rows"] <= 1, (sql, scan)
                    assert "Index" in scan["Node Type"], (sql, scan)

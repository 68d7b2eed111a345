"""Many that are given new keys at once are all given them; what all look up is never older than what was read last."""

import asyncio
from functools import partial
from typing import Any, cast

import pytest

from banyan.foundation.db import Db
from banyan.move.delivering.lookups import Lookups, Missed
from banyan.move.legacy import Stock
from banyan.move.storage.mirror import partition
from tests.move.core.conftest import MakeMoving, Moving


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    return await shared_moving()


def _five(stock: Stock) -> list[int]:
    return [stock.next("toy_maker") for _ in range(5)]


async def test_what_one_work_takes_is_provided_for_the_next_as_well(m: Moving) -> None:
    lookups = Lookups(m.ports.db, m.ports.ids, m.mover.adapter, m.mover.mirrors)
    await lookups.provide(_short("toy_maker", 4))  # left over from before
    works, made = [partial(_five) for _ in range(50)], dict[int, list[int]]()
    for _ in range(2):
        missing = Missed()
        for place, work in enumerate(works):
            if place not in made:
                done, missed = lookups.attempt(work)
                missing.add(missed)
                if not missed:
                    made[place] = done
        if len(made) < len(works):
            await lookups.provide(missing)
    keys = [key for some in made.values() for key in some]
    assert (len(made), len(set(keys))) == (50, 250)


class Slow:
    """A database whose first answer is read at once and comes when it is let go."""

    def __init__(self, db: Db) -> None:
        self.db, self.asked, self.go, self.found = db, asyncio.Event(), asyncio.Event(), 0

    async def fetch(self, sql: str, *values: Any) -> Any:
        found = await self.db.fetch(sql, *values)
        self.found += len(found)
        if not self.asked.is_set():
            self.asked.set()
            await self.go.wait()
        return found


async def test_a_slow_reading_of_what_all_look_up_takes_nothing_away_that_a_later_one_found(moving: MakeMoving) -> None:
    m = await moving(work=True)
    await m.copied()
    await m.rest()
    slow = Slow(m.ports.db)
    lookups = Lookups(cast("Db", slow), m.ports.ids, m.mover.adapter, m.mover.mirrors)
    first = asyncio.create_task(lookups.load_references())
    await slow.asked.wait()
    await m.ports.db.execute(f"DELETE FROM {partition(m.mover.mirrors.by_name['toy_word'].number)}")
    later = asyncio.create_task(lookups.load_references())
    await asyncio.sleep(0.1)
    slow.go.set()
    await asyncio.gather(first, later)
    assert (slow.found, lookups.stock.reference["word"]) == (2, [])


def _short(table: str, count: int) -> Missed:
    missed = Missed()
    missed.next[table] = count
    return missed

"""Many that are given new keys at once are all given them, however few are at hand."""

from functools import partial

import pytest

from banyan.move.delivering.lookups import Lookups, Missed
from banyan.move.legacy import Stock
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


def _short(table: str, count: int) -> Missed:
    missed = Missed()
    missed.next[table] = count
    return missed

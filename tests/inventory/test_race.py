"""Many at once: exactly what there is is sold, nobody is refused while there is something, and nothing locks up."""

import asyncio
from collections import Counter

import pytest

from banyan.contracts.inventory import HoldOutcome, StockHold, StockReserved
from banyan.kernel.clock import VirtualClock
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor

HELD = HoldOutcome.HELD


def held(answers: list[StockHold]) -> int:
    return sum(answer.outcome is HELD for answer in answers)


async def test_two_hundred_takers_and_twenty_units_sell_exactly_twenty(floor: Floor) -> None:
    await floor.count("drop", 20)
    await floor.told()
    answers = await asyncio.gather(*(floor.hold(f"crt_a{n}", f"ord_a{n}", drop=1) for n in range(200)))
    assert held(answers) == 20
    assert await floor.level("drop") == (20, 20)
    assert len(await floor.told(StockReserved)) == 20
    await asyncio.gather(*(floor.sell(f"ord_a{n}") for n, answer in enumerate(answers) if answer.outcome is HELD))
    assert await floor.level("drop") == (0, 0)
    assert await floor.broken() == []


async def test_units_in_two_warehouses_all_sell_and_no_more(floor: Floor) -> None:
    north, south = await floor.warehouse("North", 1), await floor.warehouse("South", 2)
    await floor.put("pair", 13, north)
    await floor.put("pair", 8, south)
    answers = await asyncio.gather(*(floor.hold(f"crt_b{n}", pair=2) for n in range(60)))
    assert held(answers) == 10
    assert sum([(await floor.level("pair", house))[1] for house in (north, south)]) == 20
    assert (await floor.hold("crt_last", pair=1)).outcome is HELD
    assert await floor.available("pair") == 0
    assert await floor.broken() == []


async def test_wishes_for_the_same_skus_in_any_order_do_not_lock_each_other(floor: Floor) -> None:
    names = [f"kit_{n}" for n in range(4)]
    for name in names:
        await floor.count(name, 30)
    wishes = [dict.fromkeys(names[turn % 4 :] + names[: turn % 4], 1 + (n + turn) % 2) for n, turn in _turns(80)]
    answers = await asyncio.gather(*(floor.hold(f"crt_c{n}", None, **wish) for n, wish in enumerate(wishes)))
    taken = Counter[str]()
    for wish, answer in zip(wishes, answers, strict=True):
        taken.update(wish if answer.outcome is HELD else {})
    for name in names:
        assert await floor.level(name) == (30, taken[name])
    assert min(30 - taken[name] for name in names) < 2  # nobody was refused while there was enough of everything
    assert await floor.broken() == []


def _turns(count: int) -> list[tuple[int, int]]:
    return [(n, n * 7 % 5) for n in range(count)]


async def test_the_same_cart_many_times_at_once_holds_once(floor: Floor) -> None:
    await floor.count("once", 5)
    answers = await asyncio.gather(*(floor.hold("crt_d", once=5) for _ in range(12)))
    assert held(answers) == 12
    assert await floor.level("once") == (5, 5)
    orders = await asyncio.gather(*(floor.hold("crt_d", "ord_d", once=5) for _ in range(12)))
    assert len({answer.reservation_id for answer in orders}) == 1
    assert held(orders) == 12
    assert await floor.level("once") == (5, 5)
    assert await floor.broken() == []


async def test_units_given_back_during_the_rush_are_sold_too(floor: Floor) -> None:
    await floor.count("churn", 10)

    async def hesitate(number: int) -> int:
        if (await floor.hold(f"crt_e{number}", churn=1)).outcome is not HELD:
            return 0
        if number % 3 == 0:
            await floor.release(cart=f"crt_e{number}")
            return 0
        return 1

    kept = sum(await asyncio.gather(*(hesitate(number) for number in range(90))))
    assert await floor.level("churn") == (10, kept)
    rest = await asyncio.gather(*(floor.hold(f"crt_f{number}", churn=1) for number in range(20)))
    assert kept + held(rest) == 10
    assert await floor.broken() == []


@pytest.mark.parametrize("takers", [25, 60])
async def test_lapsed_holds_are_free_for_a_crowd_with_the_sweeper_off(open_floor: OpenFloor, takers: int) -> None:
    clock = VirtualClock()
    floor = await open_floor(clock)
    await floor.count("hot", 30)
    await floor.count("side", 30)
    await asyncio.gather(*(floor.hold(f"crt_old{n}", seconds=60, hot=1, side=1) for n in range(20)))
    await asyncio.gather(*(floor.hold(f"crt_new{n}", seconds=600, hot=1) for n in range(5)))
    clock.advance(61)
    answers = await asyncio.gather(*(floor.hold(f"crt_now{n}", hot=1) for n in range(takers)))
    assert held(answers) == 25
    assert await floor.level("hot") == (30, 30)
    assert await floor.broken() == []

"""What gateways are told, from the groups' rows, and how soon; and what the mover keeps of what they report."""

import asyncio
from typing import Any

import pytest

from banyan.contracts.moving import Counted, Renew, Sample
from banyan.foundation.service import Ports
from banyan.move.shift.steering import LEASE, Steerer
from banyan.move.storage import shift
from tests.move.shift.conftest import OpenMover


@pytest.fixture(scope="module")
async def ports(open_mover: OpenMover) -> Ports:
    return await open_mover()


@pytest.fixture
def steerer() -> Steerer:
    return Steerer()


async def _worker(ports: Ports, name: str) -> dict[str, Any]:
    row = await ports.db.fetchrow(
        "SELECT beat, epochs, held, extract(epoch FROM until - shop_now())::float AS left FROM worker WHERE id = $1",
        name,
    )
    return dict(row) if row else {}


async def test_a_worker_hears_where_every_group_stands_and_gets_a_lease(ports: Ports, steerer: Steerer) -> None:
    told = await steerer.renew(ports, Renew(worker="w1", beat=1))
    assert [(each.name, each.owner, each.epoch) for each in told.groups] == [
        ("catalog", "legacy", 1),
        ("orders", "legacy", 1),
        ("users", "legacy", 1),
    ]
    kept = await _worker(ports, "w1")
    assert kept["beat"] == 1
    assert LEASE - 0.5 < kept["left"] <= LEASE


async def test_what_it_holds_is_kept_and_a_beat_that_comes_late_changes_nothing(ports: Ports, steerer: Steerer) -> None:
    await steerer.renew(ports, Renew(worker="w2", beat=5, epochs={"orders": 4}, held={"orders": 4}))
    await steerer.renew(ports, Renew(worker="w2", beat=4))
    kept = await _worker(ports, "w2")
    assert (kept["beat"], kept["epochs"], kept["held"]) == (5, {"orders": 4}, {"orders": 4})
    await steerer.renew(ports, Renew(worker="w2", beat=6, leaving=True))
    assert await _worker(ports, "w2") == {}


async def test_who_waits_hears_of_a_change_within_a_tenth_of_a_second_or_so(ports: Ports, steerer: Steerer) -> None:
    mark = (await steerer.renew(ports, Renew(worker="w3", beat=1))).mark
    waiting = [
        asyncio.create_task(steerer.renew(ports, Renew(worker=f"w3{number}", beat=1, seen=mark, wait=5)))
        for number in range(4)
    ]
    await asyncio.sleep(0.15)
    assert not any(each.done() for each in waiting)
    await ports.db.execute("UPDATE groups SET holding = true, step = 'C2', epoch = epoch + 1 WHERE name = 'orders'")
    async with asyncio.timeout(4.5):
        told = await asyncio.gather(*waiting)
    for steering in told:
        orders = next(each for each in steering.groups if each.name == "orders")
        assert (orders.holding, orders.changing, orders.epoch) == (True, True, 2)
    await ports.db.execute("UPDATE groups SET holding = false, step = NULL WHERE name = 'orders'")


async def test_who_waits_and_nothing_changes_is_answered_in_time_with_the_same(ports: Ports, steerer: Steerer) -> None:
    mark = (await steerer.renew(ports, Renew(worker="w4", beat=1))).mark
    async with asyncio.timeout(30):
        assert (await steerer.renew(ports, Renew(worker="w4", beat=2, seen=mark, wait=0.1))).mark == mark
    assert (await steerer.renew(ports, Renew(worker="w4", beat=3, seen="old", wait=5))).mark == mark


async def test_rules_are_told_once(ports: Ports, steerer: Steerer) -> None:
    first = await steerer.renew(ports, Renew(worker="w5", beat=1))
    assert first.rules is not None
    again = await steerer.renew(ports, Renew(worker="w5", beat=2, rules_mark=first.rules_mark))
    assert again.rules is None


async def test_counters_only_rise(ports: Ports, steerer: Steerer) -> None:
    def counted(asked: int) -> tuple[Counted, ...]:
        return (Counted(group="catalog", side="new", asked=asked, failed=1, bins=(asked - 1,) + (0,) * 22),)

    await steerer.renew(ports, Renew(worker="w6", beat=1, counted=counted(10)))
    await steerer.renew(ports, Renew(worker="w6", beat=2, counted=counted(12)))
    await steerer.renew(ports, Renew(worker="w6", beat=2, counted=counted(11)))
    rows = [row for row in await shift.counts(ports.db) if row["worker"] == "w6"]
    assert [(row["asked"], row["failed"], row["bins"][0]) for row in rows] == [(12, 1, 11)]


async def test_samples_are_taken_once(ports: Ports, steerer: Steerer) -> None:
    samples = tuple(Sample(group="catalog", route="product/product", target=f"/?{number}") for number in range(7))
    await steerer.renew(ports, Renew(worker="w7", beat=1, samples=samples))
    taken: list[str] = []
    for _ in range(3):
        async with ports.db.transaction() as tx:
            taken += [row["target"] for row in await shift.take_samples(tx, 3)]
    assert sorted(taken) == [f"/?{number}" for number in range(7)]

"""Moving to another bus: nothing goes to either while the old one is emptied, and what is interrupted can go on or back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.foundation import choose, outbox
from banyan.foundation.bus import Bus, OtherBus, moving
from banyan.foundation.bus.moving import Part
from banyan.foundation.db import Tx
from banyan.foundation.running import Shop, inbox_of
from banyan.foundation.service import Ports, Service
from banyan.kernel.clock import SystemClock
from banyan.kernel.refusals import Unavailable
from tests.backends.kafka_server import KafkaServer
from tests.backends.test_bus import Noted
from tests.conftest import OpenShop

_count = count()
FreshDatabases = Callable[..., Awaitable[dict[str, str]]]


@dataclass
class Stage:
    """A service that hears its own facts, and two buses."""

    shop: Shop
    part: Part
    old: Bus
    new: Bus
    noted: list[int]

    async def tell(self, *numbers: int) -> None:
        async with self.shop.ports["toy"].db.transaction() as tx:
            tx.tell(*(Noted(thing="a", number=number) for number in numbers))

    async def relay(self, bus: Bus) -> int:
        return await outbox.relay_once(self.part.db, bus)

    async def hear(self, bus: Bus) -> None:
        assert self.part.inbox is not None
        async with asyncio.timeout(20):
            while await bus.lag("toy", self.part.inbox.topics):
                await bus.deliver("toy", self.part.inbox.topics, self.part.inbox.take)

    async def move(self, seconds: float = 20) -> None:
        await moving.move([self.part], self.old, self.new, clock=SystemClock(), seconds=seconds, look=lambda _: None)

    async def goes_to(self) -> str | None:
        return (await moving.stand(self.part, self.old)).bus


@pytest.fixture(params=["to kafka", "to postgresql"])
async def stage(
    request: pytest.FixtureRequest, fresh: FreshDatabases, kafka: KafkaServer, open_shop: OpenShop
) -> AsyncIterator[Stage]:
    noted: list[int] = []

    async def note(ports: Ports, tx: Tx, event: Noted) -> None:
        noted.append(event.number)

    toy = Service(name="toy", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())
    toy = replace(toy, reactions={Noted: note})
    shop = await open_shop(toy)
    ports = shop.ports["toy"]
    buses = [
        await choose.bus((await fresh("bus"))["bus"]),
        await choose.bus(f"kafka://{kafka.address}/moving{next(_count)}?partitions=2&session=1"),
    ]
    old, new = buses if request.param == "to kafka" else reversed(buses)
    await outbox.claim(ports.db, old)
    yield Stage(shop, Part("toy", ports.db, "outbox", inbox_of(toy, ports)), old, new, noted)
    for bus in buses:
        await bus.close()


async def test_what_is_on_the_old_bus_is_handled_and_what_was_not_sent_goes_to_the_new_one(stage: Stage) -> None:
    await stage.tell(1, 2)
    await stage.relay(stage.old)
    await stage.tell(3)
    await stage.move()
    assert stage.noted == [1, 2]
    await stage.tell(4)
    assert await stage.relay(stage.old) == 0
    with pytest.raises(OtherBus, match="facts go to the bus"):
        await outbox.claim(stage.part.db, stage.old)
    await outbox.claim(stage.part.db, stage.new)
    assert await stage.relay(stage.new) == 2
    await stage.hear(stage.new)
    assert stage.noted == [1, 2, 3, 4]
    await stage.move()  # again, which is nothing
    assert await stage.goes_to() == stage.new.name


async def test_what_a_relay_had_under_way_is_sent_again_and_has_its_effect_once(stage: Stage) -> None:
    await stage.tell(1, 2)
    publish = stage.old.publish

    async def slow(batch: object) -> None:
        await publish(batch)  # type: ignore[arg-type]
        await stage.move()

    stage.old.publish = slow  # type: ignore[method-assign, assignment]
    await stage.relay(stage.old)
    await stage.tell(3)
    assert await stage.relay(stage.new) == 3
    await stage.hear(stage.new)
    assert stage.noted == [1, 2, 3]


async def test_until_the_old_bus_is_empty_nothing_changes(stage: Stage) -> None:
    box = stage.part.inbox
    assert box is not None
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def take(_: object) -> None:
        begun.set()
        await go_on.wait()

    async def work() -> None:
        while not begun.is_set():
            await stage.old.deliver("toy", box.topics, take)

    await stage.tell(1)
    await stage.relay(stage.old)
    working = asyncio.create_task(work())
    await begun.wait()
    with pytest.raises(Unavailable, match=r"toy 1\): nothing has changed"):
        await stage.move(seconds=0.1)
    assert await stage.goes_to() == stage.old.name
    await stage.tell(2)
    assert await stage.relay(stage.old) == 1
    go_on.set()
    await working


async def test_a_move_whose_command_was_killed_can_be_gone_on_with_or_taken_back(stage: Stage) -> None:
    between = f"{stage.old.name} > {stage.new.name}"
    await stage.tell(1)
    await stage.part.db.execute("UPDATE relay_position SET bus = $1", between)
    assert (await stage.relay(stage.old), await stage.relay(stage.new)) == (0, 0)
    await moving.stay([stage.part], stage.old, stage.new)
    assert (await stage.goes_to(), await stage.relay(stage.old)) == (stage.old.name, 1)
    await stage.part.db.execute("UPDATE relay_position SET bus = $1", between)
    await stage.move()
    assert (await stage.goes_to(), stage.noted) == (stage.new.name, [1])


async def test_a_shop_whose_facts_go_elsewhere_is_not_moved(stage: Stage) -> None:
    await stage.part.db.execute("UPDATE relay_position SET bus = 'kafka/other/0badc0de'")
    with pytest.raises(OtherBus, match="kafka/other/0badc0de"):
        await stage.move()
    assert await stage.goes_to() == "kafka/other/0badc0de"


async def test_the_relay_at_work_stops_and_that_of_the_new_bus_takes_over(stage: Stage, fresh: FreshDatabases) -> None:
    running = Shop.over(stage.shop.settings, stage.old, clock=SystemClock(), ids=stage.shop.ids)
    running.ports = stage.shop.ports
    stage.shop.ports["toy"].bus = stage.old
    running.work(Service(name="toy", folder=Path(), routes=lambda _: APIRouter()))
    await stage.tell(1)
    async with asyncio.timeout(20):
        while (await moving.stand(stage.part, stage.old)).unsent:
            await asyncio.sleep(0.02)
        await stage.move()
        stage.shop.ports["toy"].bus = stage.new  # as after a restart
        await stage.tell(2)
        while (await moving.stand(stage.part, stage.new)).unsent:
            await asyncio.sleep(0.02)
    await stage.hear(stage.new)
    assert stage.noted == [1, 2]
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)

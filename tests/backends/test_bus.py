"""What every bus promises: nothing lost, order per key, to one of each group and to all who follow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation.bus import Bus, OtherBus
from banyan.foundation.db import Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.inbox import Inbox
from banyan.foundation.service import Service
from tests.backends.buses import TOPIC, Heard, OpenBus, Taking, fact, facts, failing, holding, opened, until_empty
from tests.backends.kafka_server import KafkaServer
from tests.conftest import OpenShop

FreshDatabases = Callable[..., Awaitable[dict[str, str]]]
_count = count()


class Noted(Event, owner="toy", key="thing"):
    thing: str
    number: int


@pytest.fixture(params=["postgresql", "kafka"])
async def url(request: pytest.FixtureRequest, fresh: FreshDatabases) -> str:
    """Where nobody has told anything yet."""
    if request.param == "postgresql":
        return (await fresh("bus"))["bus"]
    server: KafkaServer = request.getfixturevalue("kafka")
    return f"kafka://{server.address}/suite{next(_count)}?partitions=3&session=1"


@pytest.fixture
async def open_bus(url: str) -> AsyncIterator[OpenBus]:
    made: list[Bus] = []
    yield lambda: opened(url, made)
    for bus in made:
        await bus.close()


@pytest.fixture
async def bus(open_bus: OpenBus) -> Bus:
    return await open_bus()


async def test_a_fact_arrives_as_it_was_told(bus: Bus) -> None:
    time = datetime(2026, 11, 22, 9, 30, 0, 123456, UTC)
    told = Envelope("evt_1", "toy.Told", "k/ü 1", time, {"n": 1 << 40, "s": "“ü”", "l": [None, 1.5]}, "00-a-b-01")
    heard = Heard()
    await bus.publish([told, replace(told, id="evt_2", traceparent="")])
    await heard.until(bus, 2)
    assert heard.all == [told, replace(told, id="evt_2", traceparent="")]


async def test_facts_of_a_key_arrive_in_the_order_they_were_told_whoever_else_tells(
    bus: Bus, open_bus: OpenBus
) -> None:
    buses, heard = [bus, await open_bus(), await open_bus()], Heard()

    async def tell(teller: Bus, name: str) -> None:
        for start in range(0, 60, 20):
            await teller.publish([fact(n, f"{name}{key}") for n in range(start, start + 20) for key in range(5)])

    telling = asyncio.gather(*(tell(each, name) for each, name in zip(buses, "abc", strict=True)))
    await heard.until(bus, 3 * 5 * 60)
    await telling
    assert heard.by_key() == {f"{name}{key}": list(range(60)) for name in "abc" for key in range(5)}


async def test_a_group_moves_on_only_when_what_it_was_given_was_taken(bus: Bus, open_bus: OpenBus) -> None:
    await bus.publish(facts(range(3)))
    for _ in range(2):
        with pytest.raises(Taking):
            await until_empty(bus, "group")
    assert await bus.lag("group", TOPIC) == 3
    heard = Heard()
    await heard.until(bus, 3)
    assert (heard.by_key(), await bus.lag("group", TOPIC)) == ({"key": [0, 1, 2]}, 0)
    await bus.close()  # who comes after goes on where it was
    after = await open_bus()
    await after.publish([fact(3)])
    again = Heard()
    await again.until(after, 1)
    assert again.by_key() == {"key": [3]}


async def test_each_group_is_given_everything_and_only_of_its_topics(bus: Bus) -> None:
    heard, other = Heard(), Heard()
    await bus.publish([*facts(range(5)), *facts(range(5), owner="others")])
    await heard.until(bus, 5)
    await other.until(bus, 5, "other group")
    assert heard.ids == other.ids == [f"evt_toy_key_{n}" for n in range(5)]


async def test_members_of_a_group_share_and_none_is_given_what_another_took(bus: Bus, open_bus: OpenBus) -> None:
    buses, heard = [bus, await open_bus()], [Heard(), Heard()]
    for each, ears in zip(buses, heard, strict=True):
        await each.deliver("group", TOPIC, ears.take)
    done = asyncio.Event()

    async def work(each: Bus, ears: Heard) -> None:
        while not done.is_set():
            await each.deliver("group", TOPIC, ears.take)
            await asyncio.sleep(0.01)

    working = [asyncio.create_task(work(each, ears)) for each, ears in zip(buses, heard, strict=True)]
    for start in range(0, 100, 10):
        await bus.publish([fact(n, f"k{key}") for n in range(start, start + 10) for key in range(8)])
    async with asyncio.timeout(30):
        while await bus.lag("group", TOPIC):
            await asyncio.sleep(0.02)
    done.set()
    await asyncio.gather(*working)
    mine, others = heard[0].ids, heard[1].ids
    assert sorted(mine + others) == sorted(f"evt_toy_k{key}_{n}" for n in range(100) for key in range(8))


async def test_what_a_killed_member_had_taken_goes_to_the_others(bus: Bus, url: str) -> None:
    await bus.publish([fact(n, f"k{key}") for n in range(10) for key in range(8)])
    killed = await holding(url)
    heard = Heard()
    for _ in range(3):
        await bus.deliver("group", TOPIC, heard.take)
    killed.kill()
    await killed.wait()
    await heard.until(bus, 80)
    assert heard.by_key() == {f"k{key}": list(range(10)) for key in range(8)}
    await until_empty(bus, "group", heard.take)


async def test_everyone_who_follows_hears_all_that_comes_after_and_nothing_from_before(
    bus: Bus, open_bus: OpenBus
) -> None:
    other = await open_bus()
    await bus.publish(facts(range(3)))
    place = await bus.follow(TOPIC, None, failing)
    assert await bus.follow(TOPIC, place, failing) == place
    await bus.publish([fact(n, f"k{key}") for n in range(100) for key in range(4)])
    one, two = Heard(), Heard()
    reached = await one.follow(bus, place, 400)
    assert await two.follow(other, place, 400) != place
    assert one.by_key() == two.by_key() == {f"k{key}": list(range(100)) for key in range(4)}
    assert await bus.follow(TOPIC, reached, failing) == reached


async def test_a_follower_goes_on_from_where_it_was_after_a_failure_and_in_another_process(
    bus: Bus, open_bus: OpenBus
) -> None:
    place = await bus.follow(TOPIC, None, failing)
    await bus.publish(facts(range(300)))
    heard = Heard()
    reached = await bus.follow(TOPIC, place, heard.take)
    for _ in range(2):
        with pytest.raises(Taking):
            await bus.follow(TOPIC, reached, failing)
    begun = len(heard.all)
    assert 0 < begun < 300
    await bus.close()
    await heard.follow(await open_bus(), reached, 300)
    assert heard.ids == [f"evt_toy_key_{n}" for n in range(300)]


async def test_what_is_there_is_followed_at_once(bus: Bus) -> None:
    place, heard = await bus.follow(TOPIC, None, failing), Heard()
    for number in range(5):
        await bus.publish([fact(number)])
        place = await bus.follow(TOPIC, place, heard.take)
    assert heard.by_key() == {"key": list(range(5))}


@pytest.mark.parametrize("place", ["kafka/other/0badc0de:toy=1,2,3", "no place", "7"])
async def test_a_place_of_another_bus_is_known_as_such_and_never_followed(bus: Bus, place: str) -> None:
    assert not bus.knows(place)
    with pytest.raises(OtherBus):
        await bus.follow(TOPIC, place, failing)
    assert bus.knows(await bus.follow(TOPIC, None, failing))


async def test_lag_is_what_a_group_was_not_given_yet_also_before_it_is_there(bus: Bus) -> None:
    await bus.publish([*facts(range(7)), *facts(range(2), owner="others")])
    assert (await bus.lag("group", TOPIC), await bus.lag("group", TOPIC | {"others"})) == (7, 9)
    heard = Heard()
    await heard.until(bus, 7)
    assert (await bus.lag("group", TOPIC), await bus.lag("nobody", TOPIC)) == (0, 7)


async def test_the_bell_is_rung_when_another_process_tells_something(bus: Bus, open_bus: OpenBus) -> None:
    other, heard = await open_bus(), Heard()
    bell = bus.bell(TOPIC)
    await bus.deliver("group", TOPIC, heard.take)
    place = await bus.follow(TOPIC, await bus.follow(TOPIC, None, failing), heard.take)
    for number in range(3):
        await other.publish([fact(number)])
        async with asyncio.timeout(30):
            while len(set(heard.ids)) <= number:
                assert await bell.wait(10)
                await bus.deliver("group", TOPIC, heard.take)
        place = await bus.follow(TOPIC, place, heard.take)


async def test_what_is_told_twice_has_its_effect_once_and_in_order(bus: Bus, open_shop: OpenShop) -> None:
    shop = await open_shop(Service(name="toy", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter()))
    ports, noted = shop.ports["toy"], list[tuple[str, int]]()

    async def note(tx: Tx, event: Noted) -> None:
        noted.append((event.thing, event.number))

    box = Inbox(ports.db, "toy", {Noted: note}, ids=ports.ids)
    batch = [
        replace(fact(n, key), type="toy.Noted", data={"thing": key, "number": n}) for n in range(10) for key in "ab"
    ]
    await bus.publish(batch[:12])
    await bus.publish(batch)  # as a relay does whose first try was not answered
    async with asyncio.timeout(30):
        while await bus.lag("toy", TOPIC) or not noted:
            await bus.deliver(box.consumer, box.topics, box.take)
    assert {key: [n for thing, n in noted if thing == key] for key in "ab"} == {key: list(range(10)) for key in "ab"}

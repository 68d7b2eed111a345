"""The relay loses nothing and keeps order per key; a poison message holds only its own stream."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation import inbox, outbox
from banyan.foundation.db import Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.inbox import Inbox
from banyan.foundation.running import Shop, inbox_of
from banyan.foundation.service import Ports, Service, Together
from tests.conftest import OpenShop


class Counted(Event, owner="toy", key="thing"):
    thing: str
    number: int


TOY = Service(name="toy", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(TOY)


async def test_sixteen_writers_and_no_fact_is_lost_or_out_of_order(shop: Shop) -> None:
    db, heard = shop.ports["toy"].db, defaultdict[str, list[int]](list)

    async def write(writer: int) -> None:
        for number in range(100):
            async with db.transaction() as tx:
                tx.tell(Counted(thing=f"w{writer}", number=number))
                if number % 3 == writer % 3:
                    await tx.flush()  # draws its place early and commits late: what a serial alone loses
                    await asyncio.sleep(0.002)

    async def relay() -> None:
        moved = 0
        while moved < 16 * 100:
            moved += await outbox.relay_once(db, shop.bus)
            await asyncio.sleep(0)

    async def take(batch: list[Envelope]) -> None:
        for envelope in batch:
            heard[envelope.key].append(envelope.data["number"])

    relaying = asyncio.create_task(relay())
    await asyncio.gather(*(write(writer) for writer in range(16)))
    await asyncio.wait_for(relaying, 30)
    async with asyncio.timeout(30):
        while sum(map(len, heard.values())) < 16 * 100:
            await shop.bus.deliver("listener", frozenset({"toy"}), take)
    assert heard == {f"w{writer}": list(range(100)) for writer in range(16)}


async def test_facts_that_came_together_may_be_reacted_to_at_once_and_a_bad_one_is_still_alone(
    open_shop: OpenShop,
) -> None:
    rounds = list[list[int]]()

    async def together(ports: Ports, tx: Tx, events: Sequence[Counted]) -> None:
        if any(event.number == 3 for event in events):
            raise ValueError("cannot be read")
        rounds.append([event.number for event in events])

    shop = await open_shop(TOY)
    ports = shop.ports["toy"]
    box = inbox_of(replace(TOY, reactions={Counted: Together(together)}), ports)
    for numbers in (range(3), range(3, 6)):
        async with ports.db.transaction() as tx:
            tx.tell(*(Counted(thing=f"of {number}", number=number) for number in numbers))
        await outbox.relay_once(ports.db, shop.bus)
        while await shop.bus.deliver(box.consumer, box.topics, box.take):
            pass
    assert rounds == [[0, 1, 2], [4], [5]]
    assert [row["key"] for row in await inbox.parked(ports.db)] == ["of 3"]


async def test_a_poison_message_holds_only_its_own_stream(open_shop: OpenShop) -> None:
    shop = await open_shop(TOY)
    ports, handled = shop.ports["toy"], list[tuple[str, int]]()
    healed = False

    async def count(tx: Tx, event: Counted) -> None:
        if event.thing == "bad" and event.number == 1 and not healed:
            raise ValueError("cannot be read")
        handled.append((event.thing, event.number))

    box = Inbox(ports.db, "toy", {Counted: count}, ids=ports.ids)
    async with ports.db.transaction() as tx:
        tx.tell(*(Counted(thing=thing, number=number) for number in range(3) for thing in ("good", "bad")))
    await outbox.relay_once(ports.db, shop.bus)
    while await shop.bus.deliver(box.consumer, box.topics, box.take):
        pass
    del handled[: len(handled) - 4]  # the batch was tried whole first, and rolled back
    assert handled == [("good", 0), ("bad", 0), ("good", 1), ("good", 2)]
    [waiting] = await inbox.parked(ports.db)
    assert (waiting["key"], waiting["behind"], waiting["attempts"]) == ("bad", 1, 1)

    healed = True
    await inbox.retry(ports.db, waiting["seq"])
    while await box.retry_due():
        pass
    assert handled[4:] == [("bad", 1), ("bad", 2)]
    assert await inbox.parked(ports.db) == []
    del handled[:]
    await box.take([])
    assert handled == []

"""What is old enough goes: facts sent, facts handled, answers kept. What is not sent stays, however old."""

from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation import idempotency, inbox, outbox, running
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.inbox import Inbox
from banyan.foundation.running import Shop
from banyan.foundation.service import Service
from banyan.kernel.clock import SystemClock, VirtualClock
from tests.conftest import OpenShop

DAY = 86_400.0


class Swept(Event, owner="attic", key="box"):
    box: str


ATTIC = Service(name="attic", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    # The bus keeps the machine's time: it belongs to no service.
    return await open_shop(ATTIC, clock=VirtualClock(SystemClock().now()))


def clock_of(shop: Shop) -> VirtualClock:
    assert isinstance(shop.clock, VirtualClock)
    return shop.clock


async def tell(shop: Shop, *boxes: str) -> None:
    async with shop.ports["attic"].db.transaction() as tx:
        tx.tell(*(Swept(box=box) for box in boxes))


async def kept(shop: Shop, table: str) -> int:
    return int(await shop.ports["attic"].db.fetchval(f"SELECT count(*) FROM {table}"))


async def test_facts_go_a_week_after_they_were_sent(shop: Shop) -> None:
    db = shop.ports["attic"].db
    await tell(shop, "a", "b")
    await outbox.relay_once(db, shop.bus)
    clock_of(shop).advance(6.9 * DAY)
    assert await outbox.forget_old(db) == 0
    clock_of(shop).advance(0.2 * DAY)
    await tell(shop, "c")
    assert await outbox.forget_old(db) == 2
    assert await kept(shop, "outbox") == 1


async def test_a_fact_that_was_never_sent_stays_and_is_sent(shop: Shop) -> None:
    db = shop.ports["attic"].db
    await tell(shop, "old")
    clock_of(shop).advance(365 * DAY)
    assert await outbox.forget_old(db) == 0
    assert await outbox.relay_once(db, shop.bus) == 1
    assert await outbox.forget_old(db) == 1


async def test_forgetting_facts_sends_none_again(shop: Shop) -> None:
    db = shop.ports["attic"].db
    await tell(shop, "a")
    await outbox.relay_once(db, shop.bus)
    clock_of(shop).advance(8 * DAY)
    await outbox.forget_old(db)
    assert await outbox.relay_once(db, shop.bus) == 0
    await tell(shop, "b")
    assert await outbox.relay_once(db, shop.bus) == 1


async def test_a_fact_handled_is_remembered_longer_than_it_can_come_again(shop: Shop) -> None:
    ports, handled = shop.ports["attic"], list[str]()

    async def react(_: object, event: Swept) -> None:
        handled.append(event.box)

    box = Inbox(ports.db, "attic", {Swept: react}, ids=ports.ids)
    await tell(shop, "a")
    await outbox.relay_once(ports.db, shop.bus)
    await shop.bus.deliver("attic", box.topics, box.take)
    clock_of(shop).advance(13 * DAY)
    assert await inbox.forget_old(ports.db) == 0
    clock_of(shop).advance(2 * DAY)
    assert await inbox.forget_old(ports.db) == 1
    assert handled == ["a"]


async def test_answers_go_after_a_week(shop: Shop) -> None:
    db, key = shop.ports["attic"].db, Key.of("guest POST /v1/things", "k", b"{}")

    async def effect(_: object) -> Answer:
        return Answer(201, b"{}")

    await idempotency.once(db, key, effect)
    clock_of(shop).advance(6.9 * DAY)
    assert await idempotency.forget_old(db) == 0
    assert (await idempotency.once(db, key, effect)).replayed
    clock_of(shop).advance(0.2 * DAY)
    assert await idempotency.forget_old(db) == 1
    assert not (await idempotency.once(db, key, effect)).replayed


async def test_the_bus_keeps_a_week(shop: Shop) -> None:
    await tell(shop, "a")
    await outbox.relay_once(shop.ports["attic"].db, shop.bus)
    topics = frozenset({"attic"})
    assert await shop.bus.forget_old() == 0
    assert await shop.bus.lag("nobody", topics) == 1
    assert await shop.bus.forget_old(days=0) == 1
    assert await shop.bus.lag("nobody", topics) == 0


async def test_one_pass_of_housekeeping_forgets_any_number_of_facts(shop: Shop) -> None:
    """A shop tells more in ten minutes than one statement should delete."""
    ports = shop.ports["attic"]
    async with ports.db.transaction() as tx:
        await tx.execute(
            """INSERT INTO outbox (id, type, key, told_at, data)
               SELECT n::text, 'attic.Swept', 'k', shop_now() - interval '8 days', '{}' FROM generate_series(1, 12000) n"""
        )
        await tx.execute("UPDATE relay_position SET txid = pg_current_xact_id(), pos = 12000")
    await running._housekeeping(ports)
    assert await kept(shop, "outbox") == 0

"""Orders of a legacy shop, once they are ours: called off, sent and refunded as far as their state allows, with real books."""

from itertools import count
from typing import Any

import pytest

from banyan import topology
from banyan.contracts.inventory import AskStock, ReleaseStock, SetStock, StockCount, StockLine
from banyan.contracts.payments import AskPayment, Payment, TakePayments
from banyan.foundation.peers import Local
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unavailable
from banyan.trial import invariants
from tests.conftest import OpenShop
from tests.orders.legacy import line, order, taken
from tests.orders.world import Client, World, broken, eur, work

PARTS = ("orders", "inventory", "payments", "testbank")
number = count(1).__next__


@pytest.fixture(scope="module")
async def world(open_shop: OpenShop) -> World:
    """Real orders, inventory and payments; users and the catalogue are played."""
    shop = await open_shop(*(topology.service(name) for name in PARTS), clock=VirtualClock())
    real = {name: shop.peers.local(name) for name in PARTS}
    world = World(shop)
    world.settled()
    for name, local in real.items():
        assert local is not None
        shop.peers.add(name, local)
    await shop.peers.ask(SetStock(counts=(StockCount(sku="MUG", on_hand=10),)))
    return world


@pytest.fixture
def ada(world: World) -> Client:
    return Client(world, user=world.user("ada"))


@pytest.fixture
def staff(world: World) -> Client:
    return Client(world, user=world.user("staff", "orders:read", "orders:write", "payments:write", "payments:read"))


async def tell_payments(world: World) -> None:
    chore = topology.service("orders").chores["takings"]
    while await chore(world.ports) == 0:
        pass


async def post(client: Client, path: str, body: Any = None) -> tuple[int, Any]:
    return await client.call("POST", path, body or {}, idempotency_key=client.world.ports.ids.new("key"))


async def mugs(world: World) -> int:
    return (await world.shop.peers.ask(AskStock(skus=("MUG",)))).levels[0].available


async def money(world: World, order_id: str) -> Payment:
    return await world.shop.peers.ask(AskPayment(order_id=order_id))


def refund(amount: int, **more: Any) -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": "EUR"}, "reason": "sent back", **more}


async def holds(world: World) -> None:
    """Every invariant of every service, and those between them."""
    assert await broken(world.ports) == []
    services = [topology.service(name) for name in PARTS]
    found = await invariants.check({name: world.shop.ports[name].db for name in PARTS}, services)
    assert [each for each in found if each.count and each.id != "I20"] == []  # nobody moves facts here


async def test_one_called_off_gives_its_stock_back_once(world: World, ada: Client) -> None:
    record = order(number(), paid=False, lines=(line(), line("GONE", 1, line_id="2"), line(quantity=1, line_id="3")))
    await taken(world, record)
    before = await mugs(world)
    status, shown = await post(ada, f"/v1/orders/{record.id}/cancel", {"reason": "too late"})
    assert (status, shown["status"]) == (200, "cancelled")
    await holds(world)  # it is about to be given back
    await work(world)
    assert await mugs(world) == before + 3
    assert (await post(ada, f"/v1/orders/{record.id}/cancel"))[0] == 200
    await world.shop.peers.ask(ReleaseStock(order_id=record.id, lines=(StockLine(sku="MUG", quantity=2),)))
    await work(world)
    assert await mugs(world) == before + 3
    [*_, last] = (await ada.call("GET", f"/v1/orders/{record.id}/events"))[1]["items"]
    assert last["type"] == "orders.OrderCompensated"
    await holds(world)


async def test_money_that_was_paid_there_is_in_our_books_and_goes_back_there(
    world: World, ada: Client, staff: Client
) -> None:
    record = order(number())
    await taken(world, record)
    await tell_payments(world)
    payment = await money(world, record.id)
    assert (payment.state, payment.captured) == ("captured", eur(2879))
    at = f"/v1/orders/{record.id}/refunds"
    for body, code in (
        (refund(500), "paid_elsewhere"),
        (refund(2880, elsewhere=True), "too_much"),
    ):
        status, refused = await post(staff, at, body)
        assert (status, refused["code"]) == (409, code)
    assert (await post(ada, at, refund(500, elsewhere=True)))[0] == 403
    key = world.ports.ids.new("key")
    for _ in range(2):
        status, shown = await staff.call("POST", at, refund(500, elsewhere=True), idempotency_key=key)
        assert (status, shown["payment_status"], shown["refunded"]["amount"]) == (201, "partially_refunded", 500)
    assert (await money(world, record.id)).refunded == eur(500)
    await holds(world)


async def test_one_called_off_that_was_paid_stays_owed_until_the_money_went_back(
    world: World, ada: Client, staff: Client
) -> None:
    record = order(number())
    await taken(world, record)
    await tell_payments(world)
    await post(ada, f"/v1/orders/{record.id}/cancel")
    await work(world)
    shown = (await staff.call("GET", f"/v1/orders/{record.id}"))[1]
    assert (shown["status"], shown["payment_status"]) == ("cancelled", "captured")
    why = await world.ports.db.fetchval("SELECT last_error FROM saga WHERE order_id = $1", record.id)
    assert why == "28.79 EUR were paid at the legacy shop: give them back there and note it here"
    await holds(world)
    for part, status in ((2000, "partially_refunded"), (879, "refunded")):
        answer, shown = await post(staff, f"/v1/orders/{record.id}/refunds", refund(part, elsewhere=True))
        assert (answer, shown["payment_status"]) == (201, status)
    assert (await money(world, record.id)).state == "refunded"
    events = [each["type"] for each in (await staff.call("GET", f"/v1/orders/{record.id}/events"))[1]["items"]]
    assert events[-2:] == ["orders.OrderRefunded", "orders.OrderCompensated"]
    await holds(world)


async def test_one_is_sent_in_parts_and_then_is_done(world: World, ada: Client, staff: Client) -> None:
    record = order(number())
    await taken(world, record)
    at = f"/v1/orders/{record.id}/fulfillments"
    status, shown = await post(staff, at, None)
    assert (status, shown["status"]) == (201, "fulfilled")
    assert (await post(staff, at))[1]["code"] == "nothing_left"
    assert (await post(ada, f"/v1/orders/{record.id}/cancel"))[1]["code"] == "too_late"
    empty = order(number(), lines=())
    await taken(world, empty)
    status, refused = await post(staff, f"/v1/orders/{empty.id}/fulfillments")
    assert (status, refused["code"]) == (409, "nothing_left")
    await holds(world)


@pytest.mark.parametrize("status", ["fulfilled", "cancelled", "payment_failed", "refunded"])
async def test_what_came_to_its_end_there_has_come_to_it_here(
    world: World, ada: Client, staff: Client, status: Any
) -> None:
    record = order(number(), status=status, paid=False)
    await taken(world, record)
    await tell_payments(world)
    cancelled, _ = await post(ada, f"/v1/orders/{record.id}/cancel")
    assert cancelled == (200 if status in ("cancelled", "refunded") else 409)
    refunded, told = await post(staff, f"/v1/orders/{record.id}/refunds", refund(1, elsewhere=True))
    assert (refunded, told["code"]) == (409, "too_much" if status == "refunded" else "not_paid")
    await work(world)
    await holds(world)


async def _away(*_: object) -> None:
    raise Unavailable("payments does not answer")


async def test_payments_follow_what_the_legacy_shop_says_next_and_wait_while_nobody_answers(world: World) -> None:
    first = order(number())
    await taken(world, first)
    local = world.shop.peers.local("payments")
    assert local is not None
    world.shop.peers.add("payments", Local(world.ports, {TakePayments: _away}, None))
    with pytest.raises(Unavailable):
        await tell_payments(world)
    world.shop.peers.add("payments", local)
    await tell_payments(world)
    assert (await money(world, first.id)).captured == eur(2879)
    for version, change, kept in (
        (2, {"paid": False}, 0),
        (3, {}, 2879),
        (4, {"total": eur(3000), "adjustment": eur(120)}, 3000),
        (5, {"status": "refunded"}, 0),
    ):
        await taken(world, first.model_copy(update={"version": version, **change}))
        await tell_payments(world)
        payment = await money(world, first.id)
        assert payment.captured - payment.refunded == eur(kept)
        await holds(world)

"""Two steps to an order: at the price that was seen, once per key, and with an end for whatever happens on the way."""

import asyncio

from banyan.contracts.inventory import HoldStock, SellStock
from banyan.contracts.payments import Authorize, PaymentAuthorized
from banyan.orders.reactions import REACTIONS
from tests.orders.conftest import OpenWorld
from tests.orders.world import ANSWER_LOST, LOST, Client, World, broken, counted, eur, work


async def test_a_guest_orders_in_two_steps(world: World, client: Client) -> None:
    cart = await client.fill(MUG=2, BOOK=1)
    assert (cart["subtotal"]["amount"], cart["shipping"]["amount"], cart["total"]["amount"]) == (5080, 0, 5080)
    status, order = await client.check_out()
    assert (status, order["status"], order["payment_status"]) == (201, "confirmed", "authorized")
    assert client.headers["location"] == f"/v1/orders/{order['id']}"
    await work(world)
    status, order = await client.call("GET", f"/v1/orders/{order['id']}")
    assert (status, order["payment_status"]) == (200, "captured")
    assert world.bank.payments[order["id"]].captured == world.bank.payments[order["id"]].amount
    _, story = await client.call("GET", f"/v1/orders/{order['id']}/events")
    assert [event["type"].removeprefix("orders.Order") for event in story["items"]] == [
        "Placed",
        "StockHeld",
        "PaymentAuthorized",
        "Confirmed",
        "PaymentCaptured",
    ]
    assert await broken(world.ports) == []


async def test_the_same_key_is_the_same_order(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    _, first = await client.check_out(key="k-1")
    status, again = await client.check_out(key="k-1")
    assert (status, again) == (201, first)
    assert client.headers["idempotent-replayed"] == "true"
    status, refused = await client.check_out("tok_other", key="k-1")
    assert (status, refused["code"]) == (422, "key_reused")
    assert (await client.call("POST", f"{client.cart}/checkout", {"payment": {"provider": "x", "token": "y"}}))[
        0
    ] == 400


async def test_sixteen_at_once_with_different_keys_are_one_order(world: World, client: Client) -> None:
    cart = await client.fill(MUG=1)
    answers = await asyncio.gather(*(client.check_out() for _ in range(16)))
    placed = [order for status, order in answers if status == 201]
    refused = [refusal for status, refusal in answers if status == 409]
    assert (len(placed), len(refused)) == (1, 15)
    assert {refusal["code"] for refusal in refused} == {"already_ordered"}
    count = "SELECT count(*) FROM order_view WHERE cart_id = $1"
    assert await world.ports.db.fetchval(count, cart["id"]) == 1
    _, cart = await client.call("GET", client.cart)
    assert (cart["status"], cart["order_id"]) == ("ordered", placed[0]["id"])


async def test_sixteen_at_once_with_one_key_are_one_order(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    answers = await asyncio.gather(*(client.check_out(key="same") for _ in range(16)))
    assert {status for status, _ in answers} <= {201, 409}
    assert {refused["code"] for status, refused in answers if status == 409} <= {"in_flight"}
    assert len({order["id"] for status, order in answers if status == 201}) == 1
    assert (await client.check_out(key="same"))[0] == 201


async def test_a_price_that_changed_places_nothing_until_it_was_seen(world: World, client: Client) -> None:
    cart = await client.fill(MUG=2)
    world.sells("MUG", 1490, 100)
    status, refused = await client.check_out(key="k-2")
    assert (status, refused["code"]) == (409, "cart_changed")
    assert [(c["kind"], c["before"]["amount"], c["after"]["amount"]) for c in refused["changes"]] == [
        ("price_changed", 1290, 1490)
    ]
    assert not await world.ports.db.fetchval("SELECT count(*) FROM order_view WHERE cart_id = $1", cart["id"])
    _, seen = await client.call("GET", client.cart)
    assert [change["kind"] for change in seen["changes"]] == ["price_changed"]
    assert (await client.call("GET", client.cart))[1]["changes"] == []
    status, order = await client.check_out(key="k-2")  # a refusal does not use the key up
    assert (status, order["total"]) == (201, seen["total"])
    world.sells("MUG", 1290, 100)


async def test_what_is_missing_is_said(world: World, client: Client) -> None:
    _, cart = await client.call("POST", "/v1/carts")
    client.token, client.cart = cart["token"], f"/v1/carts/{cart['id']}"
    assert (await client.check_out())[1]["code"] == "cart_empty"
    await client.call("POST", f"{client.cart}/lines", {"sku": "MUG", "quantity": 1})
    assert (await client.check_out())[1]["code"] == "delivery_missing"
    world.away = {"catalog"}
    await client.call("PUT", f"{client.cart}/delivery", {})
    assert (await client.check_out())[1]["code"] == "delivery_missing"
    world.away = set()
    await client.deliver()
    world.away = {"catalog"}
    assert (await client.check_out())[0] == 503  # nothing is sold at a price nobody knows
    world.away = set()
    assert (await client.check_out())[0] == 201


async def test_too_little_stock_rejects_before_any_money_and_the_cart_is_open_again(
    world: World, client: Client
) -> None:
    await client.fill(LAST=1)
    world.room.stock["LAST"] = 0
    asked = world.asked["Authorize"]
    status, order = await client.check_out()
    assert (status, order["status"], order["reason"]) == (201, "rejected", "out_of_stock")
    assert order["short"] == [{"sku": "LAST", "wanted": 1, "available": 0}]
    assert world.asked["Authorize"] == asked
    world.room.stock["LAST"] = 1
    assert (await client.call("GET", client.cart))[1]["status"] == "open"
    status, second = await client.check_out()
    assert (status, second["status"]) == (201, "confirmed")
    assert second["number"] > order["number"]
    assert await broken(world.ports) == []


async def test_a_declined_card_gives_the_stock_back_and_another_card_buys(world: World, client: Client) -> None:
    await client.fill(LAST=1)
    status, order = await client.check_out("tok_declined")
    assert (status, order["status"], order["payment_status"]) == (201, "payment_failed", "failed")
    assert order["reason"] == "insufficient_funds"
    assert (await client.call("GET", client.cart))[1]["lines"][0]["available"] == 1
    status, second = await client.check_out("tok_ok")
    assert (status, second["status"]) == (201, "confirmed")
    await work(world)
    assert order["id"] not in world.live_money()
    assert await broken(world.ports) == []


async def test_a_payment_of_another_amount_buys_nothing(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    _, order = await client.check_out("tok_short")
    assert (order["status"], order["reason"]) == ("payment_failed", "amount_differs")
    await work(world)
    assert order["id"] not in world.live_money()


async def test_lost_calls_and_lost_answers_are_asked_again(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    world.fates[HoldStock] = [LOST, ANSWER_LOST]
    world.fates[Authorize] = [ANSWER_LOST]
    world.fates[SellStock] = [ANSWER_LOST, LOST]
    status, order = await client.check_out(key="k-3")
    assert (status, order["status"]) == (202, "processing")  # virtual time stands still: nothing is due again
    assert (client.headers["retry-after"], client.headers["location"]) == ("1", f"/v1/orders/{order['id']}")
    before = world.room.stock["MUG"]
    await work(world)
    assert world.room.stock["MUG"] == before - 1
    status, final = await client.check_out(key="k-3")
    assert (status, final["id"], final["status"]) == (201, order["id"], "confirmed")
    assert client.headers["idempotent-replayed"] == "true"
    await client.call("POST", f"/v1/orders/{order['id']}/cancel")
    assert (await client.check_out(key="k-3"))[1] == final  # what was told once stays told
    await work(world)
    assert await broken(world.ports) == []


async def test_a_payment_nobody_knows_about_is_waited_for_and_then_given_up(world: World, client: Client) -> None:
    world.bank.unsure = True
    await client.fill(LAST=1)
    status, order = await client.check_out("tok_unknown")
    assert (status, order["status"]) == (202, "processing")
    for _ in range(5):
        world.ports.clock.advance(60)  # type: ignore[attr-defined]
        await work(world, until_quiet=False)
    assert (await client.call("GET", f"/v1/orders/{order['id']}"))[1]["status"] == "processing"
    world.ports.clock.advance(900)  # type: ignore[attr-defined]
    await work(world, until_quiet=False)
    _, order = await client.call("GET", f"/v1/orders/{order['id']}")
    assert (order["status"], order["reason"]) == ("payment_failed", "took_too_long")
    assert world.room.free("LAST") == 1  # goods are free again before the bank is heard of
    assert (await client.call("GET", client.cart))[1]["status"] == "ordered"
    world.bank.unsure = False
    await work(world)
    assert order["id"] not in world.live_money()
    assert (await client.call("GET", client.cart))[1]["status"] == "open"
    assert await broken(world.ports) == []


async def test_news_of_a_payment_wakes_its_order_at_once(world: World, client: Client) -> None:
    world.bank.unsure = True
    await client.fill(MUG=1)
    _, order = await client.check_out("tok_unknown")
    world.ports.clock.advance(1)  # type: ignore[attr-defined]
    for _ in range(6):
        await work(world, until_quiet=False)
        world.ports.clock.advance(8)  # type: ignore[attr-defined]
    await work(world, until_quiet=False)
    world.bank.unsure = False
    told = PaymentAuthorized(payment_id="pay_x", order_id=order["id"], amount=eur(1))
    async with world.ports.db.transaction() as tx:
        await REACTIONS[PaymentAuthorized](world.ports, tx, told)
    assert world.ports.due["saga"].rung
    await work(world, until_quiet=False)
    assert (await client.call("GET", f"/v1/orders/{order['id']}"))[1]["status"] == "confirmed"


async def test_the_token_is_in_no_fact_and_forgotten_after_use(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    await client.check_out("tok_5ecret")
    found = """SELECT count(*) FROM (SELECT data::text FROM event UNION ALL SELECT shown::text FROM order_view
               UNION ALL SELECT saga::text FROM saga) AS kept (text) WHERE text LIKE '%tok_5ecret%'"""
    assert await world.ports.db.fetchval(found) == 0


async def test_units_can_be_held_from_the_delivery_step_on(open_world: OpenWorld) -> None:
    world = await open_world(hold_at="delivery")
    one, two = Client(world), Client(world)
    await one.fill(LAST=1)
    _, cart = await two.call("POST", "/v1/carts")
    two.token, two.cart = cart["token"], f"/v1/carts/{cart['id']}"
    status, refused = await two.call("POST", f"{two.cart}/lines", {"sku": "LAST", "quantity": 1})
    assert (status, refused["code"], refused["available"]) == (409, "out_of_stock", 0)
    await one.deliver()  # again: its own hold does not stand in its way
    status, order = await one.check_out()
    assert (status, order["status"]) == (201, "confirmed")


async def test_a_checkout_costs_four_calls_and_eight_statements_of_which_one_transaction_has_five(
    open_world: OpenWorld,
) -> None:
    world = await open_world()
    client = Client(world)
    await client.fill(MUG=2, BOOK=1)
    await client.check_out(key="warm")
    await client.fill(MUG=2, BOOK=1)
    world.asked.clear()
    with counted() as statements:
        status, _ = await client.check_out()
    assert status == 201
    assert world.asked == {"AskItems": 1, "HoldStock": 1, "Authorize": 1, "SellStock": 1}
    assert len(statements) == 8, statements
    assert [each.partition(";")[0] for each in statements].index("BEGIN") + 4 == statements.index("COMMIT")

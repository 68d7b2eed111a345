"""An order is read by those it concerns, called off until it leaves, sent in parts, and refunded once a key."""

from dataclasses import replace
from typing import Any

import pytest

from banyan.contracts.inventory import ReleaseStock
from banyan.contracts.payments import Method, PaymentRefunded, PaymentState, RefundPayment
from banyan.foundation.envelope import Envelope
from banyan.foundation.running import inbox_of
from banyan.kernel.clock import VirtualClock
from banyan.orders.actions.mailing import send_due
from banyan.orders.actions.tidying import forget_carts
from banyan.orders.app import service
from banyan.orders.reactions import REACTIONS
from tests.orders.conftest import OpenWorld
from tests.orders.world import ANSWER_LOST, LOST, Client, World, broken, eur, shopper, work


async def ordered(world: World, client: Client, user: str = "", **wanted: int) -> dict[str, Any]:
    client.user = user
    await client.fill(**(wanted or {"MUG": 2}))
    status, order = await client.check_out()
    assert (status, order["status"]) == (201, "confirmed")
    await work(world)
    world.ports.clock.advance(1)  # type: ignore[attr-defined]
    return dict(order)


@pytest.fixture
async def staff(world: World) -> Client:
    return Client(world, user=world.user("staff", "orders:read", "orders:write", "payments:write"))


# ---- who may read ---------------------------------------------------------------------------------------------------


async def test_an_order_is_read_by_those_it_concerns_and_nobody_learns_of_it_else(
    world: World, client: Client, staff: Client
) -> None:
    order = await ordered(world, client)
    other = Client(world)
    await other.fill(MUG=1)
    mine = await ordered(world, Client(world), world.user("ada"))
    at, link = f"/v1/orders/{order['id']}", order["links"]["view"].partition("?")[2]
    for reader, path in ((client, at), (staff, at), (Client(world), f"{at}?{link}")):
        for end in ("", "/events"):
            assert (await reader.call("GET", path.replace(at, at + end)))[0] == 200, (reader, end)
    cookie = Client(world)
    assert (await cookie.call("GET", at, cookie=f"banyan_cart={client.token}"))[0] == 200
    theirs = f"/v1/orders/{mine['id']}"
    assert (await Client(world, user=world.user("ada")).call("GET", theirs))[0] == 200
    strangers = [Client(world), other, Client(world, user=world.user("eve", "stock:read", "payments:read"))]
    for stranger in strangers:
        for path in (at, theirs, f"{theirs}?{link}", f"{at}?access=forged", f"{at}?access=", f"{at}/events?{link}x"):
            status, refused = await stranger.call("GET", path)
            assert (status, refused["code"]) == (404, "no_such_order"), path
        for path, body in (
            ("/cancel", {}),
            ("/fulfillments", {}),
            ("/refunds", {"amount": {"amount": 1, "currency": "EUR"}}),
        ):
            status, _ = await stranger.call("POST", at + path, body, idempotency_key="k")
            assert status in (401, 403, 404), path
    assert (await Client(world).call("GET", "/v1/orders"))[0] == 401


async def test_a_guests_ways_to_an_order_end_after_thirty_days(
    world: World, client: Client, staff: Client, clock: VirtualClock
) -> None:
    order = await ordered(world, client)
    at, link = f"/v1/orders/{order['id']}", order["links"]["view"].partition("?")[2]
    clock.advance(29.9 * 86_400)
    assert (await client.call("GET", at))[0] == 200
    assert (await Client(world).call("GET", f"{at}?{link}"))[0] == 200
    clock.advance(0.2 * 86_400)
    assert (await client.call("GET", at))[0] == 404
    assert (await Client(world).call("GET", f"{at}?{link}"))[0] == 404
    staff.user = world.user("staff", "orders:read")
    assert (await staff.call("GET", at))[0] == 200


async def test_my_orders_are_mine_newest_first_and_in_pages(world: World) -> None:
    user, other = world.user("lists"), world.user("other")
    placed = [(await ordered(world, Client(world), user))["id"] for _ in range(3)]
    await ordered(world, Client(world), other)
    me = Client(world, user=user)
    _, first = await me.call("GET", "/v1/orders?limit=2")
    _, rest = await me.call("GET", f"/v1/orders?limit=2&cursor={first['next_cursor']}")
    found = [order["id"] for order in first["items"] + rest["items"]]
    assert sorted(found) == sorted(placed)
    assert (len(first["items"]), rest["next_cursor"]) == (2, None)


async def test_operators_find_orders(world: World, staff: Client) -> None:
    user = world.user("found")
    order = await ordered(world, Client(world), user)
    number = order["number"]
    for query in (f"number={number}", f"number={number.removeprefix('B-').lower()}", "email=ADA@example.com&limit=1",
                  "status=confirmed&from=2026-01-01T00:00:00Z&to=2126-01-01T00:00:00&limit=1"):  # fmt: skip
        status, page = await staff.call("GET", f"/v1/orders?{query}")
        assert (status, [each["id"] for each in page["items"]]) == (200, [order["id"]]), query
    for query in ("status=rejected", "email=nobody", "from=2100-01-01T00:00:00Z", "number=B-0000000"):
        assert (await staff.call("GET", f"/v1/orders?{query}"))[1]["items"] == []


@pytest.mark.parametrize(
    "query",
    ["status=lost", "from=0001-01-01T00:00:00%2B14:00", "to=never", "limit=101", "cursor=x", "cursor=WyJcdTAwMDAiXQ", "email=%00",
     "number=%00", "from=-99999999999999"],
)  # fmt: skip
async def test_questions_that_make_no_sense_are_refused(staff: Client, query: str) -> None:
    status, refused = await staff.call("GET", f"/v1/orders?{query}")
    assert 400 <= status < 500
    assert refused["code"]


@pytest.mark.parametrize("id", ["x", "ord_", "ord_%00", "ord_" + "0" * 26, "ord_" + "a" * 5000, "%F0%9F%A5%AD"])
async def test_ids_that_cannot_be_are_not_found(staff: Client, id: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/events", None),
        ("POST", "/cancel", {}),
        ("POST", "/fulfillments", {}),
        ("POST", "/refunds", {"amount": {"amount": 1, "currency": "EUR"}}),
    ):
        assert (await staff.call(method, f"/v1/orders/{id}{path}", body, idempotency_key="k"))[0] == 404


# ---- calling off ----------------------------------------------------------------------------------------------------


async def test_a_confirmed_order_is_called_off_and_all_goes_back(world: World, client: Client) -> None:
    order = await ordered(world, client)
    before = world.room.stock["MUG"]
    for _ in range(2):
        status, got = await client.call("POST", f"/v1/orders/{order['id']}/cancel", {"reason": "too blue"})
        assert (status, got["status"], got["cancelled_reason"]) == (200, "cancelled", "too blue")
    await work(world)
    assert world.room.stock["MUG"] == before + 2
    assert world.bank.payments[order["id"]].state is PaymentState.REFUNDED
    _, got = await client.call("GET", f"/v1/orders/{order['id']}")
    assert (got["payment_status"], got["refunded"]) == ("refunded", order["total"])
    assert (await client.call("GET", client.cart))[1]["status"] == "ordered"  # who wants it again begins anew
    assert await broken(world.ports) == []


async def test_giving_back_survives_lost_answers(world: World, client: Client) -> None:
    order = await ordered(world, client)
    world.fates[ReleaseStock] = [ANSWER_LOST, LOST, ANSWER_LOST]
    before = world.room.stock["MUG"]
    await client.call("POST", f"/v1/orders/{order['id']}/cancel")
    await work(world)
    assert world.room.stock["MUG"] == before + 2
    assert world.live_money().get(order["id"], 0) == 0


async def test_what_came_to_nothing_or_has_left_cannot_be_called_off(
    world: World, client: Client, staff: Client
) -> None:
    await client.fill(MUG=1)
    _, failed = await client.check_out("tok_declined")
    status, refused = await client.call("POST", f"/v1/orders/{failed['id']}/cancel")
    assert (status, refused["code"]) == (409, "order_ended")
    order = await ordered(world, Client(world), "", MUG=2)
    line = order["lines"][0]["line_id"]
    await staff.call("POST", f"/v1/orders/{order['id']}/fulfillments", {"lines": {line: 1}}, idempotency_key="k1")
    status, refused = await staff.call("POST", f"/v1/orders/{order['id']}/cancel")
    assert (status, refused["code"]) == (409, "too_late")


# ---- sending --------------------------------------------------------------------------------------------------------


async def test_an_order_is_sent_in_parts(world: World, client: Client, staff: Client) -> None:
    order = await ordered(world, client, "", MUG=2, BOOK=1)
    at = f"/v1/orders/{order['id']}/fulfillments"
    mug, book = (line["line_id"] for line in order["lines"])
    assert (await client.call("POST", at, {}, idempotency_key="x"))[0] == 401
    assert (await staff.call("POST", at, {}))[1]["code"] == "key_required"
    part = {"lines": {mug: 1}, "tracking": "DHL 123"}
    status, got = await staff.call("POST", at, part, idempotency_key="p1")
    assert (status, got["status"], got["lines"][0]["fulfilled"]) == (201, "confirmed", 1)
    assert (await staff.call("POST", at, part, idempotency_key="p1"))[1] == got  # once per key
    for wrong in ({mug: 2}, {book: 2}, {"lin_" + "0" * 26: 1}):
        status, refused = await staff.call("POST", at, {"lines": wrong}, idempotency_key=f"w{wrong}")
        assert (status, refused["code"], refused["left"]) == (409, "nothing_left", {mug: 1, book: 1})
    unfit: list[Any] = [{"lines": {}}, {"lines": {mug: 0}}, {"lines": {"\0": 1}}, {"lines": [1]}]
    for body in unfit:
        assert (await staff.call("POST", at, body, idempotency_key="y"))[0] == 422
    status, got = await staff.call("POST", at, idempotency_key="p2")
    assert (status, got["status"]) == (201, "fulfilled")
    assert [parcel["tracking"] for parcel in got["fulfilments"]] == ["DHL 123", ""]
    assert (await staff.call("POST", at, {}, idempotency_key="p3"))[1]["code"] == "nothing_left"


async def test_money_can_be_taken_when_goods_leave(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(capture="fulfilment", clock=clock)
    order = await ordered(world, client := Client(world))
    assert world.asked["CapturePayment"] == 0
    staff = Client(world, user=world.user("staff", "orders:write"))
    assert (await staff.call("POST", f"/v1/orders/{order['id']}/fulfillments", idempotency_key="a"))[0] == 201
    await work(world)
    assert (await client.call("GET", f"/v1/orders/{order['id']}"))[1]["payment_status"] == "captured"
    late = await ordered(world, client)
    world.bank.change(late["id"], state=PaymentState.VOIDED)  # the bank let go of it meanwhile
    assert (await staff.call("POST", f"/v1/orders/{late['id']}/fulfillments", idempotency_key="b"))[0] == 201
    await work(world)
    trouble = await world.ports.db.fetchval("SELECT last_error FROM saga WHERE order_id = $1", late["id"])
    assert "after goods have left" in trouble


# ---- refunds --------------------------------------------------------------------------------------------------------


def back(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": currency}, "reason": "scratched"}


async def test_money_goes_back_in_parts_and_never_more_than_was_paid(
    world: World, client: Client, staff: Client
) -> None:
    order = await ordered(world, client)
    at, total = f"/v1/orders/{order['id']}/refunds", order["total"]["amount"]
    status, got = await staff.call("POST", at, back(1000), idempotency_key="r1")
    assert (status, got["payment_status"], got["refunded"]["amount"]) == (201, "partially_refunded", 1000)
    assert (await staff.call("POST", at, back(1000), idempotency_key="r1"))[1] == got
    status, refused = await staff.call("POST", at, back(total), idempotency_key="r2")
    assert (status, refused["code"], refused["left"]["amount"]) == (409, "too_much", total - 1000)
    assert (await staff.call("POST", at, back(1, "USD"), idempotency_key="r3"))[1]["code"] == "wrong_currency"
    for wrong in (0, -1, 1.5, "1", 2**53):
        assert (await staff.call("POST", at, back(wrong), idempotency_key="r4"))[0] == 422  # type: ignore[arg-type]
    _, got = await staff.call("POST", at, back(total - 1000), idempotency_key="r5")
    assert (got["payment_status"], world.bank.payments[order["id"]].refunded.amount) == ("refunded", total)
    assert await broken(world.ports) == []


async def test_a_refund_whose_answer_was_lost_is_made_once(world: World, client: Client, staff: Client) -> None:
    order = await ordered(world, client)
    at = f"/v1/orders/{order['id']}/refunds"
    world.fates[RefundPayment] = [ANSWER_LOST, LOST]
    assert [(await staff.call("POST", at, back(500), idempotency_key="r"))[0] for _ in range(3)] == [504, 503, 201]
    assert world.bank.payments[order["id"]].refunded.amount == 500
    [refund_id] = [each for each, amount in world.bank.refunds.items() if amount == eur(500)]
    await hear(world, refund_id, order["id"], 500)
    _, got = await client.call("GET", f"/v1/orders/{order['id']}")
    assert (got["refunded"]["amount"], len(got["refunds"])) == (500, 1)


async def test_a_refund_that_takes_time_is_told_when_it_is_done(world: World, client: Client, staff: Client) -> None:
    order = await ordered(world, client)
    at = f"/v1/orders/{order['id']}/refunds"
    world.bank.slow = True
    status, got = await staff.call("POST", at, back(300), idempotency_key="slow")
    assert (status, got["refunded"]["amount"]) == (202, 0)
    world.bank.slow = False
    status, got = await staff.call("POST", at, back(300), idempotency_key="slow")
    assert (status, got["refunded"]["amount"]) == (201, 300)
    await hear(world, next(reversed(world.bank.refunds)), order["id"], 300)
    assert len((await client.call("GET", f"/v1/orders/{order['id']}"))[1]["refunds"]) == 1


async def hear(world: World, refund_id: str, order_id: str, amount: int, *, times: int = 3) -> None:
    """The news of a refund, as the bus brings it: more than once."""
    told = PaymentRefunded(
        payment_id=f"pay_{order_id}", order_id=order_id, refund_id=refund_id, amount=eur(amount), refunded=eur(amount)
    )
    box = inbox_of(service(), world.ports)
    envelope = Envelope(f"evt_{refund_id}", told.TYPE, told.key, world.ports.clock.now(), told.model_dump(mode="json"))
    for number in range(times):
        await box.take([replace(envelope, id=f"{envelope.id}_{number % 2}")])
    assert await world.ports.db.fetchval("SELECT count(*) FROM stuck") == 0


async def test_a_refund_made_elsewhere_shows_on_the_order_once(world: World, client: Client) -> None:
    order = await ordered(world, client)
    await hear(world, "rfd_elsewhere", order["id"], 700)
    _, got = await client.call("GET", f"/v1/orders/{order['id']}")
    assert (got["refunded"]["amount"], len(got["refunds"])) == (700, 1)
    await hear(world, "rfd_of_nobody", "ord_" + "0" * 26, 700)  # no order of ours: nothing to note


async def test_only_what_was_paid_is_refunded(world: World, client: Client, staff: Client) -> None:
    await client.fill(MUG=1)
    _, failed = await client.check_out("tok_declined")
    status, refused = await staff.call("POST", f"/v1/orders/{failed['id']}/refunds", back(1), idempotency_key="n")
    assert (status, refused["code"]) == (409, "not_paid")


# ---- one click ------------------------------------------------------------------------------------------------------


async def test_one_click_buys_with_what_is_saved(world: World, client: Client) -> None:
    buyer = Client(world, user=world.user("quick"))
    at, want = "/v1/orders/one-click", {"sku": "MUG", "quantity": 2}
    assert (await Client(world).call("POST", at, want, idempotency_key="k"))[0] == 401
    status, refused = await buyer.call("POST", at, want, idempotency_key="k")
    assert (status, refused["code"]) == (409, "one_click_not_ready")
    assert [fault["code"] for fault in refused["errors"]] == ["address_missing", "payment_method_missing"]
    world.shoppers["usr_quick"] = shopper("quick")
    world.methods["usr_quick"] = Method(
        method_id="mth", provider="testbank", token="tok_ok", brand="visa", last4="4242"
    )
    status, refused = await buyer.call(
        "POST", at, {**want, "unit_price": {"amount": 1, "currency": "EUR"}}, idempotency_key="k2"
    )
    assert (status, refused["code"], refused["after"]["amount"]) == (409, "price_changed", 1290)
    status, order = await buyer.call("POST", at, want, idempotency_key="k")
    assert (status, order["status"], order["email"]) == (201, "confirmed", "quick@example.com")
    assert (await buyer.call("POST", at, want, idempotency_key="k"))[1] == order
    assert (await buyer.call("POST", at, {"sku": "NONE"}, idempotency_key="k3"))[1]["code"] == "unknown_sku"
    assert (await buyer.call("POST", at, {"sku": "LAST", "quantity": 2}, idempotency_key="k4"))[1][
        "code"
    ] == "out_of_stock"


async def test_one_click_that_fails_leaves_the_shoppers_cart_alone(world: World, client: Client) -> None:
    user = world.user("unlucky")
    buyer = Client(world, user=user)
    await buyer.fill(BOOK=1)
    world.shoppers["usr_unlucky"] = shopper("unlucky")
    world.methods["usr_unlucky"] = Method(
        method_id="mth", provider="testbank", token="tok_declined", brand="visa", last4="0002"
    )
    status, order = await buyer.call("POST", "/v1/orders/one-click", {"sku": "MUG"}, idempotency_key="k")
    assert (status, order["status"]) == (201, "payment_failed")
    await work(world)
    _, cart = await buyer.call("GET", "/v1/carts/current")
    assert [line["sku"] for line in cart["lines"]] == ["BOOK"]
    assert await broken(world.ports) == []


# ---- what goes on by itself -----------------------------------------------------------------------------------------


async def test_a_confirmed_order_is_told_by_mail_once(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(clock=clock)
    order = await ordered(world, client := Client(world))
    await client.fill(MUG=1)
    await client.check_out("tok_declined")
    while not await send_due(world.ports):
        pass
    [letter] = list((world.shop.settings.data_dir / "mail").glob("*.eml"))
    text = letter.read_text("utf-8").replace("=\n", "").replace("=3D", "=")
    assert f"To: {order['email']}" in text
    assert order["number"] in text
    link = next(word for word in text.split() if word.startswith("http"))
    assert (await Client(world).call("GET", "/v1" + link.partition("8000")[2]))[0] == 200
    assert await world.ports.db.fetchval("SELECT count(*) FROM mail_due") == 0


async def test_a_mail_that_cannot_be_sent_is_tried_again_later(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(clock=clock)
    await ordered(world, Client(world))
    sent: list[str] = []

    class Mute:
        async def send(self, message: Any) -> None:
            sent.append(message.id)
            if len(sent) == 1:
                raise OSError("no line")

        async def close(self) -> None: ...

    world.ports.mail = Mute()
    with pytest.raises(OSError, match="no line"):
        await send_due(world.ports)
    await send_due(world.ports)
    assert len(sent) == 1
    clock.advance(10)
    await send_due(world.ports)
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_carts_nobody_came_back_to_are_forgotten(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(clock=clock)
    order = await ordered(world, client := Client(world))
    left = Client(world)
    await left.fill(MUG=1)
    clock.advance(31 * 86_400)
    await forget_carts(world.ports)
    assert (await left.call("GET", left.cart))[0] == 404
    assert await world.ports.db.fetchval("SELECT count(*) FROM cart") == 1
    clock.advance(31 * 86_400)
    await forget_carts(world.ports)
    assert (await client.call("GET", client.cart))[0] == 404
    staff = Client(world, user=world.user("staff", "orders:read"))
    assert (await staff.call("GET", f"/v1/orders/{order['id']}"))[0] == 200


def test_the_reactions_can_be_read_aloud() -> None:
    assert {kind.__name__: react.__name__ for kind, react in REACTIONS.items()} == {
        "PaymentActionRequired": "look_again",
        "PaymentAuthorized": "look_again",
        "PaymentDeclined": "look_again",
        "PaymentCaptured": "look_again",
        "PaymentVoided": "look_again",
        "PaymentRefunded": "refunded",
    }

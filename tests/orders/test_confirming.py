"""Orders whose shopper confirms the payment at its provider: told where, waited for without haste, ended either way."""

import pytest

from banyan.contracts.payments import ROUTED, PaymentActionRequired, PaymentAuthorized, PaymentState
from banyan.foundation.service import Reaction
from banyan.orders.reactions import REACTIONS
from banyan.orders.saga.steps import CONFIRM_WAIT
from tests.orders.world import Client, World, broken, eur, work

AUTHORIZED, DECLINED = PaymentState.AUTHORIZED, PaymentState.DECLINED


async def placed(client: Client) -> str:
    """An order that waits for its shopper."""
    await client.fill(MUG=1)
    status, order = await client.check_out("tok_3ds")
    assert (status, order["status"], order["payment_status"]) == (202, "processing", "requires_action")
    assert order["next_action"] == {"type": "redirect", "url": f"https://bank.test/{order['id']}"}
    return str(order["id"])


@pytest.mark.parametrize(("end", "status"), [(AUTHORIZED, "confirmed"), (DECLINED, "payment_failed")])
async def test_the_shopper_is_sent_to_the_provider_and_the_order_ends_as_they_decide(
    world: World, client: Client, end: PaymentState, status: str
) -> None:
    order = await placed(client)
    call = world.bank.calls[order]
    assert call.return_url.startswith(f"{world.shop.settings.origin}/checkout/return/{order}?access=")
    _, shown = await client.call("POST", f"/v1/orders/{order}/settle")
    assert (shown["status"], shown["payment_status"]) == ("processing", "requires_action")
    world.bank.decided[order] = end
    for _ in range(2):  # pressed again: the same
        answered, shown = await client.call("POST", f"/v1/orders/{order}/settle")
        assert (answered, shown["status"], shown["next_action"]) == (200, status, None)
    await work(world)
    assert (order in world.room.sold) is (status == "confirmed")
    assert await broken(world.ports) == []


async def test_the_way_back_opens_the_order_and_nothing_else(world: World, client: Client) -> None:
    order = await placed(client)
    back = world.bank.calls[order].return_url.removeprefix(world.shop.settings.origin)
    access = back.partition("?access=")[2]
    stranger = Client(world)
    assert (await stranger.call("POST", f"/v1/orders/{order}/settle"))[0] == 404
    assert (await stranger.call("POST", f"/v1/orders/{order}/settle?access={access[:-1]}A"))[0] == 404
    assert (await stranger.call("POST", f"/v1/orders/{order}/settle?access={access}"))[0] == 200
    assert (await stranger.call("POST", "/v1/orders/ord_00000000000000000000000000/settle"))[0] == 404


async def test_it_is_not_asked_about_all_the_time_and_goes_on_when_payments_tells(world: World, client: Client) -> None:
    asked = world.asked["Authorize"]
    order = await placed(client)
    assert world.asked["Authorize"] - asked == 2, "once, and once more when it was written down that it waits"
    seconds = await world.ports.db.fetchval(
        "SELECT extract(epoch FROM next_at - shop_now())::float8 FROM saga WHERE order_id = $1", order
    )
    assert 1 < seconds <= CONFIRM_WAIT
    world.bank.change(order, state=AUTHORIZED, action=None)
    told = PaymentAuthorized(payment_id=f"pay_{order}", order_id=order, amount=eur(1))
    react: Reaction = REACTIONS[PaymentAuthorized]
    async with world.ports.db.transaction() as tx:
        await react(world.ports, tx, told)
    await work(world)
    assert (await client.call("GET", f"/v1/orders/{order}"))[1]["status"] == "confirmed"


async def test_one_that_nobody_confirms_is_given_up_and_gives_its_stock_back(world: World, client: Client) -> None:
    order, left = await placed(client), world.room.free("MUG")
    await world.ports.db.execute(
        "UPDATE saga SET deadline_at = shop_now(), next_at = shop_now() WHERE order_id = $1", order
    )
    await work(world)
    _, shown = await client.call("GET", f"/v1/orders/{order}")
    assert (shown["status"], shown["reason"], shown["payment_status"]) == ("payment_failed", "took_too_long", "failed")
    assert world.room.free("MUG") == left + 1
    assert world.bank.payments[order].state is PaymentState.VOIDED
    assert await broken(world.ports) == []


async def test_it_can_be_called_off_while_it_waits(world: World, client: Client) -> None:
    order = await placed(client)
    assert (await client.call("POST", f"/v1/orders/{order}/cancel"))[0] == 200
    await work(world)
    assert world.bank.payments[order].state is PaymentState.VOIDED
    world.bank.decided[order] = AUTHORIZED
    assert (await client.call("POST", f"/v1/orders/{order}/settle"))[1]["status"] == "cancelled"


async def test_the_same_key_tells_where_to_confirm_again(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    _, first = await client.check_out("tok_3ds", key="k-3ds")
    await world.ports.db.execute("UPDATE idempotency SET running_until = shop_now() - interval '1 second'")
    status, again = await client.check_out("tok_3ds", key="k-3ds")
    assert (status, again["id"], again["next_action"]) == (202, first["id"], first["next_action"])


async def test_payments_away_hides_only_where_to_confirm(world: World, client: Client) -> None:
    order = await placed(client)
    world.away.add("payments")
    for method, path in (("GET", f"/v1/orders/{order}"), ("POST", f"/v1/orders/{order}/settle")):
        status, shown = await client.call(method, path)
        assert (status, shown["status"], shown["next_action"]) == (200, "processing", None)


async def test_where_to_confirm_is_in_no_fact(world: World, client: Client) -> None:
    order = await placed(client)
    _, story = await client.call("GET", f"/v1/orders/{order}/events")
    assert [each["type"].removeprefix("orders.Order") for each in story["items"]][-1] == "PaymentActionRequired"
    assert "bank.test" not in str(story)
    assert PaymentActionRequired in REACTIONS


async def test_a_card_of_the_vault_needs_no_provider_and_a_token_does(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    path = f"{client.cart}/checkout"
    status, problem = await client.call("POST", path, {"payment": {"token": "tok_ok"}}, idempotency_key="a")
    assert (status, problem["errors"][0]["pointer"]) == (422, "/body/payment")
    status, problem = await client.call(
        "POST", path, {"payment": {"provider": "testbank", "token": "tok_ok", "save": True}}, idempotency_key="b"
    )
    assert (status, problem["code"]) == (422, "save_needs_account")
    status, order = await client.call("POST", path, {"payment": {"token": "card_1"}}, idempotency_key="c")
    assert (status, order["status"]) == (201, "confirmed")
    call = world.bank.calls[order["id"]]
    assert (call.provider, call.save) == (ROUTED, False)


async def test_paying_at_once_asks_payments_once(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    before = world.asked.copy()
    status, order = await client.check_out()
    assert (status, order["next_action"]) == (201, None)
    asked = world.asked - before
    assert (asked["Authorize"], asked["AskPayment"], asked["SettlePayment"]) == (1, 0, 0)

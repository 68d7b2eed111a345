"""An order's money is reserved once, whatever the provider answers and however often it is asked."""

import asyncio

import pytest

from banyan.contracts.payments import Authorize, PaymentState
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid
from tests.payments.conftest import PRICE, Till

AUTHORIZED, DECLINED, UNKNOWN = PaymentState.AUTHORIZED, PaymentState.DECLINED, PaymentState.UNKNOWN


async def test_a_good_token_reserves_the_money_at_once(till: Till) -> None:
    payment = await till.authorize("ord_ok")
    assert (payment.state, payment.amount, payment.captured.amount) == (AUTHORIZED, PRICE, 0)
    assert await till.told("ord_ok") == ["PaymentAuthorized"]
    charge = await till.charge(payment.payment_id)
    assert charge
    assert (charge["state"], charge["amount"]) == ("authorized", 1299)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_nobody_knows", "unknown_token"),
        ("not a token", "malformed_token"),
        ("4242424242424242", "malformed_token"),
        ("4242-4242-4242-4242", "malformed_token"),
        ("\x00", "malformed_token"),
    ],
)
async def test_a_bad_token_is_declined_and_says_why(till: Till, token: str, reason: str) -> None:
    order = f"ord_bad_{reason}_{len(token)}"
    payment = await till.authorize(order, token)
    assert (payment.state, payment.reason) == (DECLINED, reason)
    assert await till.told(order) == ["PaymentDeclined"]
    kept = await till.ports.db.fetchval("SELECT token FROM payment WHERE order_id = $1", order)
    assert not kept or kept == token
    assert "4242" not in kept


async def test_a_provider_nobody_deals_with_is_a_decline(till: Till) -> None:
    call = Authorize(order_id="ord_elsewhere", amount=PRICE, provider="moonbank", token="tok_ok")
    payment = await till.shop.peers.ask(call)
    assert (payment.state, payment.reason) == (DECLINED, "unknown_provider")


async def test_nothing_to_pay_is_refused_and_leaves_no_payment(till: Till) -> None:
    with pytest.raises(Invalid):
        await till.authorize("ord_free", amount=Money(0, "EUR"))
    assert not await till.ports.db.fetchval("SELECT count(*) FROM payment WHERE order_id = 'ord_free'")


@pytest.mark.parametrize("token", ["tok_timeout", "tok_5xx"])
async def test_no_clear_answer_is_unknown_until_the_poller_has_looked(till: Till, token: str) -> None:
    order = f"ord_{token}"
    payment = await till.authorize(order, token)
    assert payment.state is UNKNOWN
    assert await till.told(order) == []
    payment = await till.settle(order, AUTHORIZED, seconds=10)
    assert await till.told(order) == ["PaymentAuthorized"]
    charges = "SELECT count(*) FROM charge WHERE merchant_key = $1"
    assert await till.shop.ports["testbank"].db.fetchval(charges, payment.payment_id) == 1


async def test_a_lost_answer_is_settled_by_the_webhook_alone(till: Till) -> None:
    payment = await till.authorize("ord_hook", "tok_timeout")
    assert payment.state is UNKNOWN
    await till.deliver()
    assert (await till.stands("ord_hook")).state is AUTHORIZED
    await till.look()
    assert await till.told("ord_hook") == ["PaymentAuthorized"]


async def test_less_than_was_asked_is_held_and_never_accepted(till: Till) -> None:
    payment = await till.authorize("ord_less", "tok_partial")
    assert payment.state is UNKNOWN
    assert payment.reason
    assert payment.reason.startswith("held: it is of 12.98 EUR")
    await till.deliver()
    till.clock.advance(90)
    await till.look()
    payment = await till.stands("ord_less")
    assert payment.state is UNKNOWN
    assert await till.told("ord_less") == []
    await till.void("ord_less")
    assert (await till.stands("ord_less")).state is PaymentState.VOIDED
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["state"] == "voided"


async def test_sixteen_at_once_make_one_charge(till: Till) -> None:
    answers = await asyncio.gather(*(till.authorize("ord_crowd") for _ in range(16)))
    assert len({each.payment_id for each in answers}) == 1
    assert AUTHORIZED in {each.state for each in answers}
    assert await till.told("ord_crowd") == ["PaymentAuthorized"]
    count = "SELECT count(*) FROM entry WHERE transfer = $1 AND account = 'held'"
    name = f"charge {answers[0].payment_id}"
    assert await till.shop.ports["testbank"].db.fetchval(count, name) == 1


async def test_asked_again_is_the_same_payment_but_never_with_another_amount(till: Till) -> None:
    first = await till.authorize("ord_again")
    assert await till.authorize("ord_again", "tok_declined") == first
    with pytest.raises(Conflict):
        await till.authorize("ord_again", amount=Money(1, "EUR"))
    assert await till.stands("ord_again") == first


async def test_what_cannot_be_authorized_for_ten_minutes_is_declined_and_can_never_be_charged_later(
    till: Till,
) -> None:
    payment = await till.authorize("ord_never", "tok_5xx")
    till.clock.advance(700)
    await till.look()
    payment = await till.stands("ord_never")
    assert (payment.state, payment.reason) == (DECLINED, "not_authorized_in_time")
    charge = await till.charge(payment.payment_id)
    assert charge
    assert (charge["state"], charge["captured"]) == ("voided", 0)


async def test_both_books_agree_after_all_of_this(till: Till) -> None:
    await till.quiet()
    assert await till.broken() == {}

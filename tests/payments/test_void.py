"""Whatever became of an order's money, a void keeps none of it: before, during and after the authorization."""

import asyncio

import pytest

from banyan.contracts.payments import CapturePayment, PaymentState
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound
from tests.payments.conftest import Till

VOIDED, REFUNDED, UNKNOWN = PaymentState.VOIDED, PaymentState.REFUNDED, PaymentState.UNKNOWN


async def test_a_void_that_comes_first_stays_and_the_provider_is_never_asked(till: Till) -> None:
    tombstone = await till.void("ord_early")
    assert tombstone.state is VOIDED
    assert await till.authorize("ord_early") == tombstone
    assert await till.void("ord_early") == tombstone
    assert await till.charge(tombstone.payment_id) is None
    assert await till.told("ord_early") == ["PaymentVoided"]


async def test_an_order_of_nothing_can_be_voided(till: Till) -> None:
    assert (await till.void("ord_nothing", Money(0, "EUR"))).state is VOIDED


async def test_authorized_money_is_let_go(till: Till) -> None:
    payment = await till.authorize("ord_let_go")
    assert (await till.void("ord_let_go")).state is VOIDED
    assert await till.told("ord_let_go") == ["PaymentAuthorized", "PaymentVoided"]
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["state"] == "voided"


async def test_captured_money_is_refunded_in_full(till: Till) -> None:
    payment = await till.sold("ord_taken")
    await till.refund("ord_taken", "rfd_part", 299)
    assert (await till.void("ord_taken")).state is REFUNDED
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["refunded"] == 1299
    assert (await till.void("ord_taken")).state is REFUNDED


async def test_a_declined_payment_stays_declined(till: Till) -> None:
    declined = await till.authorize("ord_declined", "tok_declined")
    assert await till.void("ord_declined") == declined


@pytest.mark.parametrize("token", ["tok_timeout", "tok_5xx"])
async def test_a_void_of_an_unknown_payment_ends_it_at_once_and_for_good(till: Till, token: str) -> None:
    order = f"ord_unknown_{token}"
    payment = await till.authorize(order, token)
    assert payment.state is UNKNOWN
    assert (await till.void(order)).state is VOIDED
    await till.quiet()
    assert (await till.stands(order)).state is VOIDED
    charge = await till.charge(payment.payment_id)
    assert charge
    assert (charge["state"], charge["captured"]) == ("voided", 0)
    assert "PaymentAuthorized" not in await till.told(order)


@pytest.mark.parametrize("token", ["tok_void_timeout", "tok_void_5xx"])
async def test_a_void_without_a_clear_answer_is_asked_until_there_is_one(till: Till, token: str) -> None:
    order = f"ord_{token}"
    await till.authorize(order, token)
    assert (await till.void(order)).state is PaymentState.AUTHORIZED
    assert (await till.void(order)).state is PaymentState.AUTHORIZED
    await till.settle(order, VOIDED, seconds=20)
    assert (await till.told(order)).count("PaymentVoided") == 1


async def test_nothing_is_captured_once_a_void_is_wanted(till: Till) -> None:
    payment = await till.authorize("ord_late_capture", "tok_void_5xx")
    await till.void("ord_late_capture")
    assert (await till.capture("ord_late_capture")).state is PaymentState.AUTHORIZED
    await till.settle("ord_late_capture", VOIDED)
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["captured"] == 0


async def test_a_capture_whose_answer_was_lost_is_refunded_by_the_void(till: Till) -> None:
    payment = await till.authorize("ord_crossed", "tok_capture_timeout")
    assert (await till.capture("ord_crossed")).state is PaymentState.AUTHORIZED
    await till.void("ord_crossed")
    await till.settle("ord_crossed", REFUNDED)
    charge = await till.charge(payment.payment_id)
    assert charge
    assert (charge["captured"], charge["refunded"]) == (1299, 1299)


@pytest.mark.parametrize("token", ["tok_ok", "tok_5xx", "tok_timeout", "tok_declined"])
async def test_void_racing_authorize_and_capture_never_keeps_money(till: Till, token: str) -> None:
    for number in range(6):
        order = f"ord_race_{token}_{number}"
        calls = [till.authorize(order, token), till.void(order), till.void(order), till.shop.peers.ask(_capture(order))]
        if number % 2:
            calls.reverse()
        await asyncio.gather(*calls, return_exceptions=True)
        ended = await till.settle(order, *_ENDED, webhooks=bool(number % 3))
        charge = await till.charge(ended.payment_id)
        assert charge is None or charge["captured"] == charge["refunded"]
        assert charge is None or charge["state"] != "authorized"


_ENDED = (VOIDED, REFUNDED, PaymentState.DECLINED)


def _capture(order: str) -> CapturePayment:
    return CapturePayment(order_id=order)


async def test_a_capture_without_a_payment_is_not_found(till: Till) -> None:
    with pytest.raises(NotFound):
        await till.capture("ord_nobody")


async def test_both_books_agree_after_all_of_this(till: Till) -> None:
    await till.quiet()
    assert await till.broken() == {}

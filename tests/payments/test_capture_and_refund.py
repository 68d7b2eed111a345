"""Money is taken once; what goes back is never more than was taken, however many ask at once."""

import asyncio
from typing import Any

import pytest

from banyan.contracts.payments import PaymentState
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid
from tests.payments.conftest import Till

AUTHORIZED, CAPTURED, REFUNDED = PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.REFUNDED


async def test_all_of_the_money_is_taken_once_by_sixteen_at_once(till: Till) -> None:
    payment = await till.authorize("ord_capture")
    await asyncio.gather(*(till.capture("ord_capture") for _ in range(16)))
    assert (await till.settle("ord_capture", CAPTURED)).captured.amount == 1299
    assert await till.told("ord_capture") == ["PaymentAuthorized", "PaymentCaptured"]
    deeds = await till.shop.ports["testbank"].db.fetch(
        "SELECT kind, deed.amount FROM deed JOIN charge ON charge.id = charge_id WHERE merchant_key = $1",
        payment.payment_id,
    )
    assert [tuple(each) for each in deeds] == [("capture", 1299)]


@pytest.mark.parametrize("token", ["tok_capture_timeout", "tok_capture_5xx"])
async def test_a_capture_without_a_clear_answer_is_asked_until_there_is_one(till: Till, token: str) -> None:
    order = f"ord_{token}"
    await till.authorize(order, token)
    assert (await till.capture(order)).state is AUTHORIZED
    await till.settle(order, CAPTURED, seconds=10)
    assert (await till.told(order)).count("PaymentCaptured") == 1


async def test_a_capture_that_is_refused_says_why_and_may_be_asked_again(till: Till) -> None:
    await till.authorize("ord_expired", "tok_capture_declined")
    for _ in range(2):
        refused = await till.capture("ord_expired")
        assert (refused.state, refused.reason) == (AUTHORIZED, "authorization_expired")
    assert (await till.void("ord_expired")).state is PaymentState.VOIDED


async def take(
    till: Till, payment_id: str, amount: int | None, key: str, currency: str = "EUR"
) -> tuple[int, dict[str, Any]]:
    """An operator captures so much of a payment."""
    body = {} if amount is None else {"amount": {"amount": amount, "currency": currency}}
    path, headers = f"/v1/payments/{payment_id}/capture", {"idempotency-key": key}
    answer = await till.http("POST", path, body, may=["payments:write"], headers=headers)
    return answer.status, answer.json()


async def test_a_part_is_taken_and_the_rest_is_let_go_in_the_ledger_too(till: Till) -> None:
    payment = await till.authorize("ord_part")
    status, shown = await take(till, payment.payment_id, 500, "part")
    assert (status, shown["state"], shown["captured"]["amount"], shown["authorized"]["amount"]) == (
        200,
        "captured",
        500,
        1299,
    )
    assert (await take(till, payment.payment_id, 500, "part again"))[0] == 200
    assert (await take(till, payment.payment_id, 600, "another"))[1]["code"] == "other_amount"
    assert (await till.capture("ord_part")).captured.amount == 500
    rows = await till.http("GET", f"/v1/payments/{payment.payment_id}/entries", may=["payments:read"])
    held = [each["amount"]["amount"] for each in rows.json()["items"] if each["account"] == "funds_authorized"]
    assert sorted(held) == [-799, -500, 1299]
    await till.deliver()
    with pytest.raises(Conflict):
        await till.refund("ord_part", "rfd_1", 501)
    assert (await till.refund("ord_part", "rfd_2", 500)).state is REFUNDED
    await till.quiet()
    assert await till.told("ord_part") == ["PaymentAuthorized", "PaymentCaptured", "PaymentRefunded"]
    assert await till.broken() == {}


@pytest.mark.parametrize("token", ["tok_capture_timeout", "tok_capture_5xx"])
async def test_a_part_without_a_clear_answer_is_taken_once(till: Till, token: str) -> None:
    payment = await till.authorize(f"ord_part_{token}", token)
    assert (await take(till, payment.payment_id, 700, token))[0] == 202
    assert (await till.settle(f"ord_part_{token}", CAPTURED, seconds=10, webhooks=True)).captured.amount == 700
    await till.quiet()
    assert await till.broken() == {}


@pytest.mark.parametrize(("amount", "currency"), [(1300, "EUR"), (500, "USD")])
async def test_no_more_than_was_authorized_is_taken(till: Till, amount: int, currency: str) -> None:
    payment = await till.authorize("ord_too_much")
    status, problem = await take(till, payment.payment_id, amount, f"{amount} {currency}", currency)
    assert (status, problem["code"]) == (422, "capture_amount")
    assert (await till.stands("ord_too_much")).state is AUTHORIZED


async def test_a_part_that_was_refused_may_be_another_part_the_next_time(till: Till) -> None:
    payment = await till.authorize("ord_part_no", "tok_capture_declined")
    for amount in (500, 400):
        _, shown = await take(till, payment.payment_id, amount, f"{amount}")
        assert (shown["state"], shown["reason"]) == ("authorized", "authorization_expired")
    rows = await till.ports.db.fetch(
        "SELECT amount, reference <> payment_id || '.capture' AS anew FROM operation WHERE payment_id = $1 AND kind = 'capture'",
        payment.payment_id,
    )
    assert [tuple(row) for row in rows] == [(400, True)]


async def test_a_void_after_a_part_was_taken_gives_that_part_back(till: Till) -> None:
    payment = await till.authorize("ord_part_void")
    await take(till, payment.payment_id, 300, "part void")
    assert (await till.void("ord_part_void")).refunded.amount == 300
    await till.quiet()
    assert await till.broken() == {}


async def test_a_declined_payment_is_not_captured(till: Till) -> None:
    declined = await till.authorize("ord_no", "tok_declined")
    assert await till.capture("ord_no") == declined


async def test_part_goes_back_and_then_the_rest(till: Till) -> None:
    await till.sold("ord_parts")
    first = await till.refund("ord_parts", "rfd_1", 300)
    assert (first.state, first.refunded.amount) == (CAPTURED, 300)
    last = await till.refund("ord_parts", "rfd_2", 999)
    assert (last.state, last.refunded.amount) == (REFUNDED, 1299)
    assert (await till.told("ord_parts"))[2:] == ["PaymentRefunded", "PaymentRefunded"]


async def test_the_same_refund_asked_again_is_made_once(till: Till) -> None:
    await till.sold("ord_once")
    await asyncio.gather(*(till.refund("ord_once", "rfd_1", 500) for _ in range(8)))
    await till.quiet()
    assert (await till.stands("ord_once")).refunded.amount == 500
    with pytest.raises(Conflict):
        await till.refund("ord_once", "rfd_1", 501)


async def test_sixteen_refunds_at_once_never_exceed_what_was_taken(till: Till) -> None:
    payment = await till.sold("ord_rush")
    asked = (till.refund("ord_rush", f"rfd_{number}", 100) for number in range(16))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in answers) == 4
    await till.quiet()
    assert (await till.stands("ord_rush")).refunded.amount == 1200
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["refunded"] == 1200
    with pytest.raises(Conflict):
        await till.refund("ord_rush", "rfd_17", 100)


@pytest.mark.parametrize("token", ["tok_refund_timeout", "tok_refund_5xx"])
async def test_a_refund_without_a_clear_answer_is_in_progress_and_made_once(till: Till, token: str) -> None:
    order = f"ord_{token}"
    await till.sold(order, token)
    assert (await till.refund(order, "rfd_1", 1299)).refunded.amount == 0
    with pytest.raises(Conflict):  # it counts already, though nobody knows yet
        await till.refund(order, "rfd_2", 1)
    await till.settle(order, REFUNDED, seconds=10)
    assert (await till.told(order)).count("PaymentRefunded") == 1


async def test_a_refund_that_is_refused_is_told_and_its_money_is_free_again(till: Till) -> None:
    await till.sold("ord_refused", "tok_refund_declined")
    assert (await till.refund("ord_refused", "rfd_1", 1299)).refunded.amount == 0
    assert (await till.told("ord_refused"))[-1] == "RefundFailed"
    await till.refund("ord_refused", "rfd_2", 1299)
    await till.refund("ord_refused", "rfd_1", 1299)
    assert (await till.told("ord_refused")).count("RefundFailed") == 3


async def test_money_not_taken_or_of_another_kind_is_not_refunded(till: Till) -> None:
    await till.authorize("ord_not_yet")
    with pytest.raises(Conflict):
        await till.refund("ord_not_yet", "rfd_1", 1)
    await till.capture("ord_not_yet")
    for wrong in (0, -5):
        with pytest.raises(Invalid):
            await till.refund("ord_not_yet", "rfd_1", wrong)
    assert (await till.stands("ord_not_yet")).refunded == Money(0, "EUR")


async def test_both_books_agree_after_all_of_this(till: Till) -> None:
    await till.quiet()
    assert await till.broken() == {}

"""Payments that wait for their shopper: sent to the bank's page and back, by whatever news comes first, and not for ever."""

from typing import Any
from urllib.parse import urlencode

import pytest

from banyan.contracts.payments import PaymentState, SettlePayment
from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound
from banyan.payments import domain
from tests.payments.conftest import Till

BACK = "http://127.0.0.1:8000/checkout/return/ord_1?access=abc"
ASKED, AUTHORIZED, DECLINED = PaymentState.REQUIRES_ACTION, PaymentState.AUTHORIZED, PaymentState.DECLINED


async def begin(till: Till, order: str, **of: Any) -> str:
    """The address where this order's payment is confirmed, its path at the bank."""
    payment = await till.authorize(order, "tok_3ds", return_url=BACK, **of)
    assert payment.state is ASKED
    assert payment.action
    return payment.action.removeprefix(till.shop.settings.origin)


async def press(till: Till, page: str, answer: str) -> HttpAnswer:
    bank = till.shop.peers.local("testbank")
    assert bank is not None
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"answer": answer}).encode()
    return await loopback.request(bank.app, "POST", page, headers=form, body=body)


async def back(till: Till, order: str) -> PaymentState:
    """The shopper comes back."""
    return (await till.shop.peers.ask(SettlePayment(order_id=order))).state


@pytest.mark.parametrize(("answer", "end"), [("confirm", AUTHORIZED), ("refuse", DECLINED), ("", DECLINED)])
async def test_the_shopper_decides_at_the_bank_and_is_led_back(till: Till, answer: str, end: PaymentState) -> None:
    order = f"ord_3ds_{answer}"
    page = await begin(till, order)
    assert (await press(till, page, answer)).header("location") == BACK
    assert await back(till, order) is end
    told = ["PaymentActionRequired", "PaymentAuthorized" if end is AUTHORIZED else "PaymentDeclined"]
    assert await till.told(order) == told
    assert (await till.stands(order)).action is None
    if end is DECLINED:
        assert (await till.stands(order)).reason == "authentication_failed"
    await till.quiet()
    assert await till.told(order) == told
    assert await till.broken() == {}


@pytest.mark.parametrize("first", ["webhook", "return", "poller"])
async def test_whatever_news_comes_first_it_is_settled_once(till: Till, first: str) -> None:
    order = f"ord_first_{first}"
    page = await begin(till, order)
    await press(till, page, "confirm")
    await press(till, page, "refuse")  # too late: it is decided once
    if first == "webhook":
        await till.deliver()
    elif first == "return":
        await back(till, order)
    else:
        till.clock.advance(domain.CONFIRM_LOOK + 1)
        await till.look()
    assert (await till.stands(order)).state is AUTHORIZED
    assert await back(till, order) is AUTHORIZED
    await till.quiet()
    assert await till.told(order) == ["PaymentActionRequired", "PaymentAuthorized"]


async def test_a_return_without_a_decision_changes_nothing_however_often(till: Till) -> None:
    page = await begin(till, "ord_forged")
    for _ in range(3):
        assert await back(till, "ord_forged") is ASKED
    assert await till.told("ord_forged") == ["PaymentActionRequired"]
    with pytest.raises(NotFound):
        await back(till, "ord_of_nobody")
    await press(till, page, "confirm")
    assert await back(till, "ord_forged") is AUTHORIZED


async def test_one_that_is_not_confirmed_in_time_is_voided_at_the_bank_and_declined(till: Till) -> None:
    page = await begin(till, "ord_left")
    till.clock.advance(domain.CONFIRM_SECONDS - 60)
    await till.look()
    assert (await till.stands("ord_left")).state is ASKED
    payment = await till.settle("ord_left", DECLINED, seconds=120)
    assert payment.reason == "not_confirmed_in_time"
    await press(till, page, "confirm")
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["state"] == "voided"
    assert await till.broken() == {}


async def test_a_waiting_payment_can_be_called_off_and_then_not_be_confirmed(till: Till) -> None:
    page = await begin(till, "ord_off")
    await till.void("ord_off")
    payment = await till.settle("ord_off", PaymentState.VOIDED, seconds=20)
    await press(till, page, "confirm")
    await till.quiet()
    charge = await till.charge(payment.payment_id)
    assert charge
    assert charge["state"] == "voided"
    assert (await till.told("ord_off"))[-1] == "PaymentVoided"


async def test_without_a_shopper_to_send_nobody_is_asked_to_confirm(till: Till) -> None:
    payment = await till.authorize("ord_alone", "tok_3ds")
    assert (payment.state, payment.reason) == (DECLINED, "authentication_required")


async def test_the_banks_page_opens_only_by_its_secret_and_says_what_is_asked(till: Till) -> None:
    page = await begin(till, "ord_page", amount=Money(123456, "EUR"))
    bank = till.shop.peers.local("testbank")
    assert bank is not None
    shown = await loopback.request(bank.app, "GET", page, headers={})
    assert shown.status == 200
    text = shown.body.decode()
    assert str(Money(123456, "EUR")) in text
    assert "script" not in text
    assert "form-action 'self'" in (shown.header("content-security-policy") or "")
    wrong = page[:-1] + ("0" if page[-1] != "0" else "1")
    assert (await loopback.request(bank.app, "GET", wrong, headers={})).status == 404
    assert (await press(till, wrong, "confirm")).status == 404
    assert await back(till, "ord_page") is ASKED
    await press(till, page, "refuse")
    assert b"decided" in (await loopback.request(bank.app, "GET", page, headers={})).body


async def test_a_way_to_pay_is_kept_once_it_has_proven_good_and_only_for_who_agreed(till: Till) -> None:
    async def saved(user: str) -> list[tuple[str, bool]]:
        rows = await till.ports.db.fetch("SELECT token, is_default FROM method WHERE user_id = $1", user)
        return [(row["token"], row["is_default"]) for row in rows]

    await till.authorize("ord_keep_1", "tok_declined", user_id="usr_a", save=True)
    await till.authorize("ord_keep_2", "tok_ok", user_id="usr_a")
    await till.authorize("ord_keep_3", "tok_ok", save=True)  # a guest has nowhere to keep it
    assert await saved("usr_a") == []
    page = await begin(till, "ord_keep_4", user_id="usr_a", save=True)
    assert await saved("usr_a") == []
    await press(till, page, "confirm")
    await back(till, "ord_keep_4")
    assert await saved("usr_a") == [("tok_3ds", True)]
    await till.authorize("ord_keep_5", "tok_ok", user_id="usr_a", save=True)
    assert await saved("usr_a") == [("tok_3ds", True), ("tok_ok", False)]
    await till.ports.db.execute("DELETE FROM method")
    await till.quiet()
    assert await saved("usr_a") == [], "what the shopper removed does not come back"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://hooks.example/3ds?x=1", True),
        ("http://127.0.0.1:9000/pay", True),
        ("http://bank.example/3ds", False),
        ("javascript:alert(1)", False),
        ("https://user@evil.example/", False),
        ("//evil.example", False),
        ("https://", False),
        ("https://bank.example/a b", False),
        ("https://bank.example/\n", False),
        ("https://bank.example/" + "a" * 2048, False),
    ],
)
def test_shoppers_are_sent_only_to_addresses_that_are_some(url: str, safe: bool) -> None:
    assert domain.safe_to_visit(url) is safe

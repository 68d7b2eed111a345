"""Razorpay's client does what a provider promises, whatever goes wrong at Razorpay; Razorpay's book is the judge."""

import contextlib
from collections.abc import Iterator

import pytest

from banyan.foundation.settings import WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import Invalid, Unavailable
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Errand, NotAsked, Rejected, Unclear
from banyan.payments.providers.razorpay import SHOPPER
from banyan.simulators.razorpay import KEY
from tests.payments.played import RETURN, Bench, then
from tests.payments.razorpay.conftest import Desk

PRICE = Money(129900, "INR")
LINKS, ORDERS, RECURRING = "POST /v1/payment_links$", "POST /v1/orders$", "POST .*/recurring$"
CAPTURE, REFUND, CANCEL, NOTE = "POST .*/capture$", "POST .*/refund$", "POST .*/cancel$", "PATCH /v1/payments"


@pytest.fixture(autouse=True)
def sound(desk: Desk) -> Iterator[None]:
    yield
    desk.razorpay.troubles.coming.clear()
    desk.razorpay.book.captures = False
    assert desk.razorpay.broken() == []


async def held(desk: Desk, errand: Errand, choice: str = "pay") -> Evidence:
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.razorpay.pay(waits.action, choice)
    seen = await desk.client.look_up(desk.bench.ports, errand)
    assert seen is not None
    return seen


async def taken(desk: Desk, amount: Money = PRICE) -> tuple[Errand, Evidence]:
    errand = desk.bench.errand(SHOPPER, amount)
    seen = await held(desk, errand)
    return errand, await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id))


def saved(desk: Desk, *, declines: bool = False) -> str:
    made = desk.razorpay.act("tokens", {"declines": declines})
    return f"{made['customer_id']}:{made['id']}"


def attempts(desk: Desk, errand: Errand) -> list[str]:
    """How the payments that Razorpay has for this payment of ours stand."""
    return [each.status for each in desk.razorpay.book.payments.values() if each.order.receipt == errand.payment_id]


async def test_a_shopper_pays_on_razorpays_page_and_the_money_is_held(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert (waits.state, waits.reference, waits.amount, waits.charge_id) == (
        Charge.ACTION,
        errand.payment_id,
        PRICE,
        "",
    )
    assert await desk.client.authorize(desk.bench.ports, errand) == waits
    assert waits.action
    back = desk.razorpay.pay(waits.action)
    assert back.startswith(f"{RETURN}?razorpay_payment_id=pay_")
    seen = await desk.client.look_up(desk.bench.ports, errand)
    assert seen is not None
    assert (seen.state, seen.captured) == (Charge.AUTHORIZED, 0)
    assert await desk.client.look_up(desk.bench.ports, then(errand, "look", seen.charge_id)) == seen


async def test_an_attempt_that_fails_is_no_end(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand, "fail")
    assert seen.state is Charge.ACTION
    assert seen.action
    desk.razorpay.pay(seen.action)
    again = await desk.client.look_up(desk.bench.ports, errand)
    assert again is not None
    assert again.state is Charge.AUTHORIZED


async def test_a_bank_that_takes_its_time_is_waited_for(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand, "wait")
    assert seen.state is Charge.ACTION
    (payment,) = (each for each in desk.razorpay.book.payments.values() if each.order.receipt == errand.payment_id)
    desk.razorpay.act("banked", {"payment": payment.id})
    late = await desk.client.look_up(desk.bench.ports, errand)
    assert late is not None
    assert (late.state, late.charge_id) == (Charge.AUTHORIZED, payment.id)


async def test_an_account_that_captures_by_itself_has_the_money_at_once(desk: Desk) -> None:
    desk.razorpay.book.captures = True
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    assert (seen.state, seen.captured) == (Charge.CAPTURED, PRICE.amount)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", None))).captured == PRICE.amount


@pytest.mark.parametrize("kind", ["lost", "cut", "error"])
async def test_a_link_is_made_once_whatever_becomes_of_the_answer(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    desk.razorpay.troubles.add(kind, LINKS)
    try:
        seen = await desk.client.authorize(desk.bench.ports, errand)
    except (Unclear, Unavailable):
        seen = await desk.client.authorize(desk.bench.ports, errand)
    assert seen.state is Charge.ACTION
    assert sum(each.reference_id == errand.payment_id for each in desk.razorpay.book.links.values()) == 1


async def test_a_link_nobody_paid_in_time_is_at_its_end(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    await desk.client.authorize(desk.bench.ports, errand)
    desk.bench.clock.advance(1801)
    seen = await desk.client.look_up(desk.bench.ports, errand)
    assert seen is not None
    assert seen.state is Charge.VOIDED
    assert await desk.client.look_up(desk.bench.ports, desk.bench.errand(SHOPPER, PRICE)) is None


async def test_without_anybody_to_send_razorpay_is_not_asked(desk: Desk) -> None:
    links = len(desk.razorpay.book.links)
    seen = await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, PRICE, return_url=""))
    assert (seen.state, seen.reason) == (Charge.DECLINED, "authentication_required")
    assert len(desk.razorpay.book.links) == links


async def test_a_saved_token_is_charged_without_the_shopper(desk: Desk) -> None:
    errand = desk.bench.errand(saved(desk), PRICE, return_url="")
    assert await desk.client.look_up(desk.bench.ports, errand) is None
    for _ in range(2):
        seen = await desk.client.authorize(desk.bench.ports, errand)
        assert seen.state is Charge.AUTHORIZED
    assert attempts(desk, errand) == ["authorized"]


async def test_a_declined_token_is_declined_once_for_all(desk: Desk) -> None:
    errand = desk.bench.errand(saved(desk, declines=True), PRICE)
    for _ in range(2):
        seen = await desk.client.authorize(desk.bench.ports, errand)
        assert (seen.state, seen.reason) == (Charge.DECLINED, "insufficient_funds")
    assert attempts(desk, errand) == ["failed"]


@pytest.mark.parametrize("token", ["token_1", "cust_1:card_2", "tok_ok"])
async def test_what_is_no_token_of_razorpay_is_refused_before_it_is_asked(desk: Desk, token: str) -> None:
    with pytest.raises(Rejected, match="unknown_token"):
        await desk.client.authorize(desk.bench.ports, desk.bench.errand(token, PRICE))


@pytest.mark.parametrize("path", [ORDERS, RECURRING])
@pytest.mark.parametrize("kind", ["lost", "cut", "error"])
async def test_a_saved_token_is_charged_once_whatever_becomes_of_the_answer(desk: Desk, kind: str, path: str) -> None:
    errand = desk.bench.errand(saved(desk), PRICE)
    desk.razorpay.troubles.add(kind, path)
    try:
        await desk.client.authorize(desk.bench.ports, errand)
    except (Unclear, Unavailable):
        seen = await desk.client.look_up(desk.bench.ports, errand)
        assert seen is None or seen.state is Charge.AUTHORIZED
    assert (await desk.client.authorize(desk.bench.ports, errand)).state is Charge.AUTHORIZED
    assert attempts(desk, errand) == ["authorized"]


async def test_what_never_left_or_was_turned_away_is_not_asked(desk: Desk) -> None:
    for kind, path, token in (
        ("too_many", LINKS, SHOPPER),
        ("down", LINKS, SHOPPER),
        ("too_many", ORDERS, saved(desk)),
    ):
        errand = desk.bench.errand(token, PRICE)
        desk.razorpay.troubles.add(kind, path)
        with pytest.raises((NotAsked, Unavailable)):
            await desk.client.authorize(desk.bench.ports, errand)
        assert attempts(desk, errand) == []


@pytest.mark.parametrize("kind", ["", "lost", "cut", "error"])
async def test_a_capture_is_made_once_whatever_becomes_of_the_answer(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    asked = then(errand, "capture", (await held(desk, errand)).charge_id)
    if kind:
        desk.razorpay.troubles.add(kind, CAPTURE)
        with contextlib.suppress(Unclear, Unavailable):
            await desk.client.capture(desk.bench.ports, asked)
    for _ in range(2):
        assert (await desk.client.capture(desk.bench.ports, asked)).captured == PRICE.amount


async def test_a_part_is_refused_definitely_and_nothing_is_captured(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    with pytest.raises(Rejected, match="captures_only_the_whole"):
        await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id, 100))
    assert attempts(desk, errand) == ["authorized"]


async def test_after_five_days_the_money_is_back_with_the_shopper(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    asked = then(errand, "capture", (await held(desk, errand)).charge_id)
    desk.bench.clock.advance(6 * 86_400)
    with pytest.raises(Rejected, match="payment_voided"):
        await desk.client.capture(desk.bench.ports, asked)
    seen = await desk.client.look_up(desk.bench.ports, asked)
    assert seen is not None
    assert (seen.state, dict(seen.refunds)) == (Charge.VOIDED, {})


@pytest.mark.parametrize("kind", ["", "lost", "cut", "error"])
async def test_refunds_add_up_and_each_is_made_once(desk: Desk, kind: str) -> None:
    errand, seen = await taken(desk)
    one, two = (then(errand, f"refund{n}", seen.charge_id, part) for n, part in ((1, 29_900), (2, 100_000)))
    if kind:
        desk.razorpay.troubles.add(kind, REFUND)
        with pytest.raises((Unclear, Unavailable)):
            await desk.client.refund(desk.bench.ports, one)
    for _ in range(2):
        assert (await desk.client.refund(desk.bench.ports, one)).refunds == {one.reference: 29_900}
    both = await desk.client.refund(desk.bench.ports, two)
    assert both.refunds == {one.reference: 29_900, two.reference: 100_000}
    assert both.state is Charge.CAPTURED
    with pytest.raises(Rejected, match="refund_amount_exceeded"):
        await desk.client.refund(desk.bench.ports, then(errand, "refund3", seen.charge_id, 1))


async def test_a_refund_on_its_way_is_not_yet_one_and_a_failed_one_is_none(desk: Desk) -> None:
    errand, seen = await taken(desk)
    asked = then(errand, "refund", seen.charge_id, 100)
    assert (await desk.client.refund(desk.bench.ports, asked)).refunds
    made = next(each for each in desk.razorpay.book.refunds.values() if each.receipt == asked.reference)
    made.status = "pending"
    assert (await desk.client.refund(desk.bench.ports, asked)).refunds == {}
    made.status = "failed"
    with pytest.raises(Rejected, match="refund_failed"):
        await desk.client.refund(desk.bench.ports, asked)


@pytest.mark.parametrize("kind", ["", "lost", "cut", "error"])
@pytest.mark.parametrize("known", [True, False])
async def test_what_was_voided_is_never_captured(desk: Desk, known: bool, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    charge_id = (await held(desk, errand)).charge_id
    asked = then(errand, "void", charge_id if known else None)
    if kind:
        desk.razorpay.troubles.add(kind, NOTE)
        with pytest.raises((Unclear, Unavailable)):
            await desk.client.void(desk.bench.ports, asked)
    for _ in range(2):
        assert (await desk.client.void(desk.bench.ports, asked)).state is Charge.VOIDED
    with pytest.raises(Rejected, match="payment_voided"):
        await desk.client.capture(desk.bench.ports, then(errand, "capture", charge_id))
    assert attempts(desk, errand) == ["authorized"]  # until it goes back by itself


async def test_a_voided_link_cannot_be_paid_and_one_on_its_way_is_refused(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", None))).state is Charge.VOIDED
    late = await desk.client.authorize(desk.bench.ports, errand)
    assert (late.state, late.action) == (Charge.VOIDED, None)
    (link,) = (each for each in desk.razorpay.book.links.values() if each.reference_id == errand.payment_id)
    assert link.status == "cancelled"


@pytest.mark.parametrize("kind", ["lost", "cut", "error"])
async def test_a_cancelling_whose_answer_was_lost_is_looked_at(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    await desk.client.authorize(desk.bench.ports, errand)
    desk.razorpay.troubles.add(kind, CANCEL)
    try:
        seen = await desk.client.void(desk.bench.ports, then(errand, "void", None))
    except (Unclear, Unavailable):
        seen = await desk.client.void(desk.bench.ports, then(errand, "void", None))
    assert seen.state is Charge.VOIDED


async def test_after_a_void_that_came_first_a_saved_token_is_never_charged(desk: Desk) -> None:
    errand = desk.bench.errand(saved(desk), PRICE)
    for _ in range(2):
        assert (await desk.client.void(desk.bench.ports, then(errand, "void", None))).state is Charge.VOIDED
    assert (await desk.client.authorize(desk.bench.ports, errand)).state is Charge.VOIDED
    assert attempts(desk, errand) == []


async def test_a_charge_that_slips_in_after_its_void_is_never_captured(desk: Desk) -> None:
    errand = desk.bench.errand(saved(desk), PRICE)
    charged = await desk.client.authorize(desk.bench.ports, errand)
    seen = await desk.client.void(desk.bench.ports, then(errand, "void", None))
    assert (seen.state, seen.charge_id) == (Charge.VOIDED, charged.charge_id)
    desk.razorpay.book.payments[charged.charge_id].notes.pop("void")  # as if it had come later
    looked = await desk.client.look_up(desk.bench.ports, errand)
    assert looked is not None
    assert looked.state is Charge.VOIDED


async def test_a_payment_of_another_order_is_not_believed(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    with pytest.raises(Unclear, match="somebody else"):
        await desk.client.capture(desk.bench.ports, then(desk.bench.errand(SHOPPER, PRICE), "capture", seen.charge_id))


@pytest.mark.parametrize("amount", [Money(500, "JPY"), Money(12_340, "KWD"), Money(100, "INR"), Money(99, "USD")])
async def test_each_currency_goes_in_its_smallest_units(desk: Desk, amount: Money) -> None:
    assert (await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, amount))).amount == amount


@pytest.mark.parametrize("amount", [Money(12_345, "KWD"), Money(99, "INR"), Money(500, "XAF")])
async def test_what_razorpay_does_not_take_is_refused(desk: Desk, amount: Money) -> None:
    with pytest.raises(Rejected):
        await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, amount))


async def test_wrong_keys_are_no_answer_to_go_by(desk: Desk) -> None:
    desk.bench.egress.stand_in("https://other.example", desk.razorpay.app)
    ports = Bench(
        desk.bench.ports.settings.data_dir, razorpay_key_id=KEY[0], razorpay_url="https://other.example"
    ).ports
    ports.egress = desk.bench.egress
    with pytest.raises(Unclear, match="401"):
        await desk.client.authorize(ports, desk.bench.errand(SHOPPER, PRICE))


def test_a_razorpay_without_its_webhook_secret_stops_the_start(desk: Desk, tmp_path) -> None:  # type: ignore[no-untyped-def]
    client = desk.client
    client.check(desk.bench.ports.settings)
    client.check(Bench(tmp_path).ports.settings)
    assert not client.configured(Bench(tmp_path).ports.settings)
    for given, missing in (
        ({}, "KEY_SECRET"),
        ({"razorpay_key_secret": "s"}, "WEBHOOK_SECRET"),
        ({"razorpay_key_secret": "s", "razorpay_webhook_secret": " , "}, "WEBHOOK_SECRET"),
        ({"razorpay_key_secret": "s", "razorpay_webhook_secret": "w"}, "ACCOUNT"),
    ):
        with pytest.raises(WrongSettings, match=f"BANYAN_RAZORPAY_{missing}"):
            client.check(Bench(tmp_path, razorpay_key_id="k", **given).ports.settings)


async def test_no_card_is_ever_given_to_razorpay(desk: Desk) -> None:
    with pytest.raises(Invalid):
        await desk.client.vault(desk.bench.ports, None)  # type: ignore[arg-type]

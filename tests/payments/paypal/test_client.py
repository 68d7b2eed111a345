"""PayPal's client does what a provider promises, whatever goes wrong at PayPal; PayPal's book is the judge."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from banyan.foundation.settings import WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import DeadlinePassed, Invalid, Unavailable
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Errand, NotAsked, Rejected, Unclear
from banyan.payments.providers.paypal import amounts
from banyan.payments.providers.paypal.asking import SHOPPER
from banyan.simulators.paypal import amounts as theirs
from tests.payments.paypal.conftest import Desk
from tests.payments.played import RETURN, Bench, then

PRICE = Money(1299, "EUR")
ORDERS, AUTHORIZE, CAPTURE, REFUND, VOID = (
    "POST /v2/checkout/orders$",
    "POST .*/authorize$",
    "POST .*/capture$",
    "POST .*/refund$",
    "POST .*/void$",
)


@pytest.fixture(autouse=True)
def sound(desk: Desk):  # type: ignore[no-untyped-def]
    yield
    desk.paypal.troubles.coming.clear()
    assert desk.paypal.broken() == []


async def held(desk: Desk, errand: Errand) -> Evidence:
    """The evidence of a payment that the shopper approved."""
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.paypal.approve(waits.action)
    seen = await desk.client.look_up(desk.bench.ports, then(errand, "look", waits.charge_id))
    assert seen is not None
    return seen


async def taken(desk: Desk, amount: Money = PRICE) -> tuple[Errand, Evidence]:
    errand = desk.bench.errand(SHOPPER, amount)
    seen = await held(desk, errand)
    return errand, await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id))


async def saved(desk: Desk, *, declines: bool = False) -> str:
    return str(desk.paypal.act("wallets", {"declines": declines})["id"])


async def test_a_shopper_approves_at_paypal_and_the_money_is_held(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert (waits.state, waits.reference, waits.amount) == (Charge.ACTION, errand.payment_id, PRICE)
    again = await desk.client.authorize(desk.bench.ports, errand)
    assert again == waits
    asked = then(errand, "look", waits.charge_id)
    before = await desk.client.look_up(desk.bench.ports, asked)
    assert before is not None
    assert before.state is Charge.ACTION
    assert waits.action
    assert desk.paypal.approve(waits.action).startswith(f"{RETURN}?token={waits.charge_id}&PayerID=")
    for _ in range(3):
        seen = await desk.client.look_up(desk.bench.ports, asked)
        assert seen is not None
        assert (seen.state, seen.charge_id, seen.captured) == (Charge.AUTHORIZED, waits.charge_id, 0)
    assert len(desk.paypal.book.orders[waits.charge_id].held) == 1


async def test_a_shopper_whose_card_is_declined_is_declined_in_paypals_word(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.paypal.approve(waits.action, "refuse")
    seen = await desk.client.look_up(desk.bench.ports, then(errand, "look", waits.charge_id))
    assert seen is not None
    assert (seen.state, seen.reason, seen.charge_id) == (Charge.DECLINED, "instrument_declined", waits.charge_id)


async def test_a_payment_under_review_is_unclear_until_paypal_knows(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.paypal.approve(waits.action, "review")
    asked = then(errand, "look", waits.charge_id)
    with pytest.raises(Unclear):
        await desk.client.look_up(desk.bench.ports, asked)
    desk.paypal.act("reviews", {"order": waits.charge_id, "accepted": False})
    seen = await desk.client.look_up(desk.bench.ports, asked)
    assert seen is not None
    assert (seen.state, seen.reason) == (Charge.DECLINED, "denied")


async def test_without_anybody_to_send_paypal_is_not_asked(desk: Desk) -> None:
    orders = len(desk.paypal.book.orders)
    seen = await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, PRICE, return_url=""))
    assert (seen.state, seen.reason) == (Charge.DECLINED, "authentication_required")
    assert len(desk.paypal.book.orders) == orders


async def test_a_way_to_pay_is_saved_with_consent_and_charged_without_the_shopper(desk: Desk) -> None:
    first = desk.bench.errand(SHOPPER, PRICE, save=True)
    seen = await held(desk, first)
    assert seen.saved is not None
    later = desk.bench.errand(seen.saved.token, Money(500, "EUR"), return_url="")
    charged = await desk.client.authorize(desk.bench.ports, later)
    assert (charged.state, charged.amount) == (Charge.AUTHORIZED, Money(500, "EUR"))
    assert (await held(desk, desk.bench.errand(SHOPPER, PRICE))).saved is None


async def test_a_saved_way_that_is_declined_or_gone_is_refused_definitely(desk: Desk) -> None:
    for token, reason in ((await saved(desk, declines=True), "instrument_declined"), ("nobodys", "token_id_not_found")):
        errand = desk.bench.errand(token, PRICE)
        with pytest.raises(Rejected, match=reason):
            await desk.client.authorize(desk.bench.ports, errand)
        seen = await desk.client.look_up(desk.bench.ports, errand)
        assert seen is not None
        assert seen.state is Charge.DECLINED


@pytest.mark.parametrize("kind", ["lost", "cut", "error"])
async def test_a_saved_way_is_charged_once_whatever_becomes_of_the_answer(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(await saved(desk), PRICE)
    desk.paypal.troubles.add(kind, ORDERS)
    with pytest.raises((Unclear, Unavailable)):
        await desk.client.authorize(desk.bench.ports, errand)
    seen = await desk.client.look_up(desk.bench.ports, errand)
    assert seen is not None
    assert seen.state is Charge.AUTHORIZED
    ours = [each for each in desk.paypal.book.orders.values() if each.custom_id == errand.payment_id]
    assert [len(each.held) for each in ours] == [1]


@pytest.mark.parametrize("kind", ["lost", "cut", "error"])
async def test_an_approved_order_is_held_once_whatever_becomes_of_the_answer(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.paypal.approve(waits.action)
    desk.paypal.troubles.add(kind, AUTHORIZE)
    asked = then(errand, "look", waits.charge_id)
    with pytest.raises((Unclear, Unavailable)):
        await desk.client.look_up(desk.bench.ports, asked)
    seen = await desk.client.look_up(desk.bench.ports, asked)
    assert seen is not None
    assert seen.state is Charge.AUTHORIZED
    assert len(desk.paypal.book.orders[waits.charge_id].held) == 1


async def test_who_was_never_shown_an_order_has_none(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    desk.paypal.troubles.add("lost", ORDERS)
    with pytest.raises(Unclear):
        await desk.client.authorize(desk.bench.ports, errand)
    assert await desk.client.look_up(desk.bench.ports, errand) is None
    assert (await desk.client.authorize(desk.bench.ports, errand)).state is Charge.ACTION
    assert sum(each.custom_id == errand.payment_id for each in desk.paypal.book.orders.values()) == 1


async def test_what_never_left_or_was_turned_away_is_not_asked(desk: Desk) -> None:
    errand = desk.bench.errand(await saved(desk), PRICE)
    desk.paypal.troubles.add("too_many", ORDERS)
    with pytest.raises(NotAsked):
        await desk.client.authorize(desk.bench.ports, errand)
    desk.paypal.troubles.add("down", ORDERS)
    with pytest.raises(Unavailable):
        await desk.client.authorize(desk.bench.ports, errand)
    desk.paypal.act("logout", {})
    desk.paypal.troubles.add("error", "token$")
    with pytest.raises(NotAsked):
        await desk.client.authorize(desk.bench.ports, errand)
    assert all(each.custom_id != errand.payment_id for each in desk.paypal.book.orders.values())


async def test_a_token_that_paypal_forgot_is_renewed_without_the_request_being_lost(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    desk.paypal.act("logout", {})
    assert (await desk.client.authorize(desk.bench.ports, errand)).state is Charge.ACTION


async def test_a_part_is_captured_and_the_rest_let_go(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    part = await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id, 700))
    assert (part.state, part.captured, part.amount) == (Charge.CAPTURED, 700, PRICE)
    assert desk.paypal.book.orders[seen.charge_id].held[0].status == "CAPTURED"
    again = await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id, 700))
    assert again.captured == 700


@pytest.mark.parametrize("kind", ["lost", "cut", "error", "too_many"])
async def test_a_capture_is_made_once_whatever_becomes_of_the_answer(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    asked = then(errand, "capture", seen.charge_id)
    desk.paypal.troubles.add(kind, CAPTURE)
    with pytest.raises((Unclear, Unavailable)):
        await desk.client.capture(desk.bench.ports, asked)
    assert (await desk.client.capture(desk.bench.ports, asked)).captured == 1299
    assert len(desk.paypal.book.orders[seen.charge_id].taken) == 1


async def test_a_hanging_paypal_costs_no_more_than_its_time(desk: Desk) -> None:
    desk.paypal.troubles.add("hang", ORDERS)
    from banyan.foundation import deadlines

    with pytest.raises(DeadlinePassed):
        async with deadlines.within(0.05):
            await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, PRICE))


async def test_after_three_days_the_hold_is_renewed_before_it_is_captured(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    desk.bench.clock.advance(4 * 86_400)
    got = await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id))
    assert got.captured == 1299
    assert [each.renewed for each in desk.paypal.book.orders[seen.charge_id].held] == [False, True]


async def test_after_29_days_there_is_nothing_to_capture(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    desk.bench.clock.advance(30 * 86_400)
    with pytest.raises(Rejected, match="authorization_expired"):
        await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id))


@pytest.mark.parametrize("kind", ["", "lost", "cut", "error"])
async def test_refunds_add_up_and_each_is_made_once(desk: Desk, kind: str) -> None:
    errand, seen = await taken(desk)
    one, two = (then(errand, f"refund{n}", seen.charge_id, part) for n, part in ((1, 300), (2, 999)))
    if kind:
        desk.paypal.troubles.add(kind, REFUND)
        with pytest.raises((Unclear, Unavailable)):
            await desk.client.refund(desk.bench.ports, one)
    assert (await desk.client.refund(desk.bench.ports, one)).refunds == {one.reference: 300}
    both = await desk.client.refund(desk.bench.ports, two)
    assert both.refunds == {one.reference: 300, two.reference: 999}
    with pytest.raises(Rejected, match="capture_fully_refunded"):
        await desk.client.refund(desk.bench.ports, then(errand, "refund3", seen.charge_id, 1))


async def test_more_than_was_captured_is_never_refunded(desk: Desk) -> None:
    errand, seen = await taken(desk)
    with pytest.raises(Rejected, match="refund_amount_exceeded"):
        await desk.client.refund(desk.bench.ports, then(errand, "refund", seen.charge_id, 1300))


@pytest.mark.parametrize("kind", ["", "lost", "cut", "error"])
async def test_a_void_lets_go_of_what_is_held(desk: Desk, kind: str) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    asked = then(errand, "void", seen.charge_id)
    if kind:
        desk.paypal.troubles.add(kind, VOID)
        with pytest.raises((Unclear, Unavailable)):
            await desk.client.void(desk.bench.ports, asked)
    for _ in range(2):
        assert (await desk.client.void(desk.bench.ports, asked)).state is Charge.VOIDED
    with pytest.raises(Rejected):
        await desk.client.capture(desk.bench.ports, then(errand, "capture", seen.charge_id))


async def test_a_void_of_an_order_nobody_approved_moves_no_money_ever(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", waits.charge_id))).state is Charge.VOIDED
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", None))).state is Charge.VOIDED
    desk.bench.clock.advance(7 * 3600)  # PayPal forgets it
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", waits.charge_id))).state is Charge.VOIDED
    assert await desk.client.look_up(desk.bench.ports, then(errand, "look", waits.charge_id)) is None


async def test_a_void_of_an_approved_order_holds_it_first_so_that_a_late_request_finds_it_void(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.action
    desk.paypal.approve(waits.action)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", waits.charge_id))).state is Charge.VOIDED
    late = await desk.client.look_up(desk.bench.ports, then(errand, "look", waits.charge_id))
    assert late is not None
    assert late.state is Charge.VOIDED
    assert [each.status for each in desk.paypal.book.orders[waits.charge_id].held] == ["VOIDED"]


@pytest.mark.parametrize("applied", [True, False])
async def test_a_void_reaches_a_saved_way_whose_answer_was_lost(desk: Desk, applied: bool) -> None:
    errand = desk.bench.errand(await saved(desk), PRICE)
    desk.paypal.troubles.add("lost" if applied else "error", ORDERS)
    with pytest.raises(Unclear):
        await desk.client.authorize(desk.bench.ports, errand)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", None))).state is Charge.VOIDED
    late = await desk.client.authorize(desk.bench.ports, errand)  # it was on its way
    assert late.state is Charge.VOIDED


async def test_what_was_captured_is_told_by_a_void_that_comes_too_late(desk: Desk) -> None:
    errand, seen = await taken(desk)
    assert (await desk.client.void(desk.bench.ports, then(errand, "void", seen.charge_id))).captured == 1299


async def test_an_order_of_another_payment_or_merchant_is_not_believed(desk: Desk) -> None:
    errand = desk.bench.errand(SHOPPER, PRICE)
    seen = await held(desk, errand)
    other = then(desk.bench.errand(SHOPPER, PRICE), "capture", seen.charge_id)
    with pytest.raises(Unclear, match="somebody else"):
        await desk.client.capture(desk.bench.ports, other)
    strange = replace(
        desk.bench.ports, settings=desk.bench.ports.settings.model_copy(update={"paypal_merchant_id": "X"})
    )
    with pytest.raises(Unclear, match="somebody else"):
        await desk.client.capture(strange, then(errand, "capture", seen.charge_id))


@pytest.mark.parametrize(
    ("amount", "taken"),
    [
        (Money(1299, "JPY"), "1299"),
        (Money(120000, "HUF"), "1200"),
        (Money(50, "USD"), "0.50"),
        (Money(100, "TWD"), "1"),
    ],
)
async def test_each_currency_is_written_as_paypal_takes_it(desk: Desk, amount: Money, taken: str) -> None:
    errand = desk.bench.errand(SHOPPER, amount)
    waits = await desk.client.authorize(desk.bench.ports, errand)
    assert waits.amount == amount
    unit = desk.paypal.shapes.order(desk.paypal.book.orders[waits.charge_id])["purchase_units"][0]
    assert unit["amount"]["value"] == taken


@pytest.mark.parametrize("amount", [Money(1299, "HUF"), Money(1, "TWD"), Money(1000, "INR"), Money(1000, "KWD")])
async def test_what_paypal_cannot_write_is_refused_and_not_rounded(desk: Desk, amount: Money) -> None:
    with pytest.raises(Rejected, match="currency_not_taken"):
        await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, amount))


@given(some.sampled_from(sorted(amounts.CURRENCIES)), some.integers(1, 10**11))
def test_amounts_survive_the_way_to_paypal_and_back(currency: str, minor: int) -> None:
    amount = Money(minor, currency)
    try:
        text = amounts.text(amount)
    except ValueError:
        assert currency in ("HUF", "TWD")
        assert minor % 100
        return
    assert amounts.money(text, currency) == amount
    assert isinstance(theirs.parse(text, currency), tuple)


@given(some.text(max_size=12))
def test_no_text_but_an_amount_is_read_as_one(text: str) -> None:
    try:
        read = amounts.money(text, "EUR")
    except ValueError:
        return
    assert read.amount >= 0
    assert text.isascii()
    assert "e" not in text.lower()


def test_a_paypal_without_its_webhook_or_roots_stops_the_start(desk: Desk, tmp_path) -> None:  # type: ignore[no-untyped-def]
    client, given = desk.client, desk.bench.ports.settings
    assert client.configured(given)
    assert not client.configured(Bench(tmp_path).ports.settings)
    client.check(given)
    client.check(Bench(tmp_path).ports.settings)
    wrong = {"paypal_webhook_id": "", "paypal_cert_host": "", "paypal_cert_roots": str(tmp_path / "none.pem")}
    for name, value in wrong.items():
        with pytest.raises(WrongSettings, match=f"BANYAN_{name.upper()}"):
            client.check(given.model_copy(update={name: value}))


async def test_no_card_is_ever_given_to_paypal(desk: Desk) -> None:
    with pytest.raises(Invalid):
        await desk.client.vault(desk.bench.ports, None)  # type: ignore[arg-type]


async def test_no_error_of_paypal_tells_our_secret_or_its_token(desk: Desk) -> None:
    secret = desk.bench.ports.settings.paypal_client_secret.get_secret_value()
    for kind in ("lost", "cut", "error", "too_many", "down"):
        desk.paypal.troubles.add(kind, ORDERS)
        with pytest.raises((Unclear, Unavailable)) as why:
            await desk.client.authorize(desk.bench.ports, desk.bench.errand(SHOPPER, PRICE))
        told = f"{why.value!r} {why.value.__cause__!r}"
        assert secret not in told
        assert desk.client._wire._token not in told
    assert secret not in repr(desk.bench.ports.settings)

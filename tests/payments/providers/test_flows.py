"""Payments through the whole of payments at PayPal and Razorpay: there and back, given up, and among all kinds of trouble."""

import random

import pytest

from banyan.contracts.payments import Authorize, Payment, PaymentState, RefundPayment, SettlePayment, VoidPayment
from banyan.kernel.money import Money
from tests.payments.conftest import OpenTill, Till
from tests.payments.providers.stages import PRICE, RETURN, STAGES, Stage, Sums, settings

KINDS = ("lost", "cut", "error", "too_many", "down")


@pytest.fixture(scope="module")
async def shop(open_till: OpenTill) -> Till:
    return await open_till(**settings())


@pytest.fixture(scope="module")
def stages(shop: Till) -> dict[str, Stage]:
    return {name: STAGES[name](shop) for name in ("paypal", "razorpay")}


@pytest.fixture(params=["paypal", "razorpay"])
def stage(request: pytest.FixtureRequest, stages: dict[str, Stage]) -> Stage:
    return stages[request.param]


async def authorize(stage: Stage, order: str, token: str = "") -> Payment:
    call = Authorize(
        order_id=order, amount=PRICE, provider=stage.name, token=token or stage.confirm, return_url=f"{RETURN}/{order}"
    )
    return await stage.till.shop.peers.ask(call)


async def deliver(stage: Stage, last: int = 200) -> None:
    """The provider's last webhooks, each twice, the newest first."""
    assert stage.webhooks
    for headers, body in reversed(stage.webhooks()[-last:]):
        for _ in range(2):
            await stage.till.http("POST", f"/webhooks/{stage.name}", body, headers=headers)


async def look(stage: Stage) -> None:
    """One pass of this provider's poller."""
    await stage.till.payments.chores[f"settle {stage.name}"](stage.ports)


async def settle(stage: Stage, order: str, *ends: PaymentState, seconds: int = 120) -> Payment:
    """Let time pass until the order's payment is in one of these states."""
    for _ in range(seconds):
        known = await stage.till.stands(order)
        if known.state in ends:
            return known
        stage.clock.advance(1)
        await look(stage)
    raise AssertionError(known)


async def quiet(stage: Stage, seconds: int = 120) -> None:
    for _ in range(seconds):
        await look(stage)
        if not await stage.ports.db.fetchval("SELECT count(*) FROM operation WHERE next_look_at IS NOT NULL"):
            return
        stage.clock.advance(1)
    raise AssertionError(await stage.ports.db.fetch("SELECT * FROM operation WHERE next_look_at IS NOT NULL"))


async def test_a_shopper_goes_there_and_comes_back_and_the_money_is_held_taken_and_partly_given_back(
    stage: Stage,
) -> None:
    till, order = stage.till, f"ord_{stage.name}"
    waits = await authorize(stage, order)
    assert waits.state is PaymentState.REQUIRES_ACTION
    assert waits.action
    assert stage.agree
    assert (await till.shop.peers.ask(SettlePayment(order_id=order))).state is PaymentState.REQUIRES_ACTION
    back = await stage.agree(waits.action, True)
    assert (back.header("location") or "").startswith(f"{RETURN}/{order}")
    for _ in range(2):
        assert (await till.shop.peers.ask(SettlePayment(order_id=order))).state is PaymentState.AUTHORIZED
    assert (await till.capture(order)).state is PaymentState.CAPTURED
    call = RefundPayment(order_id=order, refund_id="rfd_1", amount=Money(300, "EUR"), reason="too small")
    assert (await till.shop.peers.ask(call)).refunded == Money(300, "EUR")
    await deliver(stage)
    assert await till.told(order) == [
        "PaymentActionRequired",
        "PaymentAuthorized",
        "PaymentCaptured",
        "PaymentRefunded",
    ]
    assert await stage.sums(waits.payment_id) == Sums(1, taken=PRICE.amount, refunded=300)


async def test_a_shopper_who_never_comes_back_is_found_by_the_poller(stage: Stage) -> None:
    order = f"ord_{stage.name}_gone"
    waits = await authorize(stage, order)
    assert waits.action
    assert stage.agree
    await stage.agree(waits.action, True)
    settled = await settle(stage, order, PaymentState.AUTHORIZED)
    assert await stage.sums(settled.payment_id) == Sums(1, held=PRICE.amount)
    await stage.till.shop.peers.ask(VoidPayment(order_id=order, amount=PRICE, provider=stage.name))
    await quiet(stage)
    assert await stage.sums(settled.payment_id) == Sums()


async def test_a_shopper_who_pays_after_the_order_was_given_up_pays_nothing(stage: Stage) -> None:
    order = f"ord_{stage.name}_late"
    waits = await authorize(stage, order)
    assert waits.action
    assert stage.agree
    voided = await stage.till.shop.peers.ask(VoidPayment(order_id=order, amount=PRICE, provider=stage.name))
    assert voided.state is PaymentState.VOIDED
    await stage.agree(waits.action, True)
    await deliver(stage)
    assert (await stage.till.shop.peers.ask(SettlePayment(order_id=order))).state is PaymentState.VOIDED
    assert await stage.sums(waits.payment_id) == Sums()


async def test_whatever_goes_wrong_both_books_say_the_same_in_the_end(stage: Stage) -> None:
    chance, till = random.Random(5), stage.till
    ends: dict[str, Payment] = {}
    for number in range(24):
        order = f"ord_{stage.name}_{number}"
        for deed in ("authorize", "capture", "refund", "void"):
            if chance.random() < 0.4:
                stage.troubles.add(chance.choice(KINDS), stage.paths[deed])
        if chance.random() < 0.3:
            stage.troubles.add(chance.choice(KINDS), stage.paths["look_up"], 2)
        payment = await authorize(stage, order, stage.good)
        if chance.random() < 0.2:
            await till.shop.peers.ask(VoidPayment(order_id=order, amount=PRICE, provider=stage.name))
        if chance.random() < 0.3:
            await deliver(stage, 3)
        await settle(stage, order, PaymentState.AUTHORIZED, PaymentState.VOIDED, PaymentState.DECLINED)
        if chance.random() < 0.7 and (await till.stands(order)).state is PaymentState.AUTHORIZED:
            await till.capture(order)
            stage.clock.advance(2)
            await look(stage)
        if (await till.stands(order)).state is PaymentState.CAPTURED and chance.random() < 0.6:
            part = Money(chance.choice([1, 300, PRICE.amount]), "EUR")
            await till.shop.peers.ask(RefundPayment(order_id=order, refund_id="r", amount=part, reason=""))
        ends[order] = payment
        stage.troubles.coming.clear()
    await quiet(stage)
    await deliver(stage)
    states = set()
    for order, payment in ends.items():
        known, sums = await till.stands(order), await stage.sums(payment.payment_id)
        states.add(known.state)
        assert (sums.taken, sums.refunded) == (known.captured.amount, known.refunded.amount), order
        assert sums.held == (PRICE.amount if known.state is PaymentState.AUTHORIZED else 0), order
        assert sums.charges <= 1
    assert {PaymentState.CAPTURED, PaymentState.AUTHORIZED, PaymentState.VOIDED} <= states
    assert not {name: rows for name, rows in (await till.broken()).items() if name != "books"}

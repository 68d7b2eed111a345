"""A shop and Stripe through the troubles of a bad day: however it goes, both books say the same in the end."""

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest

from banyan.contracts.payments import Authorize, Payment, PaymentState, SettlePayment
from banyan.kernel.refusals import Conflict
from banyan.payments.providers.stripe import Client
from banyan.simulators.stripe import Stripe
from banyan.simulators.stripe.book import broken, held_or_taken
from tests.payments.conftest import PRICE, OpenTill, Till
from tests.payments.providers.stages import RETURN, STRIPE, simulated_stripe

OPEN = (PaymentState.CREATED, PaymentState.UNKNOWN)
TOKENS = (
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_threeDSecure2Required",
    "pm_card_pendingRefund",
)
PATHS = (
    "POST /v1/payment_intents$",
    "POST /v1/payment_intents$",
    "/capture$",
    "/cancel$",
    "POST /v1/refunds$",
    "GET /v1/payment_intents",
)

KINDS = ("error", "too_many", "lost", "lost", "cut", "down", "kept")


class Day:
    """A shop with Stripe beside it, its poller and Stripe's webhooks moved by hand."""

    def __init__(self, till: Till, sim: Stripe) -> None:
        self.till, self.sim = till, sim

    async def authorize(self, order_id: str, token: str) -> Payment:
        call = Authorize(order_id=order_id, amount=PRICE, provider="stripe", token=token, return_url=RETURN)
        return await self.till.shop.peers.ask(call)

    async def confirm(self, url: str, yes: bool) -> None:
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"agree": "yes" if yes else "no"}).encode()
        await self.till.ports.egress.send("POST", url, headers=form, body=body, seconds=5)

    async def pass_time(self, seconds: float, *, webhooks: bool = True) -> None:
        self.till.clock.advance(seconds)
        await self.till.look()
        if webhooks:
            await self.sim.deliver()

    def same_books(self) -> Mapping[str, tuple[int, int]]:
        """By payment what was taken and given back, in Stripe's book."""
        told = {}
        for payment, intents in held_or_taken(self.sim.book).items():
            assert len(intents) == 1, f"{payment} was charged twice"
            charge = self.sim.book.of("charge")[intents[0]["latest_charge"]]
            told[payment] = (charge["amount_captured"], charge["amount_refunded"])
        return told


@pytest.fixture(scope="module")
async def day(open_till: OpenTill) -> Day:
    till = await open_till({"stripe": Client()}, **STRIPE)
    return Day(till, simulated_stripe(till))


async def test_a_payment_waits_for_its_shopper_and_goes_on_when_they_return(day: Day) -> None:
    waits = await day.authorize("ord_3ds", "pm_card_threeDSecure2Required")
    assert waits.state is PaymentState.REQUIRES_ACTION
    assert (waits.action or "").startswith("https://api.stripe.com/_pages/3ds/pi_")
    await day.confirm(waits.action or "", True)
    settled = await day.till.shop.peers.ask(SettlePayment(order_id="ord_3ds"))
    assert settled.state is PaymentState.AUTHORIZED
    assert (await day.till.capture("ord_3ds")).state is PaymentState.CAPTURED


async def test_a_shopper_who_refuses_or_never_comes_ends_the_payment_at_stripe_too(day: Day) -> None:
    for order, comes in (("ord_refuses", True), ("ord_leaves", False)):
        waits = await day.authorize(order, "pm_card_threeDSecure2Required")
        if comes:
            await day.confirm(waits.action or "", False)
        for _ in range(60):
            await day.pass_time(20)
        assert (await day.till.stands(order)).state is PaymentState.DECLINED
        await day.confirm(waits.action or "", True)  # too late
        assert waits.payment_id not in day.same_books()


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_goes_wrong_nobody_pays_twice_and_both_books_agree(day: Day, seed: int) -> None:
    chance = random.Random(seed)
    (hooks,) = day.sim.hooks.values()
    orders: dict[str, str] = {}
    for number in range(30):
        order = f"ord_{seed}_{number}"
        hooks.held, hooks.twice, hooks.backwards = (chance.random() < 0.3 for _ in range(3))
        if chance.random() < 0.7:
            trouble = chance.choice(KINDS)
            if trouble == "kept":
                day.sim.errors_kept.append(chance.choice(["/v1/payment_intents", "/v1/refunds"]))
            else:
                day.sim.troubles.add(trouble, chance.choice(PATHS), chance.randint(1, 2))
        made = await day.authorize(order, chance.choice(TOKENS))
        orders[order] = made.payment_id
        if made.action:
            await day.confirm(made.action, chance.random() < 0.7)
        await day.pass_time(chance.random() * 6)
        for _ in range(chance.randint(0, 3)):
            await _do_something(day, chance, chance.choice(list(orders)))
            await day.pass_time(chance.random() * 6)
    hooks.held = False
    day.sim.troubles.coming.clear()
    day.sim.errors_kept.clear()
    await _come_to_rest(day)
    _agree(day, {order: await day.till.stands(order) for order in orders})
    assert broken(day.sim.book) == []
    for each in day.till.payments.invariants:
        assert await day.till.ports.db.fetch(each.sql) == [], each.id


async def _do_something(day: Day, chance: random.Random, order: str) -> None:
    known = await day.till.stands(order)
    if known.state is PaymentState.AUTHORIZED and chance.random() < 0.7:
        await day.till.capture(order)
    elif known.state is PaymentState.CAPTURED and known.refunded.amount + 300 <= known.captured.amount:
        await _refund(day, order, f"rfd_{order}_{known.refunded.amount}_{chance.random()}")
    elif chance.random() < 0.3:
        await day.till.void(order)


async def _refund(day: Day, order: str, name: str) -> None:
    with suppress(Conflict):  # another is under way, and there is no more to give back
        await day.till.refund(order, name, 300)


async def _come_to_rest(day: Day) -> None:
    """Until nothing is open, or a shopper is waited for no longer."""
    open_ones = "SELECT * FROM operation WHERE next_look_at IS NOT NULL"
    for _ in range(400):
        await day.pass_time(15)
        if not await day.till.ports.db.fetch(open_ones):
            return
    raise AssertionError(await day.till.ports.db.fetch(open_ones))


def _agree(day: Day, known: Mapping[str, Payment]) -> None:
    theirs = day.same_books()
    for order, payment in known.items():
        assert payment.state not in OPEN, order
        taken = theirs.get(payment.payment_id, (0, 0))
        assert taken == (payment.captured.amount, payment.refunded.amount), order
        held: Any = payment.payment_id in theirs and taken[0] == 0
        assert held is (payment.state is PaymentState.AUTHORIZED), order

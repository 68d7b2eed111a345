"""The course of one attempt: an order that is paid, half paid, given up or paid back, as its seed decides.

The attempt is its own order book: it knows whether goods are due for the money.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from hashlib import sha256

from banyan.contracts.payments import (
    AskPayment,
    Authorize,
    CapturePayment,
    Payment,
    PaymentState,
    RefundPayment,
    SettlePayment,
    VoidPayment,
)
from banyan.foundation.idempotency import Key
from banyan.kernel.ids import SeededIds
from banyan.kernel.money import Money
from banyan.kernel.refusals import Refusal
from banyan.payments import actions
from banyan.trial.money.stage import CURRENCIES, PROVIDERS, Stage
from banyan.trial.money.weather import Crash, Fortune, whose

TROUBLED = 0.62  # share of attempts whose requests and webhooks meet trouble
RETURN = "https://shop.example/checkout/return/"


@dataclass(slots=True)
class Attempt:
    number: int
    provider: str
    amount: Money
    way: str  # good, poor, confirm
    fortune: Fortune
    order: str
    sold: bool = False  # whether goods are due for it: the order was confirmed
    payment: Payment | None = None
    slow_bank: str = ""  # the page at Razorpay where a bank takes its time
    refunds: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, number: int, seed: int, stage: Stage) -> "Attempt":
        chance = SeededIds(stage.clock, seed * 1_000_003 + number)
        provider = PROVIDERS[number % len(PROVIDERS)]
        currency = _one(CURRENCIES[provider], chance.fraction())
        amount = 10 * (50 + int(chance.fraction() * 20_000))
        if currency == "HUF":  # PayPal has whole forints
            amount = 100 * (amount // 100)
        draw = chance.fraction()
        way = "confirm" if draw < 0.35 else "poor" if draw < 0.40 else "good"
        troubled = chance.fraction() < TROUBLED
        fortune = Fortune(chance, share=0.3 if troubled else 0.0, hooks=0.3 if troubled else 0.0)
        return cls(number, provider, Money(amount, currency), way, fortune, f"ord_{seed}_{number}")

    @property
    def chance(self) -> float:
        return self.fortune.chance.fraction()

    async def authorize(self, stage: Stage) -> None:
        call = Authorize(
            order_id=self.order,
            amount=self.amount,
            provider=self.provider,
            token=stage.tokens[self.provider][self.way],
            return_url=f"{RETURN}{self.order}",
        )
        await self._ask(stage, call)
        if self.chance < 0.05:  # orders asks once more
            await self._ask(stage, call)
        await self.know(stage)

    async def confirm(self, stage: Stage) -> None:
        """The shopper at the provider's page: they agree, refuse, or never come; some never come back."""
        known = await self.know(stage)
        if known is None or known.state is not PaymentState.REQUIRES_ACTION or not known.action:
            return
        draw = self.chance
        if draw < 0.08:
            return
        if draw < 0.15 and self.provider == "razorpay":
            self.slow_bank = known.action
            stage.razorpay.pay(known.action, "wait")
            return
        await stage.agree(self.provider, known.action, draw >= 0.15)
        if self.chance < 0.65:  # the others never come back from the provider's page
            await self._ask(stage, SettlePayment(order_id=self.order))

    async def hear_bank(self, stage: Stage) -> None:
        """The slow bank says yes, now that the order was given up. Where payments are captured at once, it is paid."""
        if self.slow_bank and stage.bank_says_yes(self.slow_bank):
            stage.weather.counts["a bank said yes too late"] += 1
            self.fortune.met.add("a bank said yes too late")

    async def decide(self, stage: Stage) -> None:
        """The order is confirmed and its money taken, or it is given up and none may be kept."""
        known = await self.know(stage)
        if known is None:  # it crashed before anything was written down
            await self.authorize(stage)
            known = await self.know(stage)
        held = known is not None and known.state in (PaymentState.AUTHORIZED, PaymentState.CAPTURED)
        if held and self.chance < 0.85:
            self.sold = True
            if self.chance < 0.15 and self.provider != "razorpay":  # which captures the whole or nothing
                await self._take_part(stage)
            else:
                await self._ask(stage, CapturePayment(order_id=self.order))
        else:
            await self.give_up(stage)

    async def give_up(self, stage: Stage) -> None:
        self.sold = False
        await self._ask(stage, VoidPayment(order_id=self.order, amount=self.amount, provider=self.provider))

    async def pay_back(self, stage: Stage) -> None:
        """Some orders are paid back in part, in two parts, or called off after all."""
        known = await self.know(stage)
        if known is None or not self.sold:
            return
        if known.state is not PaymentState.CAPTURED:
            if known.state is PaymentState.AUTHORIZED and not known.captured.amount:
                await self._ask(stage, CapturePayment(order_id=self.order))  # orders asks until it is told
            return
        draw = self.chance
        if draw < 0.06:
            await self.give_up(stage)
        elif draw < 0.30:
            for number in range(1 + (draw < 0.12)):
                part = max(1, known.captured.amount // (3 + number) // 10 * 10)
                if self.amount.currency == "HUF":
                    part = max(100, part // 100 * 100)
                call = RefundPayment(
                    order_id=self.order,
                    refund_id=f"{self.order}_r{number}",
                    amount=Money(part, self.amount.currency),
                    reason="sent back",
                )
                self.refunds.append(call.refund_id)
                await self._ask(stage, call)

    async def _take_part(self, stage: Stage) -> None:
        unit = 100 if self.amount.currency == "HUF" else 10
        part = Money(max(unit, self.amount.amount // 2 // unit * unit), self.amount.currency)
        known = await self.know(stage)
        assert known is not None
        key = Key.of("trial capture", self.order, sha256(self.order.encode()).digest())
        await self._guarded(actions.capture_once(stage.desk, stage.ports, key, known.payment_id, part))

    async def _ask(
        self, stage: Stage, call: Authorize | CapturePayment | VoidPayment | RefundPayment | SettlePayment
    ) -> None:
        await self._guarded(stage.shop.peers.ask(call))

    async def _guarded(self, work: Awaitable[object]) -> None:
        token = whose.set(self.fortune)
        try:
            await work
        except (Refusal, Crash):
            return  # nobody was told anything: it is asked for again, or found by the poller
        finally:
            whose.reset(token)

    async def know(self, stage: Stage) -> Payment | None:
        """The payment as it stands; None where nobody wrote one down."""
        try:
            self.payment = await stage.shop.peers.ask(AskPayment(order_id=self.order))
        except Refusal:
            return None
        stage.weather.fortunes[self.payment.payment_id.encode()] = self.fortune
        return self.payment


def _one(among: tuple[str, ...], fraction: float) -> str:
    return among[int(fraction * len(among))]

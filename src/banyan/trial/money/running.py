"""The trial: attempts in waves, then calm, disputes, payouts and reconciliation, and what the books say."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from banyan.contracts.payments import PaymentState
from banyan.foundation import embedded
from banyan.kernel.clock import SystemClock
from banyan.payments import actions
from banyan.simulators.stripe import money
from banyan.trial.money import books
from banyan.trial.money.course import Attempt
from banyan.trial.money.stage import PROVIDERS, Stage, urls_at

WAVE = 128
DOWN = 0.15  # share of waves in which one provider is away while they begin
MOST_PASSES = 600
_BALANCES = """
SELECT coalesce(transfer.provider, payment.provider) AS provider, entry.currency, sum(entry.amount)::bigint AS amount
FROM entry JOIN transfer ON transfer.id = transfer_id LEFT JOIN payment ON payment.id = payment_id
WHERE account = 'provider_clearing' GROUP BY 1, 2"""
_MADE = "SELECT kind, count(*) AS n FROM transfer GROUP BY kind ORDER BY kind"


@dataclass(slots=True)
class Verdict:
    attempts: int
    seed: int
    troubled: int = 0
    met: Counter[str] = field(default_factory=Counter)  # attempts by the kind of trouble they met
    polled: int = 0  # requests of the poller that met trouble
    ends: Counter[str] = field(default_factory=Counter)  # payments by state
    transfers: dict[str, int] = field(default_factory=dict)
    totals: list[dict[str, Any]] = field(default_factory=list)  # by provider and currency
    wrong: list[str] = field(default_factory=list)
    double: int = 0
    for_nothing: int = 0
    unexplained: int = 0  # minor units, over all currencies
    seconds: float = 0.0

    def lines(self) -> list[str]:
        share = self.troubled / self.attempts
        found = [
            f"{self.attempts} attempts (seed {self.seed}) in {self.seconds:.0f} s; {self.troubled} ({share:.0%}) met trouble:",
            *(f"  {count:6} {kind}" for kind, count in self.met.most_common()),
            f"payments: {', '.join(f'{count} {state}' for state, count in self.ends.most_common())}",
            f"ledger: {', '.join(f'{count} {kind}' for kind, count in self.transfers.items())}",
            *(
                f"{each['provider']:9} {each['currency']}: {each['theirs']} theirs, {each['ours']} ours, "
                f"{each['unexplained']} unexplained"
                for each in self.totals
            ),
            f"{self.double} double captures, {self.for_nothing} paid without an order, "
            f"{self.unexplained} unexplained minor units, {len(self.wrong)} things wrong",
        ]
        return found + [f"  {each}" for each in self.wrong[:20]]

    def as_json(self) -> dict[str, Any]:
        names = ("attempts", "seed", "troubled", "ends", "transfers", "totals", "wrong", "double", "for_nothing")
        told = {name: getattr(self, name) for name in names}
        return told | {"met": dict(self.met), "unexplained": self.unexplained, "seconds": self.seconds}


async def money_trial(
    folder: Path, *, attempts: int, seed: int, progress: Callable[[int], None] = lambda _: None
) -> Verdict:
    """On a database server of its own in `folder`."""
    server = await asyncio.to_thread(embedded.start, folder, durable=False)
    try:
        return await play(folder, await urls_at(server.url), attempts=attempts, seed=seed, progress=progress)
    finally:
        await asyncio.to_thread(server.stop)


async def play(
    folder: Path,
    urls: dict[str, str],
    *,
    attempts: int,
    seed: int,
    progress: Callable[[int], None] = lambda _: None,
    wave: int = WAVE,
) -> Verdict:
    """Over databases that are there."""
    system, stage = SystemClock(), await Stage.open(folder, urls, seed)
    began, since = system.monotonic(), stage.clock.now() - timedelta(seconds=1)
    verdict, done = Verdict(attempts, seed), list[Attempt]()
    try:
        for first in range(0, attempts, wave):
            some = [Attempt.of(number, seed, stage) for number in range(first, min(first + wave, attempts))]
            await _wave(stage, some)
            done += some
            progress(len(done))
        await _calm(stage, done)
        await _judge_payments(stage, done, verdict)
        await _afterwards(stage)
        await _reconcile(stage, since, verdict)
        await _judge_books(stage, verdict)
    finally:
        await stage.shop.close()
    verdict.troubled = sum(bool(each.fortune.met) for each in done)
    verdict.met = Counter(kind for each in done for kind in each.fortune.met)
    verdict.seconds = system.monotonic() - began
    return verdict


async def _wave(stage: Stage, attempts: Sequence[Attempt]) -> None:
    chance = stage.weather.chance
    stage.weather.down = PROVIDERS[int(chance.fraction() * 4)] if chance.fraction() < DOWN else ""
    for each in (stage.stripe.hooks.values(), [stage.paypal.hooks, stage.razorpay.hooks]):
        for hooks in each:
            hooks.backwards = chance.fraction() < 0.3
    stage.razorpay.book.captures = chance.fraction() < 0.5  # an account that captures by itself
    await asyncio.gather(*(each.authorize(stage) for each in attempts))
    stage.weather.down = ""
    await asyncio.gather(*(each.confirm(stage) for each in attempts))
    await stage.deliver()
    await stage.pass_time(5)
    await asyncio.gather(*(each.decide(stage) for each in attempts))
    await stage.pass_time(4)
    await asyncio.gather(*(each.pay_back(stage) for each in attempts))
    await asyncio.gather(*(each.hear_bank(stage) for each in attempts))
    await stage.pass_time(4)


async def _calm(stage: Stage, attempts: Sequence[Attempt]) -> None:
    """No more trouble: everything comes to its end. Orders asks for what it was not told."""
    stage.weather.calm = True
    await stage.pass_time(20, 5.0)
    for each in attempts:
        known = await each.know(stage)
        if known and each.sold and known.state is PaymentState.AUTHORIZED:
            await each.pay_back(stage)
        elif known is None or (not each.sold and known.state is not PaymentState.VOIDED):
            await each.give_up(stage)
    for _ in range(MOST_PASSES):
        await stage.pass_time(1, 10.0)
        if not await stage.open_ones():
            break
    stage.clock.advance(3 * 3600)  # webhooks that are still to be tried again
    for _ in range(10):
        await stage.deliver()
        stage.clock.advance(3600)
    stage.clock.advance(6 * 86_400)  # what nobody captured at Razorpay has gone back by itself
    stage.razorpay.book.pass_time()


async def _judge_payments(stage: Stage, attempts: Sequence[Attempt], verdict: Verdict) -> None:
    """What the providers took for each order, beside what the order is."""
    found, ours = await books.read(stage), set[str]()
    if left := await stage.open_ones():
        verdict.wrong.append(f"{left} operations never came to an end")
    for each in attempts:
        known = await each.know(stage)
        if known is None:
            continue
        ours.add(known.payment_id)
        verdict.ends[known.state] += 1
        theirs = found[each.provider].get(known.payment_id) or books.Sums()
        if theirs.takings > 1:
            verdict.double += 1
            verdict.wrong.append(f"{known.payment_id} at {each.provider}: taken {theirs.takings} times")
        if not each.sold and theirs.taken != theirs.refunded:
            verdict.for_nothing += 1
            verdict.wrong.append(f"{known.payment_id} at {each.provider}: paid, and there is no order")
        if (known.captured.amount, known.refunded.amount) != (theirs.taken, theirs.refunded):
            verdict.wrong.append(f"{known.payment_id} at {each.provider}: {theirs} there, {known} here")
        if theirs.held and known.state is not PaymentState.AUTHORIZED:
            verdict.wrong.append(f"{known.payment_id} at {each.provider}: {theirs.held} still held, {known.state} here")
    strange = {(name, payment) for name, book in found.items() for payment, sums in book.items() if sums.taken} - {
        (each.provider, each.payment.payment_id) for each in attempts if each.payment
    }
    verdict.wrong += [f"{name} took money for {payment}, which nobody knows" for name, payment in sorted(strange)]
    verdict.for_nothing += len(strange)


async def _afterwards(stage: Stage) -> None:
    """Some payers want their money back through their bank; then the providers pay out."""
    stripe, paypal, razorpay = stage.stripe.book, stage.paypal, stage.razorpay
    charges = [each for each in stripe.of("charge").values() if each["captured"] and not each["refunded"]]
    for number, charge in enumerate(charges[::40]):
        made = money.dispute(stripe, charge)
        if number % 3:
            money.end_dispute(stripe, made, "won" if number % 3 == 1 else "lost")
    orders = [each for each in paypal.book.orders.values() if any(t.refunded < t.amount for t in each.taken)]
    for order in orders[::40]:
        paypal.act("disputes", {"capture": order.taken[0].id})
    payments = [p for p in razorpay.book.payments.values() if p.captured and p.refunded < p.amount]
    for payment in payments[::40]:
        razorpay.act("disputes", {"payment": payment.id})
    await stage.deliver()
    stage.clock.advance(3 * 86_400)
    money.payouts(stripe)
    for currency in ("EUR", "USD", "JPY", "HUF"):
        paypal.act("payouts", {"currency": currency})
    for currency in ("INR", "EUR", "USD", "JPY", "KWD"):
        razorpay.book.settle(currency)
    await stage.deliver()
    stage.clock.advance(8 * 86_400)  # all reports are complete


async def _reconcile(stage: Stage, since: datetime, verdict: Verdict) -> None:
    """Each provider's report by API; once more, which changes nothing; and Stripe's as CSV."""
    until = stage.clock.now()
    for name in PROVIDERS:
        run = await actions.reconcile(stage.desk, stage.ports, name, since, until, "trial")
        for total in run["totals"]:
            verdict.totals.append({"provider": name} | {k: v for k, v in total.items() if k != "reconciliation_id"})
            verdict.unexplained += abs(total["unexplained"]) + abs(total["timing"])
        again = await actions.reconcile(stage.desk, stage.ports, name, since, until, "trial")
        if (
            again["new_lines"]
            or again["booked"]
            or again["totals"] != [each | {"reconciliation_id": again["id"]} for each in run["totals"]]
        ):
            verdict.wrong.append(f"{name}: the same report twice is not as once")
    sheet = money.report(stage.stripe.book, int(since.timestamp()), int(until.timestamp()))
    run = await actions.reconcile_file(stage.desk, stage.ports, "stripe", sheet, "trial")
    verdict.unexplained += sum(each["unexplained"] for each in run["totals"])
    if run["new_lines"] or run["booked"]:
        verdict.wrong.append("stripe: its CSV has other lines than its API")
    for each in await actions.differences(stage.ports, provider=None, below=None, only_open=True, limit=20):
        told = {
            name: each[name] for name in ("provider", "kind", "subject", "currency", "ours", "theirs", "payment_id")
        }
        verdict.wrong.append(f"differs: {told}")


async def _judge_books(stage: Stage, verdict: Verdict) -> None:
    """Our ledger's balance at each provider is that provider's own; every invariant holds; theirs are sound."""
    theirs = {key: amount for key, amount in (await books.balances(stage)).items() if amount}
    rows = await stage.ports.db.fetch(_BALANCES)
    ours = {(row["provider"], row["currency"]): row["amount"] for row in rows if row["amount"]}
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key, 0) != theirs.get(key, 0):
            verdict.wrong.append(f"{key}: our balance is {ours.get(key, 0)}, theirs {theirs.get(key, 0)}")
    for name, service in stage.services.items():
        for each in service.invariants:
            if found := await stage.shop.ports[name].db.fetch(each.sql):
                verdict.wrong.append(f"{name} {each.id}: {each.promise}: {[dict(row) for row in found[:2]]}")
    verdict.wrong += books.sound(stage)
    verdict.transfers = {row["kind"]: row["n"] for row in await stage.ports.db.fetch(_MADE)}

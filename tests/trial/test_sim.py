"""The simulator: seeds pass, a seed gives the same run each time, and a shop that is broken on purpose is caught."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from banyan.contracts.inventory import Done, HoldOutcome, HoldStock, ReleaseStock, SellStock, StockHold
from banyan.contracts.payments import Authorize, Payment, PaymentState, VoidPayment
from banyan.foundation.service import CallHandler, Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.money import Money
from banyan.trial.sim import runs
from banyan.trial.sim.faults import Plan
from banyan.trial.sim.stage import Stage
from banyan.trial.sim.turnstile import Crash, Turnstile, Wedged

SEEDS = 200


@pytest.mark.slow
async def test_two_hundred_seeds_hold_every_invariant_and_come_to_their_end(stage: Stage) -> None:
    verdict = await runs.over(stage, first=1, seeds=SEEDS)
    print("\n".join(verdict.lines()))
    assert verdict.failures == []
    assert sum(run.crashes for run in verdict.runs) > SEEDS / 4
    assert sum(run.orders for run in verdict.runs) > SEEDS


async def test_a_seed_gives_the_same_run_each_time(stage: Stage) -> None:
    first, second = [await runs.play(stage, 4711) for _ in range(2)]
    assert first == second
    assert first.steps > 100


@pytest.mark.slow
async def test_one_checkout_survives_a_crash_at_each_of_its_awaits(stage: Stage) -> None:
    whole = await runs.play(stage, 1, crash_at=10**9)
    assert (whole.wrong, whole.crashes) == ([], 0)
    # All of them take minutes (banyan trial sim --exhaustive); every fifth is run here.
    crashed = [await runs.play(stage, 1, crash_at=point) for point in range(1, whole.points, 5)]
    assert [(run.crash_at, run.wrong) for run in crashed if run.wrong] == []
    assert sum(run.crashes for run in crashed) == len(crashed)


@contextmanager
def broken(stage: Stage, name: str, **calls: CallHandler) -> Iterator[None]:
    """The stage with some calls of one service answered wrongly."""
    service = stage.services[name]
    by_name: Mapping[str, Any] = {kind.__name__: kind for kind in service.calls}
    stage.services[name] = replace(service, calls={**service.calls, **{by_name[k]: v for k, v in calls.items()}})
    try:
        yield
    finally:
        stage.services[name] = service


async def found(stage: Stage, seeds: int = 25) -> bool:
    """Whether any of some seeds notices."""
    for seed in range(1, seeds + 1):
        if (await runs.play(stage, seed)).wrong:
            return True
    return False


async def forgets_to_release(ports: Ports, call: ReleaseStock) -> Done:
    return Done(changed=True)


async def says_held_without_holding(ports: Ports, call: HoldStock) -> StockHold:
    return StockHold(outcome=HoldOutcome.HELD, reservation_id="rsv_0")


async def says_sold_without_selling(ports: Ports, call: SellStock) -> Done:
    return Done(changed=True)


def _lie(order_id: str, state: PaymentState, amount: Money) -> Payment:
    nothing = Money(0, amount.currency)
    captured = amount if state is PaymentState.CAPTURED else nothing
    return Payment(
        payment_id="pay_0", order_id=order_id, state=state, amount=amount, captured=captured, refunded=nothing
    )


async def says_voided_without_voiding(ports: Ports, call: VoidPayment) -> Payment:
    return _lie(call.order_id, PaymentState.VOIDED, call.amount)


async def says_authorized_without_asking(ports: Ports, call: Authorize) -> Payment:
    return _lie(call.order_id, PaymentState.AUTHORIZED, call.amount)


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("inventory", {"ReleaseStock": forgets_to_release}),
        ("inventory", {"SellStock": says_sold_without_selling}),
        ("inventory", {"HoldStock": says_held_without_holding, "SellStock": says_sold_without_selling}),
        ("payments", {"VoidPayment": says_voided_without_voiding}),
        ("payments", {"Authorize": says_authorized_without_asking}),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else each,
)
async def test_a_service_that_lies_is_caught(stage: Stage, name: str, calls: dict[str, CallHandler]) -> None:
    with broken(stage, name, **calls):
        assert await found(stage)


async def test_a_plan_without_faults_changes_nothing() -> None:
    plan = Plan(SeededIds(VirtualClock(), 1))
    assert {plan.fate().value for _ in range(100)} == {"fine"}
    assert {plan.delay() for _ in range(100)} == {0.0}
    plan.at_point("anywhere")
    plan.crash_at = 2
    with pytest.raises(Crash):
        plan.at_point("here")


async def test_who_waits_for_ever_is_called_wedged() -> None:
    clock = VirtualClock()
    turnstile = Turnstile(clock, SeededIds(clock, 1), lambda _: None)

    async def idle() -> None:
        while True:
            await turnstile.sleep(1)

    async def restart() -> None: ...

    turnstile.spawn("idler", idle())
    with pytest.raises(Wedged, match="idler"):
        await turnstile.run(lambda: False, restart)
    await turnstile.end()


async def test_a_call_inside_a_transaction_is_caught() -> None:
    clock = VirtualClock()
    turnstile = Turnstile(clock, SeededIds(clock, 1), lambda _: None)

    async def careless() -> None:
        turnstile.open_transactions += 1
        await turnstile.point("before payments.Authorize")

    async def restart() -> None: ...

    turnstile.spawn("careless", careless())
    with pytest.raises(AssertionError, match="inside a transaction"):
        await turnstile.run(lambda: False, restart)

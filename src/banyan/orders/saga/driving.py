"""Driving a saga: claim it, take its steps while that goes on, and leave it so that others can go on."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

from banyan.contracts.orders import OrderConfirmed
from banyan.foundation import deadlines
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.orders.domain.order import RETRIED, Order
from banyan.orders.saga import giving_back, taking
from banyan.orders.saga.run import Run, Wait, Went
from banyan.orders.saga.steps import CALL_SECONDS, LEASE_SECONDS, UNSURE, Step, pause
from banyan.orders.storage import carts, events, mails, sagas

_log = logging.getLogger(__name__)

Settled = Callable[[Tx, Order], Awaitable[None]]
"""Told within the transaction that settles an order how it went."""

_STEPS: Mapping[Step, Callable[[Ports, Run], Awaitable[Went | Wait]]] = {
    Step.HOLD: taking.hold,
    Step.AUTHORIZE: taking.authorize,
    Step.SELL: taking.sell,
    Step.CAPTURE: taking.capture,
    Step.RELEASE: giving_back.release,
    Step.VOID: giving_back.void,
}
_BUSY = frozenset({401, 403, 408, 425, 429})  # refusals that say nothing about the order
_BUSY_CODES = frozenset({"in_flight", "no_such_call", "not_a_peer"})
_TOO_LITTLE = 0.1  # seconds: a call begun with less would only be cut off


async def lane(ports: Ports, *, next_lane: str, idle: float) -> float:
    """One pass of the chore: the saga that is longest due, as far as it goes. Seconds until the next pass, at most `idle`.

    Several lanes run beside each other, so that one slow provider does not hold up all orders: the lane that finds
    work rings the next.
    """
    run = await _claim(ports, None)
    if run is None:
        due = await sagas.seconds_until_due(ports.db)
        return min(idle, max(0.01, due)) if due is not None else idle
    ports.due[next_lane].ring()
    await follow(ports, run)
    return 0


async def advance(
    ports: Ports,
    order_id: str,
    *,
    seconds: float | None = None,
    settled: Settled | None = None,
    for_shopper: bool = False,
) -> Order | None:
    """Claim this order's saga, if it is due, and take as many steps as can be taken now; None when it is not due."""
    run = await _claim(ports, order_id)
    if run is None:
        return None
    return await follow(ports, run, seconds=seconds, settled=settled, for_shopper=for_shopper)


async def follow(
    ports: Ports, run: Run, *, seconds: float | None = None, settled: Settled | None = None, for_shopper: bool = False
) -> Order:
    """Take steps until the saga ends, waits, or somebody else has it; the order as last known.

    With `seconds`, stop in time and let others go on. `for_shopper`: leave what the shopper need not wait for.
    """
    ends = ports.clock.monotonic() + seconds if seconds is not None else None
    going: Run | None = run
    while going is not None:
        run = going
        left = CALL_SECONDS if ends is None else min(CALL_SECONDS, ends - ports.clock.monotonic())
        if left < _TOO_LITTLE:
            await _let_go(ports, run)
            return run.order
        outcome = await _take(ports, run, left)
        if isinstance(outcome, Wait):
            await _wait(ports, run, outcome)
            return run.order
        leave = for_shopper and outcome.then is Step.CAPTURE
        run, goes_on = await _commit(ports, run, outcome, settled, leave=leave)
        going = run if goes_on else None
    return run.order


async def _claim(ports: Ports, order_id: str | None) -> Run | None:
    async with ports.db.transaction() as tx:
        row = await sagas.claim(tx, order_id, LEASE_SECONDS)
        if row is None:
            return None
        order = await events.load(tx, row["order_id"])
    assert order is not None
    return Run(order, Step(row["step"]), row["epoch"], row["attempt"], row["late"], row["token"])


async def _take(ports: Ports, run: Run, seconds: float) -> Went | Wait:
    """One step's outside call. Whatever is not a plain no may have been done: it is asked again."""
    if run.late and run.step in UNSURE:
        return taking.given_up(run)
    try:
        async with _within(ports, seconds):
            return await _STEPS[run.step](ports, run)
    except Refusal as refusal:
        if 400 <= refusal.status < 500 and refusal.status not in _BUSY and refusal.code not in _BUSY_CODES:
            return taking.refused(run, refusal)
        return Wait(f"{refusal.code}: {refusal.detail}"[:300])
    except Exception as error:  # a service of this process that broke has not said no either
        _log.warning("a step failed", exc_info=error, extra={"order": run.order.id, "step": run.step})
        return Wait(f"{type(error).__name__}: {error}"[:300])


def _within(ports: Ports, seconds: float) -> AbstractAsyncContextManager[None]:
    """Virtual time does not pass while others work, so no real time may end it."""
    return nullcontext() if ports.clock.virtual else deadlines.within(seconds)


async def _commit(ports: Ports, run: Run, went: Went, settled: Settled | None, *, leave: bool) -> tuple[Run, bool]:
    """Write what a step came to, under its epoch; the run as it is then, and whether it goes on here.

    `leave`: the next step is for others, at once.
    """
    before, order = run.order, run.order
    try:
        async with ports.db.transaction() as tx:
            if not await _moved(tx, run, went, lease=0 if leave else LEASE_SECONDS):
                _log.info("a saga was taken over", extra={"order": before.id, "step": run.step})
                return run, False
            if went.facts:
                order = await events.append(tx, ports.ids, before, went.facts)
            await _with_it(tx, order, went)
            if settled is not None and order.settled and not before.settled:
                await settled(tx, order)
    except events.VersionTaken:
        return await _read_again(ports, run)
    ports.db.wake.ring()
    if order.confirmed and not before.confirmed:
        ports.due["mail"].ring()
    if leave:
        ports.due["saga"].ring()
    if went.then is None or leave:
        return replace(run, order=order), False
    return replace(run, order=order, step=went.then, attempt=0), True


async def _moved(tx: Tx, run: Run, went: Went, *, lease: float) -> bool:
    if went.then is None:
        return await sagas.finish(tx, run.order.id, run.epoch, went.trouble)
    return await sagas.move(tx, run.order.id, run.epoch, went.then, lease=lease)


async def _with_it(tx: Tx, order: Order, went: Went) -> None:
    """What becomes true together with a step's facts."""
    if any(isinstance(fact, OrderConfirmed) for fact in went.facts):
        await mails.owe(tx, order.id, "confirmed")
    if went.then is None and order.compensated and order.status in RETRIED:
        await carts.reopen(tx, order.placed.cart_id)


async def _read_again(ports: Ports, run: Run) -> tuple[Run, bool]:
    """Something else became true meanwhile: take the step again with that known."""
    order = await events.load(ports.db, run.order.id)
    assert order is not None
    return replace(run, order=order), True


async def _wait(ports: Ports, run: Run, wait: Wait) -> None:
    seconds = pause(run.attempt, ports.ids.fraction())
    async with ports.db.transaction() as tx:
        await sagas.wait(tx, run.order.id, run.epoch, seconds, wait.why)


async def _let_go(ports: Ports, run: Run) -> None:
    async with ports.db.transaction() as tx:
        await sagas.let_go(tx, run.order.id, run.epoch)
    ports.due["saga"].ring()

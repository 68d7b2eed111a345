"""Driving a saga: claim it, take its steps while that goes on, and leave it so that others can go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.orders.domain.order import Order
from banyan.orders.saga import giving_back, taking
from banyan.orders.saga.committing import Settled, commit, let_go, wait, within
from banyan.orders.saga.later import later
from banyan.orders.saga.run import Run, Wait, Went
from banyan.orders.saga.steps import CALL_SECONDS, LEASE_SECONDS, UNSURE, Step
from banyan.orders.storage import events, sagas

_log = logging.getLogger(__name__)

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
_MOST = 16  # sagas claimed at once
_SPARE = LEASE_SECONDS - CALL_SECONDS  # seconds after which what is known is written before more is asked


async def lane(ports: Ports, *, next_lane: str, idle: float) -> float:
    """One pass of the chore: sagas left by their shoppers, or those that are longest due, as far as they go. Seconds until
    the next pass, at most `idle`.

    Several lanes run beside each other, so that one slow provider does not hold up all orders: the lane that finds
    work rings the next.
    """
    if await later(ports).work(ports, follow):
        return 0
    due = await sagas.seconds_until_due(ports.db)
    runs = [] if due is None or due > 0 else await _claim(ports, None, 1 if ports.gatherings.alone else _MOST)
    if not runs:
        return min(idle, max(0.01, due)) if due is not None else idle
    ports.due[next_lane].ring()
    if len(runs) == 1:
        await follow(ports, runs[0])
    else:
        await asyncio.gather(*(follow(ports, run) for run in runs))
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
    runs = await _claim(ports, order_id, 1)
    return await follow(ports, runs[0], seconds=seconds, settled=settled, for_shopper=for_shopper) if runs else None


async def follow(
    ports: Ports, run: Run, *, seconds: float | None = None, settled: Settled | None = None, for_shopper: bool = False
) -> Order:
    """Take steps until the saga ends, waits, or somebody else has it; the order as last known.

    With `seconds`, stop in time and let others go on. `for_shopper`: leave what the shopper need not wait for.
    """
    ends = ports.clock.monotonic() + seconds if seconds is not None else None
    going = True
    while going:
        now = ports.clock.monotonic()
        left = CALL_SECONDS if ends is None else min(CALL_SECONDS, ends - now)
        if left < _TOO_LITTLE:
            return await let_go(ports, run)
        if run.unwritten and now - run.began > _SPARE:
            run, going = await commit(ports, run, then=run.step, settled=settled)
            continue
        outcome = await _take(ports, run, left)
        if isinstance(outcome, Wait):
            return await wait(ports, run, outcome)
        run = run.learnt(outcome.facts, outcome.then or run.step)
        leave = for_shopper and outcome.then is Step.CAPTURE
        if outcome.then is None or leave or (run.order.settled and not run.before.settled):
            lease = 0 if leave and ports.gatherings.alone else LEASE_SECONDS
            run, going = await commit(
                ports, run, then=outcome.then, lease=lease, trouble=outcome.trouble, settled=settled
            )
            if leave and going:
                later(ports).leave(ports, run)
                going = False
    return run.order


async def _claim(ports: Ports, order_id: str | None, most: int) -> list[Run]:
    began = ports.clock.monotonic()
    async with ports.db.transaction() as tx:  # nobody turns a saga to another course before its order is read
        rows = await sagas.claim(tx, order_id, LEASE_SECONDS, most)
        orders = await events.load_many(tx, [row["order_id"] for row in rows]) if rows else {}
    return [
        Run.of(
            orders[row["order_id"]],
            Step(row["step"]),
            epoch=row["epoch"],
            attempt=row["attempt"],
            late=row["late"],
            token=row["token"],
            began=began,
        )
        for row in rows
    ]


async def _take(ports: Ports, run: Run, seconds: float) -> Went | Wait:
    """One step's outside call. Whatever is not a plain no may have been done: it is asked again."""
    if run.late and run.step in UNSURE:
        return taking.given_up(run)
    try:
        async with within(ports, seconds):
            return await _STEPS[run.step](ports, run)
    except Refusal as refusal:
        if 400 <= refusal.status < 500 and refusal.status not in _BUSY and refusal.code not in _BUSY_CODES:
            return taking.refused(run, refusal)
        return Wait(f"{refusal.code}: {refusal.detail}"[:300])
    except Exception as error:  # a service of this process that broke has not said no either
        _log.warning("a step failed", exc_info=error, extra={"order": run.order.id, "step": run.step})
        return Wait(f"{type(error).__name__}: {error}"[:300])

"""What runs came to is written in rounds: many sagas at once, each under the epoch of whoever took its steps."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any

from banyan.contracts.orders import OrderConfirmed
from banyan.foundation import deadlines
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.orders.domain.order import RETRIED, Order
from banyan.orders.domain.shown import shown
from banyan.orders.saga.run import Run, Wait
from banyan.orders.saga.steps import LEASE_SECONDS, Step, pause
from banyan.orders.storage import events, rounds
from banyan.orders.storage.rounds import Stride

_log = logging.getLogger(__name__)

Settled = Callable[[Order, dict[str, Any]], tuple[Key, Answer]]
"""What is kept for the shopper, and under which key, in the transaction that settles an order; given as it is shown, too."""


async def commit(
    ports: Ports,
    run: Run,
    *,
    then: Step | None,
    lease: float = LEASE_SECONDS,
    trouble: str | None = None,
    settled: Settled | None = None,
) -> tuple[Run, bool]:
    """Write the facts of a run, and that its saga goes on with `then` (None: it is done). The run as it is then, and
    whether it is still in these hands; `lease` 0 leaves it to others at once.

    Where something else became true meanwhile nothing is written: the run as it is now, its steps to be taken again.
    """
    order, before = run.order, run.before
    news = bool(run.facts)
    as_shown = shown(order) if news else None
    confirmed = any(isinstance(fact, OrderConfirmed) for fact in run.facts)
    stride = Stride(
        before,
        run.epoch,
        run.step,
        None if then is None else lease,
        claimed=then is not None and lease > 0,
        error=trouble,
        facts=run.facts,
        order=order if news else None,
        shown=as_shown,
        mail=confirmed,
        reopen=then is None and order.compensated and order.status in RETRIED,
        kept=settled(order, as_shown) if settled and as_shown and order.settled and not before.settled else None,
    )
    try:
        moved = await _ask(ports, stride)
    except events.VersionTaken:
        return await _read_again(ports, run)
    if not moved:
        _log.info("a saga was taken over", extra={"order": order.id, "step": run.step})
        return replace(run, order=before, facts=()), False
    if news:
        ports.db.wake.ring()
    if confirmed:
        ports.due["mail"].ring()
    if then is not None and lease <= 0:
        ports.due["saga"].ring()
    return run.written(ports.clock.monotonic()), then is not None and lease > 0


async def wait(ports: Ports, run: Run, why: Wait) -> Order:
    """Note that a step is not done and is tried again later; the order as it is known."""
    if why.seconds is not None:  # that is no failure
        return await _leave(ports, run, why.seconds, attempt=run.attempt, error=why.why)
    seconds = pause(run.attempt, ports.ids.fraction())
    return await _leave(ports, run, seconds, attempt=run.attempt + 1, error=why.why)


async def let_go(ports: Ports, run: Run) -> Order:
    """Let others go on at once; the order as it is known."""
    order = await _leave(ports, run, 0.0)
    ports.due["saga"].ring()
    return order


async def _leave(ports: Ports, run: Run, seconds: float, *, attempt: int = 0, error: str | None = None) -> Order:
    order = run.order if run.facts else None
    stride = Stride(
        run.before, run.epoch, run.step, seconds, attempt=attempt, error=error, facts=run.facts, order=order
    )
    try:
        moved = await _ask(ports, stride)
    except events.VersionTaken:  # what these steps came to is found out again by whoever takes them next
        moved = await _ask(ports, replace(stride, facts=(), order=None, step=run.wrote))
        order = None
    if moved and order is not None:
        ports.db.wake.ring()
    return run.order if moved and order is not None else run.before


async def _ask(ports: Ports, stride: Stride) -> bool:
    async with within(ports, deadlines.remaining(30.0)):
        return await ports.together(commit_many, stride)


async def commit_many(ports: Ports, asked: Sequence[Asked[Stride]]) -> list[bool | Exception]:
    """One round: for each stride whether its saga was still held under its epoch, and so whether anything was written.

    VersionTaken, and nothing written, when something else became true of one of them.
    """
    newest = sorted(asked, key=lambda each: each.wish.epoch)
    by_order = {each.wish.before.id: each for each in newest}  # of a saga, only its last epoch can be held
    strides = [replace(each.wish, trace=each.trace) for each in by_order.values()]
    moved = await ports.db.alone(lambda: rounds.move(ports.db, ports.ids, strides))
    return [by_order[each.wish.before.id] is each and each.wish.before.id in moved for each in asked]


async def _read_again(ports: Ports, run: Run) -> tuple[Run, bool]:
    """Take the steps that are not written yet again, with what is known now: each may be asked twice."""
    order = await events.load(ports.db, run.before.id)
    assert order is not None
    return replace(run, before=order, order=order, facts=(), step=run.wrote), True


def within(ports: Ports, seconds: float) -> AbstractAsyncContextManager[None]:
    """Virtual time does not pass while others work, so no real time may end it."""
    return nullcontext() if ports.clock.virtual else deadlines.within(seconds)

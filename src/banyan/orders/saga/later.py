"""Sagas that a shopper need not wait for: the process that has them in its hands goes on with them after it answered."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from banyan.foundation import telemetry
from banyan.foundation.db import Db
from banyan.foundation.service import Ports
from banyan.orders.domain.order import Order
from banyan.orders.saga.run import Run
from banyan.orders.saga.steps import LEASE_SECONDS

_log = logging.getLogger(__name__)
_MOST = 64  # gone on with at once
_MOST_SLOW = 256  # … beside those that wait for somebody slow; more are for whoever finds them when their lease is over
_PATIENCE = 0.25  # seconds for which the others of a batch wait for one that is slow

Follow = Callable[[Ports, Run], Awaitable[Order]]


class Later:
    """Runs in memory, each under its lease: should this process die, others find them when that is over."""

    def __init__(self) -> None:
        self._left: deque[tuple[Run, str]] = deque()  # with the trace of whoever began it
        self._slow = set[asyncio.Future[Order]]()

    def leave(self, ports: Ports, run: Run) -> None:
        self._left.append((run, telemetry.traceparent()))
        ports.due["saga"].ring()

    async def work(self, ports: Ports, follow: Follow) -> bool:
        """Go on with some of them; whether there were any."""
        if not self._left or len(self._slow) >= _MOST_SLOW:
            return False
        taken = [self._left.popleft() for _ in range(min(_MOST, len(self._left)))]
        ours = ports.clock.monotonic() - LEASE_SECONDS  # what was left before that is others' by now
        going = [asyncio.ensure_future(_in(trace, follow(ports, run))) for run, trace in taken if run.began > ours]
        if not going:
            return True
        try:
            done, slow = await asyncio.wait(going, timeout=None if ports.clock.virtual else _PATIENCE)
        except asyncio.CancelledError:
            for each in (*going, *self._slow):
                each.cancel()
            raise
        for each in slow:
            self._slow.add(each)
            each.add_done_callback(self._ended)
        for each in done:
            each.result()
        return True

    def _ended(self, each: "asyncio.Future[Order]") -> None:
        self._slow.discard(each)
        if not each.cancelled() and (error := each.exception()):
            _log.warning("a saga is left to others", extra={"why": f"{type(error).__name__}: {error}"[:300]})


async def _in(trace: str, going: Awaitable[Order]) -> Order:
    telemetry.belong_to(trace)
    return await going


_of: WeakKeyDictionary[Db, Later] = WeakKeyDictionary()


def later(ports: Ports) -> Later:
    """What this process has left for later."""
    known = _of.get(ports.db)
    if known is None:
        known = _of[ports.db] = Later()
    return known

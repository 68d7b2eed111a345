"""The door: in by priority, a short wait for some, and a clear word to the rest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from banyan.gateway.admission.limit import Limit
from banyan.gateway.admission.priority import Priority
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Unavailable

ALLOWED = Gauge("gateway_requests_allowed", "Requests that may run at once", multiprocess_mode="livesum")
RUNNING = Gauge("gateway_requests_running", "Requests that run", multiprocess_mode="livesum")
TURNED_AWAY = Counter("gateway_requests_turned_away_total", "Requests refused for want of room", ["priority"])


@dataclass(frozen=True, slots=True)
class Terms:
    """What a priority is given: its share of the room, places in its line, and how long it may stand there (seconds)."""

    share: float
    places: int
    patience: float


TERMS = {
    Priority.P0: Terms(1.0, 512, 3.0),
    Priority.P1: Terms(0.9, 256, 1.5),
    Priority.P2: Terms(0.75, 128, 0.75),
    Priority.P3: Terms(0.3, 16, 0.25),
}
_SOONEST, _SPREAD = 1.0, 4.0  # seconds until a refused caller may come again: so long, and up to so much more


class Overloaded(Unavailable):
    """There is no room just now. Nothing was done."""

    code = "overloaded"
    title = "Too many want something at this moment; try again in a few seconds"


class Door:
    """Counts who is inside. Waiting is first come, first served within a priority, the higher one always first."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._lines: dict[Priority, deque[asyncio.Future[None]]] = {priority: deque() for priority in Priority}
        self.limit = Limit(clock.monotonic())
        self.running = 0
        self._told = 0

    @asynccontextmanager
    async def inside(self, priority: Priority, kind: str) -> AsyncIterator[None]:
        """Wait for room, then be inside. Overloaded where there is none; `kind` of request, by which times compare."""
        if not self._room(priority) or self._anybody_before(priority):
            await self._wait(priority)
        else:
            self._enter()
        began = self._clock.monotonic()
        try:
            yield
        finally:
            now = self._clock.monotonic()
            self.limit.ended(kind, now - began, now)
            self._leave()

    def waiting(self) -> int:
        return sum(map(len, self._lines.values()))

    async def _wait(self, priority: Priority) -> None:
        terms, line = TERMS[priority], self._lines[priority]
        if len(line) >= terms.places:
            raise self._refused(priority)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(terms.patience):
                await turn
        except TimeoutError:
            if turn.done() and not turn.cancelled():  # let in at the last moment
                return
            raise self._refused(priority) from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise
        finally:
            if turn in line:
                line.remove(turn)

    def _enter(self) -> None:
        self.running += 1
        self.limit.began(self.running)
        RUNNING.set(self.running)
        if self._told != self.limit.allowed:
            self._told = self.limit.allowed
            ALLOWED.set(self._told)

    def _leave(self) -> None:
        """Out, and in with as many as there is room for now."""
        self.running -= 1
        RUNNING.set(self.running)
        for priority, line in self._lines.items():
            while line and self._room(priority):
                turn = line.popleft()
                if not turn.done():  # else its asker has just left
                    self._enter()
                    turn.set_result(None)

    def _room(self, priority: Priority) -> bool:
        return self.running < self.limit.allowed * TERMS[priority].share

    def _anybody_before(self, priority: Priority) -> bool:
        return any(self._lines[each] for each in Priority if each <= priority)

    def _refused(self, priority: Priority) -> Overloaded:
        TURNED_AWAY.labels(priority.name).inc()
        return Overloaded(retry_after=_SOONEST + _SPREAD * self._ids.fraction())

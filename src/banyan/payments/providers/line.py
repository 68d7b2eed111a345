"""The guarded line to one provider: few at once, each for so long, and none while it seems to be away.

Each operation has a breaker of its own: a provider whose refunds fail goes on taking payments. What a breaker or a full
line keeps back was never sent, and is NotAsked: definitely not done.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Literal, TypeVar

from prometheus_client import Counter, Gauge

from banyan.foundation import deadlines
from banyan.foundation.egress import NotSent
from banyan.foundation.service import Ports
from banyan.kernel.refusals import DeadlinePassed, Unavailable
from banyan.payments.providers import NotAsked, Rejected, Unclear

T = TypeVar("T")
Question = Literal["authorize", "capture", "void", "refund", "look_up", "vault"]
QUESTIONS: tuple[Question, ...] = ("authorize", "capture", "void", "refund", "look_up", "vault")
SECONDS: dict[Question, float] = {  # how long one question may take, its wait for a free line included
    "authorize": 3.0,
    "capture": 3.0,
    "void": 3.0,
    "refund": 3.0,
    "look_up": 2.0,  # it moves nothing, and is asked again soon
    "vault": 3.0,
}
LONGEST = max(SECONDS.values())
MARGIN = 0.5  # seconds of the caller's deadline kept for writing down what was answered
AT_ONCE = 32  # questions on one provider's line; the others wait …
WAITING = 128  # … as long as they are no more than these
FAILURES = 10  # without a clear answer, one after another, before the breaker opens
REST = 1.0  # seconds, doubled with each probe that fails, to LONGEST_REST
LONGEST_REST = 15.0

BREAKER = Gauge(
    "banyan_provider_breaker",
    "Whether a payment provider is asked: 0 closed, 1 half-open (one probe), 2 open (not asked)",
    ["provider", "operation"],
    multiprocess_mode="livemax",
)
ASKED = Counter(
    "banyan_provider_questions_total",
    "Questions to a payment provider, by how they ended",
    ["provider", "operation", "end"],
)


class State(IntEnum):
    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Whether one operation of a provider is asked for at all."""

    def __init__(self) -> None:
        self._failures = 0
        self._rest = REST
        self._rests_until = float("-inf")
        self._probing = False

    def state(self, now: float) -> State:
        if self._failures < FAILURES:
            return State.CLOSED
        return State.OPEN if now < self._rests_until else State.HALF_OPEN

    def lets_in(self, now: float) -> bool:
        """Whether a question would go through now; while a probe is under way none does."""
        state = self.state(now)
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._probing)

    def enter(self, now: float) -> State:
        """How a question goes through now: CLOSED as ever, HALF_OPEN as the one probe after a rest, OPEN not at all."""
        state = self.state(now)
        if not self.lets_in(now):
            return State.OPEN
        self._probing = state is State.HALF_OPEN
        return state

    def answered(self) -> None:
        self._failures, self._rest, self._probing = 0, REST, False

    def failed(self, now: float, *, probe: bool) -> None:
        self._failures += 1
        if probe:
            self._probing = False
            self._rest = min(LONGEST_REST, 2 * self._rest)
        if probe or self._failures == FAILURES:
            self._rests_until = now + self._rest

    def told_nothing(self, *, probe: bool) -> None:
        """The provider was not asked in the end, or who asked went away: another may probe."""
        if probe:
            self._probing = False


class Line:
    """The way to one provider: a bulkhead, a time limit for each question, a breaker for each operation."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._free = asyncio.Semaphore(AT_ONCE)
        self._inside = 0  # under way and waiting
        self._breakers: dict[Question, Breaker] = {each: Breaker() for each in QUESTIONS}

    @property
    def under_way(self) -> int:
        return self._inside

    def states(self, now: float) -> dict[Question, State]:
        return {each: breaker.state(now) for each, breaker in self._breakers.items()}

    def lets_in(self, kind: Question, now: float) -> bool:
        return self._breakers[kind].lets_in(now)

    async def ask(self, ports: Ports, kind: Question, question: Callable[[], Awaitable[T]]) -> T:
        """The answer. Rejected where the provider will not; Unclear when there was no answer in time; NotAsked, which is
        Unclear too, when it certainly was not asked.
        """
        breaker, monotonic = self._breakers[kind], ports.clock.monotonic
        if self._inside >= AT_ONCE + WAITING:
            raise self._kept_back(kind, "too many wait for this provider")
        entered = breaker.enter(monotonic())
        if entered is State.OPEN:
            raise self._kept_back(kind, "the provider does not answer just now")
        probe, sent, told = entered is State.HALF_OPEN, False, False
        self._inside += 1
        try:
            async with deadlines.within(min(SECONDS[kind], deadlines.remaining() - MARGIN)), self._free:
                sent = True
                answer = await question()
            told = True
            breaker.answered()
        except Rejected:
            told = True
            breaker.answered()
            self._count(kind, "rejected")
            raise
        except (Unclear, Unavailable, DeadlinePassed) as error:
            if not sent:  # this line was full, or the caller's time over: that says nothing of the provider
                raise self._kept_back(kind, "no line to this provider was free in time") from error
            told = True
            breaker.failed(monotonic(), probe=probe)
            untouched = isinstance(error, NotAsked | NotSent)
            self._count(kind, "not_asked" if untouched else "unclear")
            raise (NotAsked if untouched else Unclear)(str(error)) from error
        finally:
            self._inside -= 1
            if not told:
                breaker.told_nothing(probe=probe)
            BREAKER.labels(self._provider, kind).set(breaker.state(monotonic()))
        self._count(kind, "answered")
        return answer

    def _kept_back(self, kind: Question, why: str) -> NotAsked:
        self._count(kind, "not_asked")
        return NotAsked(why)

    def _count(self, kind: Question, end: str) -> None:
        ASKED.labels(self._provider, kind, end).inc()

"""How long the present request may still take; carried through every call and into the database's statement_timeout."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from banyan.kernel.clock import Clock
from banyan.kernel.refusals import DeadlinePassed

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)  # event-loop time, seconds


def remaining(default: float = 10.0) -> float:
    """Seconds left, `default` where no deadline is set. DeadlinePassed when there are none."""
    ends = _ends.get()
    if ends is None:
        return default
    left = ends - asyncio.get_running_loop().time()
    if left <= 0:
        raise DeadlinePassed
    return left


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """End what runs inside after `seconds`, or at the deadline already set if that is sooner, as DeadlinePassed."""
    ends = asyncio.get_running_loop().time() + seconds
    outer = _ends.get()
    token = _ends.set(ends if outer is None else min(ends, outer))
    try:
        async with asyncio.timeout_at(_ends.get()):
            yield
    except TimeoutError:
        raise DeadlinePassed from None
    finally:
        _ends.reset(token)


def at(seconds_left: float) -> None:
    """Set the deadline of the present task without a timer: for callers that end by themselves."""
    _ends.set(asyncio.get_running_loop().time() + seconds_left)


def forget() -> None:
    """Work started here outlives the request that started it."""
    _ends.set(None)


def header(clock: Clock) -> str:
    """The deadline as other processes read it: unix seconds."""
    return f"{clock.now().timestamp() + remaining():.3f}"


def from_header(value: str, clock: Clock, longest: float) -> float:
    """Seconds left by a header; `longest` where it cannot be read or asks for more."""
    try:
        left = float(value) - clock.now().timestamp()
    except ValueError:
        return longest
    return min(left, longest) if left == left else longest  # NaN is nobody's deadline

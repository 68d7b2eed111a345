"""How long the present request may still take; carried through every call and into the database's statement_timeout."""

import asyncio
from contextvars import ContextVar
from types import TracebackType

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


class within:  # noqa: N801 - it is used as a function is, and costs half of what contextlib's would
    """End what runs inside after `seconds`, or at the deadline already set if that is sooner, as DeadlinePassed."""

    __slots__ = ("_ends", "_timeout", "_token")

    def __init__(self, seconds: float) -> None:
        ends, outer = asyncio.get_running_loop().time() + seconds, _ends.get()
        self._ends = ends if outer is None else min(ends, outer)

    async def __aenter__(self) -> None:
        self._token = _ends.set(self._ends)
        self._timeout = asyncio.timeout_at(self._ends)
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise DeadlinePassed from None
        finally:
            _ends.reset(self._token)


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

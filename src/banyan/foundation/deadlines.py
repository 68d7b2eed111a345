"""How long the present request may still take; carried through every call and into the database's statement_timeout."""

import asyncio
from contextvars import ContextVar, Token
from types import TracebackType
from weakref import WeakKeyDictionary

from banyan.kernel.clock import Clock
from banyan.kernel.refusals import DeadlinePassed

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)  # event-loop time, seconds
_EXACT = 1.0  # seconds: nearer deadlines have a timer of their own
_tenths: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, "_Tenth"]] = WeakKeyDictionary()


def remaining(default: float = 10.0) -> float:
    """Seconds left, `default` where no deadline is set. DeadlinePassed when there are none."""
    ends = _ends.get()
    if ends is None:
        return default
    left = ends - asyncio.get_running_loop().time()
    if left <= 0:
        raise DeadlinePassed
    return left


class _Tenth:
    """Deadlines of one event loop that end in the same tenth of a second, with one timer for all of them."""

    __slots__ = ("ending",)

    def __init__(self) -> None:
        self.ending = set["within"]()

    def end(self, known: dict[int, "_Tenth"], number: int) -> None:
        del known[number]
        for each in self.ending:
            each.end()


def _tenth(loop: asyncio.AbstractEventLoop, ends: float) -> _Tenth:
    known = _tenths.get(loop)
    if known is None:
        known = _tenths[loop] = {}
    number = int(ends * 10) + 1
    tenth = known.get(number)
    if tenth is None:
        tenth = known[number] = _Tenth()
        loop.call_at(number / 10, tenth.end, known, number)
    return tenth


class within:  # noqa: N801 - it is used as a function is, and costs half of what contextlib's would
    """End what runs inside after `seconds`, or at the deadline already set if that is sooner, as DeadlinePassed.

    A deadline a second away or further ends up to a tenth of a second late: a request has a dozen, and a timer for each
    costs more than all else about them.
    """

    __slots__ = ("_cancels", "_ends", "_over", "_task", "_tenth", "_timer", "_token")

    def __init__(self, seconds: float) -> None:
        ends, outer = asyncio.get_running_loop().time() + seconds, _ends.get()
        self._ends = ends if outer is None else min(ends, outer)

    async def __aenter__(self) -> None:
        self._token: Token[float | None] = _ends.set(self._ends)
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancels, self._over = task, task.cancelling(), False
        loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tenth: _Tenth | None = None
        if self._ends - loop.time() < _EXACT:
            self._timer = loop.call_at(self._ends, self.end)
        else:
            self._tenth = _tenth(loop, self._ends)
            self._tenth.ending.add(self)

    def end(self) -> None:
        """The time has come."""
        self._over = True
        self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tenth is not None:
            self._tenth.ending.discard(self)
        elif self._timer is not None:
            self._timer.cancel()
        _ends.reset(self._token)
        # Somebody else's cancellation stays one, even if the time has come, too (as asyncio.timeout does it).
        ours = self._over and self._task.uncancel() <= self._cancels
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise DeadlinePassed from None


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

"""Work that is asked for one by one and done by many: whoever comes while a round runs goes with the next one.

Who asks alone is served at once. Where the round before had company and the process has its hands full, the next waits five
milliseconds for more, as commit_delay and commit_siblings do in PostgreSQL: work is then cheaper, and done sooner for it.
A process with time to spare waits for nobody: there is nothing to save. What is shared is the work's fixed cost (round
trips, locks, the commit), never its outcome: each asker has an answer, or a refusal, of their own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from banyan.foundation import deadlines, telemetry
from banyan.kernel.refusals import Refusal, Unavailable

Wish = TypeVar("Wish")
Told = TypeVar("Told")
MOST = 64  # in one round
PAUSE = 0.005  # seconds that a round waits for company, where …
COMPANY = 3  # … so many went with the one before, and …
BUSY = 0.0007  # … it takes so many seconds until all that the process could do at once is done


@dataclass(frozen=True, slots=True)
class Asked(Generic[Wish]):
    """One wish of a round, and the trace of the request it belongs to (W3C traceparent; empty for none)."""

    wish: Wish
    trace: str = ""


Work = Callable[[Sequence[Asked[Wish]]], Awaitable[Sequence[Told | Exception]]]
"""Answers each wish, in the order of the wishes; an exception is raised to that one asker alone."""


class Gathering(Generic[Wish, Told]):
    """Rounds of `work`. At most `rounds` run at the same time, each of at most `most` wishes; `pause`: seconds that one
    waits for company that it is likely to have."""

    def __init__(self, work: Work[Wish, Told], *, most: int = MOST, rounds: int = 1, pause: float = PAUSE) -> None:
        self._work = work
        self._most = most
        self._rounds = rounds
        self._pause = pause
        self._last = 0  # how many went with the last round
        self._waiting: deque[tuple[Asked[Wish], asyncio.Future[Told]]] = deque()
        self._running = set[asyncio.Task[None]]()

    async def __call__(self, wish: Wish) -> Told:
        """The answer to this wish. An asker who gives up (deadline, cancelled) does not undo what the round does."""
        answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((Asked(wish, telemetry.traceparent()), answer))
        if len(self._running) < self._rounds:
            self._running.add(asyncio.create_task(self._run()))
        return await answer

    async def close(self) -> None:
        """Stop. Who still waits is told that nothing is known."""
        for running in list(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        while self._waiting:
            _tell(self._waiting.popleft()[1], Unavailable("this process is stopping", retry_after=1))

    async def _run(self) -> None:
        deadlines.forget()  # it is for all who wait, not for the first
        try:
            if self._last >= COMPANY and await _busy():
                await asyncio.sleep(self._pause)
            while self._waiting:
                self._last = count = min(self._most, len(self._waiting))
                await self._round([self._waiting.popleft() for _ in range(count)])
        finally:  # at once: who was just answered may ask again before a callback of this task is called
            if me := asyncio.current_task():
                self._running.discard(me)

    async def _round(self, asked: "list[tuple[Asked[Wish], asyncio.Future[Told]]]") -> None:
        asked = [each for each in asked if not each[1].done()]  # who has gone by now need not be served
        if not asked:
            return
        try:
            told: Sequence[Told | Exception] = await self._work([each for each, _ in asked])
        except asyncio.CancelledError:
            for _, answer in asked:
                _tell(answer, Unavailable("this process is stopping", retry_after=1))
            raise
        except Refusal as refusal:
            told = [refusal] * len(asked)
        except Exception as error:
            if len(asked) > 1:  # one of them is at fault: let it not be the others' loss
                for each in asked:
                    await self._round([each])
                return
            told = [error]
        for (_, answer), each_told in zip(asked, told, strict=True):
            _tell(answer, each_told)


async def _busy() -> bool:
    """Whether others have to do before this task goes on."""
    time = asyncio.get_running_loop().time
    began = time()
    await asyncio.sleep(0)
    return time() - began > BUSY


def _tell(answer: "asyncio.Future[Told]", told: Told | Exception) -> None:
    if answer.done():
        return
    if isinstance(told, Exception):
        answer.set_exception(told)
    else:
        answer.set_result(told)


class Gatherings:
    """The gatherings of one service in one process, by the work they do."""

    def __init__(self, *, alone: bool = False) -> None:
        """`alone`: every wish is a round of its own, in its asker's task (for a simulator that orders tasks itself)."""
        self.alone = alone
        self._made: dict[Callable[..., Any], Gathering[Any, Any]] = {}

    def of(self, work: Callable[..., Any], bound: Callable[[], Work[Any, Any]]) -> Gathering[Any, Any]:
        """The gathering of this work, made when it is first asked for."""
        made = self._made.get(work)
        if made is None:
            made = self._made[work] = Gathering(bound())
        return made

    async def close(self) -> None:
        for made in self._made.values():
            await made.close()

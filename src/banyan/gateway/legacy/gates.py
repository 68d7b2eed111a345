"""Writes on their way: counted while they run, and held in a bounded queue while their group changes hands."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from banyan.foundation.wake import Wake
from banyan.kernel.refusals import Moving


class Gates:
    """One gate for each group's writes.

    A write that finds its gate closed waits, `seconds` at most and `places` of them at most in this worker; beyond
    either it is refused as Moving and nothing of it has been sent.
    """

    def __init__(self, closed: Callable[[str], bool], *, places: int = 1000, seconds: float = 5.0) -> None:
        self._closed = closed
        self._places = places
        self._seconds = seconds
        self._news = asyncio.Event()
        self.drained = Wake()  # rung when the last write of a closed gate has been answered
        self.in_flight: Counter[str] = Counter()
        self._under_way: dict[object, tuple[str, float]] = {}  # in the order in which they began
        self._slowest: dict[str, float] = {}  # of those answered since the last report
        self.waiting = 0
        self.longest_wait = 0.0

    @asynccontextmanager
    async def through(self, group: str) -> AsyncIterator[bool]:
        """Wait until the gate is open; what runs inside counts as in flight. It is told whether it had to wait."""
        held = self._closed(group)
        if held:
            await self._wait(group)
        self.in_flight[group] += 1
        this, began = object(), self._now()
        self._under_way[this] = (group, began)
        try:
            yield held
        finally:
            del self._under_way[this]
            self._slowest[group] = max(self._slowest.get(group, 0.0), self._now() - began)
            self.in_flight[group] -= 1
            if not self.in_flight[group] and self._closed(group):
                self.drained.ring()

    def slowest(self) -> dict[str, float]:
        """Group → seconds that the slowest of its writes took since this was last asked, or is under way already."""
        found, self._slowest, now = self._slowest, {}, self._now()
        for group, began in self._under_way.values():
            found[group] = max(found.get(group, 0.0), now - began)
        return found

    def look_again(self) -> None:
        """Something changed: who waits looks whether its gate is open now."""
        self._news.set()
        self._news = asyncio.Event()

    async def _wait(self, group: str) -> None:
        if self.waiting >= self._places:
            raise _not_now()
        self.waiting += 1
        began = self._now()
        try:
            async with asyncio.timeout(self._seconds):
                while self._closed(group):
                    await self._news.wait()
        except TimeoutError:
            raise _not_now() from None
        finally:
            self.waiting -= 1
            self.longest_wait = max(self.longest_wait, self._now() - began)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _not_now() -> Moving:
    return Moving("the shop is just moving house; nothing was done, try again", retry_after=1)

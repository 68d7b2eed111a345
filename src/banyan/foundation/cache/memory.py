"""The cache in this process's memory: least recently used goes first, bounded in bytes."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass

from banyan.kernel.clock import Clock

MAX_BYTES = 32 * 1024 * 1024
MAX_COUNTERS = 100_000


@dataclass(frozen=True, slots=True)
class _Kept:
    value: bytes
    until: float
    tags: tuple[str, ...]


class MemoryCache:
    """For one process: others see nothing of it."""

    def __init__(self, clock: Clock, max_bytes: int = MAX_BYTES) -> None:
        self._clock = clock
        self._max = max_bytes
        self._size = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._tagged: defaultdict[str, set[str]] = defaultdict(set)
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock.monotonic():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return kept.value

    async def put(self, key: str, value: bytes, *, seconds: float, tags: tuple[str, ...] = ()) -> None:
        self._forget(key)
        if len(value) > self._max // 8:
            return
        self._kept[key] = _Kept(value, self._clock.monotonic() + seconds, tags)
        self._size += len(value) + len(key)
        for tag in tags:
            self._tagged[tag].add(key)
        while self._size > self._max:
            self._forget(next(iter(self._kept)))

    async def drop(self, *tags: str) -> None:
        for tag in tags:
            for key in list(self._tagged.get(tag, ())):
                self._forget(key)

    async def count(self, key: str, *, window: float, cost: int = 1) -> tuple[int, float]:
        now = self._clock.monotonic()
        seen, until = self._counters.get(key, (0, 0.0))
        if until <= now:
            seen, until = 0, now + window
        self._counters[key] = (seen + cost, until)
        self._counters.move_to_end(key)
        if len(self._counters) > MAX_COUNTERS:
            self._counters.popitem(last=False)
        return seen + cost, until - now

    async def clear(self) -> None:
        self._kept.clear()
        self._tagged.clear()
        self._counters.clear()
        self._size = 0

    async def close(self) -> None:
        await self.clear()

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self._size -= len(kept.value) + len(key)
        for tag in kept.tags:
            keys = self._tagged[tag]
            keys.discard(key)
            if not keys:
                del self._tagged[tag]

"""The cache in this process's memory: least recently used goes first, bounded in bytes."""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banyan.foundation.cache import EVERYTHING, LONGEST, Found
from banyan.kernel.clock import Clock

MAX_BYTES = 32 * 1024 * 1024
MAX_COUNTERS = 100_000
MAX_DROPS = 10_000  # remembered for who puts what was made before


@dataclass(frozen=True, slots=True)
class _Kept:
    value: bytes
    until: float
    tags: tuple[str, ...]
    version: str = ""


class MemoryCache:
    """For one process: others see nothing of it."""

    shared = False

    def __init__(self, clock: Clock, max_bytes: int = MAX_BYTES) -> None:
        self._clock = clock
        self._max = max_bytes
        self._size = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._tagged: defaultdict[str, set[str]] = defaultdict(set)
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._drops = 0
        self._dropped: OrderedDict[str, int] = OrderedDict()  # by tag: the number of its last drop
        self._forgotten = 0  # the last drop of those no longer remembered

    async def get(self, key: str) -> bytes | None:
        kept = self._find(key)
        return kept.value if kept else None

    async def look(self, key: str) -> Found:
        kept = self._find(key)
        left = kept.until - self._clock.monotonic() if kept else 0.0
        return Found(kept.value if kept else None, left, str(self._drops))

    async def put(
        self, key: str, value: bytes, *, seconds: float, tags: tuple[str, ...] = (), since: str | None = None
    ) -> None:
        if since is not None and (not since or self._dropped_after(int(since), tags)):
            return
        self._keep(key, value, min(seconds, LONGEST) if tags else seconds, tags=(*tags, EVERYTHING) if tags else ())

    async def drop(self, *tags: str) -> None:
        self._drops += 1
        for tag in tags:
            self._dropped[tag] = self._drops
            self._dropped.move_to_end(tag)
            for key in list(self._tagged.get(tag, ())):
                self._forget(key)
        while len(self._dropped) > MAX_DROPS:
            _, self._forgotten = self._dropped.popitem(last=False)

    async def get_newest(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: kept.value for key in keys if (kept := self._find(f"newest:{key}"))}

    async def put_newest(self, values: Mapping[str, bytes], *, version: str, seconds: float) -> None:
        for key, value in values.items():
            kept = self._find(f"newest:{key}")
            if kept is None or kept.version < version:
                self._keep(f"newest:{key}", value, seconds, version=version)

    async def count(self, key: str, *, window: float, cost: int = 1, surely: bool = False) -> tuple[int, float]:
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
        self._drops += 1
        self._forgotten = self._drops
        self._kept.clear()
        self._tagged.clear()
        self._counters.clear()
        self._dropped.clear()
        self._size = 0

    async def close(self) -> None:
        await self.clear()

    def _find(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock.monotonic():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def _dropped_after(self, since: int, tags: tuple[str, ...]) -> bool:
        last = max(self._dropped.get(tag, 0) for tag in (*tags, EVERYTHING))
        return bool(tags) and max(last, self._forgotten) > since

    def _keep(self, key: str, value: bytes, seconds: float, *, tags: tuple[str, ...] = (), version: str = "") -> None:
        self._forget(key)
        if len(value) > self._max // 8:
            return
        self._kept[key] = _Kept(value, self._clock.monotonic() + seconds, tags, version)
        self._size += len(value) + len(key)
        for tag in tags:
            self._tagged[tag].add(key)
        while self._size > self._max:
            self._forget(next(iter(self._kept)))

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

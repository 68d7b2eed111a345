"""The cache, as a promise: values that may vanish at any time, and counters for limits. No invariant rests on it."""

from typing import Protocol


class Cache(Protocol):
    """Bytes by key, for a while; counters by key, per window of time."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, *, seconds: float, tags: tuple[str, ...] = ()) -> None:
        """Keep a value for at most `seconds`. `tags` name what it was made of, so that it can be dropped by it."""
        ...

    async def drop(self, *tags: str) -> None:
        """Forget every value made of one of these."""
        ...

    async def count(self, key: str, *, window: float, cost: int = 1) -> tuple[int, float]:
        """Add `cost` to a counter that starts anew every `window` seconds: (the count now, seconds until it starts anew)."""
        ...

    async def clear(self) -> None: ...

    async def close(self) -> None: ...

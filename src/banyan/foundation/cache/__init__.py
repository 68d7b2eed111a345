"""The cache, as a promise: values that may vanish at any time, and counters for limits. No invariant rests on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

EVERYTHING = "*"  # a tag that every value with tags has, too
LONGEST = 600.0  # seconds that a value with tags is kept, at most


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into the cache gave. `since` names this moment for `put`; empty: nobody knows, nothing can be kept."""

    value: bytes | None
    seconds: float  # for which the value may still be kept
    since: str


class Cache(Protocol):
    """Bytes by key, for a while; counters by key, per window of time."""

    @property
    def shared(self) -> bool:
        """Whether other processes see the same."""
        ...

    async def get(self, key: str) -> bytes | None: ...

    async def look(self, key: str) -> Found:
        """The value, for how long, and the moment: what is made from now on may be put `since` it."""
        ...

    async def put(
        self, key: str, value: bytes, *, seconds: float, tags: tuple[str, ...] = (), since: str | None = None
    ) -> None:
        """Keep a value for at most `seconds`. `tags` name what it was made of, so that it can be dropped by it.

        `since`: it is not kept when one of them was dropped after that moment, by whomever.
        """
        ...

    async def drop(self, *tags: str) -> None:
        """Forget every value made of one of these. Whoever looks in this process from the call on gets none of them."""
        ...

    async def get_newest(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What `put_newest` kept of these."""
        ...

    async def put_newest(self, values: Mapping[str, bytes], *, version: str, seconds: float) -> None:
        """Keep each of these unless a newer one is there: whose version, as text, is not below this one."""
        ...

    async def count(self, key: str, *, window: float, cost: int = 1, surely: bool = False) -> tuple[int, float]:
        """Add `cost` to a counter that starts anew every `window` seconds: (the count now, seconds until it starts anew).

        Where nobody counts for all processes each counts for itself, or with `surely` raises Unavailable.
        """
        ...

    async def clear(self) -> None:
        """Forget everything of this shop."""
        ...

    async def close(self) -> None: ...

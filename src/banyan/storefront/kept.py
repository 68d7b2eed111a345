"""A value all visitors share: asked for every few seconds by one of them, and the last one kept while nobody answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Refusal

T = TypeVar("T")


class Kept(Generic[T]):
    def __init__(self, load: Callable[[], Awaitable[T]], empty: T, clock: Clock, *, seconds: float) -> None:
        self._load = load
        self._value = self._empty = empty
        self._clock = clock
        self._seconds = seconds
        self._until = clock.monotonic()
        self._loading = asyncio.Lock()

    async def get(self) -> T:
        """The value of the last seconds. While one asks, the others go on with the value before."""
        if self._fresh() or (self._loading.locked() and self._value is not self._empty):
            return self._value
        async with self._loading:
            if not self._fresh():
                try:
                    self._value = await self._load()
                except Refusal:
                    self._until = self._clock.monotonic() + 1.0
                else:
                    self._until = self._clock.monotonic() + self._seconds
        return self._value

    def _fresh(self) -> bool:
        return self._clock.monotonic() < self._until

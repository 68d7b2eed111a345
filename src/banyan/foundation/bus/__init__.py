"""The bus, as a promise: at least once, in order per key, to one member of a group or to everyone who follows.

Backends are chosen by URL (choose.py); nobody imports them.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from banyan.foundation.envelope import Envelope
from banyan.foundation.wake import Wake

Take = Callable[[Sequence[Envelope]], Awaitable[None]]


class OtherBus(Exception):
    """What was asked for belongs to another bus than this one: a place, or a service's facts."""


class Bus(Protocol):
    """Facts of all services, by topic (one per owner)."""

    name: str
    """Tells this bus from another that the shop may be moved to, and holds no secret."""

    async def publish(self, batch: Sequence[Envelope]) -> None:
        """Keep these durably, in this order. When it returns they will be delivered. May be called again with the same."""
        ...

    async def deliver(self, group: str, topics: frozenset[str], take: Take) -> int:
        """Hand the group's next batch to `take` and move the group on when it returns; how many facts that were.

        0: nothing new, or another member of the group holds the lease. What `take` raises leaves the group where it was.
        """
        ...

    async def follow(self, topics: frozenset[str], after: str | None, take: Take) -> str:
        """Hand over what came after a position (None: from now on) to this follower alone; the position reached.

        OtherBus when the position was not taken on this bus.
        """
        ...

    def knows(self, position: str) -> bool:
        """Whether a position was taken on this bus: one that was kept while the shop moved to another was not."""
        ...

    def bell(self, topics: frozenset[str]) -> Wake:
        """A bell of one's own, rung when something may have been published on one of these topics, or was left by a look."""
        ...

    async def lag(self, group: str, topics: frozenset[str]) -> int:
        """How many facts the group has not been handed yet."""
        ...

    async def forget_old(self, days: int = 7) -> int: ...

    async def close(self) -> None: ...

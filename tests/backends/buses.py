"""What the suites of the bus share: facts to tell, somebody who hears them, a member that is killed."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from banyan.foundation import choose
from banyan.foundation.bus import Bus, Take
from banyan.foundation.envelope import Envelope

TOPIC = frozenset({"toy"})
OpenBus = Callable[[], Awaitable[Bus]]

_HOLDS = """
import asyncio, sys
from banyan.foundation import choose

async def take(batch):
    print(len(batch), flush=True)
    await asyncio.sleep(600)

async def main():
    bus = await choose.bus(sys.argv[1])
    while True:
        await bus.deliver("group", frozenset({"toy"}), take)

asyncio.run(main())
"""


def fact(number: int, key: str = "key", owner: str = "toy") -> Envelope:
    return Envelope(f"evt_{owner}_{key}_{number}", f"{owner}.Told", key, datetime.now(UTC), {"number": number})


def facts(numbers: Iterable[int], key: str = "key", owner: str = "toy") -> list[Envelope]:
    return [fact(number, key, owner) for number in numbers]


@dataclass
class Heard:
    """Keeps what it takes, in the order it came."""

    all: list[Envelope] = field(default_factory=list)

    async def take(self, batch: Sequence[Envelope]) -> None:
        self.all.extend(batch)

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.all]

    def by_key(self) -> dict[str, list[int]]:
        """What was heard of each key, repetitions left out."""
        found = defaultdict[str, dict[int, None]](dict)
        for each in self.all:
            found[each.key].setdefault(each.data["number"])
        return {key: list(numbers) for key, numbers in found.items()}

    async def until(self, bus: Bus, count: int, group: str = "group", seconds: float = 30) -> None:
        """Deliver until so many different facts were heard."""
        async with asyncio.timeout(seconds):
            while len(set(self.ids)) < count:
                await bus.deliver(group, TOPIC, self.take)

    async def follow(self, bus: Bus, place: str, count: int) -> str:
        """Follow until so many different facts were heard; the place reached."""
        async with asyncio.timeout(30):
            while len(set(self.ids)) < count:
                place = await bus.follow(TOPIC, place, self.take)
        return place


class Taking(Exception):
    """What a `take` raises here."""


async def failing(_: Sequence[Envelope]) -> None:
    raise Taking


async def until_empty(bus: Bus, group: str, take: Take = failing) -> None:
    """Deliver until the group was given everything."""
    async with asyncio.timeout(30):
        while True:
            await bus.deliver(group, TOPIC, take)
            if not await bus.lag(group, TOPIC):
                return


async def holding(url: str) -> "asyncio.subprocess.Process":
    """Another process, a member of "group", that has taken a batch and never gives it back."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _HOLDS, url, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), 30)
    return process


async def opened(url: str, made: list[Bus]) -> Bus:
    bus = await choose.bus(url)
    made.append(bus)
    return bus

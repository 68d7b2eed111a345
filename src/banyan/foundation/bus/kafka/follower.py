"""A reader of all partitions that belongs to no group: it goes on from a place it is told, and looks ahead by one haul."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import merge

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from banyan.foundation.bus.kafka.address import Address
from banyan.foundation.bus.kafka.cluster import Cluster, answering
from banyan.foundation.bus.kafka.member import BATCH, consumer_of, stop
from banyan.foundation.bus.kafka.place import Place, same
from banyan.kernel.refusals import Unavailable

_AHEAD = 2  # hauls kept: the last one handed over, which may be asked for again, and the next
_FETCH = 2.0  # seconds in which what is there is fetched; the next look goes on waiting
_POLL_MS = 1000


@dataclass(frozen=True, slots=True)
class Haul:
    start: Place
    records: list[ConsumerRecord]
    end: Place


class Follower:
    """Reads on from one place; several that are at the same place share it. `fetched`: called when there is more."""

    def __init__(self, address: Address, cluster: Cluster, owners: frozenset[str], fetched: Callable[[], None]) -> None:
        self.owners = owners
        self.used = 0.0  # on the loop's clock
        self._address, self._cluster = address, cluster
        self._consumer = consumer_of(address, None)
        self._fetched = fetched
        self._hauls: deque[Haul] = deque()
        self._end: Mapping[TopicPartition, int] = {}
        self._failed: Exception | None = None
        self._there, self._room = asyncio.Event(), asyncio.Event()
        self._fetching: asyncio.Task[None] | None = None

    async def start(self, place: Place) -> None:
        """Go on from there. What it says nothing of is read from its beginning."""
        try:
            partitions = await self._cluster.partitions(self.owners)
            async with answering(self._address):
                await self._consumer.start()
                self._read({each: place.get(each, 0) for each in partitions})
        except BaseException:
            await stop(self._consumer)
            raise
        self._fetching = asyncio.create_task(self._fetch(), name="kafka follow")

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await stop(self._consumer)

    @property
    def failed(self) -> bool:
        return self._failed is not None

    def can_go_on_from(self, place: Place) -> bool:
        return same(place, self._end) or any(same(place, haul.start) for haul in self._hauls)

    async def after(self, place: Place) -> Haul:
        """What comes next there; a haul of nothing when that is nothing. Unavailable when the cluster does not answer."""
        while self._hauls and not same(place, self._hauls[0].start):
            self._hauls.popleft()
            self._room.set()
        if not self._hauls:
            await self._look(place)
        if self._failed is not None:
            raise Unavailable(f"the bus does not answer: {type(self._failed).__name__} from {self._address}")
        if self._hauls and same(place, self._hauls[0].start):
            return self._hauls[0]
        return Haul(place, [], self._end if not self._hauls else place)

    async def _look(self, place: Place) -> None:
        """Wait for what is there already, if there is anything."""
        self._there.clear()
        ends = await self._cluster.ends(await self._cluster.partitions(self.owners))
        if all(place.get(each, 0) >= end for each, end in ends.items()):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FETCH):
                if not self._hauls and self._failed is None:
                    await self._there.wait()
                return
        # Fetched, and nothing came: what lay there is kept no more, and the driver has gone on behind it.
        reached = {each: await self._consumer.position(each) for each in self._end}
        if not self._hauls:
            self._end = reached

    async def _fetch(self) -> None:
        try:
            while True:
                found = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=BATCH)
                if found:
                    end = {**self._end, **{each: records[-1].offset + 1 for each, records in found.items()}}
                    records = list(merge(*found.values(), key=lambda each: each.timestamp))
                    self._hauls.append(Haul(self._end, records, end))
                    self._end = end
                    self._there.set()
                    self._fetched()
                while len(self._hauls) >= _AHEAD:
                    self._room.clear()
                    await self._room.wait()
                self._notice_new()
        except (KafkaError, OSError, AssertionError) as error:
            self._failed = error
            self._there.set()
            self._fetched()

    def _notice_new(self) -> None:
        """Topics may have been given more partitions."""
        known = {
            TopicPartition(topic, number)
            for topic in {each.topic for each in self._end}
            for number in self._consumer.partitions_for_topic(topic) or ()
        }
        if new := known - self._end.keys():
            self._read({**self._end, **dict.fromkeys(new, 0)})

    def _read(self, place: Mapping[TopicPartition, int]) -> None:
        self._consumer.assign(list(place))
        for each, offset in place.items():
            self._consumer.seek(each, offset)
        self._end = place

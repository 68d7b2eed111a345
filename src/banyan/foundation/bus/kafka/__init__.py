"""The bus as Kafka topics: one per owner, the key chooses the partition, a group shares partitions among its members.

What is promised by `banyan.foundation.bus` and no more: at least once, in order per key. Kafka keeps a fact for as long
as the topic says (a week); the outbox of its service is the record.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from weakref import WeakKeyDictionary

from aiokafka.structs import ConsumerRecord

from banyan.foundation import telemetry
from banyan.foundation.bus import Take
from banyan.foundation.bus.kafka import address, place, record
from banyan.foundation.bus.kafka.address import Address
from banyan.foundation.bus.kafka.cluster import Cluster
from banyan.foundation.bus.kafka.follower import Follower
from banyan.foundation.bus.kafka.member import Member
from banyan.foundation.bus.kafka.record import Record, Unreadable
from banyan.foundation.bus.kafka.writing import Writer
from banyan.foundation.envelope import Envelope
from banyan.foundation.wake import Wake

_log = logging.getLogger(__name__)
# While a broker is away the driver writes a line every 100 ms; what comes of it is said by whoever asked us.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

_UNUSED = 60.0  # seconds after which a follower that nobody asks is let go


class KafkaBus:
    """A cluster, and this process's part in it."""

    def __init__(self, at: Address, cluster: Cluster) -> None:
        self.name = cluster.name
        self._address, self._cluster = at, cluster
        self._writer = Writer(at)
        self._members: dict[str, Member] = {}
        self._followers: list[Follower] = []
        self._joining = asyncio.Lock()
        self._bells: WeakKeyDictionary[Wake, frozenset[str]] = WeakKeyDictionary()

    @classmethod
    async def connect(cls, url: str) -> "KafkaBus":
        """WrongSettings when the URL is wrong, Unavailable when no broker answers."""
        at = address.read(url)
        cluster = Cluster(at)
        await cluster.start()
        return cls(at, cluster)

    async def publish(self, batch: Sequence[Envelope]) -> None:
        await self._cluster.make({each.topic for each in batch})
        await self._writer.append([record.written(each, self._cluster.topic(each.topic)) for each in batch])

    async def deliver(self, group: str, topics: frozenset[str], take: Take) -> int:
        member = await self._member(group, topics)
        try:
            count = await member.hand_over(partial(self._hand, group, take))
        finally:
            if member.failed and self._members.get(group) is member:
                del self._members[group]
                await member.close()
        if not count:
            await self._cluster.alive()
        return count

    async def follow(self, topics: frozenset[str], after: str | None, take: Take) -> str:
        prefix = self._address.prefix
        if after is None:
            return place.written(
                self.name, prefix, await self._cluster.ends(await self._cluster.partitions(sorted(topics)))
            )
        begin = place.read(self.name, prefix, after)
        follower = await self._follower(topics, begin)
        haul = await follower.after(begin)
        facts: list[Envelope] = []
        for each in haul.records:
            try:
                facts.append(self._fact(each))
            except Unreadable as why:
                self._cannot_read(each, "follower", why)
        if facts:
            await take(facts)
        return after if place.same(haul.end, begin) else place.written(self.name, prefix, haul.end)

    def knows(self, position: str) -> bool:
        return place.is_of(self.name, position)

    def bell(self, topics: frozenset[str]) -> Wake:
        bell = Wake()
        self._bells[bell] = topics
        return bell

    async def lag(self, group: str, topics: frozenset[str]) -> int:
        return await self._cluster.lag(self._cluster.topic(group), topics)

    async def forget_old(self, days: int = 7) -> int:
        return 0  # each topic forgets by itself

    async def close(self) -> None:
        readers: list[Member | Follower] = [*self._members.values(), *self._followers]
        self._members.clear()
        self._followers.clear()
        await asyncio.gather(*(each.close() for each in readers))
        await self._writer.close()
        await self._cluster.close()

    async def _member(self, group: str, topics: frozenset[str]) -> Member:
        async with self._joining:
            if group not in self._members:
                await self._cluster.make(topics)
                name, wanted = self._cluster.topic(group), (self._cluster.topic(each) for each in topics)
                member = Member(self._address, name, wanted, partial(self._ring, topics))
                await member.start()
                self._members[group] = member
            return self._members[group]

    async def _follower(self, topics: frozenset[str], begin: place.Place) -> Follower:
        now = asyncio.get_running_loop().time()
        async with self._joining:
            for each in [each for each in self._followers if each.failed or now - each.used > _UNUSED]:
                self._followers.remove(each)
                await each.close()
            for each in self._followers:
                if each.owners == topics and each.can_go_on_from(begin):
                    each.used = now
                    return each
            follower = Follower(self._address, self._cluster, topics, partial(self._ring, topics))
            await follower.start(begin)
            follower.used = now
            self._followers.append(follower)
            return follower

    async def _hand(self, group: str, take: Take, records: list[ConsumerRecord]) -> None:
        facts: list[Envelope] = []
        for each in records:
            try:
                facts.append(self._fact(each))
            except Unreadable as why:
                await self._bury(each, group, why)
        if facts:
            await take(facts)

    def _fact(self, each: ConsumerRecord) -> Envelope:
        return record.read(each.topic.removeprefix(f"{self._address.prefix}."), each.value)

    async def _bury(self, each: ConsumerRecord, group: str, why: Unreadable) -> None:
        """Keep it where an operator finds it, with what it was and why. Only then does the group move on."""
        about = {
            "reason": str(why),
            "group": group,
            "topic": each.topic,
            "partition": str(each.partition),
            "offset": str(each.offset),
        }
        headers = (*each.headers, *((name, value.encode()) for name, value in about.items()))
        await self._writer.append([Record(self._cluster.graveyard, each.key, each.value or b"", headers)])
        self._cannot_read(each, group, why)

    def _cannot_read(self, each: ConsumerRecord, consumer: str, why: Unreadable) -> None:
        telemetry.UNREADABLE.labels(consumer).inc()
        told = {"topic": each.topic, "partition": each.partition, "offset": each.offset, "why": str(why)}
        _log.error("a record on the bus is no fact", extra={"consumer": consumer, **told})

    def _ring(self, topics: Iterable[str]) -> None:
        for bell, wanted in list(self._bells.items()):
            if not wanted.isdisjoint(topics):
                bell.ring()

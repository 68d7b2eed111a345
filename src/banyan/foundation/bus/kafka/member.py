"""A member of a group: it is handed its share of the partitions, and moves the group on when facts were taken.

What was fetched is held until it was taken and confirmed. When the group shares its partitions anew, what is being taken
is given time to end; what was not confirmed by then is handed out again, here or elsewhere.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from heapq import merge
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from banyan.foundation.bus.kafka.address import Address
from banyan.foundation.bus.kafka.cluster import ANSWER, METADATA_MS, answering
from banyan.kernel.refusals import Unavailable

BATCH = 200
WAIT = 0.1  # seconds to wait for facts that may be on their way
LONGEST_TAKE = 300.0  # seconds after which a member that does not come back is taken for dead
_SHARING = 20.0  # seconds that what is being taken has to end when partitions are shared anew
_POLL_MS = 1000
_LEAVE = 3.0

Records: TypeAlias = Sequence[ConsumerRecord]
Haul: TypeAlias = dict[TopicPartition, Records]


def consumer_of(address: Address, group: str | None) -> AIOKafkaConsumer:
    """A consumer that moves on only when told to, and begins with the oldest fact where it knows no better."""
    return AIOKafkaConsumer(
        **address.client(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=int(max(ANSWER, 2 * _SHARING) * 1000),  # joining lasts until the others have come
        metadata_max_age_ms=METADATA_MS,
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        session_timeout_ms=address.session * 1000,
        heartbeat_interval_ms=address.session * 300,
        rebalance_timeout_ms=int(1.5 * _SHARING * 1000),
        max_poll_interval_ms=int(LONGEST_TAKE * 1000),
    )


async def stop(consumer: AIOKafkaConsumer) -> None:
    """Leave in order, or without a word where the others do not answer."""
    leaving = asyncio.create_task(consumer.stop())
    await asyncio.wait([leaving], timeout=_LEAVE)
    if not leaving.done():
        await consumer._client.close()  # ends what it still waits for
        leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)


class Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """This process in one group. `fetched` is called when there is something to take."""

    def __init__(self, address: Address, group: str, topics: Iterable[str], fetched: Callable[[], None]) -> None:
        self.topics = frozenset(topics)
        self._address = address
        self._consumer = consumer_of(address, group)
        self._fetched = fetched
        self._haul: Haul = {}
        self._failed: Exception | None = None
        self._taking = asyncio.Lock()
        self._there, self._room = asyncio.Event(), asyncio.Event()
        self._fetching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            async with answering(self._address):
                await self._consumer.start()
        except BaseException:
            await stop(self._consumer)
            raise
        self._consumer.subscribe(topics=list(self.topics), listener=self)
        self._fetching = asyncio.create_task(self._fetch(), name="kafka fetch")

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await stop(self._consumer)

    async def hand_over(self, take: Callable[[list[ConsumerRecord]], Awaitable[None]]) -> int:
        """Give what was fetched to `take` and confirm it; how many records. What it raises leaves all as it was.

        Unavailable when this member can go on no more: a new one is to take its place.
        """
        async with self._taking:
            if self._failed is not None:
                raise Unavailable(f"the bus does not answer: {type(self._failed).__name__} from {self._address}")
            if not self._haul:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(WAIT):
                        await self._there.wait()
            haul = self._haul
            if not haul:
                return 0
            await take(list(merge(*haul.values(), key=lambda each: each.timestamp)))  # as they came, as far as is known
            if self._haul is haul:  # otherwise it is another's by now, or comes to us again
                await self._confirm(haul)
            return sum(len(records) for records in haul.values())

    @property
    def failed(self) -> bool:
        return self._failed is not None

    async def _confirm(self, haul: Haul) -> None:
        try:
            async with answering(self._address):
                await self._consumer.commit({place: records[-1].offset + 1 for place, records in haul.items()})
        except Unavailable as error:
            if not isinstance(error.__cause__, (CommitFailedError, IllegalStateError)):
                raise
            # The group has gone on without us: somebody is handed this again.
        if self._haul is haul:
            self._drop()

    async def _fetch(self) -> None:
        try:
            while True:
                found: Haul = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=BATCH)
                if found:  # nothing else has run since the driver looked whose partitions these are
                    self._haul = found
                    self._room.clear()
                    self._there.set()
                    self._fetched()
                    await self._room.wait()
        except (KafkaError, OSError, AssertionError) as error:
            self._failed = error
            self._fetched()

    def _drop(self) -> None:
        self._haul = {}
        self._there.clear()
        self._room.set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHARING), self._taking:
                pass
        self._drop()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None: ...

"""The cluster itself: whether it answers, our topics in it, and how far topics and groups are."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from hashlib import blake2b

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from banyan.foundation.bus.kafka.address import Address
from banyan.kernel.refusals import Unavailable

ANSWER = 10.0  # seconds in which the cluster is to answer whatever it is asked
METADATA_MS = 30_000  # after which new brokers and partitions are noticed at the latest
LARGEST = 8 << 20  # bytes of one fact
_FRESH = 5.0  # seconds for which an answer shows that the cluster is there
_AGAIN = 0.1
_DEAD_DAYS = 30


@asynccontextmanager
async def answering(address: Address) -> AsyncIterator[None]:
    """Unavailable where the cluster does not do in time what is asked of it here."""
    try:
        async with asyncio.timeout(ANSWER):
            yield
    except (KafkaError, OSError, TimeoutError, AssertionError) as error:  # the driver asserts that a broker is known
        raise Unavailable(f"the bus does not answer: {type(error).__name__} from {address}") from error


class Cluster:
    """Asked through a client of its own, so that no question waits behind facts."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._admin = AIOKafkaAdminClient(**address.client(), request_timeout_ms=int(ANSWER * 1000))
        self._looker = AIOKafkaConsumer(
            **address.client(), request_timeout_ms=int(ANSWER * 1000), metadata_max_age_ms=METADATA_MS
        )
        self._known: set[str] = set()
        self._making = asyncio.Lock()
        self._heard = float("-inf")
        self._brokers = 1
        self.name = ""

    async def start(self) -> None:
        """Unavailable when no broker answers."""
        try:
            async with answering(self.address):
                await self._admin.start()
                await self._looker.start()
                about = await self._admin.describe_cluster()
        except BaseException:
            await self.close()
            raise
        self._brokers = len(about["brokers"])
        mark = blake2b(f"{about['cluster_id']}/{self.address.prefix}".encode(), digest_size=4).hexdigest()
        self.name = f"kafka/{self.address.prefix}/{mark}"

    async def close(self) -> None:
        await self._admin.close()
        await self._looker.stop()

    def topic(self, owner: str) -> str:
        return f"{self.address.prefix}.{owner}"

    @property
    def graveyard(self) -> str:
        """Where records go that are no facts."""
        return self.topic("dead")

    async def alive(self) -> None:
        """Unavailable when the cluster does not answer now. Asked at most every few seconds."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._heard > _FRESH:
            async with answering(self.address):
                await self._admin.describe_topics([])
            self._heard = loop.time()

    async def make(self, owners: Collection[str]) -> None:
        """Create the owners' topics where they are missing. What is there stays as it is."""
        wanted = {self.topic(owner) for owner in owners} | {self.graveyard}
        async with self._making:
            if wanted <= self._known:
                return
            async with answering(self.address):
                missing = wanted - set(await self._admin.list_topics())
                if missing:
                    answer = await self._admin.create_topics([self._new(topic) for topic in sorted(missing)])
                    for topic, code, *_ in answer.topic_errors:
                        if code and for_code(code) is not TopicAlreadyExistsError:
                            raise Unavailable(f"the topic {topic} cannot be made: {for_code(code).message}")
                while not await self._led(wanted):
                    await asyncio.sleep(_AGAIN)
            self._known |= wanted

    async def partitions(self, owners: Collection[str]) -> list[TopicPartition]:
        """All there are of these owners' topics now."""
        await self.make(owners)
        async with answering(self.address):
            told = await self._admin.describe_topics([self.topic(owner) for owner in sorted(owners)])
        return [TopicPartition(each["topic"], part["partition"]) for each in told for part in each["partitions"]]

    async def ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that the next fact of each partition will have."""
        async with answering(self.address):
            return dict(await self._looker.end_offsets(list(places)))

    async def lag(self, group: str, owners: Collection[str]) -> int:
        """How many records the group has not confirmed, of those that are still kept."""
        places = await self.partitions(owners)
        reached = await self._reached(group, places)
        ends = await self.ends(places)
        async with answering(self.address):
            begins = await self._looker.beginning_offsets(places)
        return sum(max(0, ends[each] - max(reached.get(each, 0), begins[each])) for each in places)

    async def _reached(self, group: str, places: list[TopicPartition]) -> Mapping[TopicPartition, int]:
        async with answering(self.address):
            while True:
                try:
                    told = await self._admin.list_consumer_group_offsets(group, partitions=places)
                    return {each: kept.offset for each, kept in told.items()}
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    await asyncio.sleep(_AGAIN)

    async def _led(self, topics: Collection[str]) -> bool:
        """Whether each of these topics can be written to."""
        told = await self._admin.describe_topics(sorted(topics))
        return all(
            not each["error_code"] and each["partitions"] and all(part["leader"] >= 0 for part in each["partitions"])
            for each in told
        )

    def _new(self, topic: str) -> NewTopic:
        replication = self.address.replication or min(3, self._brokers)
        days = _DEAD_DAYS if topic == self.graveyard else self.address.retention_days
        return NewTopic(
            topic,
            1 if topic == self.graveyard else self.address.partitions,
            replication,
            topic_configs={
                "cleanup.policy": "delete",
                "retention.ms": str(days * 86_400_000),
                # One copy may be away and writes go on; what was acknowledged is on two at least, where there are three.
                "min.insync.replicas": str(2 if replication > 2 else 1),
                "unclean.leader.election.enable": "false",
                # Kept for so long since it came: a fact may have been told long before.
                "message.timestamp.type": "LogAppendTime",
                "max.message.bytes": str(LARGEST),
            },
        )

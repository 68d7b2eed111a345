"""Debezium's topics in Kafka. Nothing is committed there: how far we are is written down beside what came of it."""

from collections.abc import Mapping
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import Halt, LogGone
from banyan.move.debezium.feed import Message

_WAIT_MS = 200
_AT_ONCE = 500  # messages
_LOOK = 2.0  # seconds between looks for new topics


class KafkaFeed:
    """All topics of one connector: those named by its prefix."""

    settling = 2.0

    def __init__(self, servers: str, prefix: str) -> None:
        self.servers, self._prefix = servers, prefix
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._looked = 0.0

    async def open(self, places: Mapping[str, int]) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        try:
            await consumer.start()
            self._consumer = consumer
            await admin.start()
            self._admin = admin
            await self._look(places)
        except KafkaError as error:
            await consumer.stop()
            await admin.close()
            self._consumer = self._admin = None
            raise Unavailable(f"Kafka at {self.servers} cannot be reached: {error}") from None

    async def next(self) -> list[Message]:
        consumer = self._consumer
        if consumer is None:
            raise Unavailable("the feed is closed")
        try:
            if monotonic() - self._looked > _LOOK:
                await self._look({})
            found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_AT_ONCE)
        except OffsetOutOfRangeError as error:
            raise LogGone(
                f"Kafka no longer has what comes next ({error}): copy afresh, and let it keep these topics longer"
            ) from None
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self.servers} does not answer: {error}") from None
        return [
            Message(f"{place.topic}:{place.partition}", record.offset, record.offset + 1, place.topic, record.value)
            for place, records in found.items()
            for record in records
        ]

    async def ends(self) -> Mapping[str, int]:
        consumer = self._consumer
        if consumer is None:
            raise Unavailable("the feed is closed")
        try:
            await self._look({})
            found = await consumer.end_offsets(sorted(consumer.assignment()))
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self.servers} does not answer: {error}") from None
        return {f"{place.topic}:{place.partition}": offset for place, offset in found.items() if offset}

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        admin, self._admin = self._admin, None
        if consumer is not None:
            await consumer.stop()
        if admin is not None:
            await admin.close()

    async def _look(self, places: Mapping[str, int]) -> None:
        """Topics come when a table's first change does: what is new is read from its beginning."""
        consumer, admin = self._consumer, self._admin
        assert consumer is not None
        assert admin is not None
        self._looked = monotonic()
        topics = [each for each in await admin.list_topics() if self.is_ours(each)]
        numbers = {
            each["topic"]: [part["partition"] for part in each["partitions"]]
            for each in (await admin.describe_topics(topics) if topics else ())
        }
        if len(numbers.get(f"{self._prefix}.transaction", ())) > 1:
            raise Halt(
                f"the topic {self._prefix}.transaction has several partitions: it must have one, as order is its sense"
            )
        known = consumer.assignment()
        wanted = {TopicPartition(topic, number) for topic, parts in numbers.items() for number in parts}
        new = wanted - known
        if not new:
            return
        was = {place: await consumer.position(place) for place in known}
        consumer.assign(sorted(known | new))
        for place, offset in was.items():
            consumer.seek(place, offset)
        beginnings = await consumer.beginning_offsets(sorted(new))
        for place in new:
            consumer.seek(place, places.get(f"{place.topic}:{place.partition}", beginnings[place]))

    def is_ours(self, topic: str) -> bool:
        """Whether a topic is this connector's."""
        return topic == self._prefix or topic.startswith(self._prefix + ".")

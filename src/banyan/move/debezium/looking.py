"""A look at a connector's topics without following them: the newest messages, and how the broker keeps them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from banyan.kernel.refusals import Unavailable
from banyan.move.debezium.feed import FileFeed, Message, feed

_TAIL = 4 << 20  # bytes of a file
_EACH = 40  # messages of each queue
_SECONDS = 4.0  # for all of them
_SETTINGS = ("cleanup.policy", "retention.ms")


@dataclass(frozen=True, slots=True)
class Topic:
    """`cleanup` and `retention_ms` are empty where the broker does not tell; -1: kept for ever."""

    name: str
    partitions: int
    cleanup: str = ""
    retention_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The newest messages there are, each queue's in order, and the topics they are in (none for a file)."""

    messages: Sequence[Message]
    topics: tuple[Topic, ...] = ()


async def look(url: str) -> Look:
    """Look where BANYAN_LEGACY_STREAM points. Unavailable, WrongSettings for another shape, Halt for a broken file."""
    found = feed(url)
    if isinstance(found, FileFeed):
        return Look(await _of_file(found))
    from banyan.move.debezium.kafka import KafkaFeed

    assert isinstance(found, KafkaFeed)
    return await _of_kafka(found.servers, found.is_ours)


async def _of_file(found: FileFeed) -> list[Message]:
    await found.open({})
    size = (await asyncio.to_thread(found.path.stat)).st_size
    begin = 0
    if size > _TAIL:  # from the next whole line on
        with found.path.open("rb") as file:
            file.seek(size - _TAIL)
            begin = size - _TAIL + len(file.readline())
    await found.open({found.path.name: begin})
    messages: list[Message] = []
    while some := await found.next():
        messages += some
    return messages


async def _of_kafka(servers: str, is_ours: Any) -> Look:
    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await consumer.start()
        await admin.start()
        names = sorted(each for each in await admin.list_topics() if is_ours(each))
        if not names:
            return Look(())
        told = await admin.describe_topics(names)
        places = [TopicPartition(each["topic"], part["partition"]) for each in told for part in each["partitions"]]
        kept = await _kept(admin, names)
        topics = tuple(Topic(each["topic"], len(each["partitions"]), *kept.get(each["topic"], ())) for each in told)
        return Look(await _newest(consumer, places), topics)
    except KafkaError as error:
        raise Unavailable(f"Kafka at {servers} cannot be reached: {error}") from None
    finally:
        await consumer.stop()
        await admin.close()


async def _newest(consumer: Any, places: Sequence[Any]) -> list[Message]:
    consumer.assign(places)
    first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, max(first[place], ends[place] - _EACH))
    left = {place for place in places if ends[place] > first[place]}
    messages, until = [], monotonic() + _SECONDS
    while left and monotonic() < until:
        for place, records in (await consumer.getmany(timeout_ms=200)).items():
            for record in records:
                queue = f"{place.topic}:{place.partition}"
                messages.append(Message(queue, record.offset, record.offset + 1, place.topic, record.value))
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return messages


async def _kept(admin: Any, names: Sequence[str]) -> Mapping[str, tuple[str, int | None]]:
    """How long each topic is kept; nothing where the broker does not tell us."""
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
    from aiokafka.errors import KafkaError

    try:
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    except KafkaError:
        return {}
    found = {}
    for answer in answers:
        for wrong, _, _, name, entries in answer.resources:
            said = {entry[0]: entry[1] for entry in entries if entry[0] in _SETTINGS}
            kept = str(said.get("retention.ms") or "")
            if not wrong and said:
                found[name] = (str(said.get("cleanup.policy") or ""), int(kept) if kept.lstrip("-").isdigit() else None)
    return found

"""Records are appended, each acknowledged by all copies in step, and in order per partition whatever fails.

Of a partition one request is under way at a time, and nothing follows one that failed: whoever repeats the whole finds
that what came first is there first, perhaps twice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed
from aiokafka.partitioner import murmur2

from banyan.foundation.bus.kafka.address import Address
from banyan.foundation.bus.kafka.cluster import ANSWER, LARGEST, METADATA_MS, answering
from banyan.foundation.bus.kafka.record import Record
from banyan.kernel.refusals import Unavailable

_REQUEST = 512 * 1024  # bytes to one partition at once; a larger record goes alone


def partition_of(key: bytes | None, count: int) -> int:
    """As Java's clients choose it, so that they may write here too."""
    return 0 if key is None else (murmur2(key) & 0x7FFFFFFF) % count


class Writer:
    """One producer, and another when that one failed: an idempotent one never gives up what it was given."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def append(self, records: Sequence[Record]) -> None:
        """Returns when all are acknowledged. Unavailable when some are not: any of them may be there all the same."""
        producer: AIOKafkaProducer | None = None
        try:
            async with answering(self._address):
                producer = await self._started()
                lanes = defaultdict[tuple[str, int], list[Record]](list)
                for record in records:
                    count = len(await producer.partitions_for(record.topic))
                    lanes[record.topic, partition_of(record.key, count)].append(record)
                sent = [_append(producer, *place, lane) for place, lane in lanes.items()]
                for error in await asyncio.gather(*sent, return_exceptions=True):
                    if error is not None:
                        raise error
        except Unavailable:
            if producer is not None:
                await self._drop(producer)
            raise

    async def close(self) -> None:
        if self._producer is not None:
            await self._drop(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._address.client(),
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=_REQUEST,
                    max_request_size=LARGEST,
                    metadata_max_age_ms=METADATA_MS,
                    request_timeout_ms=int(ANSWER * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await _end(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
        await _end(producer)


async def _append(producer: AIOKafkaProducer, topic: str, partition: int, lane: Sequence[Record]) -> None:
    batch = producer.create_batch()
    for each in lane:
        if batch.append(key=each.key, value=each.value, timestamp=None, headers=list(each.headers)) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=each.key, value=each.value, timestamp=None, headers=list(each.headers))
    await (await producer.send_batch(batch, topic, partition=partition))


async def _end(producer: AIOKafkaProducer) -> None:
    """At once. Its own `stop` waits until everything is sent, which with a broker that is away is for ever."""
    producer._closed = True
    try:
        async with asyncio.timeout(1):
            await producer._sender.close()
    except TimeoutError:
        pass
    finally:
        given = producer._message_accumulator
        left = [*chain.from_iterable(given._batches.values()), *given._pending_batches]
        given.fail_all(ProducerClosed())
        for future in chain.from_iterable((each.future, each._drain_waiter) for each in left):
            if future.done() and not future.cancelled():
                future.exception()  # nobody waits for it any more
        await producer.client.close()

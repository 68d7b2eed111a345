"""Kafka in particular: brokers that die, groups that are shared anew, records that are no facts, topics, addresses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from fastapi import APIRouter

from banyan.foundation import choose, telemetry
from banyan.foundation.bus import Bus
from banyan.foundation.bus.kafka import address
from banyan.foundation.bus.kafka.cluster import LARGEST
from banyan.foundation.bus.kafka.writing import partition_of
from banyan.foundation.db import Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.inbox import Inbox
from banyan.foundation.service import Service
from banyan.foundation.settings import WrongSettings
from banyan.gateway.describe import asyncapi
from banyan.kernel.refusals import Unavailable
from tests.backends.buses import TOPIC, Heard, fact, facts, failing, opened, until_empty
from tests.backends.kafka_server import PASSWORD, USER, KafkaServer
from tests.backends.test_bus import Noted
from tests.conftest import OpenShop

_count = count()
OpenAt = Callable[[str], Awaitable[Bus]]


@pytest.fixture
async def open_at() -> AsyncIterator[OpenAt]:
    made: list[Bus] = []
    yield lambda url: opened(url, made)
    for bus in made:
        await bus.close()


@pytest.fixture
def prefix() -> str:
    return f"own{next(_count)}"


@pytest.fixture
def url(kafka: KafkaServer, prefix: str) -> str:
    return f"kafka://{kafka.address}/{prefix}?partitions=3&session=1"


@pytest.fixture
async def admin(kafka: KafkaServer) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await client.start()
    yield client
    await client.close()


async def test_a_broker_killed_and_started_again_under_load_loses_nothing_it_acknowledged(
    kafka: KafkaServer, url: str, open_at: OpenAt
) -> None:
    bus, heard, refused, done = await open_at(url), Heard(), 0, asyncio.Event()

    async def tell() -> None:
        nonlocal refused
        for number in range(400):
            while True:  # as a relay does
                try:
                    await bus.publish([fact(number, f"k{key}") for key in range(4)])
                    break
                except Unavailable:
                    refused += 1
                    await asyncio.sleep(0.1)

    async def listen() -> None:
        while not done.is_set():
            try:
                await bus.deliver("group", TOPIC, heard.take)
            except Unavailable:
                await asyncio.sleep(0.1)

    telling, listening = asyncio.create_task(tell()), asyncio.create_task(listen())
    while len(heard.all) < 400:
        await asyncio.sleep(0.02)
    await asyncio.to_thread(kafka.stop, kill=True)
    with pytest.raises(Unavailable):
        await until_empty(bus, "another")
    await asyncio.to_thread(kafka.start)
    async with asyncio.timeout(60):
        await telling
        while len(set(heard.ids)) < 1600:
            await asyncio.sleep(0.05)
    done.set()
    await listening
    assert refused
    assert heard.by_key() == {f"k{key}": list(range(400)) for key in range(4)}


async def test_members_that_come_and_go_under_load_lose_nothing_and_each_effect_is_made_once(
    url: str, open_at: OpenAt, open_shop: OpenShop
) -> None:
    shop = await open_shop(Service(name="toy", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter()))
    ports = shop.ports["toy"]
    await ports.db.execute("CREATE TABLE noted (at bigserial, thing text, number int)")

    async def note(tx: Tx, event: Noted) -> None:
        await tx.execute("INSERT INTO noted (thing, number) VALUES ($1, $2)", event.thing, event.number)

    box = Inbox(ports.db, "toy", {Noted: note}, ids=ports.ids)
    teller = await open_at(url)
    done = asyncio.Event()

    async def member(lives: float) -> None:
        while not done.is_set():
            bus = await choose.bus(url)
            until = asyncio.get_running_loop().time() + lives
            while asyncio.get_running_loop().time() < until and not done.is_set():
                await bus.deliver(box.consumer, box.topics, box.take)
            await bus.close()

    members = [asyncio.create_task(member(lives)) for lives in (0.3, 0.5, 1000)]
    for number in range(150):
        await teller.publish(
            [
                Envelope(f"evt_{key}_{number}", "toy.Noted", key, each.time, {"thing": key, "number": number})
                for key in "abcdefgh"
                for each in [fact(number)]
            ]
        )
        await asyncio.sleep(0.01)
    async with asyncio.timeout(30):
        while await teller.lag("toy", TOPIC):
            await asyncio.sleep(0.05)
    done.set()
    await asyncio.gather(*members)
    rows = await ports.db.fetch("SELECT thing, number FROM noted ORDER BY at")
    assert {key: [row["number"] for row in rows if row["thing"] == key] for key in "abcdefgh"} == {
        key: list(range(150)) for key in "abcdefgh"
    }


async def test_what_is_confirmed_too_late_is_handed_out_again_and_not_lost(
    url: str, open_at: OpenAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banyan.foundation.bus.kafka.member._SHARING", 0.2)
    slow, other = await open_at(url), await open_at(url)
    await slow.publish([fact(n, f"k{key}") for n in range(5) for key in range(8)])
    heard, begun, go_on = Heard(), asyncio.Event(), asyncio.Event()

    async def take(batch: Sequence[Envelope]) -> None:
        begun.set()
        await go_on.wait()

    async def work() -> None:
        while not begun.is_set():
            await slow.deliver("group", TOPIC, take)

    working = asyncio.create_task(work())
    await begun.wait()
    async with asyncio.timeout(20):
        while not heard.all:  # the group did not wait for the slow one
            await other.deliver("group", TOPIC, heard.take)
    go_on.set()
    await working
    async with asyncio.timeout(20):
        while await other.lag("group", TOPIC):
            await other.deliver("group", TOPIC, heard.take)
            await slow.deliver("group", TOPIC, heard.take)
    assert heard.all
    assert len(heard.ids) == len(set(heard.ids))


async def test_a_record_that_is_no_fact_goes_to_the_dead_and_stops_nobody(
    url: str, prefix: str, kafka: KafkaServer, open_at: OpenAt
) -> None:
    bus = await open_at(url)
    place = await bus.follow(TOPIC, None, failing)
    await bus.publish([fact(0)])
    async with AIOKafkaProducer(bootstrap_servers=kafka.address) as stranger:
        for value in (b"{", b"[]", b'{"specversion": "1.0", "id": "x"}', None):
            await stranger.send_and_wait(f"{prefix}.toy", value, key=b"key", headers=[("from", b"afar")])
    await bus.publish([fact(1), *facts([2], owner="others")])
    before = telemetry.UNREADABLE.labels("group")._value.get()
    heard, followed = Heard(), Heard()
    await heard.until(bus, 2)
    await followed.follow(bus, place, 2)
    assert heard.by_key() == followed.by_key() == {"key": [0, 1]}
    assert telemetry.UNREADABLE.labels("group")._value.get() - before == 4
    assert await bus.lag("group", TOPIC) == 0
    async with AIOKafkaConsumer(
        f"{prefix}.dead", bootstrap_servers=kafka.address, auto_offset_reset="earliest"
    ) as reader:
        dead = [await asyncio.wait_for(reader.getone(), 10) for _ in range(4)]
    assert [each.value for each in dead] == [b"{", b"[]", b'{"specversion": "1.0", "id": "x"}', b""]
    about = [dict(each.headers) for each in dead]
    assert [each["reason"] for each in about] == [b"no JSON", b"no CloudEvent of version 1.0", b"no type", b"no JSON"]
    assert {(each["topic"], each["group"], each["from"]) for each in about} == {
        (f"{prefix}.toy".encode(), b"group", b"afar")
    }
    assert [int(each["offset"]) for each in about] == list(range(1, 5))


async def test_nothing_of_a_key_follows_what_could_not_be_kept(url: str, open_at: OpenAt) -> None:
    bus, heard = await open_at(url), Heard()
    huge = fact(1)
    huge.data["text"] = "x" * (LARGEST + 1)
    with pytest.raises(Unavailable):
        await bus.publish([fact(0), huge, fact(2), *facts(range(5), "elsewhere")])
    await bus.publish([fact(3)])
    await heard.until(bus, 2)
    await until_empty(bus, "group", heard.take)
    assert heard.by_key()["key"] == [0, 3]


async def test_a_cluster_that_is_not_there_is_unavailable_in_bounded_time() -> None:
    async with asyncio.timeout(30):
        with pytest.raises(Unavailable, match=r"Kafka at 127\.0\.0\.1:1"):
            await choose.bus("kafka://shop:secret@127.0.0.1:1/banyan")


async def test_more_partitions_are_noticed_by_groups_and_by_places_from_before(
    prefix: str, kafka: KafkaServer, admin: AIOKafkaAdminClient, open_at: OpenAt
) -> None:
    url = f"kafka://{kafka.address}/{prefix}?partitions=1"
    bus = await open_at(url)
    place = await bus.follow(TOPIC, None, failing)
    await bus.publish(facts(range(3)))
    await admin.create_partitions({f"{prefix}.toy": NewPartitions(4)})
    later = await open_at(url)
    await later.publish([fact(n, f"k{key}") for n in range(3) for key in range(8)])
    heard, followed = Heard(), Heard()
    await heard.until(later, 27)
    await followed.follow(later, place, 27)
    assert heard.by_key() == followed.by_key()


async def test_missing_topics_are_made_to_keep_what_was_acknowledged_and_others_stay_as_they_are(
    url: str, prefix: str, admin: AIOKafkaAdminClient, open_at: OpenAt
) -> None:
    await admin.create_topics([NewTopic(f"{prefix}.others", 5, 1)])
    bus = await open_at(url)
    await bus.publish([fact(1), *facts([1], owner="others")])
    told = {
        each["topic"]: len(each["partitions"])
        for each in await admin.describe_topics([f"{prefix}.{name}" for name in ("toy", "others", "dead")])
    }
    assert told == {f"{prefix}.toy": 3, f"{prefix}.others": 5, f"{prefix}.dead": 1}
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, f"{prefix}.toy")])
    configs = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    wanted = {"retention.ms": "604800000", "message.timestamp.type": "LogAppendTime", "min.insync.replicas": "1"}
    assert {name: configs[name] for name in wanted} == wanted


async def test_with_tls_and_a_password_it_is_the_same_bus(kafka: KafkaServer, open_at: OpenAt) -> None:
    at = f"{USER}:{quote(PASSWORD, safe='')}@{kafka.secure}/secure?ca={kafka.authority}&partitions=2"
    bus, heard = await open_at(f"kafkas://{at}"), Heard()
    await bus.publish(facts(range(3)))
    await heard.until(bus, 3)
    for wrong in (f"kafkas://{USER}:wrong@{kafka.secure}/secure?ca={kafka.authority}", f"kafkas://{at.split('?')[0]}"):
        with pytest.raises(Unavailable) as refused:
            await choose.bus(wrong)
        assert PASSWORD not in str(refused.value)
        assert "wrong" not in str(refused.value)


def test_a_key_lies_in_the_partition_where_javas_clients_put_it() -> None:
    # Kafka's own test of murmur2 (UtilsTest.testMurmur2).
    hashes = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    }
    for key, number in hashes.items():
        assert partition_of(key, 12) == (number & 0x7FFFFFFF) % 12


async def test_what_goes_over_the_wire_is_what_asyncapi_tells(
    url: str, prefix: str, kafka: KafkaServer, open_at: OpenAt
) -> None:
    document = asyncapi.document()
    message = document["components"]["messages"]["orders.OrderPlaced"]
    example = message["examples"][0]["payload"]
    told = Envelope(
        example["id"], example["type"], example["subject"], fact(1).time, example["data"], "00-" + "1" * 32 + "-x-01"
    )
    bus = await open_at(url)
    await bus.publish([told])
    async with AIOKafkaConsumer(
        f"{prefix}.{document['channels']['orders']['bindings']['kafka']['topic'].partition('.')[2]}",
        bootstrap_servers=kafka.address,
        auto_offset_reset="earliest",
    ) as reader:
        record = await asyncio.wait_for(reader.getone(), 10)
    headers = dict(record.headers)
    assert set(headers) == set(message["headers"]["properties"])
    assert headers["content-type"].decode().startswith(message["contentType"])
    assert (headers["id"].decode(), headers["type"].decode()) == (told.id, told.type)
    assert record.key.decode() == told.key
    assert message["bindings"]["kafka"]["key"] == {"type": "string", "description": "The aggregate's id: `order_id`"}


def test_an_address_names_brokers_prefix_and_options() -> None:
    at = address.read("kafka://one:9092,two,[::1]:9094/shop.eu?partitions=24&replication=2&session=30")
    assert (at.servers, at.prefix) == (("one:9092", "two:9092", "[::1]:9094"), "shop.eu")
    assert (at.partitions, at.replication, at.session) == (24, 2, 30)
    secret = address.read("kafkas://us%40er:p%3Aw@one:9093?sasl=scram-sha-512")
    assert (secret.prefix, secret.entry["sasl_mechanism"]) == ("banyan", "SCRAM-SHA-512")
    assert (secret.entry["sasl_plain_username"], secret.entry["sasl_plain_password"]) == ("us@er", "p:w")
    assert "p:w" not in f"{secret} {secret!r}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://host/banyan?partition=3", "partition is no option"),
        ("kafka://host/banyan?partitions=many", "between 1 and 1000"),
        ("kafka://:9092/banyan", "host:9092"),
        ("kafka://host:99999/banyan", "host:9092"),
        ("kafka://host/a/b", "prefix"),
        ("kafka://host?sasl=PLAIN", "a user and a password"),
        ("kafka://user:secret@host?sasl=MAGIC", "one of PLAIN"),
        ("kafka://user:secret@host?ca=/x", "belong to kafkas"),
        ("kafkas://user:secret@host?ca=/no/such/file", "PEM files"),
    ],
)
async def test_a_wrong_address_is_refused_by_name_and_no_password_is_repeated(url: str, said: str) -> None:
    with pytest.raises(WrongSettings, match=said) as refused:
        await choose.bus(url)
    assert "secret" not in str(refused.value)

"""Doctor hears from a real connector's events, topics and settings what would be lost by following it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from banyan.move.assess.doctor import doctor
from banyan.move.assess.hazards import Diagnosis
from banyan.move.source import Source
from tests.backends.kafka_server import KafkaServer
from tests.move.core.conftest import Moving
from tests.move.debezium.conftest import MakeToldOf
from tests.move.debezium.engine import Engine

THINGS = """CREATE TABLE thing (thing_id int NOT NULL PRIMARY KEY, price decimal(15,4) NOT NULL, seen datetime(6) NULL,
    raw varbinary(20) NOT NULL)"""
A_THING = "REPLACE INTO thing VALUES (1, 12.3456, '2024-03-01 10:00:00.123456', x'00ff')"


def of_debezium(found: Diagnosis) -> dict[str, list[str]]:
    """The kinds of hazards that concern it, each with all its fixes."""
    kinds: dict[str, list[str]] = {}
    for each in found.hazards:
        if each.kind.startswith("debezium-"):
            kinds.setdefault(each.kind, []).extend(each.fix)
    return kinds


def _said(m: Moving) -> str:
    return m.ports.settings.legacy_stream


async def _told(ask: Callable[[], Awaitable[bool]]) -> None:
    until = monotonic() + 20
    while not await ask():
        assert monotonic() < until, "Debezium told nothing"
        await asyncio.sleep(0.1)


async def _things(engine: Engine) -> None:
    async def there() -> bool:
        path = Path(engine.to)
        return path.exists() and b'.thing"' in path.read_bytes()

    await _told(there)


async def test_of_a_connector_that_is_set_as_our_page_says_there_is_nothing_to_mend(told_of: MakeToldOf) -> None:
    m, engine = await told_of(THINGS)
    m.sql(A_THING)
    await _things(engine)
    source, properties = Source(m.mariadb.url(m.database)), str(engine.folder / "engine.properties")
    found = await doctor(source, stream=_said(m), connector=properties)
    assert of_debezium(found) == {}
    assert not found.unseen
    unsaid = await doctor(source, stream=_said(m))
    assert [each.what for each in unsaid.unseen] == ["the connector's settings"]
    # Its own settings as Kafka Connect has them, with all of ours left at Debezium's defaults.
    config = engine.folder / "config.json"
    config.write_bytes(orjson.dumps({"name": "engine", "config": {"database.include.list": "another"}}))
    poor = of_debezium(await doctor(source, stream=_said(m), connector=str(config)))
    assert set(poor) == {"debezium-setting", "debezium-tables"}
    assert poor["debezium-tables"] == [f"database.include.list={m.database}"]
    assert set(poor["debezium-setting"]) == {
        "provide.transaction.metadata=true",
        "skipped.operations=none",
        "enable.time.adjuster=false",
        "event.converting.failure.handling.mode=fail",
        "snapshot.mode=no_data",
    }


async def test_events_that_lose_something_name_the_setting_and_the_columns(told_of: MakeToldOf) -> None:
    m, engine = await told_of(
        THINGS,
        decimal_handling_mode="double",
        time_precision_mode="connect",
        binary_handling_mode="hex",
        snapshot_mode="initial",
    )
    m.sql(A_THING)
    await _things(engine)
    source = Source(m.mariadb.url(m.database))
    found = await doctor(source, stream=_said(m), connector=str(engine.folder / "engine.properties"))
    kinds = of_debezium(found)
    settings = {
        "decimal.handling.mode=precise",
        "time.precision.mode=adaptive_time_microseconds",
        "binary.handling.mode=bytes",
    }
    assert set(kinds["debezium-lossy"]) == settings
    assert set(kinds["debezium-setting"]) == settings | {"snapshot.mode=no_data"}
    assert kinds["debezium-snapshot"] == ["snapshot.mode=no_data"]
    (price,) = (each for each in found.hazards if "decimal.handling.mode=precise" in each.fix and each.numbers)
    assert "thing.price (decimal(15,4) as double)" in price.found
    assert price in found.blockers


async def test_events_without_their_transaction_or_their_schema_are_told(told_of: MakeToldOf) -> None:
    m, engine = await told_of(THINGS, provide_transaction_metadata="false")
    m.sql(A_THING)
    await _things(engine)
    source = Source(m.mariadb.url(m.database))
    kinds = of_debezium(await doctor(source, stream=_said(m)))
    assert kinds == {"debezium-envelope": ["provide.transaction.metadata=true"]}

    engine.stop()
    engine.settings = {"converter.schemas.enable": "false"}
    engine.to = str(engine.folder / "unschemed.jsonl")
    await asyncio.to_thread(engine.start)
    m.sql("UPDATE thing SET price = 2")
    await _things(engine)
    kinds = of_debezium(await doctor(source, stream=f"file://{engine.to}"))
    assert kinds == {"debezium-envelope": ["value.converter.schemas.enable=true"]}


async def test_topics_that_would_lose_events_and_a_connector_of_another_server_are_told(
    told_of: MakeToldOf, kafka: KafkaServer
) -> None:
    m, _ = await told_of(THINGS, kafka=kafka)
    source = Source(m.mariadb.url(m.database))
    m.sql(A_THING)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    topic = f"{m.database}.{m.database}.thing"

    async def there() -> bool:
        return topic in await admin.list_topics()

    await _told(there)
    assert of_debezium(await doctor(source, stream=_said(m))) == {}
    settings = {"cleanup.policy": "compact,delete", "retention.ms": "2000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
    await admin.close()
    kinds = of_debezium(await doctor(source, stream=_said(m)))
    assert kinds == {
        "debezium-topics": [f"kafka-configs --alter --topic {topic} --add-config cleanup.policy=delete"],
        "debezium-retention": [f"kafka-configs --alter --topic {topic} --add-config retention.ms=604800000"],
    }
    assert set(of_debezium(await doctor(source, stream=f"kafka://{kafka.address}/nobody"))) == {"debezium-silent"}
    assert set(of_debezium(await doctor(source, stream="kafka://127.0.0.1:9/nobody"))) == {"debezium-away"}
    with m.mariadb.connect() as con, con.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {m.database}_other")
    other = Source(m.mariadb.url(f"{m.database}_other"))
    kinds = of_debezium(await doctor(other, stream=_said(m)))
    assert kinds["debezium-server"] == [f"database.include.list={m.database}_other"]

"""Each setting of a Debezium connector that would lose something is told with what mends it; a good connector has none."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from banyan.move.assess.connector import Heard, check, hear
from banyan.move.assess.connector.hearing import settings_in
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.hazards import Hazard, Severity
from banyan.move.debezium.looking import Look, Topic
from banyan.move.rows import Column
from tests.move.debezium.test_assembly import begin, source, value

GOOD = {
    "topic.prefix": "legacy",
    "provide.transaction.metadata": "true",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "true",
    "value.converter.replace.null.with.default": "false",
    "skipped.operations": "none",
    "enable.time.adjuster": "false",
    "event.converting.failure.handling.mode": "fail",
    "snapshot.mode": "no_data",
    "tombstones.on.delete": "true",
    "database.include.list": "shop",
    "database.password": "hidden",
}
BAD = [
    ({"provide.transaction.metadata": "false"}, "provide.transaction.metadata=true"),
    ({"skipped.operations": "t"}, "skipped.operations=none"),
    ({"include.schema.changes": "false"}, "include.schema.changes=true"),
    ({"decimal.handling.mode": "double"}, "decimal.handling.mode=precise"),
    ({"binary.handling.mode": "base64"}, "binary.handling.mode=bytes"),
    ({"time.precision.mode": "connect"}, "time.precision.mode=adaptive_time_microseconds"),
    ({"enable.time.adjuster": "true"}, "enable.time.adjuster=false"),
    ({"event.converting.failure.handling.mode": "warn"}, "event.converting.failure.handling.mode=fail"),
    ({"event.processing.failure.handling.mode": "skip"}, "event.processing.failure.handling.mode=fail"),
    ({"snapshot.mode": "when_needed"}, "snapshot.mode=no_data"),
    ({"value.converter": "io.confluent.AvroConverter"}, "value.converter=org.apache.kafka.connect.json.JsonConverter"),
    ({"value.converter.schemas.enable": "false"}, "value.converter.schemas.enable=true"),
    ({"value.converter.replace.null.with.default": "true"}, "value.converter.replace.null.with.default=false"),
    ({"transforms": "flat", "transforms.flat.type": "io.debezium.transforms.ExtractNewRecordState"}, "-- take out: transforms"),
    ({"column.mask.hash.SHA-256.with.salt.x": "shop.customer.email"}, "-- take out: column.mask.hash.SHA-256.with.salt.x"),
    ({"column.exclude.list": "shop.customer.email"}, "-- take out: column.exclude.list"),
    ({"topic.prefix": "other"}, "topic.prefix=legacy"),
    ({"topic.transaction": "ends"}, "topic.transaction=transaction"),
]  # fmt: skip


def _column(name: str, full: str, *, nullable: bool = False) -> Column:
    return Column(name, full.partition("(")[0], full, None, None, nullable, None, False)


def _table(name: str, *columns: Column, key: tuple[str, ...] = ("id",)) -> Found:
    return Found(name, "BASE TABLE", "InnoDB", 10, 100, 0, 0, "", columns, key)


SHOP = Survey(
    source="127.0.0.1:3306/shop",
    database="shop",
    version="10.11-MariaDB",
    user="mover",
    variables={},
    tables={
        "t": _table(
            "t", _column("id", "int"), _column("price", "decimal(10,2)"), _column("note", "text", nullable=True)
        )
    },
)


def heard(settings: Mapping[str, str] | None = GOOD, *messages: bytes, topics: tuple[Topic, ...] = ()) -> Heard:
    from banyan.move.debezium import Message

    told = [Message("p", n, n + 1, "legacy.shop.t", each) for n, each in enumerate(messages or (begin(1),))]
    return Heard(Look(told, topics), prefix="legacy", settings=settings)


def found(*given: Heard) -> list[Hazard]:
    return list(check(SHOP, given[0]))


def test_a_good_connector_has_no_hazard() -> None:
    assert found(heard()) == []


@pytest.mark.parametrize(("settings", "fix"), BAD)
def test_a_setting_that_loses_something_is_found_alone_with_what_mends_it(settings: dict[str, str], fix: str) -> None:
    (hazard,) = found(heard({**GOOD, **settings}))
    assert hazard.kind == "debezium-setting"
    assert hazard.fix == (fix,)
    assert "hidden" not in str(hazard)


@pytest.mark.parametrize(
    ("lists", "out"),
    [
        ({"table.include.list": r"shop\.t"}, {"banyan_watermark"}),
        ({"table.exclude.list": "shop.T"}, {"t"}),
        ({"database.include.list": "other"}, {"t", "banyan_watermark"}),
        ({"table.include.list": r"shop\..*, other\..*"}, set()),
    ],
)
def test_tables_that_no_event_would_come_of_are_named(lists: dict[str, str], out: set[str]) -> None:
    left = found(heard({**GOOD, **lists}))
    assert {name for each in left for name in each.tables} == out
    assert all(each.kind == "debezium-tables" for each in left)


FIELDS: list[dict[str, object]] = [
    {"field": "id", "type": "int32"},
    {"field": "price", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"}},
    {"field": "note", "type": "string"},
]


def row(after: dict[str, object] | None, fields: list[dict[str, object]] = FIELDS, **more: object) -> bytes:
    payload = {"op": "c", "before": None, "after": after, "source": source(2000)}
    part = {"id": "0-1-2", "total_order": 1, "data_collection_order": 1}
    return value({**payload, "transaction": part, **more}, {"fields": [{"field": "after", "fields": fields}]})


WHOLE = {"id": 1, "price": "AQ==", "note": None}


@pytest.mark.parametrize(
    ("message", "kind", "word"),
    [
        (row(WHOLE), "", ""),
        (row({**WHOLE, "price": None}), "debezium-image", "binlog_row_image"),
        (row(WHOLE, FIELDS[:2]), "debezium-columns", "column.exclude.list"),
        (row({**WHOLE, "price": 1.0}, [FIELDS[0], {"field": "price", "type": "double"}, FIELDS[2]]), "debezium-lossy",
         "decimal.handling.mode=precise"),
        (row(WHOLE, transaction=None), "debezium-envelope", "provide.transaction.metadata=true"),
        (row(WHOLE, source=source(2000, snapshot="last"), op="r"), "debezium-snapshot", "snapshot.mode=no_data"),
        (row(WHOLE, source={**source(2000), "db": "other"}), "debezium-server", "database.include.list=shop"),
        (b'{"id": 1, "price": 3}', "debezium-envelope", "schemas.enable=true"),
        (b"\x00\x00\x00\x01avro", "debezium-envelope", "JsonConverter"),
        (value({"op": "c", "source": {"snapshot": "false"}}), "debezium-envelope", "transformation"),
    ],
)  # fmt: skip
def test_what_events_show_is_told_with_what_mends_it(message: bytes, kind: str, word: str) -> None:
    hazards = found(heard(GOOD, begin(1), message))
    assert [each.kind for each in hazards] == ([kind] if kind else [])
    assert not kind or word in hazards[0].fix[0]


def test_topics_must_keep_every_event_in_order() -> None:
    good = (Topic("legacy.shop.t", 3, "delete", 604_800_000), Topic("legacy.transaction", 1, "delete", -1))
    assert found(heard(topics=good)) == []
    bad = (Topic("legacy.shop.t", 1, "compact"), Topic("legacy.transaction", 2, "delete", 1000))
    assert [each.kind for each in found(heard(topics=bad))] == [
        "debezium-topics",
        "debezium-topics",
        "debezium-retention",
    ]


def test_a_key_that_no_event_can_tell_is_a_warning() -> None:
    days = _table("days", _column("day", "date"), key=("day",))
    seen = Survey("s", "shop", "10.11-MariaDB", "mover", {}, {"days": days})
    (hazard,) = check(seen, heard())
    assert (hazard.kind, hazard.severity, hazard.tables) == ("debezium-key", Severity.WARNING, ("days",))


def test_settings_are_read_as_kafka_connect_and_as_debezium_server_keep_them() -> None:
    assert settings_in('{"name": "c", "config": {"snapshot.mode": "never", "x": true}}') == {
        "snapshot.mode": "never",
        "x": "true",
    }
    assert settings_in('{"snapshot.mode": "never"}') == {"snapshot.mode": "never"}
    assert settings_in("# ours\ndebezium.source.snapshot.mode = never\n\n") == {"snapshot.mode": "never"}
    with pytest.raises(ValueError, match="no settings"):
        settings_in('{"config": 3}')


@asynccontextmanager
async def kafka_connect(status: Callable[[], object]) -> AsyncIterator[str]:
    """Kafka Connect's answers about one connector, by its REST interface's documentation."""

    async def config(_: web.Request) -> web.Response:
        return web.json_response(GOOD)

    async def state(_: web.Request) -> web.Response:
        return web.json_response(status())

    app = web.Application()
    app.router.add_get("/connectors/legacy/config", config)
    app.router.add_get("/connectors/legacy/status", state)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/connectors/legacy"
    finally:
        await runner.cleanup()


async def test_kafka_connect_tells_the_settings_and_whether_its_tasks_run(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    await asyncio.to_thread(events.write_bytes, b'{"topic":"t","key":null,"value":null}\n')
    running = {"connector": {"state": "RUNNING"}, "tasks": [{"id": 0, "state": "RUNNING"}]}
    failed = {"connector": {"state": "RUNNING"}, "tasks": [{"id": 0, "state": "FAILED", "trace": "no table\n  at x"}]}
    for status, stopped in ((running, ()), (failed, ("its task 0 is FAILED: no table",))):
        async with kafka_connect(lambda status=status: status) as url:  # type: ignore[misc]
            told = await hear(f"file://{events}", url)
            assert told.settings == GOOD
            assert told.stopped == stopped
            assert [each.kind for each in check(SHOP, told)] == ["debezium-stopped"] * len(stopped)
            away = await hear(f"file://{events}", url + "-of-nobody")
            assert [each.what for each in away.unseen] == ["the connector's settings"]

"""A shop whose changes Debezium tells ends with the same mirror, byte for byte, as one whose binlog is followed."""

import asyncio
import random
from pathlib import Path

from banyan.move.storage import checkpoints
from tests.backends.kafka_server import KafkaServer
from tests.move.core.conftest import Moving
from tests.move.core.test_streaming import _write_some
from tests.move.debezium.conftest import MakeToldOf
from tests.move.debezium.engine import Engine


async def _lives(m: Moving, engine: Engine) -> None:
    """All that a shop does, with Debezium ending twice and our worker once; then both are the same."""
    chance = random.Random(5)
    await m.mover.copy()
    m.work()
    for _ in range(10):
        await asyncio.to_thread(_write_some, m, chance)
    await m.copied()
    await asyncio.to_thread(engine.remember)
    m.sql("UPDATE toy_maker SET maker_id = 9000 WHERE maker_id = 13")
    m.sql("BEGIN")
    m.many(
        "INSERT INTO toy_maker (maker_id, name, added) VALUES (%s, %s, '0000-00-00')",
        [(n, "x") for n in range(5000, 5400)],
    )
    m.sql("UPDATE toy_maker SET name = 'many', added = '2024-02-00' WHERE maker_id BETWEEN 5000 AND 5200")
    m.sql("DELETE FROM toy_maker WHERE maker_id BETWEEN 5150 AND 5180")
    m.sql("COMMIT")
    await m.settled()
    await m.same()
    engine.stop(kill=True)
    engine.forget()
    await asyncio.to_thread(lambda: [_write_some(m, chance) for _ in range(20)])
    await asyncio.to_thread(engine.start)
    await asyncio.to_thread(lambda: [_write_some(m, chance) for _ in range(5)])
    await m.rest()
    await asyncio.to_thread(lambda: [_write_some(m, chance) for _ in range(5)])
    m.work()
    await _settled(m)
    await m.same()
    for row in (await m.counts()).values():
        assert row["seen"] == row["applied"] + row["coalesced"] + row["filtered"] + row["quarantined"]


async def _settled(m: Moving) -> None:
    reached = await m.mover.reached("catalog", await m.mover.head(), 20)
    known = await checkpoints.read(m.ports.db)
    assert known is not None
    assert known.halted is None
    assert reached, m.mover.following and m.mover.following.trouble


async def test_by_kafka_through_kills_and_repetitions(told_of: MakeToldOf, kafka: KafkaServer) -> None:
    m, engine = await told_of(kafka=kafka)
    await _lives(m, engine)


async def test_a_connector_that_is_killed_inside_a_transaction_loses_and_repeats_nothing(told_of: MakeToldOf) -> None:
    m, engine = await told_of(max_batch_size="50", max_queue_size="100", offset_flush_interval_ms="10")
    await m.mover.copy()
    m.work()
    await m.copied()
    m.sql("BEGIN")
    m.many("INSERT INTO toy_maker (maker_id, name) VALUES (%s, %s)", [(number, "x") for number in range(5000, 13000)])
    m.sql("UPDATE toy_maker SET name = 'y' WHERE maker_id BETWEEN 6000 AND 6500")
    m.sql("COMMIT")
    await asyncio.to_thread(engine.remember_inside)
    engine.stop(kill=True)
    engine.forget()
    told = Path(engine.to).read_bytes()
    Path(engine.to).write_bytes(told[: told.rfind(b"\n") + 1])
    await asyncio.to_thread(engine.start)
    await _settled(m)
    await m.same()
    row = (await m.counts())["toy_maker"]
    assert row["seen"] == 8501 == row["applied"] + row["coalesced"]


async def test_what_changes_besides_rows_empties_stops_or_halts(
    told_of: MakeToldOf,
) -> None:
    m, engine = await told_of()
    await m.mover.copy()
    m.work()
    await m.copied()
    m.sql("TRUNCATE TABLE toy_shelf")
    m.sql("INSERT INTO toy_shelf VALUES ('New', 'a new start', NULL)")
    await m.until(lambda: m.catalog.names("category") == {"a new start"})
    m.sql("ALTER TABLE toy_shelf ADD COLUMN colour varchar(10) NOT NULL DEFAULT 'red' AFTER code")
    m.sql("UPDATE toy_shelf SET name = 'after the change'")
    m.sql("UPDATE toy_maker SET name = 'other tables go on' WHERE maker_id = 3")
    await m.until(lambda: any("other tables go on" in name for name in m.catalog.names("brand")))
    assert (await m.counts())["toy_shelf"]["state"] == "stopped"
    await m.mover.resume(table="shelf")
    await m.until(lambda: "after the change" in m.catalog.names("category"))
    await m.copied()
    await m.settled()
    await m.same()

    engine.stop(kill=True)
    (engine.folder / "offsets").unlink()  # the connector loses its place, and begins anew with a snapshot
    m.sql("UPDATE toy_maker SET name = 'nobody tells this' WHERE maker_id = 1")
    await asyncio.to_thread(engine.start)
    m.sql("UPDATE toy_maker SET name = 'this is told' WHERE maker_id = 2")

    async def halted() -> bool:
        known = await checkpoints.read(m.ports.db)
        return known is not None and known.halted is not None and "snapshot" in known.halted

    await m.until(halted)
    assert not any("this is told" in name for name in m.catalog.names("brand"))
    await m.mover.resume(again=True)
    await m.copied()
    await _settled(m)
    await m.same()

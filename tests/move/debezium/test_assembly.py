"""Whole transactions come out, each once and in the order of commits, however the messages come in; nothing is guessed."""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.foundation.settings import WrongSettings
from banyan.move.binlog import Emptied, Halt, SchemaChanged
from banyan.move.binlog.halts import LogGone
from banyan.move.debezium import Message, feed
from banyan.move.debezium.assembly import Assembly
from banyan.move.debezium.envelope import read
from banyan.move.rows import Position, Table

T = Table("t", (), ("id",))
ROW = {"type": "struct", "fields": [{"type": "int32", "optional": False, "field": "id"}], "field": "after"}
BEGAN = Position(1, 1, 1000)


def value(payload: dict[str, Any] | None, schema: Any = None) -> bytes:
    return orjson.dumps({"schema": schema or {"fields": [ROW]}, "payload": payload})


def source(pos: int, row: int = 0, **more: Any) -> dict[str, Any]:
    said = {"snapshot": "false", "db": "shop", "table": "t", "server_id": 3, "gtid": None, "file": "log.000001"}
    return {**said, "pos": pos, "row": row, "ts_ms": 1_700_000_000_000, **more}


def row(number: int, order: int, pos: int, **more: Any) -> bytes:
    part = {"id": f"0-1-{number}", "total_order": order, "data_collection_order": order}
    payload = {"op": "c", "before": None, "after": {"id": order}, "source": source(pos), "transaction": part}
    return value({**payload, **more})


def begin(number: int) -> bytes:
    return value({"status": "BEGIN", "id": f"0-1-{number}", "event_count": None, "data_collections": None, "ts_ms": 1})


def end(number: int, count: int) -> bytes:
    return value({"status": "END", "id": f"0-1-{number}", "event_count": count, "data_collections": [], "ts_ms": 1})


def truncated(pos: int) -> bytes:
    return value({"op": "t", "before": None, "after": None, "source": source(pos), "transaction": {"id": "0-1-9"}})


class Topics:
    """An assembly that is fed by places; `anew` with something of before, so that it knows it lacks nothing."""

    def __init__(self, *, anew: bool = False) -> None:
        self.assembly = Assembly("shop", {"t": T}.get, 1, BEGAN, "0-1-10", anew=anew)
        self.offsets: dict[str, int] = {}
        self.taken: list[tuple[str, int]] = []

    def put(self, place: str, told: bytes | None) -> None:
        offset = self.offsets.setdefault(place, 0)
        self.offsets[place] += 1
        self.assembly.feed(Message(place, offset, offset + 1, place, told))

    def take(self) -> list[tuple[str, int]]:
        for held in self.assembly.ready():
            self.taken.append((held.id, len(held.in_order())))
            self.assembly.done(held)
        return self.taken


@settings(max_examples=300)
@given(st.data())
def test_any_reading_of_a_connector_that_is_restarted_anywhere_gives_each_transaction_once_and_whole(
    data: st.DataObject,
) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    chance = random.Random(data.draw(st.integers(0, 1 << 30)))
    produced, ends = _produced(sizes, chance)
    topics = Topics()
    read = dict.fromkeys(produced, 0)
    while any(read[place] < len(produced[place]) for place in read):
        place = chance.choice([place for place in read if read[place] < len(produced[place])])
        topics.put(place, produced[place][read[place]])
        read[place] += 1
        for held in topics.assembly.unsettled:
            held.until = ends[held.id]
        if chance.random() < 0.7:
            topics.take()
        assert topics.taken == [(f"0-1-{n}", size) for n, size in enumerate(sizes[: len(topics.taken)], 11)]
    assert len(topics.take()) == len(sizes)
    assert topics.assembly.places == topics.offsets, "nothing is needed any more"


def _produced(sizes: list[int], chance: random.Random) -> tuple[dict[str, list[bytes]], dict[str, dict[str, int]]]:
    """What a connector puts into its topics; it is restarted now and then, there or before, and counts anew from there.
    And how long the topics were when a transaction's END was put there for the last time."""
    topics: dict[str, list[bytes]] = {"a": [], "b": [], "ends": []}
    ends: dict[str, dict[str, int]] = {}
    steps = [(number, order) for number, size in enumerate(sizes, 11) for order in range(size + 1)]  # 0: its END
    steps.sort(key=lambda step: (step[0], step[1] or 99))
    restarts = chance.randint(0, 4)
    at, counted, open_ = 0, 0, 0
    while at < len(steps):
        number, order = steps[at]
        if number != open_:
            open_, counted = number, 0
            topics["ends"].append(begin(number))
        if order:
            counted += 1
            topics["ab"[hash((number, order)) % 2]].append(row(number, counted, number * 1000 + order))
        else:
            topics["ends"].append(end(number, counted))
            ends[f"0-1-{number}"] = {place: len(told) for place, told in topics.items()}
        at += 1
        if restarts and chance.random() < 0.2:
            restarts, open_ = restarts - 1, 0
            at = chance.randint(max(0, at - 4), at)
    return topics, ends


def test_a_part_told_before_a_restart_is_waited_for_though_the_count_is_full() -> None:
    topics = Topics()
    topics.put("ends", begin(11))
    topics.put("ends", begin(11))
    topics.put("b", row(11, 1, 11_002))
    topics.put("ends", end(11, 1))
    assert topics.take() == []
    (held,) = topics.assembly.unsettled
    held.until = {"a": 1, "b": 1, "ends": 3}
    assert topics.take() == []
    topics.put("a", row(11, 1, 11_001))
    assert topics.take() == [("0-1-11", 2)]


def test_never_past_an_unfinished_transaction_and_its_messages_stay_needed() -> None:
    topics = Topics()
    topics.put("a", row(11, 1, 11_001))
    topics.put("b", row(12, 1, 12_001))
    topics.put("ends", end(11, 2))
    topics.put("ends", end(12, 1))
    assert topics.take() == []
    assert topics.assembly.places == {"a": 0, "b": 0, "ends": 0}
    assert "2 changes, and 1 have come" in topics.assembly.waits
    topics.put("b", row(11, 2, 11_002))
    assert [id_ for id_, _ in topics.take()] == ["0-1-11", "0-1-12"]
    assert topics.assembly.places == {"a": 1, "b": 2, "ends": 2}


def test_what_was_before_the_stream_began_is_left_out_even_without_its_rows() -> None:
    topics = Topics(anew=True)
    topics.put("a", row(9, 1, 900))
    topics.put("ends", end(9, 1))
    topics.put("ends", end(10, 7))
    topics.put("a", row(11, 1, 11_000))
    topics.put("ends", end(11, 1))
    assert topics.take() == [("0-1-11", 1)]


def test_events_that_begin_too_late_are_refused() -> None:
    topics = Topics(anew=True)
    topics.put("a", row(11, 1, 11_000))
    topics.put("ends", end(11, 1))
    with pytest.raises(LogGone, match="Start the connector first"):
        topics.take()


def test_a_truncate_stops_between_the_transactions_before_and_after_it() -> None:
    topics = Topics()
    for number in (11, 13):
        topics.put("a", row(number, 1, number * 1000))
        topics.put("ends", end(number, 1))
        if number == 11:
            topics.put("a", truncated(12_000))
    assert topics.take() == [("0-1-11", 1)]
    assert topics.assembly.places["a"] == 1, "it is told again until it was heeded"
    with pytest.raises(Emptied) as stop:
        topics.take()
    assert stop.value.after == Position(1, 1, 12_000)


def test_a_truncate_that_comes_too_late_stops_its_table() -> None:
    topics = Topics()
    topics.put("b", row(13, 1, 13_000))
    topics.put("ends", end(13, 1))
    topics.take()
    with pytest.raises(SchemaChanged, match="came after later changes") as stop:
        topics.put("a", truncated(12_000))
    assert stop.value.after is None


def test_statements_about_watched_tables_stop_and_others_do_not() -> None:
    topics = Topics()
    for pos, sql in (
        (11_000, "CREATE TABLE other (a int)"),
        (11_500, "ALTER TABLE t ADD INDEX (id)"),
        (12_000, "DROP TABLE t"),
    ):
        topics.put("ddl", value({"source": source(pos), "databaseName": "shop", "ddl": sql, "tableChanges": []}))
    topics.put("a", row(13, 1, 13_000))
    topics.put("ends", end(13, 1))
    with pytest.raises(SchemaChanged, match="DROP TABLE t"):
        topics.take()


def test_a_snapshot_in_the_middle_halts_and_one_of_before_or_an_incremental_one_does_not() -> None:
    topics = Topics()
    for pos, kind in ((900, "last"), (12_000, "incremental"), (12_500, "true")):
        said = {
            "op": "r",
            "before": None,
            "after": {"id": 1},
            "transaction": None,
            "source": source(pos, snapshot=kind),
        }
        topics.put("a", value(said))
    topics.put("a", row(13, 1, 13_000))
    topics.put("ends", end(13, 1))
    with pytest.raises(LogGone, match="snapshot at 000001:12500"):
        topics.take()


WRONG = {
    "no JSON": b"\x00\x00\x01avro",
    "without its schema": orjson.dumps({"before": None, "after": {"id": 1}, "op": "c"}),
    "let no transformation": value({"id": 1}),
    "kind that is not known": row(11, 1, 1, op="m"),
    "provide.transaction.metadata": row(11, 1, 1, transaction=None),
}


@pytest.mark.parametrize("why", WRONG)
def test_messages_that_are_not_understood_halt_and_name_the_setting(why: str) -> None:
    with pytest.raises(Halt, match=why):
        read("x", WRONG[why])


def test_heartbeats_and_tombstones_are_of_no_concern() -> None:
    assert read("x", None) is None
    assert read("x", value({"ts_ms": 1})) is None
    assert read("x", b"null") is None


@pytest.mark.parametrize("url", ["kafka://host:9092", "file://here/x", "http://x/y", "kafka:///x"])
def test_a_wrong_stream_is_refused_with_what_is_right(url: str) -> None:
    with pytest.raises(WrongSettings, match="topic-prefix"):
        feed(url)


async def test_a_file_is_read_as_it_grows_and_a_broken_line_halts(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"topic":"a","key":null,"value":null}\n{"topic":"b","value":')
    lines = feed(f"file://{path}")
    await lines.open({})
    (first,) = await lines.next()
    assert (first.topic, first.value, first.after) == ("a", None, 38)
    assert await lines.next() == []
    with path.open("ab") as file:
        file.write(b'{"x":1}}\nhalf a line {"topic":"c","value":null}\n')
    with pytest.raises(Halt, match="no message"):
        await lines.next()
    await lines.open({path.name: first.after})
    path.write_bytes(path.read_bytes().partition(b"half")[0])
    (second,) = await lines.next()
    assert (second.topic, second.value) == ("b", b'{"x":1}')

"""A Debezium message: what it says, as far as the stream needs to know it. What is not known is a Halt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from banyan.move.binlog import Halt, SchemaChanged
from banyan.move.debezium.values import UNSURE, Field, Spell, spelling
from banyan.move.rows import Table
from banyan.move.source import file_number

Point = tuple[int, int]
"""The number of a log's file, and where an event begins in it."""
Place = tuple[int, int, int, bool]
"""A point, the row within its event, and for two that come of one row which is the second."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction begins, or a connector that was restarted in the middle of it goes on with it."""

    transaction: str


@dataclass(frozen=True, slots=True)
class End:
    """A transaction is over: `count` row events of it were written since its last Begin."""

    transaction: str
    count: int


@dataclass(frozen=True, slots=True)
class Said:
    """A statement about tables (its `sql`), or a TRUNCATE (`emptied`)."""

    point: Point
    file: str
    database: str
    sql: str = ""
    emptied: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Debezium looked at the tables instead of the log: what came before this point it may not have told.

    `of_row`: it read rows, and not only how the tables are made.
    """

    point: Point
    of_row: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One row was written. `order`: its number since its transaction's last Begin; `fields`: its columns by the schema."""

    transaction: str
    order: int
    point: Point
    file: str
    row: tuple[int, bool]
    gtid: str
    at: int
    server_id: int
    database: str
    table: str
    fields: Sequence[Field]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def place(self) -> "Place":
        """Where it stands in the log: nothing else has this, and a repetition has it too."""
        return (*self.point, *self.row)


Event = Begin | End | Said | Snapshot | Written


def read(topic: str, value: bytes | None) -> Event | None:
    """What a message says; None for what is of no concern. Halt for what is not understood."""
    if value is None:
        return None  # a tombstone: for Kafka's compaction
    try:
        message = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Halt(f"{topic} has a message that is no JSON: set value.converter to JsonConverter") from None
    if message is None:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("payload"), dict) or not message.get("schema"):
        raise Halt(f"{topic} has a message without its schema: set value.converter.schemas.enable=true")
    payload = message["payload"]
    source = payload.get("source")
    if "status" in payload and "event_count" in payload:
        ended = payload["status"] == "END"
        return End(payload["id"], payload["event_count"]) if ended else Begin(payload["id"])
    if source is None and set(payload) <= {"ts_ms", "ts_us", "ts_ns"}:
        return None  # a heartbeat
    if source is None or not ("op" in payload or "ddl" in payload):
        raise Halt(
            f"{topic} has a message that is no change event: let no transformation change them (unwrap, flatten)"
        )
    return _of_source(topic, message["schema"], payload, source)


def _of_source(topic: str, schema: Any, payload: Any, source: Any) -> Event | None:
    snapshot = str(source.get("snapshot") or "false").lower()
    if snapshot == "incremental":
        return None  # we copy ourselves
    file, point = source["file"], (file_number(source["file"]), int(source["pos"]))
    if snapshot != "false":
        return Snapshot(point, payload.get("op") == "r")
    if "ddl" in payload:
        return Said(point, file, payload.get("databaseName") or source.get("db") or "", sql=payload["ddl"])
    if payload["op"] == "t":
        return Said(point, file, source["db"], emptied=source["table"])
    if payload["op"] not in ("c", "u", "d"):
        raise Halt(f"{topic} has an event of a kind that is not known to the mover: {payload['op']!r}")
    part = payload.get("transaction")
    if not part:
        raise Halt(f"{topic} has an event that does not tell its transaction: set provide.transaction.metadata=true")
    (fields,) = (each["fields"] for each in schema["fields"] if each["field"] == "after")
    return Written(
        transaction=part["id"],
        order=int(part["total_order"]),
        point=point,
        file=file,
        row=(int(source.get("row") or 0), payload["op"] != "d"),  # a new key is a deletion, then an insertion
        gtid=source.get("gtid") or "",
        at=int(source["ts_ms"]) // 1000,
        server_id=int(source["server_id"]),
        database=source["db"],
        table=source["table"],
        fields=fields,
        before=payload["before"],
        after=payload["after"],
    )


class Reader:
    """Reads rows of one table, of events that describe it alike."""

    def __init__(self, table: Table, fields: Sequence[Field]) -> None:
        self.table, self.fields = table, fields
        named = {field["field"]: field for field in fields if field["field"] not in table.computed}
        new, gone = sorted(named.keys() - table.place.keys()), sorted(table.place.keys() - named.keys())
        if new or gone:
            said = [f"has new columns ({', '.join(new)})"] if new else []
            said += [f"has lost columns ({', '.join(gone)})"] if gone else []
            raise SchemaChanged(table.name, f"{table.name} {' and '.join(said)} in Debezium's events")
        self._spells: list[tuple[str, Spell]] = [
            (column.name, spelling(column, named[column.name])) for column in table.columns
        ]

    def read(self, row: Mapping[str, Any]) -> tuple[list[bytes | None], list[int]]:
        """A row's values, and the places of those that are yet to be read from the source. SchemaChanged without its key."""
        values: list[bytes | None] = []
        unsure: list[int] = []
        for place, (name, spell) in enumerate(self._spells):
            value = spell(row[name])
            if value is UNSURE:
                unsure.append(place)
                values.append(None)
            else:
                values.append(value)
        for place in unsure:
            if place in self.table.key_places:
                name = self.table.columns[place].name
                raise SchemaChanged(
                    self.table.name,
                    f"Debezium cannot tell {self.table.name}.{name} of a row, which is part of its key: {row[name]!r}. "
                    "Follow the binlog instead",
                )
        return values, unsure

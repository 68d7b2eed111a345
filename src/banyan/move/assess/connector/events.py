"""Hazards that a connector's own events and topics show, read as the stream would read them."""

from collections.abc import Iterator, Mapping

from banyan.move.assess.connector.hearing import Heard
from banyan.move.assess.forecast import copy_seconds, span
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.hazards import Hazard, Severity, names
from banyan.move.assess.kinds import hazard
from banyan.move.binlog import Halt
from banyan.move.debezium import envelope
from banyan.move.debezium.envelope import Snapshot, Written
from banyan.move.debezium.looking import Topic
from banyan.move.debezium.values import Field, Lossy, spelling
from banyan.move.rows import Column

_DATES = ("date", "datetime", "timestamp")
_UNTOLD = ("json", "uuid", "inet4", "inet6")


def check(seen: Survey, heard: Heard) -> Iterator[Hazard]:
    """All hazards of what was heard."""
    if heard.away:
        yield hazard("debezium-away", heard.away, "-- see that BANYAN_LEGACY_STREAM names the brokers and topic.prefix")
    if heard.broken:
        yield hazard("debezium-envelope", heard.broken, "-- have it written anew")
    if heard.stopped:
        yield hazard("debezium-stopped", "; ".join(heard.stopped), "-- mend what it says, and start it again")
    yield from _keys(seen)
    if heard.look is None:
        return
    yield from _topics(seen, heard.look.topics)
    written, halts, snapshots = _read(heard)
    if not heard.look.messages:
        yield hazard("debezium-silent", "no event is there", "-- start the connector, change a row, and ask again")
    for reason, count in halts.items():
        found, _, fix = reason.partition(": ")
        yield hazard("debezium-envelope", f"{found} ({count} of {len(heard.look.messages)})", fix.removeprefix("set "))
    if snapshots:
        said = f"{snapshots} of the newest events are of a snapshot"
        yield hazard("debezium-snapshot", said, "snapshot.mode=no_data", events=snapshots)
    if heard.elsewhere:
        yield hazard("debezium-server", heard.elsewhere, "-- set database.hostname to the server of BANYAN_LEGACY_URL")
    elif written and all(each.database != seen.database for each in written):
        of = names(sorted({each.database for each in written}))
        found = f"its events are of {of}, none of {seen.database}"
        yield hazard("debezium-server", found, f"database.include.list={seen.database}")
    yield from _rows(seen, [each for each in written if each.database == seen.database])


def newest(heard: Heard, database: str) -> Written | None:
    """The last row that was told of this database."""
    written = [each for each in _read(heard)[0] if each.database == database] if heard.look else []
    return max(written, key=lambda each: each.place, default=None)


def _read(heard: Heard) -> tuple[list[Written], dict[str, int], int]:
    """The rows told of, what halts with how often, and how many events are of a snapshot."""
    written: list[Written] = []
    halts: dict[str, int] = {}
    snapshots = 0
    for message in heard.look.messages if heard.look else ():
        try:
            event = envelope.read(message.topic, message.value)
        except Halt as halt:
            reason = halt.reason.replace(message.topic, "a topic", 1)
            halts[reason] = halts.get(reason, 0) + 1
        except (KeyError, TypeError, ValueError, AttributeError):
            reason = "a topic has a message of an unknown shape: let no transformation change them (unwrap, flatten)"
            halts[reason] = halts.get(reason, 0) + 1
        else:
            if isinstance(event, Written):
                written.append(event)
            snapshots += isinstance(event, Snapshot) and event.of_row
    return written, halts, snapshots


def _topics(seen: Survey, topics: tuple[Topic, ...]) -> Iterator[Hazard]:
    needed = copy_seconds(seen.in_use)
    compacted = [each.name for each in topics if "compact" in each.cleanup]
    if compacted:
        yield hazard(
            "debezium-topics",
            f"of a key only the newest event is kept in {names(compacted)}",
            *(f"kafka-configs --alter --topic {name} --add-config cleanup.policy=delete" for name in compacted),
        )
    for each in topics:
        if each.name.endswith(".transaction") and each.partitions > 1:
            yield hazard(
                "debezium-topics",
                f"{each.name} has {each.partitions} partitions: transactions lose their order",
                "topic.creation.default.partitions=1",
                f"-- and delete {each.name} before the connector starts again",
            )
    short = [each for each in topics if each.retention_ms is not None and 0 <= each.retention_ms < 4000 * needed]
    if short:
        least = min(each.retention_ms or 0 for each in short)
        yield hazard(
            "debezium-retention",
            f"{len(short)} topics are kept {span(least / 1000)}, the copy takes about {span(needed)}",
            *(f"kafka-configs --alter --topic {each.name} --add-config retention.ms=604800000" for each in short),
            kept_seconds=least / 1000,
            copy_seconds=round(needed),
        )


def _keys(seen: Survey) -> Iterator[Hazard]:
    for table in seen.in_use:
        for name in table.key:
            column = table.column(name)
            if column is not None and column.type in (*_DATES, *_UNTOLD):
                fix = "-- follow the binlog: leave BANYAN_LEGACY_STREAM empty"
                yield hazard(
                    "debezium-key", f"{table.name}.{name} is {column.full} and of the key", fix, tables=(table.name,)
                )


def _rows(seen: Survey, written: list[Written]) -> Iterator[Hazard]:
    """What the newest event of each table shows of its columns, and any event of its images."""
    lossy: dict[str, list[str]] = {}
    torn: list[str] = []
    newest_of = {each.table: each for each in sorted(written, key=lambda each: each.place)}
    for name, event in newest_of.items():
        table = seen.tables.get(name)
        if table is None or not seen.used(name):
            continue
        fields = {field["field"]: field for field in event.fields}
        yield from _columns(table, fields)
        for column in _told(table, fields):
            try:
                spelling(column, fields[column.name])
            except Lossy as loss:
                lossy.setdefault(loss.setting, []).append(f"{name}.{column.name} ({column.full} as {loss.told_as})")
    for setting, columns in lossy.items():
        yield hazard("debezium-lossy", f"{names(columns)} cannot be told exactly", setting, columns=len(columns))
    for event in written:
        table = seen.tables.get(event.table)
        if table is not None and seen.used(event.table) and event.table not in torn and _is_torn(table, event):
            torn.append(event.table)
    if torn:
        yield hazard(
            "debezium-image",
            f"rows of {names(torn)} came without all their columns",
            "SET GLOBAL binlog_row_image = 'FULL'; -- and the same under [mysqld]; reconnect the shop",
            "event.converting.failure.handling.mode=fail",
            tables=torn,
        )


def _told(table: Found, fields: Mapping[str, Field]) -> list[Column]:
    return [column for column in table.columns if not column.generated and column.name in fields]


def _columns(table: Found, fields: Mapping[str, Field]) -> Iterator[Hazard]:
    there = {column.name for column in table.columns if not column.generated}
    gone = sorted(there - fields.keys())
    if gone:
        yield hazard(
            "debezium-columns",
            f"events of {table.name} have no {names(gone)}",
            "-- take out: column.exclude.list, column.include.list; or the table was altered after its newest event",
            tables=(table.name,),
            severity=Severity.BLOCKER,
        )


def _is_torn(table: Found, event: Written) -> bool:
    """An image that must be there and is not, or NULL where the column cannot be NULL and is no date."""
    must = [column.name for column in table.columns if not column.nullable and column.type not in _DATES]
    there = event.row[1]  # else it was deleted
    for image, wanted in ((event.before, not there), (event.after, there)):
        if image is None and wanted:
            return True
        if image is not None and any(name in image and image[name] is None for name in must):
            return True
    return False

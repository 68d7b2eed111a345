"""What Debezium's events do not say, asked of the source itself: values they cannot hold, and where a transaction ends."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banyan.move.binlog import Halt
from banyan.move.rows import Column, Table
from banyan.move.source import Connection, SqlError, select, watermark, where

_AT_ONCE = 200  # rows asked for in one statement
_PAGE, _PAGES = 500, 200  # events looked at on the way to a transaction's end
_NO_LOG = 1220  # the file is gone, or there is no event at that place
_DENIED = (1044, 1045, 1142, 1227)
_ENDS = re.compile(r"COMMIT|ROLLBACK|XA (COMMIT|ROLLBACK|PREPARE)", re.IGNORECASE)


@dataclass(slots=True)
class Image:
    """A row as an event has it. `unsure`: places of values it does not tell."""

    table: Table
    values: list[bytes | None]
    unsure: Sequence[int]


def complete(con: Connection, images: Iterable[Image]) -> None:
    """Fill in what the images do not tell with what the source has now.

    That may be newer than the event; then an event that says so is still to come, and after it both agree. A row
    that is gone gets a stand-in until its own end comes.
    """
    by_table: dict[str, list[Image]] = {}
    for image in images:
        if image.unsure:
            by_table.setdefault(image.table.name, []).append(image)
    if not by_table:
        return
    watermark.mark(
        con
    )  # what was in the log before is visible to a SELECT only once a later commit of ours has returned
    for some in by_table.values():
        for first in range(0, len(some), _AT_ONCE):
            _complete(con, some[0].table, some[first : first + _AT_ONCE])


def _complete(con: Connection, table: Table, images: Sequence[Image]) -> None:
    keys = {table.key_of(image.values): [image.values[place] for place in table.key_places] for image in images}
    conditions = " OR ".join(f"({where(table, values).decode('latin-1')})" for values in keys.values())
    name = table.name.replace("`", "``")
    found = {table.key_of(row): row for row in con.query(f"SELECT {select(table)} FROM `{name}` WHERE {conditions}")}
    for image in images:
        row = found.get(table.key_of(image.values))
        for place in image.unsure:
            image.values[place] = row[place] if row is not None else _stand_in(table.columns[place])


def _stand_in(column: Column) -> bytes | None:
    if column.nullable:
        return None
    return {"date": b"0000-00-00", "datetime": b"0000-00-00 00:00:00", "timestamp": b"0000-00-00 00:00:00"}.get(
        column.type, b""
    )


def end_of(con: Connection, file: str, offset: int) -> int | None:
    """Where the transaction ends whose row event begins there; None when the source does not have that file any more.

    Halt when there is something else at that place: Debezium follows another server's log than ours.
    """
    first, quoted = True, file.replace("\\", "").replace("'", "''")
    for _ in range(_PAGES):
        try:
            events = con.query(f"SHOW BINLOG EVENTS IN '{quoted}' FROM {int(offset)} LIMIT {_PAGE}")
        except SqlError as error:
            if error.code in _DENIED or (
                error.code == _NO_LOG and ("target log" in error.message.lower() or not first)
            ):
                return None
            if error.code != _NO_LOG:
                raise
            raise _other_log(con, file, offset, error.message) from None
        for _, _, kind, _, after, said, *_ in events:
            name, text = (kind or b"").decode(), (said or b"").decode("utf-8", "replace")
            if first and "rows" not in name.lower():
                raise _other_log(con, file, offset, f"there is a {name}")
            first = False
            offset = int(after or 0)
            if name == "Xid" or name.startswith("XA") or (name == "Query" and _ENDS.match(text)):
                return offset
        if len(events) < _PAGE:
            return None
    return None


def _other_log(con: Connection, file: str, offset: int, why: str) -> Halt:
    return Halt(
        f"Debezium has an event at {file}:{offset}, and {con.wire.name} has none there ({why}): let Debezium follow the server "
        "of BANYAN_LEGACY_URL, and copy afresh"
    )

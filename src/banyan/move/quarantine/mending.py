"""A case is mended where its row is at home: in the legacy shop. What was written there comes back with the stream."""

import asyncio
from collections.abc import Mapping
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.kernel.refusals import Conflict, Invalid
from banyan.move.legacy import Adapter
from banyan.move.quarantine.cases import Case, find, show, text
from banyan.move.rows import CODECS, Column, Table, Values, unpack
from banyan.move.source import Source, SqlError, literal, where
from banyan.move.storage import groups, log, mirror, tables
from banyan.move.storage.tables import Mirrored


async def fix(
    db: Db,
    source: Source,
    adapter: Adapter,
    id_: str,
    table: str,
    values: Mapping[str, str | None],
    *,
    who: str,
    key: Mapping[str, str] | None = None,
) -> Case:
    """Mend the row where it is at home, in the legacy shop; the change comes back with the stream and is taken then.

    `key` says which row of the table where the case has several. Conflict when the group is ours already, or when the
    legacy database refuses; Invalid for a column or row that is not there.
    """
    row = await find(db, id_)
    group = await groups.one(db, row["group_name"])
    if group is None or group.owner != "legacy":
        raise Conflict(f"{row['group_name']} is ours already: mend it here, not in the legacy shop")
    mirrors = await tables.read(db, adapter)
    prefix = adapter.prefix(list(mirrors.by_name))
    mirrored = mirrors.by_name.get(table) or mirrors.by_name.get(prefix + table)
    if mirrored is None:
        raise Invalid(f"there is no table {table}; there are {', '.join(sorted(mirrors.by_name))}")
    found = _one_row(mirrored, await _rows(db, mirrored, row), key or {})
    statement = _update(mirrored.table, found, values)
    try:
        changed = await asyncio.to_thread(_execute, source, statement)
    except SqlError as error:
        raise Conflict(f"the legacy database refuses: {error.message}") from None
    async with db.transaction() as tx:
        await log.add(
            tx,
            f"quarantine: {id_} mended in {mirrored.name}",
            group=group.name,
            who=who,
            rows=changed,
            columns=list(values),
        )
    return await show(db, adapter, id_)


async def _rows(db: Db, mirrored: Mirrored, case: Row) -> list[Values]:
    if case["kind"] == "row":
        return [unpack(case["image"])] if case["image"] is not None and case["table_name"] == mirrored.name else []
    found = await mirror.of_parents(db, mirrored.number, [case["key"]])
    return [unpack(image) for _, image in found]


def _one_row(mirrored: Mirrored, rows: list[Values], key: Mapping[str, str]) -> Values:
    table = mirrored.table
    _known(table, key)
    fits = [row for row in rows if all(text(table, row, name) == value for name, value in key.items())]
    if len(fits) != 1:
        raise Invalid(
            f"{len(fits)} rows of {table.name} fit; say which one by its key: "
            + ", ".join(f"{name}=…" for name in table.key)
        )
    return fits[0]


def _known(table: Table, names: Mapping[str, Any]) -> None:
    unknown = [name for name in names if name not in table.place]
    if unknown:
        raise Invalid(f"{table.name} has no column {', '.join(unknown)}; it has {', '.join(table.place)}")


def _update(table: Table, row: Values, values: Mapping[str, str | None]) -> bytes:
    _known(table, values)
    if not values:
        raise Invalid("say what is right: COLUMN=VALUE")
    parts = []
    for name, value in values.items():
        column = table.columns[table.place[name]]
        try:
            parts.append(b"`%s` = %s" % (name.replace("`", "``").encode(), literal(column, _bytes(column, value))))
        except (ValueError, UnicodeEncodeError) as error:
            raise Invalid(f"{name}: {error}") from None
    keys = [row[place] for place in table.key_places]
    quoted = table.name.replace("`", "``").encode()
    return b"UPDATE `%s` SET %s WHERE %s" % (quoted, b", ".join(parts), where(table, keys))


def _bytes(column: Column, value: str | None) -> bytes | None:
    return None if value is None else value.encode(CODECS.get(column.charset or "utf8mb4", "utf-8"))


def _execute(source: Source, statement: bytes) -> int:
    with source.connect() as con:
        return con.execute(statement)

"""Quarantine: what could not be taken over, shown with its rows, tried again, mended at its source, or answered for by name."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.move.legacy import Adapter
from banyan.move.rows import CODECS, Column, Table, Values, unpack
from banyan.move.source import Source, SqlError, literal, where
from banyan.move.storage import checkpoints, due, groups, log, mirror, quarantine, tables
from banyan.move.storage.tables import Mirrored


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `rows`: table → its rows, column → value as text; only where it is shown by itself."""

    id: str
    kind: str
    key: str
    group: str
    table: str
    why: str
    state: str
    found_at: str
    waived_by: str | None
    waived_because: str | None
    rows: dict[str, list[dict[str, str | None]]]

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.__slots__ if name != "rows"}
        return {**said, "rows": self.rows} if self.rows else said

    def lines(self) -> list[str]:
        what = f"{self.kind} {self.key}" if self.kind != "row" else f"row {self.key} of {self.table}"
        lines = [f"{self.id}  {self.state:<7} {self.group:<10} {what}: {self.why}"]
        if self.waived_by:
            lines.append(f"    waived by {self.waived_by}: {self.waived_because}")
        for table, rows in self.rows.items():
            lines += [
                f"    {table}: " + ", ".join(f"{name}={_short(value)}" for name, value in row.items()) for row in rows
            ]
        return lines


@dataclass(frozen=True, slots=True)
class Cases:
    """Several cases."""

    cases: list[Case]
    next_steps: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"cases": [case.as_json() for case in self.cases], "next_steps": list(self.next_steps)}

    def lines(self) -> list[str]:
        if not self.cases:
            return ["quarantine is empty"]
        return [line for case in self.cases for line in case.lines()] + list(self.next_steps)


_STEPS = (
    "banyan move quarantine show ID · fix ID TABLE COLUMN=VALUE … · retry ID · waive ID --who NAME --because REASON",
)


async def cases(db: Db, group: str | None = None, state: str | None = "open") -> Cases:
    """The cases of a group or all; `state` open, waived, solved, or None for all."""
    rows = await quarantine.cases(db, group=group, state=state)
    return Cases([_case(row) for row in rows], _STEPS if rows else ())


async def show(db: Db, adapter: Adapter, id_: str) -> Case:
    """One case with the legacy rows it is about. NotFound."""
    row = await _find(db, id_)
    mirrors = await tables.read(db, adapter)
    found: dict[str, list[dict[str, str | None]]] = {}
    if row["kind"] == "row":
        mirrored = mirrors.by_name.get(row["table_name"])
        if mirrored is not None and row["image"] is not None:
            found[mirrored.name] = [_shown(mirrored.table, unpack(row["image"]))]
    else:
        for each in mirrors.of_kind(row["kind"]):
            images = [image for _, image in await mirror.of_parents(db, each.number, [row["key"]])]
            if images:
                found[each.name] = [_shown(each.table, unpack(image)) for image in images]
    return _case(row, found)


async def retry(db: Db, id_: str | None = None, group: str | None = None, *, who: str = "operator") -> Cases:
    """Offer one case, or all open ones, again. A row that the mirror could not hold comes again when it changes there."""
    rows = [await _find(db, id_)] if id_ else await quarantine.cases(db, group=group, limit=100_000)
    wanted = [row for row in rows if row["kind"] != "row" and row["state"] != "solved"]
    async with db.transaction() as tx:
        checkpoint = await checkpoints.read(tx)
        at = checkpoint.at if checkpoint else 0
        changed = {(row["kind"], row["key"]): (row["group_name"], max(at, row["at"]), None) for row in wanted}
        if changed:
            await due.mark(tx, changed)
            await log.add(tx, "quarantine: offered again", group=group, who=who, cases=len(changed))
    return Cases([_case(row) for row in wanted])


async def waive(db: Db, id_: str, who: str, because: str) -> Case:
    """Leave it behind, on somebody's word. Invalid without a name and a reason; Conflict when it is not open."""
    who, because = who.strip(), because.strip()
    if not who or not because:
        raise Invalid("a waiver needs the name of who answers for it and the reason: --who NAME --because REASON")
    await _find(db, id_)
    async with db.transaction() as tx:
        if not await quarantine.waive(tx, id_, who, because):
            raise Conflict(f"{id_} is not open: it was waived or solved before")
        await log.add(tx, f"quarantine: {id_} waived", who=who, because=because)
    return _case(await _find(db, id_))


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
    row = await _find(db, id_)
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


async def _find(db: Db, id_: str) -> Row:
    row = await quarantine.case(db, id_) if "\x00" not in id_ else None
    if row is None:
        raise NotFound(f"there is no case {id_[:80]!r} in quarantine")
    return row


async def _rows(db: Db, mirrored: Mirrored, case: Row) -> list[Values]:
    if case["kind"] == "row":
        return [unpack(case["image"])] if case["image"] is not None and case["table_name"] == mirrored.name else []
    found = await mirror.of_parents(db, mirrored.number, [case["key"]])
    return [unpack(image) for _, image in found]


def _one_row(mirrored: Mirrored, rows: list[Values], key: Mapping[str, str]) -> Values:
    table = mirrored.table
    _known(table, key)
    fits = [row for row in rows if all(_text(table, row, name) == value for name, value in key.items())]
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


def _case(row: Row, rows: dict[str, list[dict[str, str | None]]] | None = None) -> Case:
    return Case(
        row["id"],
        row["kind"],
        row["key"],
        row["group_name"],
        row["table_name"],
        row["why"],
        row["state"],
        row["found_at"].isoformat(),
        row["waived_by"],
        row["waived_because"],
        rows or {},
    )


def _shown(table: Table, values: Values) -> dict[str, str | None]:
    return {column.name: _text(table, values, column.name) for column in table.columns}


def _text(table: Table, values: Values, name: str) -> str | None:
    place = table.place[name]
    value = values[place]
    if value is None:
        return None
    codec = CODECS.get(table.columns[place].charset or "", "utf-8")
    return value.decode(codec, "backslashreplace")


def _short(value: str | None) -> str:
    if value is None:
        return "NULL"
    return repr(value if len(value) <= 60 else value[:57] + "…")

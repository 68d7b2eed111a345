"""Cases as they are told, with the legacy shop's own rows, and left behind on somebody's word."""

from dataclasses import dataclass, field, replace
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.move.legacy import Adapter
from banyan.move.rows import CODECS, Table, Values, unpack
from banyan.move.storage import log, mirror, quarantine, tables


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Only where it is shown by itself: `rows`, table → its rows, column → value as text; `keys`, table → the
    columns that tell its rows apart."""

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
    rows: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.__slots__ if name not in ("rows", "keys")}
        return {**said, "rows": self.rows, "keys": self.keys} if self.rows else said

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


STEPS = (
    "banyan move quarantine show ID · fix ID TABLE COLUMN=VALUE … · retry ID · waive ID --who NAME --because REASON",
)


async def cases(db: Db, group: str | None = None, state: str | None = "open") -> Cases:
    """The cases of a group or all; `state` open, waived, solved, or None for all."""
    rows = await quarantine.cases(db, group=group, state=state)
    return Cases([case_of(row) for row in rows], STEPS if rows else ())


async def show(db: Db, adapter: Adapter, id_: str) -> Case:
    """One case with the legacy rows it is about. NotFound."""
    row = await find(db, id_)
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
    keys = {name: list(mirrors.by_name[name].table.key) for name in found}
    return replace(case_of(row), rows=found, keys=keys)


async def waive(db: Db, id_: str, who: str, because: str) -> Case:
    """Leave it behind, on somebody's word. Invalid without a name and a reason; Conflict when it is not open."""
    who, because = who.strip(), because.strip()
    if not who or not because:
        raise Invalid("a waiver needs the name of who answers for it and the reason: --who NAME --because REASON")
    await find(db, id_)
    async with db.transaction() as tx:
        if not await quarantine.waive(tx, id_, who, because):
            raise Conflict(f"{id_} is not open: it was waived or solved before")
        await log.add(tx, f"quarantine: {id_} waived", who=who, because=because)
    return case_of(await find(db, id_))


async def find(db: Db, id_: str) -> Row:
    row = await quarantine.case(db, id_) if "\x00" not in id_ else None
    if row is None:
        raise NotFound(f"there is no case {id_[:80]!r} in quarantine")
    return row


def case_of(row: Row) -> Case:
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
    )


def _shown(table: Table, values: Values) -> dict[str, str | None]:
    return {column.name: text(table, values, column.name) for column in table.columns}


def text(table: Table, values: Values, name: str) -> str | None:
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

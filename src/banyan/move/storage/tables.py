"""Legacy tables as they were found, how far each is copied, and what became of every row change seen of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from banyan.foundation.db import Db, Row, Tx
from banyan.move.legacy import Adapter, Use
from banyan.move.rows import Column, Table


@dataclass(slots=True)
class Mirrored:
    """A legacy table that is mirrored. `name` and `table.name` carry the shop's prefix, `use.table` does not."""

    number: int
    name: str
    group: str
    state: str
    why: str | None
    use: Use
    table: Table
    hash: str
    copy_round: int = 0
    copied_to: bytes | None = None
    copy_from: int | None = None
    full_at: int | None = None
    rows_copied: int = 0
    rows_expected: int | None = None
    kinds: frozenset[str] = field(init=False)
    """The kinds of aggregates its rows belong to."""

    def __post_init__(self) -> None:
        self.kinds = frozenset(view.kind for view in self.use.views)

    @property
    def watched(self) -> bool:
        """Whether the stream follows it."""
        return self.state in ("copying", "live")

    @property
    def groups(self) -> set[str]:
        """The groups that have something of it: the one whose fence stands on it, and those whose columns it holds."""
        return {self.group, *(view.group for view in self.use.views)}


@dataclass(slots=True)
class Mirrors:
    """All mirrored tables of the shop."""

    by_name: dict[str, Mirrored] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Mirrored]:
        return iter(self.by_name.values())

    def of_kind(self, kind: str) -> list[Mirrored]:
        """Tables whose rows belong to aggregates of this kind."""
        return [each for each in self if kind in each.kinds]

    def references(self) -> list[Mirrored]:
        return [each for each in self if each.use.reference]

    def of_group(self, group: str) -> list[Mirrored]:
        """What a group cannot do without: its tables, and the reference tables."""
        return [each for each in self if group in each.groups or each.use.reference]

    def ready(self, kind: str) -> bool:
        """Whether records of this kind can be made: everything they are made of is there, and none of it stands still."""
        needed = [*self.of_kind(kind), *self.references()]
        return bool(self.of_kind(kind)) and all(each.state == "live" for each in needed)

    def kinds(self) -> set[str]:
        return {kind for each in self for kind in each.kinds}


def found(table: Table) -> dict[str, Any]:
    """A table as JSON."""
    return {
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "full": column.full,
                "charset": column.charset,
                "collation": column.collation,
                "nullable": column.nullable,
                "default": None if column.default is None else column.default.decode("latin-1"),
                "generated": column.generated,
            }
            for column in table.columns
        ],
        "key": list(table.key),
        "engine": table.engine,
        "auto_increment": table.auto_increment,
        "computed": sorted(table.computed),
    }


def table_of(name: str, said: Mapping[str, Any]) -> Table:
    """The table that `found` described."""
    columns = tuple(
        Column(**{**each, "default": None if each["default"] is None else each["default"].encode("latin-1")})
        for each in said["columns"]
    )
    return Table(name, columns, tuple(said["key"]), said["engine"], said["auto_increment"], frozenset(said["computed"]))


def hash_of(table: Table) -> str:
    """A digest of what the table's rows are made of; the engine and defaults do not count."""
    said = found(table)
    columns = [{name: value for name, value in each.items() if name != "default"} for each in said["columns"]]
    return sha256(orjson.dumps([columns, said["key"], said["computed"]], option=orjson.OPT_SORT_KEYS)).hexdigest()


async def read(db: Db | Tx, adapter: Adapter) -> Mirrors:
    """Every table that was recorded and that the adapter still uses."""
    rows = await db.fetch("SELECT * FROM legacy_table ORDER BY number")
    mirrors = Mirrors()
    prefix = adapter.prefix([row["name"] for row in rows]) if rows else ""
    for row in rows:
        use = adapter.uses.get(row["name"].removeprefix(prefix))
        if use is not None:
            mirrors.by_name[row["name"]] = _mirrored(row, use)
    return mirrors


_CHANGING = (
    "state",
    "why",
    "hash",
    "copy_round",
    "copied_to",
    "copy_from",
    "full_at",
    "rows_copied",
    "rows_expected",
)


async def refresh(db: Db | Tx, mirrors: Mirrors, adapter: Adapter) -> None:
    """Bring what is known of each table up to date in place, and add what was recorded since."""
    rows = await db.fetch(f"SELECT name, {', '.join(_CHANGING)} FROM legacy_table")
    known = mirrors.by_name
    if any(row["name"] not in known or known[row["name"]].hash != row["hash"] for row in rows):
        mirrors.by_name = (await read(db, adapter)).by_name
        return
    for row in rows:
        for name in _CHANGING:
            setattr(known[row["name"]], name, row[name])


async def states(db: Db | Tx) -> dict[str, str]:
    return {row["name"]: row["state"] for row in await db.fetch("SELECT name, state FROM legacy_table")}


async def seen(db: Db | Tx) -> dict[int, int]:
    """Of each table, how many row changes the stream has seen."""
    return {row["number"]: row["seen"] for row in await db.fetch("SELECT number, seen FROM legacy_table")}


def _mirrored(row: Row, use: Use) -> Mirrored:
    return Mirrored(
        row["number"],
        row["name"],
        row["group_name"],
        row["state"],
        row["why"],
        use,
        table_of(row["name"], row["found"]),
        row["hash"],
        row["copy_round"],
        row["copied_to"],
        row["copy_from"],
        row["full_at"],
        row["rows_copied"],
        row["rows_expected"],
    )


async def record(tx: Tx, table: Table, group: str) -> int | None:
    """Write a table down; its number, or None when it was known already."""
    number: int | None = await tx.fetchval(
        """INSERT INTO legacy_table (name, group_name, found, hash) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO NOTHING RETURNING number""",
        table.name,
        group,
        found(table),
        hash_of(table),
    )
    return number


async def begin_copy(tx: Tx, numbers: Iterable[int], at: int) -> int:
    """From `at` on the stream takes every change of these tables; their chunks may be read."""
    return await tx.execute(
        """UPDATE legacy_table SET state = 'copying', why = NULL, copy_from = $2, copy_began_at = shop_now(),
               copy_round = copy_round + 1, copied_to = NULL, full_at = NULL, copied_at = NULL, rows_copied = 0,
               rows_expected = NULL
           WHERE number = ANY($1) AND state = 'waiting'""",
        list(numbers),
        at,
    )


async def expect(tx: Tx, number: int, rows: int) -> None:
    await tx.execute("UPDATE legacy_table SET rows_expected = $2 WHERE number = $1", number, rows)


async def copied(
    tx: Tx, number: int, copy_round: int, rows: tuple[int, int], before: bytes | None, to: bytes | None
) -> bool:
    """A chunk is in, in this transaction: so many rows, and so many that were filtered. False when another one copied
    meanwhile: then nothing may be committed."""
    return bool(
        await tx.execute(
            """UPDATE legacy_table SET rows_copied = rows_copied + $3 + $6, copied_to = $5, seen = seen + $6,
                   filtered = filtered + $6
               WHERE number = $1 AND state = 'copying' AND copy_round = $2 AND full_at IS NULL
                   AND copied_to IS NOT DISTINCT FROM $4""",
            number,
            copy_round,
            rows[0],
            before,
            to,
            rows[1],
        )
    )


async def full(tx: Tx, number: int, copy_round: int, at: int) -> None:
    """Every chunk is in; the source's log ended at `at` after the last one was read."""
    await tx.execute(
        """UPDATE legacy_table SET full_at = $3, copied_at = shop_now()
           WHERE number = $1 AND copy_round = $2 AND state = 'copying'""",
        number,
        copy_round,
        at,
    )


async def begin_again(tx: Tx, numbers: Iterable[int]) -> None:
    """These are copied once more from their start, as they are made."""
    await tx.execute(
        "UPDATE legacy_table SET state = 'waiting', why = NULL WHERE number = ANY($1)",
        list(numbers),
    )


async def live(tx: Tx, number: int) -> int:
    """It is what the source is from here on; how many rows were copied."""
    rows: int = await tx.fetchval(
        "UPDATE legacy_table SET state = 'live', why = NULL WHERE number = $1 RETURNING rows_copied", number
    )
    return rows


async def stop(tx: Tx, number: int, why: str) -> bool:
    """This table stands still from here on. False when it did already."""
    return bool(
        await tx.execute(
            "UPDATE legacy_table SET state = 'stopped', why = $2 WHERE number = $1 AND state IN ('copying', 'live')",
            number,
            why,
        )
    )


async def again(tx: Tx, number: int, table: Table) -> None:
    """Copy it from the start, as it is made now."""
    await tx.execute(
        """UPDATE legacy_table SET state = 'waiting', why = NULL, found = $2, hash = $3, copied_to = NULL,
               copy_from = NULL, full_at = NULL, rows_copied = 0, rows_expected = NULL, copied_at = NULL
           WHERE number = $1""",
        number,
        found(table),
        hash_of(table),
    )


@dataclass(slots=True)
class Counts:
    """Row changes of one table: seen = applied + coalesced + filtered + quarantined, always."""

    seen: int = 0
    applied: int = 0
    coalesced: int = 0
    filtered: int = 0
    quarantined: int = 0


async def count(tx: Tx, counts: Mapping[int, Counts]) -> None:
    """Add to the tables' counters."""
    numbers = sorted(counts)
    await tx.execute(
        """UPDATE legacy_table t SET seen = t.seen + c.seen, applied = t.applied + c.applied,
               coalesced = t.coalesced + c.coalesced, filtered = t.filtered + c.filtered,
               quarantined = t.quarantined + c.quarantined
           FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
               AS c(number, seen, applied, coalesced, filtered, quarantined)
           WHERE t.number = c.number""",
        numbers,
        *([getattr(counts[number], name) for number in numbers] for name in Counts.__slots__),
    )


async def overview(db: Db | Tx) -> list[Row]:
    """What status tells of each table."""
    return await db.fetch(
        """SELECT name, group_name, state, why, rows_copied, rows_expected, copy_began_at, copied_at,
               seen, applied, coalesced, filtered, quarantined,
               greatest(extract(epoch FROM shop_now() - copy_began_at), 0)::float AS copying_seconds
           FROM legacy_table ORDER BY number"""
    )

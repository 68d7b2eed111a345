"""The type map: as what each legacy type is kept, and what a record of ours cannot say that a legacy column can."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from banyan.move.assess.checks.columns import MONEY
from banyan.move.assess.found import Found
from banyan.move.rows import Column

MIRROR = "byte for byte in the mirror"
_AS: dict[str, str] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), "a whole number"),
    "decimal": "an exact number",
    **dict.fromkeys(("float", "double"), "the shortest decimal number that is this float"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), "text"),
    **dict.fromkeys(("date", "datetime", "timestamp", "time", "year"), "a date or time"),
    **dict.fromkeys(("tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary", "bit"), "bytes"),
}


@dataclass(frozen=True, slots=True)
class Lossy:
    """Columns of one type of which a record may say less. The mirror keeps the bytes, so the way back restores them."""

    type: str
    columns: tuple[str, ...]  # table.column
    what: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """A legacy type, as what a record reads it, and how many columns have it."""

    type: str
    reads_as: str
    columns: int


def type_map(tables: Iterable[Found]) -> tuple[Mapped, ...]:
    """The types in use, most columns first."""
    counts: dict[str, int] = defaultdict(int)
    for table in tables:
        for column in table.columns:
            counts[column.type] += 1
    return tuple(
        Mapped(name, _AS.get(name, "not read"), count)
        for name, count in sorted(counts.items(), key=lambda x: (-x[1], x[0]))
    )


def lossy(tables: Iterable[Found]) -> tuple[Lossy, ...]:
    """What a record cannot say, by type."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table in tables:
        for column in table.columns:
            what = _lost(column)
            if what:
                found[column.type, what].append(f"{table.name}.{column.name}")
    return tuple(Lossy(name, tuple(columns), what) for (name, what), columns in sorted(found.items()))


def _lost(column: Column) -> str:
    kind = column.type
    if kind in ("float", "double"):
        return "a float holds no exact decimal; what is read is its shortest spelling"
    if kind in ("datetime", "timestamp") and kind == "datetime":
        return "wall-clock time without a zone: an hour each autumn is ambiguous, and zero is read as none"
    if kind == "date":
        return "0000-00-00 is read as none"
    if kind == "time":
        return "a span of up to 838 hours, not a time of day"
    if kind == "year":
        return "the year 0000 is read as none"
    if kind == "bigint" and column.unsigned:
        return "beyond 9223372036854775807 it is no whole number to PostgreSQL"
    if kind == "decimal" and MONEY.search(column.name.lower()) and _scale(column) > 2:
        return "money is charged in whole minor units: digits beyond them are rounded"
    if kind in ("geometry", "point", "polygon", "linestring", "bit"):
        return "no record reads it"
    return ""


def _scale(column: Column) -> int:
    inside = column.full.partition("(")[2].partition(")")[0].partition(",")[2]
    return int(inside) if inside.strip().isdigit() else 0

"""Whether a table is in the log what it was when its columns were read. Nothing but names and types can tell; both must fit."""

import re
from collections.abc import Mapping

from banyan.move.binlog.table_map import ENUM, SET, Mapped, TableMap
from banyan.move.rows import CODECS, Column, Table
from banyan.move.source import labels

_GEOMETRIES = (
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
)  # fmt: skip
_CODES: dict[str, tuple[int, ...]] = {
    "tinyint": (1,),
    "smallint": (2,),
    "mediumint": (9,),
    "int": (3,),
    "bigint": (8,),
    "decimal": (246,),
    "float": (4,),
    "double": (5,),
    "bit": (16,),
    "year": (13,),
    "date": (10, 14),
    "time": (11, 19),
    "datetime": (12, 18),
    "timestamp": (7, 17),
    "enum": (ENUM,),
    "set": (SET,),
    "json": (245,),
    **dict.fromkeys(("char", "binary", "uuid", "inet4", "inet6"), (254,)),
    **dict.fromkeys(("varchar", "varbinary"), (15, 253, 141)),
    **dict.fromkeys(("tinytext", "text", "mediumtext", "longtext"), (252, 140)),
    **dict.fromkeys(("tinyblob", "blob", "mediumblob", "longblob"), (252, 140)),
    **dict.fromkeys(_GEOMETRIES, (255,)),
}
_SIGNED = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal")
_numbers = re.compile(r"\((\d+)(?:,(\d+))?\)").search


def difference(found: TableMap, table: Table, charsets: Mapping[int, str]) -> str | None:
    """What is not as it was, in words; None when all fits. `charsets`: the server's collation numbers."""
    theirs = [column for column in found.columns if column.name not in table.computed]
    ours = table.columns
    if [column.name for column in theirs] != [column.name for column in ours]:
        new = [column.name for column in theirs if column.name not in table.place]
        gone = [column.name for column in ours if column.name not in {each.name for each in theirs}]
        said = [f"has new columns ({', '.join(new)})"] if new else []
        said += [f"has lost columns ({', '.join(gone)})"] if gone else []
        return " and ".join(said) or "has its columns in another order"
    for theirs_, ours_ in zip(theirs, ours, strict=True):
        why = _other(theirs_, ours_, charsets)
        if why:
            return f"has another {ours_.name}: {why}"
    return None


def _other(found: Mapped, column: Column, charsets: Mapping[int, str]) -> str | None:
    codes = _CODES.get(column.type)
    if codes is None:
        return f"its type {column.type} is not known to the mover"
    if found.code not in codes:
        return f"it was {column.full}, and its type in the log is {found.code}"
    if column.type in _SIGNED and found.unsigned != column.unsigned:
        return f"it was {column.full}, and is {'unsigned' if found.unsigned else 'signed'} in the log"
    if column.type in ("decimal", "bit") or found.code in (17, 18, 19):
        return _other_size(found, column)
    if column.type in ("enum", "set") and not _same_labels(found.labels, column):
        shown = ", ".join(label.decode("utf-8", "replace") for label in found.labels)
        return f"it was {column.full}, and in the log it may hold {shown}"
    if column.charset and found.collation and _charset(charsets, found) != _charset_name(column.charset):
        return f"its characters were {column.charset}, and are {_charset(charsets, found)} in the log"
    return None


def _other_size(found: Mapped, column: Column) -> str | None:
    given = _numbers(column.full)
    first, second = (int(given[1]), int(given[2] or 0)) if given else (0, 0)
    if column.type == "decimal":
        same = (found.a, found.b) == (first, second)
    elif column.type == "bit":
        same = found.b * 8 + found.a == (first or 1)
    else:
        same = found.a == first
    return None if same else f"it was {column.full}, and has another size in the log"


def _same_labels(found: tuple[bytes, ...], column: Column) -> bool:
    codec = CODECS.get(column.charset or "utf8mb4")
    if codec is None:
        return len(found) == len(labels(column))
    return found == tuple(label.encode(codec, "replace") for label in labels(column))


def _charset(charsets: Mapping[int, str], found: Mapped) -> str:
    return _charset_name(charsets.get(found.collation, f"collation {found.collation}"))


def _charset_name(name: str) -> str:
    return "utf8mb3" if name == "utf8" else name

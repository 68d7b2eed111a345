"""Values as SQL that stores exactly these bytes again, and the statements made of them."""

import re
from collections.abc import Sequence

from banyan.move.rows import Column, Table

_WHOLE = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"}
_PLAIN = {"float", "double", "year", "date", "time", "datetime", "timestamp", "uuid", "inet4", "inet6"}
_number = re.compile(rb"-?\d+(\.\d+)?").fullmatch
_plain = re.compile(rb"[-+.:/0-9a-fA-F ]*").fullmatch
_escaped = re.compile(r"''|\\[\\0nr]").sub
_ESCAPES = {"''": "'", "\\\\": "\\", "\\0": "\0", "\\n": "\n", "\\r": "\r"}
_LENIENT = "sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'"
# MariaDB reads the first comment, MySQL the second; each takes the other's for a remark.
_LENIENT_INSERT = f"/*M!100100 SET STATEMENT {_LENIENT} FOR */ INSERT /*+ SET_VAR({_LENIENT}) */ INTO ".encode()


def name(identifier: str) -> bytes:
    """An identifier, quoted."""
    return b"`" + identifier.replace("`", "``").encode() + b"`"


def select(table: Table) -> str:
    """Expressions, one a column, whose text is exact: MySQL cuts the text of a FLOAT to six digits."""
    return ", ".join(_exact(column) for column in table.columns)


def _exact(column: Column) -> str:
    quoted = name(column.name).decode()
    return f"CAST({quoted} AS DOUBLE)" if column.type in ("float", "double") else quoted


def literal(column: Column, value: bytes | None) -> bytes:
    """SQL that stores exactly these bytes in the column. ValueError for what such a column cannot have sent."""
    if value is None:
        return b"NULL"
    if column.type in _WHOLE:
        if not _number(value):
            raise ValueError(f"{column.name}: {value[:40]!r} is no number")
        return value
    if column.type in _PLAIN:
        if not _plain(value):
            raise ValueError(f"{column.name}: {value[:40]!r} is no {column.type}")
        return b"'" + value + b"'"
    digits = b"x'" + value.hex().encode() + b"'"
    return b"_" + column.charset.encode() + b" " + digits if column.charset else digits


def upsert(table: Table, values: Sequence[bytes | None]) -> bytes:
    """A statement after which the table has exactly this row under its key.

    A row that stands in the way by another unique key is not touched: the statement fails with error 1048 instead.
    """
    written = [
        (column, value) for column, value in zip(table.columns, values, strict=True) if not column.generated
    ]  # the database computes the others itself
    names = [name(column.name) for column, _ in written]
    into = _LENIENT_INSERT if any(_off_its_list(*pair) for pair in written) else b"INSERT INTO "
    statement = b"%s%s (%s) VALUES (%s)" % (
        into,
        name(table.name),
        b", ".join(names),
        b", ".join(literal(*pair) for pair in written),
    )
    if not table.key:
        return statement
    keys = {name(key) for key in table.key}
    # A key column of another row would become NULL, which it may not: so only the row with this very key is updated.
    changes = [b"%s = IF(%s <=> VALUES(%s), VALUES(%s), NULL)" % (key, key, key, key) for key in names if key in keys]
    changes += [b"%s = VALUES(%s)" % (other, other) for other in names if other not in keys]
    return statement + b" ON DUPLICATE KEY UPDATE " + b", ".join(changes)


def delete(table: Table, key_values: Sequence[bytes | None]) -> bytes:
    """A statement after which the table has no row with exactly this key: same bytes, not just equal by collation."""
    if not table.key:
        raise ValueError(f"{table.name} has no key to delete by")
    return b"DELETE FROM " + name(table.name) + b" WHERE " + where(table, key_values)


def where(table: Table, key_values: Sequence[bytes | None]) -> bytes:
    """The condition that a row has exactly this key; the first part of it finds the row by its index."""
    parts = []
    for place, value in zip(table.key_places, key_values, strict=True):
        column = table.columns[place]
        quoted = name(column.name)
        parts.append(quoted + b" <=> " + literal(column, value))
        if column.charset and value is not None:
            parts.append(b"CAST(%s AS BINARY) = x'%s'" % (quoted, value.hex().encode()))
    return b" AND ".join(parts)


def labels(column: Column) -> tuple[str, ...]:
    """What an ENUM or SET may hold, in order."""
    inside = column.full[column.full.index("(") + 1 : column.full.rindex(")")]
    return tuple(_escaped(lambda found: _ESCAPES[found[0]], label) for label in re.findall(r"'((?:[^']|'')*)'", inside))


def _off_its_list(column: Column, value: bytes | None) -> bool:
    """An ENUM holds '' beside its list when it was once given what is not on the list; strictly it takes no such thing."""
    return column.type == "enum" and value == b"" and "" not in labels(column)

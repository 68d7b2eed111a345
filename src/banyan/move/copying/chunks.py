"""A table cut into chunks by its key: what to ask the source for next, and how much."""

from collections.abc import Sequence

from banyan.move.rows import CODECS, Column, Table
from banyan.move.source import literal, select

LEAST, MOST = 50, 100_000  # rows
# Columns whose order and comparison with a literal agree, so that "after this key" means what ORDER BY means.
_ORDERED = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "char", "varchar", "binary", "varbinary"}
_ORDERED |= {"date", "datetime", "timestamp"}


def by_chunks(table: Table) -> bool:
    """Whether "the rows after this key" can be asked for; else the table is read in one go."""
    columns = [table.columns[place] for place in table.key_places]
    return bool(columns) and all(
        column.type in _ORDERED and (column.charset is None or column.charset in CODECS) for column in columns
    )


def chunk_sql(table: Table, after: Sequence[bytes | None] | None, limit: int | None) -> bytes:
    """The next rows after a key, by key. Written so that the index serves it: a row comparison would not use one."""
    names = [quoted(name) for name in table.key]
    sql = f"SELECT {select(table)} FROM {quoted(table.name).decode()}".encode()
    if after is not None:
        columns = [table.columns[place] for place in table.key_places]
        sql += b" WHERE " + _beyond(names, columns, after)
    if limit is not None:
        sql += b" ORDER BY " + b", ".join(names) + b" LIMIT %d" % limit
    return sql


def _beyond(names: Sequence[bytes], columns: Sequence[Column], after: Sequence[bytes | None]) -> bytes:
    name, value = names[0], literal(columns[0], after[0])
    if len(names) == 1:
        return b"%s > %s" % (name, value)
    rest = _beyond(names[1:], columns[1:], after[1:])
    return b"%s >= %s AND (%s > %s OR (%s = %s AND %s))" % (name, value, name, value, name, value, rest)


def quoted(name: str) -> bytes:
    return b"`" + name.replace("`", "``").encode() + b"`"


def next_limit(limit: int, took: float, aim: float) -> int:
    """How many rows the next chunk reads: as many as would have taken `aim` seconds, at most twice and at least half."""
    factor = min(2.0, max(0.5, aim / max(took, 0.001)))
    return max(LEAST, min(MOST, int(limit * factor)))

"""What tables a legacy database has, as its own catalogue describes them."""

import re
from collections import defaultdict
from collections.abc import Iterable

from banyan.move.rows import Column, Table, Values
from banyan.move.source.connection import Connection
from banyan.move.source.wire import texts

_COLUMNS = (
    "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, "
    "COLUMN_DEFAULT, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE(){only} "
    "ORDER BY TABLE_NAME, ORDINAL_POSITION"
)
_KEYS = (
    "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE, SUB_PART FROM information_schema.STATISTICS "
    "WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0{only} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
)
_ENGINES = (
    "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'{only}"
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")


def read_tables(con: Connection, names: Iterable[str] | None = None) -> dict[str, Table]:
    """The database's tables by name, all or the named ones; a name that is not there is left out.

    Columns that are computed on reading (VIRTUAL) are no columns here, only `computed`: they hold nothing of their own.
    """
    wanted = None if names is None else sorted(set(names))
    if wanted == []:
        return {}
    only = "" if wanted is None else " AND TABLE_NAME IN %s"
    args = () if wanted is None else (wanted,)
    engines: dict[str, str] = {}
    for row in con.query(_ENGINES.format(only=only), *args):
        name, engine = texts(row)
        engines[name] = engine
    columns: dict[str, list[Column]] = defaultdict(list)
    counting: dict[str, str] = {}
    computed: dict[str, set[str]] = defaultdict(set)
    for row in con.query(_COLUMNS.format(only=only), *args):
        table, extra = texts((row[0],))[0], texts((row[8],))[0].lower()
        if "virtual" in extra:
            computed[table].add(texts((row[1],))[0])
            continue
        columns[table].append(_column(row, extra, con.wire.is_mariadb))
        if "auto_increment" in extra:
            counting[table] = columns[table][-1].name
    indexes: dict[str, dict[str, list[Values]]] = defaultdict(lambda: defaultdict(list))
    for row in con.query(_KEYS.format(only=only), *args):
        table, index = texts(row[:2])
        indexes[table][index].append(row)
    return {
        name: Table(
            name=name,
            columns=tuple(columns[name]),
            key=_key(indexes[name], {column.name: column for column in columns[name]}),
            engine=engine,
            auto_increment=counting.get(name),
            computed=frozenset(computed[name]),
        )
        for name, engine in sorted(engines.items())
    }


def _column(row: Values, extra: str, is_mariadb: bool) -> Column:
    _, name, kind, full, charset, collation, nullable, _, _ = texts(row)
    return Column(
        name=name,
        type=kind.lower(),
        full=full,
        charset=charset or None,
        collation=collation or None,
        nullable=nullable == "YES",
        default=_default(row[7], extra, is_mariadb),
        generated="generated" in extra and "default_generated" not in extra,
    )


def _default(text: bytes | None, extra: str, is_mariadb: bool) -> bytes | None:
    """The value of a default that is a value; None for NULL and for an expression. MariaDB writes it as SQL."""
    if text is None or "default_generated" in extra:
        return None
    if not is_mariadb:
        return None if text.upper().startswith(b"CURRENT_TIMESTAMP") else text
    if text[:1] == b"'" and text[-1:] == b"'":
        return text[1:-1].replace(b"''", b"'").replace(b"\\\\", b"\\")
    return text if _NUMBER.fullmatch(text.decode("utf-8", "replace")) else None


def _key(indexes: dict[str, list[Values]], columns: dict[str, Column]) -> tuple[str, ...]:
    """The primary key, or the shortest unique key whose columns are whole, never NULL and not computed; () without one."""
    usable: dict[str, tuple[str, ...]] = {}
    for index, parts in indexes.items():
        names = texts([part[2] for part in parts])
        whole = all(part[4] is None and part[3] != b"YES" for part in parts)
        if index == "PRIMARY" and all(name in columns for name in names):
            return names
        if whole and all(name in columns and not columns[name].generated for name in names):
            usable[index] = names
    return min(usable.values(), key=lambda names: (len(names), names), default=())

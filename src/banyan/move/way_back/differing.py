"""From rows as they are to rows as they must be: the fewest statements, in which nobody else's column stands. Pure."""

from collections.abc import Iterator, Mapping

from banyan.move.legacy import NewRows, Rows, Unwritable
from banyan.move.rows import Table, Values
from banyan.move.source import delete, literal, upsert, where

Owned = Mapping[str, tuple[frozenset[str], bool]]
"""Table without prefix → the columns of it that the group owns, and whether its rows come and go by the group."""


def statements(rows: Rows, new: NewRows, tables: Mapping[str, Table], owned: Owned) -> Iterator[bytes]:
    """What makes `new` of `rows`, to be run in this order in one transaction; done again it changes nothing.

    Unwritable where it would touch what another group owns.
    """
    gone: list[bytes] = []
    for name in [*new, *(name for name in rows if name not in new)]:
        table = tables[name]
        was = {table.key_of(row.values): row.values for row in rows.get(name, ())}
        now = {table.key_of(values): values for values in new.get(name, ())}
        columns, whole = owned.get(name, (frozenset(), False))
        for key in was.keys() - now.keys():
            _must(whole, table, "a row would be taken away")
            gone.append(delete(table, [was[key][place] for place in table.key_places]))
        for key, values in now.items():
            if key not in was:
                _must(whole, table, "a row would be added")
                yield upsert(table, values)
            elif was[key] != values:
                yield _update(table, was[key], values, columns)
    yield from gone


def _update(table: Table, was: Values, now: Values, columns: frozenset[str]) -> bytes:
    changed = [
        (column, new)
        for column, old, new in zip(table.columns, was, now, strict=True)
        if old != new and not column.generated
    ]
    for column, _ in changed:
        _must(column.name in columns, table, f"{column.name} would be changed")
    sets = b", ".join(_quoted(column.name) + b" = " + literal(column, value) for column, value in changed)
    key = [was[place] for place in table.key_places]
    return b"UPDATE " + _quoted(table.name) + b" SET " + sets + b" WHERE " + where(table, key)


def _must(allowed: bool, table: Table, what: str) -> None:
    if not allowed:
        raise Unwritable(f"{table.name}: {what}, and that is another group's: move that group first")


def _quoted(name: str) -> bytes:
    return b"`" + name.replace("`", "``").encode() + b"`"

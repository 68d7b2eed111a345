"""The rows of legacy aggregates as they are now, read by SELECT: where our side owns them, nobody else writes them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from banyan.move.legacy import View, views
from banyan.move.rows import CODECS, Column, Row, Table, Values
from banyan.move.source import Connection, literal, select, where
from banyan.move.storage.tables import Mirrored

Known = Mapping[str, Iterable[Values]]
"""Keys of rows by table without prefix."""


def named(each: Mirrored, kind: str) -> bool:
    """Whether the rows of an aggregate can be asked for by a column; else only the mirror knows which they are."""
    return all(isinstance(view.key, str) for view in _views(each, kind))


def rows_now(
    con: Connection, tables: Sequence[Mirrored], kind: str, keys: Sequence[str], known: Known
) -> dict[str, dict[str, list[Row]]]:
    """By key and by table without prefix, each table's rows by their own key: of any number of aggregates of one kind in
    one go. `known`: key values of rows, by table, of those whose column is not named."""
    found: dict[str, dict[str, dict[bytes, Row]]] = {key: {each.use.table: {} for each in tables} for key in keys}
    asked = [(each, sql) for each in tables if (sql := _select(each, kind, keys, known)) is not None]
    for (each, _), rows in zip(asked, con.several([sql for _, sql in asked]), strict=True):
        mine = _views(each, kind)
        for row in (Row(each.table, values) for values in rows):
            for key in {views.key_of(view, row) for view in mine}:
                if key in found:
                    found[key][each.use.table][each.table.key_of(row.values)] = row
    return {
        key: {name: [rows[each] for each in sorted(rows)] for name, rows in of_key.items()}
        for key, of_key in found.items()
    }


def _select(each: Mirrored, kind: str, keys: Sequence[str], known: Known) -> bytes | None:
    """Asks for all rows that these aggregates have in a table; None where there can be none."""
    wanted = (
        [_by_column(each.table, view, keys) for view in _views(each, kind)]
        if named(each, kind)
        else [where(each.table, values) for values in known.get(each.use.table, ())]
    )
    conditions = [condition for condition in wanted if condition]
    if not conditions:
        return None
    either = b" OR ".join(b"(" + condition + b")" for condition in conditions)
    name = each.table.name.replace("`", "``")
    return f"SELECT {select(each.table)} FROM `{name}` WHERE ".encode() + either


def _views(each: Mirrored, kind: str) -> list[View]:
    return [view for view in each.use.views if view.kind == kind]


def _by_column(table: Table, view: View, keys: Sequence[str]) -> bytes | None:
    """The condition that a row's column holds one of these aggregates' keys; None where it cannot."""
    assert isinstance(view.key, str)
    column = table.columns[table.place[view.key]]
    said = []
    for key in keys:
        with suppress(ValueError):
            said.append(literal(column, _bytes(column, key)))
    return b"`" + view.key.replace("`", "``").encode() + b"` IN (" + b", ".join(said) + b")" if said else None


def _bytes(column: Column, key: str) -> bytes:
    return key.encode(CODECS.get(column.charset or "", "utf-8"))

"""The rows of one legacy aggregate as they are now, read by SELECT: where our side owns them, nobody else writes them."""

from collections.abc import Iterable, Mapping, Sequence

from banyan.move.legacy import Ref, View, views
from banyan.move.rows import CODECS, Column, Row, Table, Values, unpack
from banyan.move.source import Connection, literal, select, where
from banyan.move.storage.tables import Mirrored


def named(each: Mirrored, kind: str) -> bool:
    """Whether the rows of an aggregate can be asked for by a column; else only the mirror knows which they are."""
    return all(isinstance(view.key, str) for view in _views(each, kind))


def rows_now(
    con: Connection, tables: Sequence[Mirrored], ref: Ref, known: Mapping[str, Iterable[Values]]
) -> dict[str, list[Row]]:
    """By table without prefix, each by key. `known`: key values of rows, by table, of those whose column is not named."""
    found: dict[str, list[Row]] = {}
    for each in tables:
        conditions = (
            [_by_column(each.table, view, ref.key) for view in _views(each, ref.kind)]
            if named(each, ref.kind)
            else [where(each.table, values) for values in known.get(each.use.table, ())]
        )
        wanted = [condition for condition in conditions if condition]
        rows: dict[bytes, Row] = {}
        if wanted:
            either = b" OR ".join(b"(" + condition + b")" for condition in wanted)
            name = each.table.name.replace("`", "``")
            sql = f"SELECT {select(each.table)} FROM `{name}` WHERE ".encode() + either
            for row in _rows(con, each.table, sql):
                if views.belongs(each.use, row, ref.kind, ref.key):
                    rows[each.table.key_of(row.values)] = row
        found[each.use.table] = [rows[key] for key in sorted(rows)]
    return found


def _views(each: Mirrored, kind: str) -> list[View]:
    return [view for view in each.use.views if view.kind == kind]


def _rows(con: Connection, table: Table, sql: bytes) -> list[Row]:
    return [Row(table, unpack(image)) for images in con.images(sql) for image in images]


def _by_column(table: Table, view: View, key: str) -> bytes | None:
    """The condition that a row's column holds the aggregate's key; None where it cannot."""
    assert isinstance(view.key, str)
    column = table.columns[table.place[view.key]]
    try:
        said = literal(column, _bytes(column, key))
    except ValueError:
        return None
    return b"`" + view.key.replace("`", "``").encode() + b"` <=> " + said


def _bytes(column: Column, key: str) -> bytes:
    return key.encode(CODECS.get(column.charset or "", "utf-8"))

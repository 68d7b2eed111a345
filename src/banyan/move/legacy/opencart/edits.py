"""Writing legacy rows: a row that changes keeps the bytes of every column that was not named, and a new one has defaults."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from banyan.move.legacy import NewRows, Rows, Unwritable
from banyan.move.legacy.opencart import text, times
from banyan.move.rows import CODECS, Column, Row, Table, Values

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_SIZE = re.compile(r"\((\d+)(?:,(\d+))?\)")
_BYTES = {"tinytext": 255, "text": 65_535, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_NUMBERS = ("int", "decimal", "float", "double", "bit", "year")


class Edit:
    """A row while it is written. A column that this shop's table does not have is passed over."""

    def __init__(self, row: Row) -> None:
        self._table = row.table
        self._values = list(row.values)

    @classmethod
    def fresh(cls, table: Table) -> "Edit":
        """A new row: each column its default, NULL, or the zero of its type."""
        return cls(Row(table, tuple(_empty(column) for column in table.columns)))

    def done(self) -> Values:
        return tuple(self._values)

    @property
    def row(self) -> Row:
        return Row(self._table, self.done())

    def raw(self, column: str, value: bytes | None) -> None:
        """Exactly these bytes."""
        place = self._table.place.get(column)
        if place is not None:
            self._values[place] = value

    def words(self, column: str, value: str) -> None:
        """Text that OpenCart shows in pages: escaped; cut where the column is too short."""
        self._text(column, value, shown=True)

    def plain(self, column: str, value: str) -> None:
        """Text that is not escaped."""
        self._text(column, value, shown=False)

    def html(self, column: str, value: str) -> None:
        """Plain text for a description."""
        place = self._table.place.get(column)
        if place is not None:
            found = self._table.columns[place]
            self._values[place] = _encoded(found, _narrow(found, text.marked_up(value), shown=True), cut=True)

    def number(self, column: str, value: int | Decimal) -> None:
        """A number with as many decimals as the column has. Unwritable when it is too large for it."""
        place = self._table.place.get(column)
        if place is not None:
            self._values[place] = _spelled(self._table, self._table.columns[place], value)

    def _text(self, column: str, value: str, *, shown: bool) -> None:
        place = self._table.place.get(column)
        if place is None:
            return
        found = self._table.columns[place]
        while True:
            stored = _narrow(found, text.escaped(value) if shown else value, shown=shown)
            if _fits(found, stored):
                self._values[place] = _encoded(found, stored, cut=False)
                return
            value = value[: min(len(value) - 1, _limit(found))].rstrip()


def kept(rows: Rows) -> dict[str, Sequence[Values]]:
    """All rows as they are."""
    return {name: tuple(row.values for row in found) for name, found in rows.items()}


def gone(rows: Rows) -> NewRows:
    """None of the rows."""
    return dict.fromkeys(rows, ())


def put(out: dict[str, Sequence[Values]], table: str, edits: Iterable[Edit]) -> None:
    out[table] = tuple(edit.done() for edit in edits)


def _limit(column: Column) -> int:
    found = _SIZE.search(column.full)
    return int(found[1]) if found and "char" in column.type else _BYTES.get(column.type, 255)


def _fits(column: Column, stored: str) -> bool:
    limit = _limit(column)
    return len(stored) <= limit if "char" in column.type else len(stored.encode("utf-8", "replace")) <= limit


def _narrow(column: Column, stored: str, *, shown: bool) -> str:
    """Without what the column's character set cannot hold: as HTML's numbers where pages show it, else as `?`."""
    if column.charset in ("utf8", "utf8mb3"):
        return text.narrowed(stored) if shown else re.sub(r"[^\u0000-\uffff]", "?", stored)
    codec = CODECS.get(column.charset or "utf8mb4", "utf-8")
    return stored.encode(codec, "xmlcharrefreplace" if shown else "replace").decode(codec)


def _encoded(column: Column, stored: str, *, cut: bool) -> bytes:
    data = stored.encode(CODECS.get(column.charset or "utf8mb4", "utf-8"))
    return data[: _limit(column)].decode("utf-8", "ignore").encode() if cut and len(data) > _limit(column) else data


def _spelled(table: Table, column: Column, value: int | Decimal) -> bytes:
    size = _SIZE.search(column.full)
    if column.type not in ("decimal", "float", "double"):
        bits = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}.get(column.type, 32)
        low, high = (0, 2**bits - 1) if column.unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if not low <= value <= high:
            raise Unwritable(f"{table.name}.{column.name} cannot hold {value}")
        return str(int(value)).encode()
    digits, scale = (int(size[1]), int(size[2] or 0)) if size else (15, 4)
    spelled = EXACT.quantize(Decimal(value), Decimal(1).scaleb(-scale))
    if len(spelled.as_tuple().digits) > digits:
        raise Unwritable(f"{table.name}.{column.name} cannot hold {value}")
    return f"{spelled if spelled else abs(spelled):f}".encode()


def _empty(column: Column) -> bytes | None:
    if column.default is not None or column.nullable:
        return column.default
    if column.type == "date":
        return times.ZERO_DAY
    if column.type in ("datetime", "timestamp"):
        return times.ZERO
    if any(each in column.type for each in _NUMBERS):
        found = _SIZE.search(column.full)
        scale = int(found[2] or 0) if found and column.type in ("decimal", "float", "double") else 0
        return f"{Decimal(0).scaleb(-scale):f}".encode()
    return b""

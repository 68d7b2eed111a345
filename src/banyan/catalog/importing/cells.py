"""CSV cells: formulas are made harmless on the way out and themselves again on the way in; columns have names.

A spreadsheet runs a cell that begins with one of = + - @ or some invisible characters (OWASP, CSV injection). Such a
cell gets an apostrophe in front, and so does one that begins with apostrophes before one of these, so that taking one
apostrophe away gives back every text exactly.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from banyan.catalog.domain.naming import is_line

_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")

GROUPS = {"option": "options", "attribute": "attributes", "price": "prices"}
"""Columns such as `option:Colour` belong to one field."""
STRUCTURED = frozenset(("categories", "options", "attributes", "prices", "images"))
"""Cells of these may hold JSON."""
FIELDS = frozenset(
    (
        *("sku", "product", "name", "slug", "description", "brand", "categories", "price", "currency", "prices"),
        *("options", "attributes", "image", "images", "stock", "low_stock_at", "backorder", "popularity", "status"),
        *("tax_class", "weight_g"),
    )
)
_MOST_COLUMNS = 500


def escaped(text: str) -> str:
    """A text as a cell that no spreadsheet runs."""
    return "'" + text if _RISKY.match(text) else text


def unescaped(cell: str) -> str:
    """The text that `escaped` made the cell of; any other cell as it is."""
    return cell[1:] if _ESCAPED.match(cell) else cell


class Header:
    """The first line of a CSV file: which column says what."""

    def __init__(self, cells: Sequence[str]) -> None:
        """ValueError when it names no column we know, or one twice."""
        if len(cells) > _MOST_COLUMNS:
            raise ValueError(f"at most {_MOST_COLUMNS} columns")
        self.ignored: list[str] = []
        self._places: list[tuple[str, str] | None] = [self._place(unescaped(cell).strip()) for cell in cells]
        known = [place for place in self._places if place]
        if not known:
            raise ValueError(f"the first line names no column that is known: {', '.join(sorted(FIELDS))}")
        if len(set(known)) < len(known):
            twice = next(place for place in known if known.count(place) > 1)
            raise ValueError(f"the column {':'.join(filter(None, twice))} is there twice")

    def row(self, cells: Sequence[str]) -> dict[str, Any]:
        """The cells as a row of fields. ValueError when there are more cells than columns, or a cell's JSON is broken."""
        if len(cells) > len(self._places) and any(cells[len(self._places) :]):
            raise ValueError(f"{len(cells)} cells in {len(self._places)} columns")
        found: dict[str, Any] = {}
        for place, cell in zip(self._places, cells, strict=False):
            value = unescaped(cell)
            if place is None or not value.strip():
                continue
            field, part = place
            if part:
                group = found.setdefault(field, {})
                if not isinstance(group, dict):
                    raise ValueError(f"{field} and {part} say the same")
                group[part] = value
            elif field in STRUCTURED and value.lstrip()[:1] in ("[", "{"):
                found[field] = _merged(field, _json(field, value), found.get(field))
            else:
                found[field] = value
        return found

    def _place(self, name: str) -> tuple[str, str] | None:
        kind, colon, part = name.partition(":")
        field = kind.strip().lower().replace(" ", "_")
        if colon and field in GROUPS and part.strip():
            return GROUPS[field], part.strip()
        if not colon and field in FIELDS:
            return field, ""
        if name:
            self.ignored.append(name[:100] if is_line(name) else "(unreadable)")
        return None


def _json(field: str, value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValueError(f"{field}: the JSON in this cell is broken") from None


def _merged(field: str, value: Any, columns: Any) -> Any:
    """A field's own cell beside columns of the same field."""
    if columns is None:
        return value
    if isinstance(value, Mapping) and isinstance(columns, Mapping):
        return {**columns, **value}
    raise ValueError(f"{field} is said twice")

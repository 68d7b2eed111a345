"""Hazards of columns: types, character sets, money that floats."""

import re
from collections.abc import Callable, Iterator

from banyan.move.assess.asking import quoted
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.hazards import Hazard, Severity, names
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Samples
from banyan.move.rows import CODECS, Column

MONEY = re.compile(
    r"(^|_)(price|prices|cost|costs|total|subtotal|sub_total|amount|fee|fees|tax|discount|refund|paid|balance|credit|"
    r"shipping_cost|commission|revenue|value_tax_incl|value_tax_excl)(_|$)"
)
# What no reader of the log can turn back into the text that a SELECT gives; ours has been tried with all others.
UNSUPPORTED = ("vector", "xmltype")
UNCARRIED = ("uuid", "inet4", "inet6", "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
             "multipolygon", "geometrycollection")  # fmt: skip
_FLOATS = ("float", "double", "real")


def check(seen: Survey, _: Samples) -> Iterator[Hazard]:
    """All hazards of columns."""
    unsupported = UNSUPPORTED if seen.maria else (*UNSUPPORTED, "json")
    yield from _of(seen, "type-unsupported", lambda _, c: c.type in unsupported, _as_text, lambda c: c.full)
    yield from _of(
        seen, "type-uncarried", lambda _, c: c.type in UNCARRIED and c.type not in unsupported, _none, lambda c: c.full
    )
    yield from _of(seen, "column-compressed", lambda _, c: "COMPRESSED" in c.full.upper(), _uncompressed)
    yield from _of(
        seen,
        "float-money",
        lambda _, c: c.type in _FLOATS and MONEY.search(c.name.lower()) is not None,
        _as_decimal,
        lambda c: c.full,
    )
    yield from _of(
        seen, "charset-unknown", lambda _, c: c.charset is not None and c.charset not in CODECS, _as_utf8mb4, _charset
    )
    yield from _of(seen, "utf8mb3", lambda _, c: c.charset in ("utf8", "utf8mb3"), _table_as_utf8mb4, whole=True)
    mixed = {t.name for t in seen.tables.values() if len({c.charset for c in t.columns if c.charset}) > 1}
    yield from _of(
        seen,
        "charset-mixed",
        lambda t, c: t.name in mixed and c.charset not in (None, "utf8mb4"),
        _table_as_utf8mb4,
        _charset,
        whole=True,
    )


def _of(
    seen: Survey,
    kind: str,
    odd: Callable[[Found, Column], bool],
    fix: Callable[[Found, Column], str],
    detail: Callable[[Column], str] = lambda _: "",
    *,
    whole: bool = False,
) -> Iterator[Hazard]:
    """One hazard for the columns of tables that are moved, and a note for the others. `whole`: tell tables, not columns."""
    for used in (True, False):
        these = [(t, c) for t in seen.tables.values() if seen.used(t.name) is used for c in t.columns if odd(t, c)]
        if not these:
            continue
        by_table = dict.fromkeys(t.name for t, _ in these)
        if whole:
            told = f"{len(these)} columns of {names(by_table)}"
        else:
            told = names(f"{t.name}.{c.name}" + (f" ({detail(c)})" if detail(c) else "") for t, c in these)
        yield hazard(
            kind,
            told if used else f"{told}; not moved",
            *dict.fromkeys(filter(None, (fix(t, c) for t, c in these))),
            tables=by_table,
            severity=None if used else Severity.NOTE,
            columns=len(these),
        )


def _charset(column: Column) -> str:
    return column.charset or ""


def _none(_: Found, __: Column) -> str:
    return ""


def _null(column: Column) -> str:
    return "NULL" if column.nullable else "NOT NULL"


def _as_text(table: Found, column: Column) -> str:
    return f"ALTER TABLE {quoted(table.name)} MODIFY {quoted(column.name)} LONGTEXT {_null(column)};"


def _uncompressed(table: Found, column: Column) -> str:
    plain = re.sub(r"\s*/\*.*?COMPRESSED.*?\*/|\s*COMPRESSED", "", column.full, flags=re.IGNORECASE).strip()
    return f"ALTER TABLE {quoted(table.name)} MODIFY {quoted(column.name)} {plain} {_null(column)};"


def _as_decimal(table: Found, column: Column) -> str:
    return f"ALTER TABLE {quoted(table.name)} MODIFY {quoted(column.name)} DECIMAL(15,4) {_null(column)};"


def _as_utf8mb4(table: Found, column: Column) -> str:
    return f"ALTER TABLE {quoted(table.name)} MODIFY {quoted(column.name)} {column.full} CHARACTER SET utf8mb4 {_null(column)};"


def _table_as_utf8mb4(table: Found, _: Column) -> str:
    return f"ALTER TABLE {quoted(table.name)} CONVERT TO CHARACTER SET utf8mb4;"

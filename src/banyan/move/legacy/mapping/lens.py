"""One field both ways: out of a row's columns, and back into them when it differs."""

import html
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from banyan.kernel.money import Money, exponent
from banyan.move.legacy import Stock, Unwritable
from banyan.move.legacy.mapping.file import Field
from banyan.move.legacy.opencart import times
from banyan.move.legacy.opencart.edits import EXACT, Edit
from banyan.move.rows import Row, Unreadable

YES = frozenset({"1", "y", "yes", "t", "true", "on", "\x01"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def get(each: Field, row: Row, stock: Stock, currency: str) -> Any:
    """The field's value. Unreadable names the column."""
    if not each.columns:
        return _constant(each)
    if each.values:
        return _listed(each, row)
    match each.type:
        case "number":
            return row.int(each.columns[0])
        case "flag":
            return (row.text(each.columns[0]).strip().lower() in YES) != each.invert
        case "time":
            return _time(each, row, stock)
        case "money":
            return _money(each, row, currency)
        case "ref":
            key = row.text(each.columns[0])
            return stock.id(each.ref, key) if key not in ("", "0") else None
    words = " ".join(filter(None, (row.text(column).strip() for column in each.columns)))
    return html.unescape(words) if each.form == "html" else words


def put(each: Field, value: Any, edit: Edit, stock: Stock) -> None:
    """Write the value into the field's columns. Unwritable where the legacy shop has no words for it."""
    if not each.columns:
        if value != _constant(each):
            raise Unwritable(f"{each.target} is always {each.constant} in the legacy shop and cannot be {value}")
        return
    column = each.columns[0]
    if each.values:
        _put_listed(each, value, edit)
        return
    match each.type:
        case "number":
            edit.number(column, value)
        case "flag":
            edit.number(column, int(bool(value) != each.invert))
        case "time":
            _put_time(column, each.form, value, edit, stock)
        case "money":
            assert isinstance(value, Money)
            edit.number(
                column,
                Decimal(value.amount)
                if each.form == "minor"
                else Decimal(value.amount).scaleb(-exponent(value.currency)),
            )
        case "ref":
            edit.plain(column, stock.key(each.ref, value) if value else "0")
        case _:
            _put_text(each, value or "", edit)


def _constant(each: Field) -> Any:
    if each.type == "number":
        return int(each.constant)
    return each.constant


def _listed(each: Field, row: Row) -> Any:
    found = row.text(each.columns[0]).strip()
    value = each.values.get(found, each.otherwise)
    if value is None:
        known = ", ".join(each.values)
        raise Unreadable(f"{row.table.name}.{each.columns[0]}: {found[:40]!r} is none of {known} (line {each.line})")
    return int(value) if each.type == "number" else value


def _put_listed(each: Field, value: Any, edit: Edit) -> None:
    spelt = next((theirs for theirs, ours in each.values.items() if ours == value or str(ours) == str(value)), None)
    if spelt is None:
        raise Unwritable(f"the legacy shop has no word for {each.target} {value} (line {each.line} of the mapping)")
    edit.plain(each.columns[0], spelt)


def _time(each: Field, row: Row, stock: Stock) -> datetime:
    if each.form == "epoch":
        seconds = row.int(each.columns[0])
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            raise Unreadable(f"{row.table.name}.{each.columns[0]}: {seconds} is no time") from None
    return times.moment(row, each.columns[0], zone(stock)) or _EPOCH


def _put_time(column: str, form: str, value: datetime, edit: Edit, stock: Stock) -> None:
    if form == "epoch":
        edit.number(column, int(value.timestamp()))
    else:
        edit.raw(column, times.wall(value, zone(stock)))


def _money(each: Field, row: Row, currency: str) -> Money:
    amount = row.decimal(each.columns[0])
    if each.form != "minor":
        amount = amount.scaleb(exponent(currency), EXACT)
    try:
        return Money(int(amount.to_integral_value(ROUND_HALF_UP)), currency)
    except ValueError as error:
        raise Unreadable(f"{row.table.name}.{each.columns[0]}: {error}") from None


def _put_text(each: Field, value: str, edit: Edit) -> None:
    words = html.escape(value, quote=False) if each.form == "html" else value
    if len(each.columns) == 1:
        edit.plain(each.columns[0], words)
        return
    parts = words.split(" ", len(each.columns) - 1)
    for column, part in zip(each.columns, [*parts, *[""] * len(each.columns)], strict=False):
        edit.plain(column, part)


def zone(stock: Stock) -> ZoneInfo:
    return times.zone(str(stock.settings.get("time_zone") or "UTC"))

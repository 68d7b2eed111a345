"""What of a record OpenCart's rows cannot say: the record that was to be written beside the one that they would be read as.

No loss are: what the shop derives itself (whether an order is paid, prices in other currencies than its own), how lines are
called, our own words for what became of an order, the order of addresses and of variants, fractions of a second, more history
than we know of, draft beside archived (both are off there), and how often a product was bought.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from banyan.contracts.legacy import CartRecord, Customer, HistoryRecord, OrderRecord, ProductRecord, Record
from banyan.move.legacy.opencart import text
from banyan.move.legacy.opencart.orders_back import OWN

_DERIVED = frozenset({"version", "legacy_status", "paid", "popularity", "token", "history", "refunded"})


def lost(wanted: Record, found: Record, currency: str) -> tuple[str, ...]:
    """Each field that differs, with what differs in it. `currency` is the shop's own."""
    want, have = _plain(wanted, currency), _plain(found, currency)
    said = [f"{field}: {_spelled(value)} becomes {_spelled(other)}" for field, value, other in _differing(want, have)]
    if isinstance(wanted, OrderRecord) and isinstance(found, OrderRecord):
        said += _of_order(wanted, found)
    return tuple(said)


def _differing(want: Any, have: Any, path: str = "") -> Iterable[tuple[str, Any, Any]]:
    """Where two values differ, as deep as it can be said: `addresses.0.address.phone`."""
    if isinstance(want, dict) and isinstance(have, dict) and want.keys() == have.keys():
        for name, value in want.items():
            yield from _differing(value, have[name], f"{path}.{name}" if path else name)
    elif isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for place, (one, other) in enumerate(zip(want, have, strict=True)):
            yield from _differing(one, other, f"{path}.{place}")
    elif want != have:
        yield path, want, have


def _of_order(wanted: OrderRecord, found: OrderRecord) -> Iterable[str]:
    told = [_noted(each) for each in found.history]
    in_any_words = [{**each, "status": ""} for each in told]
    missing = [
        each
        for each in wanted.history
        if (({**_noted(each), "status": ""} not in in_any_words) if each.status in OWN else (_noted(each) not in told))
    ]
    if missing:
        yield f"history: {_spelled(tuple(missing))} is told otherwise"
    back = wanted.refunded
    if back is not None and back.amount and not (wanted.status == "refunded" and back == wanted.total):
        yield f"refunded: that {back} of {wanted.total} went back has no place there"


def _noted(entry: HistoryRecord) -> dict[str, Any]:
    said: dict[str, Any] = _seconds(entry.model_dump())
    return said


def _plain(record: Record, currency: str) -> dict[str, Any]:
    """The fields as they are compared."""
    said = {name: _seconds(value) for name, value in record.model_dump().items() if name not in _DERIVED}
    match record:
        case OrderRecord():
            said["lines"] = [{**line, "line_id": "", "product_id": None} for line in said["lines"]]
            said["payment_method"] = said["payment_method"] or "Banyan"
        case ProductRecord():
            said["status"] = "published" if record.status == "published" else "off"
            said["attributes"] = {text.code(name): value for name, value in record.attributes.items()}
            said["variants"] = sorted(said["variants"], key=lambda each: str(each["id"]))
            for variant in said["variants"]:
                variant["prices"] = [each for each in variant["prices"] if each["currency"] == currency]
        case Customer():
            said["addresses"] = sorted(said["addresses"], key=lambda each: str(each["id"]))
            for each in said["addresses"]:
                if each["address"]["phone"] == record.phone:
                    each["address"]["phone"] = ""
        case CartRecord():
            said["lines"] = sorted(said["lines"], key=lambda line: str(line["sku"]))
            said["removed"] = record.removed or not record.lines  # there an empty cart is none
    return said


def _seconds(value: Any) -> Any:
    """Times to the second, wherever they stand."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, dict):
        return {name: _seconds(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_seconds(each) for each in value]
    return value


def _spelled(value: Any) -> str:
    said = repr(value) if isinstance(value, str) else str(value)
    return said if len(said) <= 200 else f"{said[:197]}…"

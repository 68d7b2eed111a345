"""Open carts. A customer's cart is keyed `c17`, a guest's by the session it belongs to, `s…`: whose cookie says that session
finds it again with us.

Each row of `cart` is a product with its options. What is not sold any more, and what was typed into an option, stays only in
the legacy shop's rows.
"""

import itertools
import json
from collections.abc import Sequence

from banyan.contracts.legacy import CartLineRecord, CartRecord
from banyan.move.legacy import NewRows, Ref, Rows, Stock
from banyan.move.legacy.opencart import times, variants
from banyan.move.legacy.opencart.edits import Edit, kept, put
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.rows import Row

MOST_UNITS = 999
_MOST_OPTIONS = 6


def key(row: Row) -> str | None:
    """Whose cart a row is in; None for one that an administrator fills."""
    if "api_id" in row and row.int("api_id"):
        return None
    customer = row.int("customer_id")
    session = row.text("session_id")
    return f"c{customer}" if customer > 0 else f"s{session}" if session else None


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[CartRecord, ...]:
    """The cart; `removed` once nothing is left in it."""
    id, found = stock.id("cart", ref.key), rows.get("cart") or ()
    units = _units(rows, stock)
    who = ref.key[1:]
    return (
        CartRecord(
            id=id,
            version=version,
            user_id=stock.id("customer", who) if ref.key.startswith("c") else None,
            token=who if ref.key.startswith("s") else None,
            lines=tuple(CartLineRecord(sku=sku, quantity=count) for sku, count in units.items()),
            removed=not found,
        ),
    )


def rows(shop: Shop, ref: Ref, record: CartRecord, before: CartRecord | None, rows: Rows, stock: Stock) -> NewRows:
    """The cart's rows: as many of each SKU as we have. What the legacy shop does not sell is left out."""
    out = kept(rows)
    old = _units(rows, stock)
    new = {line.sku: line.quantity for line in record.lines}
    edits: list[Edit] = []
    left = dict(new)
    for row in _in_order(rows):
        sku = _sku(row, stock)
        if not sku or old.get(sku) == new.get(sku):
            edits.append(Edit(row))
            left.pop(sku or "", None)
        elif sku in left:
            edit = Edit(row)
            edit.number("quantity", left.pop(sku))
            edits.append(edit)
    begun = (_new(shop, ref, sku, count, rows, stock) for sku, count in left.items())
    edits += [edit for edit in begun if edit is not None]
    if edits or rows.get("cart"):
        put(out, "cart", edits)
    return out


def _units(rows: Rows, stock: Stock) -> dict[str, int]:
    """SKU → how many, as many as a cart of ours holds."""
    units: dict[str, int] = {}
    for row in _in_order(rows):
        sku = _sku(row, stock)
        if sku and row.int("quantity") > 0:
            units[sku] = min(units.get(sku, 0) + row.int("quantity"), MOST_UNITS)
    return units


def _in_order(rows: Rows) -> list[Row]:
    return sorted(rows.get("cart") or (), key=lambda row: row.int("cart_id"))


def _sku(row: Row, stock: Stock) -> str:
    """What is in the row, as far as we sell it: with the choices that make a variant, whatever else was typed in."""
    product = str(row.int("product_id"))
    chosen = _chosen(row)
    for count in range(len(chosen), -1, -1):
        for some in itertools.combinations(chosen, count):
            if sku := stock.names.held("sku", variants.key(product, some)):
                return sku
    return ""


def _chosen(row: Row) -> list[tuple[int, int]]:
    """What could be a choice: `{"226": "15"}`. Several at once, text and dates are none."""
    try:
        said = json.loads(row.text("option") or "[]")
    except (ValueError, RecursionError):
        return []
    if not isinstance(said, dict):
        return []
    pairs = [(int(option), int(value)) for option, value in said.items() if _is_number(option) and _is_number(value)]
    return sorted(pairs)[:_MOST_OPTIONS]


def _is_number(value: object) -> bool:
    said = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return said.isascii() and said.isdigit() and len(said) < 12


def _new(shop: Shop, ref: Ref, sku: str, count: int, rows: Rows, stock: Stock) -> Edit | None:
    product, chosen = variants.parsed(stock.names.holder("sku", sku) or "0")
    if product == "0":
        return None
    others: Sequence[Row] = rows.get("cart") or ()
    edit = Edit.fresh(stock.tables["cart"])
    edit.number("cart_id", stock.next("cart"))
    edit.number("customer_id", int(ref.key[1:]) if ref.key.startswith("c") else 0)
    edit.plain("session_id", ref.key[1:] if ref.key.startswith("s") else "")
    edit.number("product_id", int(product))
    edit.raw("option", json.dumps({str(a): str(b) for a, b in chosen}).encode() if chosen else b"[]")
    edit.raw("override", b"[]")
    edit.number("quantity", count)
    known = max((row["date_added"] or b"" for row in others), default=b"")
    now = shop.settings.get("now")
    edit.raw("date_added", times.wall(now, shop.clock) if now is not None else known or times.ZERO)
    return edit

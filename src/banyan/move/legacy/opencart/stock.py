"""Units on the shelf, SKU by SKU.

OpenCart counts a product, and each value of its options, not a combination of them: a sale takes from all of them. So of a
combination there are as many as of the scarcest of what is counted for it (`subtract`), which is what OpenCart would sell. Two
combinations that share what is scarce each show all of it. The way back moves everything that is counted for the SKU by as
much as the SKU moved, as a sale there would.
"""

from collections.abc import Sequence

from banyan.contracts.legacy import StockRecord
from banyan.move.legacy import NewRows, Ref, Rows, Stock
from banyan.move.legacy.opencart import variants
from banyan.move.legacy.opencart.edits import Edit, kept, put
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.legacy.opencart.variants import Combination
from banyan.move.rows import Row

MOST = 1_000_000_000
"""What a shelf of ours can hold; beyond it only the legacy shop knows the number."""


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[StockRecord, ...]:
    """A record for each SKU. TooMany where a product has more combinations than can be kept."""
    products = rows.get("product") or ()
    if not products:
        held = stock.names.held("sku", ref.key)
        return (StockRecord(id=held, version=version, on_hand=0, removed=True),) if held else ()
    backorder = bool(shop.number("config_stock_checkout"))
    return tuple(
        StockRecord(
            id=variants.sku(stock.names, products[0], each),
            version=version,
            on_hand=_on_hand(products[0], each),
            tracked=bool(_counted(products[0], each)),
            backorder=backorder,
        )
        for each in variants.combinations(ref.key, variants.choices(shop, rows))
    )


def rows(shop: Shop, ref: Ref, record: StockRecord, before: StockRecord | None, rows: Rows, stock: Stock) -> NewRows:
    """The rows with the SKU's units moved; a flag that the shop keeps elsewhere moves nothing."""
    out = kept(rows)
    products = rows.get("product") or ()
    if before is None or not products or record.removed or record.on_hand == before.on_hand:
        return out
    every = variants.combinations(ref.key, variants.choices(shop, rows))
    found = next(each for each in every if variants.sku(stock.names, products[0], each) == record.id)
    moved = record.on_hand - before.on_hand
    counted = _counted(products[0], found)
    _move(out, rows, "product", counted, moved)
    _move(out, rows, "product_option_value", counted, moved)
    return out


def _move(
    out: dict[str, Sequence[tuple[bytes | None, ...]]], rows: Rows, table: str, counted: Sequence[Row], moved: int
) -> None:
    edits = [Edit(row) for row in rows.get(table) or ()]
    for edit in edits:
        if edit.row in counted:
            edit.number("quantity", edit.row.int("quantity") + moved)
    if edits:
        put(out, table, edits)


def _counted(product: Row, combination: Combination) -> list[Row]:
    """The rows that a sale of this takes from."""
    return [row for row in (product, *(value.row for value in combination.values)) if row.int("subtract")]


def _on_hand(product: Row, combination: Combination) -> int:
    quantity = min(row.int("quantity") for row in (_counted(product, combination) or [product]))
    return max(-MOST, min(MOST, quantity))

"""What lies where: the one statement that changes levels, and what a change of them makes worth telling."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from banyan.foundation.db import Tx
from banyan.inventory.domain import Level, Overtaken, Settings

# Rows are locked in the order of their key and judged as they are then, not as some earlier look saw them;
# either every shelf can bear its change or no row is touched.
_SHIFT = """
WITH wish AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS wish (sku, warehouse_id, on_hand, reserved)
), fits AS (
    SELECT level.sku, level.warehouse_id, wish.on_hand, wish.reserved, stock.low_stock_at
    FROM wish JOIN level USING (sku, warehouse_id) JOIN stock USING (sku)
    WHERE level.backorder OR wish.reserved <= 0 AND wish.on_hand >= 0
       OR level.on_hand + wish.on_hand >= level.reserved + wish.reserved
    ORDER BY level.sku, level.warehouse_id FOR NO KEY UPDATE OF level
)
UPDATE level SET on_hand = level.on_hand + fits.on_hand, reserved = level.reserved + fits.reserved
FROM fits
WHERE level.sku = fits.sku AND level.warehouse_id = fits.warehouse_id
  AND (SELECT count(*) FROM fits) = (SELECT count(*) FROM wish)
RETURNING level.sku, fits.on_hand - fits.reserved AS freed, level.on_hand - level.reserved AS free, fits.low_stock_at"""

_LOCK_STOCK = "SELECT FROM stock WHERE sku = ANY($1) ORDER BY sku FOR NO KEY UPDATE"
_SETTLE = """
WITH seen AS (
    SELECT stock.sku, stock.sellable AS was_sellable, stock.low AS was_low,
           coalesce(there.available, 0) AS available,
           there.available > 0 OR stock.backorder AND there.sku IS NOT NULL AS sellable,
           coalesce(there.available, 0) <= stock.low_stock_at AS low
    FROM stock LEFT JOIN (
        SELECT level.sku, sum(greatest(level.on_hand - level.reserved, 0)) AS available
        FROM level JOIN warehouse ON warehouse.id = level.warehouse_id AND warehouse.active
        WHERE level.sku = ANY($1) GROUP BY level.sku
    ) AS there USING (sku)
    WHERE stock.sku = ANY($1)
)
UPDATE stock SET sellable = coalesce(seen.sellable, false), low = seen.low FROM seen
WHERE stock.sku = seen.sku AND (stock.sellable, stock.low) IS DISTINCT FROM (coalesce(seen.sellable, false), seen.low)
RETURNING stock.sku, stock.sellable, seen.was_sellable, stock.low, seen.was_low, seen.available, stock.low_stock_at"""

_MAKE_STOCK = """
INSERT INTO stock (sku, backorder, low_stock_at)
SELECT * FROM unnest($1::text[], $2::bool[], $3::int[]) AS new (sku, backorder, low_stock_at)
WHERE NOT EXISTS (SELECT FROM stock WHERE stock.sku = new.sku) ORDER BY sku
ON CONFLICT DO NOTHING"""
_MAKE_LEVELS = """
INSERT INTO level (sku, warehouse_id, backorder)
SELECT sku, $2, backorder FROM stock
WHERE sku = ANY($1) AND NOT EXISTS (SELECT FROM level WHERE level.sku = stock.sku AND warehouse_id = $2) ORDER BY sku
ON CONFLICT DO NOTHING"""
_OWN_LEVELS = """
SELECT sku, on_hand, reserved, stock.backorder, low_stock_at FROM level JOIN stock USING (sku)
WHERE sku = ANY($1) AND warehouse_id = $2"""


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of one shelf: of units on it, and of units set aside."""

    sku: str
    warehouse_id: str
    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """A SKU that crossed a line: can or cannot be bought now, is or is no longer low."""

    sku: str
    available: int
    sellable: bool
    was_sellable: bool
    low: bool
    was_low: bool
    low_stock_at: int


async def shift(tx: Tx, shifts: Sequence[Shift]) -> set[str]:
    """Change these shelves, all or none; the SKUs that came near a line. Overtaken when some shelf cannot bear it."""
    if not shifts:
        return set()
    rows = await tx.fetch(
        _SHIFT,
        [each.sku for each in shifts],
        [each.warehouse_id for each in shifts],
        [each.on_hand for each in shifts],
        [each.reserved for each in shifts],
    )
    if len(rows) != len(shifts):
        raise Overtaken
    # A SKU's total is at or below a line only while each of its shelves is, before and after: others need no look.
    return {
        row["sku"]
        for row in rows
        if row["freed"] and min(row["free"], row["free"] - row["freed"]) <= row["low_stock_at"]
    }


async def settle(tx: Tx, skus: Collection[str]) -> list[Signal]:
    """Note which of these SKUs crossed a line, and answer those. The last to change a SKU sees all that others changed."""
    if not skus:
        return []
    await tx.execute(_LOCK_STOCK, list(skus))
    return [Signal(**row) for row in await tx.fetch(_SETTLE, list(skus))]


async def make_places(tx: Tx, settings: dict[str, Settings], warehouse_id: str) -> None:
    """See to it that each SKU has a row and, in this warehouse, a level; what is there already stays as it is.

    Overtaken when a SKU's backorder flag was changed while its new level was written.
    """
    skus = list(settings)
    flags, thresholds = [e.backorder for e in settings.values()], [e.low_stock_at for e in settings.values()]
    await tx.execute(_MAKE_STOCK, skus, flags, thresholds)
    try:
        await tx.execute(_MAKE_LEVELS, skus, warehouse_id)
    except asyncpg.ForeignKeyViolationError:
        raise Overtaken from None


async def own_levels(tx: Tx, skus: Collection[str], warehouse_id: str) -> dict[str, Level]:
    """The books of one warehouse for these SKUs; unknown ones are absent."""
    return {
        row["sku"]: Level(row["on_hand"], row["reserved"], Settings(row["backorder"], row["low_stock_at"]))
        for row in await tx.fetch(_OWN_LEVELS, list(skus), warehouse_id)
    }

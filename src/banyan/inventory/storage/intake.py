"""Stock as an old shop counts it: many SKUs in one statement."""

from collections.abc import Collection

from banyan.contracts.legacy import StockRecord
from banyan.foundation.db import Tx
from banyan.inventory.domain.taking import Standing

# What carts hold, found from the few live holds and not from every line that a SKU ever had.
_HELD = """
SELECT line.sku, sum(line.quantity)::bigint AS units
FROM reservation JOIN reservation_line AS line ON line.reservation_id = reservation.id
WHERE reservation.state = 'held' AND line.sku = ANY($1) GROUP BY line.sku"""
_READ = f"""
WITH held AS ({_HELD})
SELECT stock.sku, stock.backorder, (coalesce(there.free, 0) + coalesce(held.units, 0))::bigint AS on_hand
FROM stock LEFT JOIN held USING (sku)
LEFT JOIN (SELECT sku, sum(on_hand - reserved) AS free FROM level WHERE sku = ANY($1) GROUP BY sku) AS there USING (sku)
WHERE stock.sku = ANY($1)"""
_SHELVES = """
SELECT level.sku, level.warehouse_id, level.on_hand, level.reserved
FROM level JOIN warehouse ON warehouse.id = level.warehouse_id WHERE level.sku = ANY($1)
ORDER BY level.sku, level.warehouse_id <> $2, warehouse.priority, warehouse.id"""
_LOCK_HOLDS = """
SELECT id FROM reservation WHERE state = 'held' AND id IN (
    SELECT reservation_id FROM reservation_line WHERE sku = ANY($1)) ORDER BY id FOR UPDATE"""


async def counts(tx: Tx, skus: Collection[str]) -> dict[str, StockRecord]:
    """These SKUs as records: what can be sold, or is held by carts, over all warehouses."""
    return {
        row["sku"]: StockRecord(id=row["sku"], version=0, on_hand=row["on_hand"], backorder=row["backorder"])
        for row in await tx.fetch(_READ, list(skus))
    }


async def held(tx: Tx, skus: Collection[str]) -> dict[str, int]:
    """Units of these SKUs that carts hold."""
    return {row["sku"]: row["units"] for row in await tx.fetch(_HELD, list(skus))}


async def lock_holds_on(tx: Tx, skus: Collection[str]) -> list[str]:
    """Let nobody else change the live holds on these SKUs; their ids."""
    return [row["id"] for row in await tx.fetch(_LOCK_HOLDS, list(skus))]


async def shelves(tx: Tx, skus: Collection[str], first: str) -> dict[str, list[Standing]]:
    """The shelves of each SKU, that of the warehouse `first` before the others."""
    found: dict[str, list[Standing]] = {}
    for row in await tx.fetch(_SHELVES, list(skus), first):
        standing = Standing(row["warehouse_id"], row["on_hand"], row["reserved"])
        found.setdefault(row["sku"], []).append(standing)
    return found

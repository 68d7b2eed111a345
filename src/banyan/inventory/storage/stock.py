"""SKUs: what can be bought of each at this moment, and what is set for each."""

from collections.abc import Collection
from typing import Any

import asyncpg

from banyan.foundation.db import Db, Row, Tx
from banyan.inventory.domain import Settings
from banyan.kernel.refusals import Conflict

# Units on holds that are over, and those a cart holds itself, count as free: nobody need have ended them.
_SEEN = """
WITH freed AS (
    SELECT line.sku, line.warehouse_id, sum(line.quantity) AS units
    FROM reservation JOIN reservation_line AS line ON line.reservation_id = reservation.id
    WHERE reservation.state = 'held' AND (reservation.expires_at <= shop_now() OR reservation.cart_id = {cart})
      AND {of_freed}
    GROUP BY line.sku, line.warehouse_id
)
SELECT stock.sku, there.available, stock.backorder, there.available <= stock.low_stock_at AS low,
       stock.low_stock_at, stock.version, there.warehouses
FROM stock CROSS JOIN LATERAL (
    SELECT coalesce(sum(shelf.available), 0)::bigint AS available,
           coalesce(jsonb_agg(to_jsonb(shelf) ORDER BY shelf.warehouse_id), '[]') AS warehouses
    FROM (
        SELECT level.warehouse_id, level.on_hand, level.reserved - coalesce(freed.units, 0) AS reserved,
               CASE WHEN warehouse.active
                    THEN greatest(level.on_hand - level.reserved + coalesce(freed.units, 0), 0) ELSE 0 END AS available
        FROM level JOIN warehouse ON warehouse.id = level.warehouse_id LEFT JOIN freed USING (sku, warehouse_id)
        WHERE level.sku = stock.sku
    ) AS shelf
) AS there
WHERE {of_stock}
ORDER BY stock.sku"""
_LOOK_UP = _SEEN.format(cart="$2::text", of_freed="line.sku = ANY($1)", of_stock="stock.sku = ANY($1)")
_LIST = (
    _SEEN.format(
        cart="NULL",
        of_freed="true",
        of_stock="""($1::text IS NULL OR stock.sku > $1) AND ($2::int IS NULL OR there.available < $2)
  AND ($3::bool IS NULL OR (there.available <= stock.low_stock_at) = $3)""",
    )
    + " LIMIT $4"
)
_LOCK_SETTINGS = "SELECT backorder, low_stock_at, version FROM stock WHERE sku = $1 FOR UPDATE"
_CHANGE = """
UPDATE stock SET backorder = new.backorder, low_stock_at = new.low_stock_at, version = version + 1
FROM unnest($1::text[], $2::bool[], $3::int[]) AS new (sku, backorder, low_stock_at)
WHERE stock.sku = new.sku AND (stock.backorder, stock.low_stock_at) <> (new.backorder, new.low_stock_at)"""


async def look_up(db: Db | Tx, skus: Collection[str], for_cart: str | None = None) -> list[Row]:
    """How it stands with each SKU that is known, ordered by SKU."""
    return await db.fetch(_LOOK_UP, list(skus), for_cart)


async def list_stock(db: Db, *, after: str | None, below: int | None, low: bool | None, limit: int) -> list[Row]:
    """SKUs in order, from behind `after` on; with fewer than `below` available; at their own threshold or not."""
    return await db.fetch(_LIST, after, below, low, limit)


async def sku_is_known(db: Db, sku: str) -> bool:
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM stock WHERE sku = $1)", sku))


async def lock_settings(tx: Tx, sku: str) -> dict[str, Any] | None:
    """What is set for the SKU, with its version; nobody else changes it meanwhile. None for an unknown one."""
    row = await tx.fetchrow(_LOCK_SETTINGS, sku)
    return dict(row) if row else None


async def change_settings(tx: Tx, settings: dict[str, Settings]) -> int:
    """Write what differs; how many did. Conflict when backorder ends while more is promised than there is."""
    flags, thresholds = [e.backorder for e in settings.values()], [e.low_stock_at for e in settings.values()]
    try:
        return await tx.execute(_CHANGE, list(settings), flags, thresholds)
    except asyncpg.CheckViolationError:
        raise Conflict(
            "more units are promised than there are; count or receive some first", code="backorders_open"
        ) from None

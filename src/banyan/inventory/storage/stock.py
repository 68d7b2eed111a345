"""SKUs: what can be bought of each at this moment, and what is set for each."""

from collections.abc import Collection
from typing import Any

import asyncpg

from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.narrowing import where
from banyan.inventory.domain import Available, Settings
from banyan.kernel.refusals import Conflict

# Units on holds that are over count as free: nobody need have ended them. These holds are few and found first: a SKU
# may have any number of lines of orders that were sold.
_SEEN = """
WITH freed AS (
    SELECT line.sku, line.warehouse_id, sum(line.quantity) AS units
    FROM (SELECT id FROM reservation WHERE state = 'held' AND expires_at <= shop_now() OFFSET 0) AS over
    CROSS JOIN LATERAL (
        SELECT sku, warehouse_id, quantity FROM reservation_line
        WHERE reservation_id = over.id AND {of_freed} OFFSET 0) AS line
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
{of_stock}
ORDER BY stock.sku"""
_LOOK_UP = _SEEN.format(of_freed="sku = ANY($1)", of_stock="WHERE stock.sku = ANY($1)")
# When it was so, as a text that sorts: of two snapshots the later has a higher xmax, or fewer transactions still open.
_LOOK_UP_AS_OF = f"""
SELECT seen.*, lpad(pg_snapshot_xmax(as_of.at)::text, 20, '0') || '.'
    || lpad((99999 - (SELECT count(*) FROM pg_snapshot_xip(as_of.at)))::text, 5, '0') AS as_of
FROM (SELECT pg_current_snapshot() AS at OFFSET 0) AS as_of CROSS JOIN ({_LOOK_UP}) AS seen"""
_LISTED = {
    "after": "stock.sku > {}",
    "below": "there.available < {}",
    "low": "(there.available <= stock.low_stock_at) = {}",
}
# What carts hold themselves is theirs to buy, too: rows with a cart's id are what that cart alone may add.
_AVAILABLE = """
WITH freed AS (
    SELECT over.cart_id, line.sku, line.warehouse_id, sum(line.quantity) AS units
    FROM (
        SELECT id, CASE WHEN expires_at > shop_now() THEN cart_id END AS cart_id FROM reservation
        WHERE state = 'held' AND (expires_at <= shop_now() OR cart_id = ANY($2)) OFFSET 0
    ) AS over
    CROSS JOIN LATERAL (
        SELECT sku, warehouse_id, quantity FROM reservation_line
        WHERE reservation_id = over.id AND sku = ANY($1) OFFSET 0) AS line
    GROUP BY over.cart_id, line.sku, line.warehouse_id
)
SELECT * FROM (
    SELECT NULL AS cart_id, stock.sku, stock.backorder, shelf.warehouse_id, shelf.free + coalesce(freed.units, 0) AS units
    FROM stock LEFT JOIN (
        SELECT level.sku, level.warehouse_id, level.on_hand - level.reserved AS free
        FROM level JOIN warehouse ON warehouse.id = level.warehouse_id AND warehouse.active WHERE level.sku = ANY($1)
    ) AS shelf USING (sku)
    LEFT JOIN freed ON freed.cart_id IS NULL AND freed.sku = shelf.sku AND freed.warehouse_id = shelf.warehouse_id
    WHERE stock.sku = ANY($1)
    UNION ALL
    SELECT cart_id, sku, false, warehouse_id, units FROM freed WHERE cart_id IS NOT NULL
) AS units ORDER BY sku, cart_id NULLS FIRST"""
_LOCK_SETTINGS = "SELECT backorder, low_stock_at, version FROM stock WHERE sku = $1 FOR UPDATE"
_CHANGE = """
UPDATE stock SET backorder = new.backorder, low_stock_at = new.low_stock_at, version = version + 1
FROM unnest($1::text[], $2::bool[], $3::int[]) AS new (sku, backorder, low_stock_at)
WHERE stock.sku = new.sku AND (stock.backorder, stock.low_stock_at) <> (new.backorder, new.low_stock_at)"""


async def look_up(db: Db | Tx, skus: Collection[str]) -> list[Row]:
    """How it stands with each SKU that is known, ordered by SKU."""
    return await db.fetch(_LOOK_UP, list(skus))


async def look_up_as_of(db: Db, skus: Collection[str]) -> list[Row]:
    """The same, each with `as_of`: what was looked up later has a greater one, or saw the same."""
    return await db.fetch(_LOOK_UP_AS_OF, list(skus))


async def available(db: Db, skus: Collection[str], cart_ids: Collection[str]) -> dict[str, Available]:
    """What can be bought of each SKU that is known, ordered by SKU, and what these carts hold of them."""
    found: dict[str, Available] = {}
    for cart_id, sku, backorder, warehouse_id, units in await db.fetch(_AVAILABLE, list(skus), list(cart_ids)):
        if cart_id is None:
            there = found.setdefault(sku, Available(backorder))
            if warehouse_id is not None:
                there.shelves[warehouse_id] = units
        elif sku in found:
            found[sku].held.setdefault(cart_id, {})[warehouse_id] = units
    return found


async def list_stock(db: Db, *, after: str | None, below: int | None, low: bool | None, limit: int) -> list[Row]:
    """SKUs in order, from behind `after` on; with fewer than `below` available; at their own threshold or not."""
    narrowed, values = where(_LISTED, 1, after=after, below=below, low=low)
    return await db.fetch(_SEEN.format(of_freed="true", of_stock=narrowed) + " LIMIT $1", limit, *values)


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

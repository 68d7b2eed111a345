"""The table `stock_message`: what warehouses said."""

from datetime import datetime

from banyan.foundation.db import Tx

_NOTE = """
INSERT INTO stock_message (id, sku, warehouse_id, at, on_hand, change) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING"""
_COUNTED = """
SELECT EXISTS (SELECT FROM stock_message
    WHERE sku = $1 AND warehouse_id = $2 AND on_hand IS NOT NULL AND at >= $3 AND id <> $4)"""
_SINCE = "SELECT coalesce(sum(change), 0)::bigint FROM stock_message WHERE sku = $1 AND warehouse_id = $2 AND at > $3"
_FORGET = """
DELETE FROM stock_message WHERE id IN (
    SELECT id FROM stock_message WHERE at < shop_now() - make_interval(days => $1) LIMIT 1000)"""


async def note(
    tx: Tx, id: str, sku: str, warehouse_id: str, at: datetime, *, on_hand: int | None, change: int | None
) -> bool:
    """Write it down; False when a message of this id was handled before. Who comes second waits for the first."""
    return bool(await tx.execute(_NOTE, id, sku, warehouse_id, at, on_hand, change))


async def counted_since(tx: Tx, sku: str, warehouse_id: str, at: datetime, *, but: str) -> bool:
    """Whether the shelf was counted at that moment or later, by another message than `but`."""
    return bool(await tx.fetchval(_COUNTED, sku, warehouse_id, at, but))


async def changed_since(tx: Tx, sku: str, warehouse_id: str, at: datetime) -> int:
    """Units that came and went after that moment, by messages handled so far."""
    return int(await tx.fetchval(_SINCE, sku, warehouse_id, at))


async def forget_messages(tx: Tx, days: int) -> int:
    """Delete those that are so old that none of their time is taken any more; at most 1,000 at once."""
    return await tx.execute(_FORGET, days)

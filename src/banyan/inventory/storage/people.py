"""What inventory keeps of one person's orders: no more than their ids."""

from collections.abc import Sequence

from banyan.foundation.db import Db, Row

_MOVEMENTS = """
SELECT number, sku, warehouse_id, kind, on_hand_change, reason, order_id, at FROM movement
WHERE order_id = ANY($1) ORDER BY number"""
_RESERVATIONS = """
SELECT id, order_id, state, made_at, changed_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', sku, 'warehouse_id', warehouse_id, 'quantity', quantity)
                               ORDER BY sku, warehouse_id), '[]')
     FROM reservation_line WHERE reservation_id = reservation.id) AS lines
FROM reservation WHERE order_id = ANY($1) ORDER BY id"""


async def reservations(db: Db, order_ids: Sequence[str]) -> list[Row]:
    """What was reserved for these orders."""
    return await db.fetch(_RESERVATIONS, list(order_ids))


async def movements(db: Db, order_ids: Sequence[str]) -> list[Row]:
    """What moved for these orders."""
    return await db.fetch(_MOVEMENTS, list(order_ids))

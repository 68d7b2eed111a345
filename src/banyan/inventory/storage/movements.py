"""The ledger of units: what came, went and why. Rows are only ever added; the table sees to that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banyan.foundation.db import Db, Tx

_WRITE = """
INSERT INTO movement (sku, warehouse_id, kind, on_hand_change, reason, order_id, reservation_id, actor)
SELECT sku, warehouse_id, $4, change, coalesce(reason, $5), order_id, reservation_id, $9
FROM unnest($1::text[], $2::text[], $3::int[], $6::text[], $7::text[], $8::text[])
    AS moved (sku, warehouse_id, change, reason, order_id, reservation_id)
RETURNING 'mov_' || number"""
_LIST = """
SELECT 'mov_' || number AS id, sku, warehouse_id, kind, on_hand_change AS change, reason,
       order_id, reservation_id, actor AS by, at
FROM movement WHERE sku = $1 AND number < $2 ORDER BY number DESC LIMIT $3"""
NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Move:
    """So many units came (or, below zero, went) on one shelf; for whom, and why, where each has its own reason."""

    sku: str
    warehouse_id: str
    change: int
    order_id: str | None = None
    reservation_id: str | None = None
    reason: str | None = None


async def write_movements(tx: Tx, moves: Sequence[Move], *, kind: str, reason: str, by: str | None = None) -> list[str]:
    """Add movements of one kind; their ids. on_hand is moved by whoever writes them."""
    rows = await tx.fetch(
        _WRITE,
        [each.sku for each in moves],
        [each.warehouse_id for each in moves],
        [each.change for each in moves],
        kind,
        reason,
        [each.reason for each in moves],
        [each.order_id for each in moves],
        [each.reservation_id for each in moves],
        by,
    )
    return [row[0] for row in rows]


async def list_movements(db: Db, sku: str, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Newest first; `before` is the number in the id of the last one seen."""
    return [dict(row) for row in await db.fetch(_LIST, sku, NEWEST if before is None else before, limit)]

"""Reservations as operators see them, and the end of those that nobody will ask for any more."""

from typing import Any

import asyncpg

from banyan.foundation.db import Db, Tx
from banyan.foundation.narrowing import where
from banyan.inventory.domain import State
from banyan.inventory.storage.reservations import UNITS

_FORGET = """
DELETE FROM reservation WHERE id IN (
    SELECT id FROM reservation WHERE order_id IS NULL AND state IN ('released', 'expired')
      AND changed_at < shop_now() - make_interval(days => $1) LIMIT 2000 FOR UPDATE SKIP LOCKED)"""
# A hold whose time is over is shown as expired whether or not anyone has ended it yet.
_SHOWN = f"""
SELECT * FROM (
    SELECT id, cart_id, order_id, reason, expires_at, made_at, changed_at,
           CASE WHEN state = 'held' AND expires_at <= shop_now() THEN 'expired' ELSE state END AS state,
           {UNITS} AS units
    FROM reservation
) AS shown"""
_ONE = f"{_SHOWN} WHERE id = $1"
_LISTED = {
    "before": "id < {}",
    "cart_id": "cart_id = {}",
    "order_id": "order_id = {}",
    "state": "state = {}",
    "sku": "id IN (SELECT reservation_id FROM reservation_line WHERE sku = {})",
}


async def forget_old(tx: Tx, days: int) -> int:
    """Delete carts' ended holds that are older than this; what an order had stays. How many."""
    return await tx.execute(_FORGET, days)


async def read_reservation(db: Db, id: str) -> dict[str, Any] | None:
    row = await db.fetchrow(_ONE, id)
    return _shown(row) if row else None


async def list_reservations(
    db: Db,
    *,
    before: str | None,
    cart_id: str | None,
    order_id: str | None,
    state: State | None,
    sku: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Newest first; `before` is the id of the last one seen."""
    wanted = {"before": before, "cart_id": cart_id, "order_id": order_id, "state": state, "sku": sku}
    narrowed, values = where(_LISTED, 1, **wanted)
    return [_shown(row) for row in await db.fetch(f"{_SHOWN} {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)]


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    lines = [{"sku": sku, "warehouse_id": place, "quantity": units} for sku, place, units in sorted(row["units"])]
    return {**{name: value for name, value in row.items() if name != "units"}, "lines": lines}

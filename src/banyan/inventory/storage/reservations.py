"""Reservations: one look that shows all a hold needs, their steps from state to state, and lists of them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import asyncpg

from banyan.foundation.db import Db, Tx
from banyan.inventory.domain import Allocation, Overtaken, Reservation, Shelf, Sight, State

_UNITS = """(
    SELECT coalesce(jsonb_agg(jsonb_build_array(line.sku, line.warehouse_id, line.quantity)), '[]')
    FROM reservation_line AS line WHERE line.reservation_id = reservation.id)"""
_WHOLE = f"SELECT id, cart_id, order_id, state, expires_at, version, {_UNITS} AS units FROM reservation"

_CART = "hashtextextended('cart ' || $1, 0)"
_ALONE = f"SELECT pg_advisory_xact_lock({_CART})"
# One statement, so that cart, order and shelves are seen at the same moment; and nobody else acts for this cart now.
_LOOK = f"""
SELECT
    pg_try_advisory_xact_lock({_CART}) AS alone,
    (SELECT jsonb_agg(to_jsonb(seen)) FROM (
        {_WHOLE} WHERE order_id = $2 UNION ALL {_WHOLE} WHERE cart_id = $1 AND state = 'held') AS seen) AS reservations,
    (SELECT jsonb_agg(
        jsonb_build_array(level.sku, level.warehouse_id, level.on_hand - level.reserved, level.backorder)
        ORDER BY warehouse.priority, warehouse.id)
     FROM level JOIN warehouse ON warehouse.id = level.warehouse_id AND warehouse.active
     WHERE level.sku = ANY($3)) AS shelves,
    (SELECT jsonb_agg(jsonb_build_array(sku, warehouse_id, units)) FROM (
        SELECT line.sku, line.warehouse_id, sum(line.quantity) AS units
        FROM reservation JOIN reservation_line AS line ON line.reservation_id = reservation.id
        WHERE reservation.state = 'held' AND reservation.expires_at <= shop_now() AND reservation.cart_id <> $1
          AND line.sku = ANY($3)
        GROUP BY line.sku, line.warehouse_id) AS over) AS lapsed"""

_LOCK_HOLDS = """
SELECT id, cart_id IS NOT DISTINCT FROM $1 AS own FROM reservation
WHERE state = 'held' AND (cart_id = $1 OR expires_at <= shop_now() AND EXISTS (
    SELECT FROM reservation_line AS line WHERE line.reservation_id = reservation.id AND line.sku = ANY($2)))
ORDER BY id FOR UPDATE"""
_LOCK_LEVELS = """
SELECT FROM level
WHERE sku = ANY($1) OR (sku, warehouse_id) IN (
    SELECT line.sku, line.warehouse_id FROM reservation_line AS line WHERE line.reservation_id = ANY($2))
ORDER BY sku, warehouse_id FOR NO KEY UPDATE"""
_LOCK_LAPSED = """
SELECT id FROM reservation WHERE state = 'held' AND expires_at <= shop_now()
ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED"""
_LOCK_LIVE = """
SELECT id FROM reservation WHERE order_id = $1 OR cart_id = $2 AND state = 'held' OR id = $3 ORDER BY id FOR UPDATE"""

_OPEN = """
WITH made AS (
    INSERT INTO reservation (id, cart_id, order_id, state, expires_at)
    VALUES ($1, $2, $3, $4, CASE WHEN $3::text IS NULL THEN shop_now() + make_interval(secs => $5) END)
    ON CONFLICT DO NOTHING RETURNING id, expires_at
), lines AS (
    INSERT INTO reservation_line (reservation_id, sku, warehouse_id, quantity)
    SELECT made.id, line.* FROM made, unnest($6::text[], $7::text[], $8::int[]) AS line
)
SELECT expires_at FROM made"""
_KEEP = """
WITH kept AS (
    UPDATE reservation SET state = $4, order_id = $3, version = version + 1, changed_at = shop_now(),
           expires_at = CASE WHEN $3::text IS NULL THEN shop_now() + make_interval(secs => $5) END
    WHERE id = $1 AND version = $2 AND state = 'held' RETURNING id, expires_at
), wish AS (
    SELECT * FROM unnest($6::text[], $7::text[], $8::int[]) AS wish (sku, warehouse_id, quantity)
), gone AS (
    DELETE FROM reservation_line AS line USING kept
    WHERE line.reservation_id = kept.id AND (line.sku, line.warehouse_id) NOT IN (SELECT sku, warehouse_id FROM wish)
), lines AS (
    INSERT INTO reservation_line AS line (reservation_id, sku, warehouse_id, quantity)
    SELECT kept.id, wish.* FROM kept, wish
    ON CONFLICT (reservation_id, sku, warehouse_id) DO UPDATE SET quantity = excluded.quantity
    WHERE line.quantity <> excluded.quantity
)
SELECT expires_at FROM kept"""
_PASS_ON = """
UPDATE reservation SET state = $2, reason = $3, version = version + 1, changed_at = shop_now() WHERE id = ANY($1)"""
_SELL = f"""
UPDATE reservation SET state = 'sold', version = version + 1, changed_at = shop_now()
WHERE order_id = $1 AND state = 'promised'
RETURNING id, cart_id, order_id, state, expires_at, version, {_UNITS} AS units"""
_MARK = """
INSERT INTO reservation (id, order_id, state, reason) VALUES ($1, $2, 'released', $3) ON CONFLICT DO NOTHING"""
_FORGET = """
DELETE FROM reservation WHERE id IN (
    SELECT id FROM reservation WHERE order_id IS NULL AND state IN ('released', 'expired')
      AND changed_at < shop_now() - make_interval(days => $1) LIMIT 2000 FOR UPDATE SKIP LOCKED)"""

# A hold whose time is over is shown as expired whether or not anyone has ended it yet.
_SHOWN = f"""
SELECT * FROM (
    SELECT id, cart_id, order_id, reason, expires_at, made_at, changed_at,
           CASE WHEN state = 'held' AND expires_at <= shop_now() THEN 'expired' ELSE state END AS state,
           {_UNITS} AS units
    FROM reservation
) AS shown"""
_ONE = f"{_SHOWN} WHERE id = $1"
_LIST = f"""{_SHOWN}
WHERE ($1::text IS NULL OR id < $1) AND ($2::text IS NULL OR cart_id = $2) AND ($3::text IS NULL OR order_id = $3)
  AND ($4::text IS NULL OR state = $4)
  AND ($5::text IS NULL OR id IN (SELECT reservation_id FROM reservation_line WHERE sku = $5))
ORDER BY id DESC LIMIT $6"""


async def look(tx: Tx, cart_id: str, order_id: str | None, skus: Collection[str]) -> Sight:
    """All that a hold needs to know, as of one moment. Overtaken when another hold of this cart is being made."""
    row = await tx.fetchrow(_LOOK, cart_id, order_id, list(skus))
    assert row is not None
    if not row["alone"]:
        raise Overtaken
    found = [_reservation(each) for each in row["reservations"] or ()]
    return Sight(
        own=next((each for each in found if each.order_id is None), None),
        ordered=next((each for each in found if each.order_id is not None), None),
        shelves=tuple(Shelf(*each) for each in row["shelves"] or ()),
        lapsed=_allocation(row["lapsed"] or ()),
    )


async def lock(tx: Tx, skus: Collection[str], cart_id: str | None = None) -> list[Reservation]:
    """Let nobody else change these SKUs, nor this cart's hold; the lapsed holds of others on them, to be ended."""
    if cart_id is not None:
        await tx.execute(_ALONE, cart_id)
    rows = await tx.fetch(_LOCK_HOLDS, cart_id, list(skus))
    await tx.execute(_LOCK_LEVELS, list(skus), [row["id"] for row in rows])
    return await _read(tx, [row["id"] for row in rows if not row["own"]])


async def lapsed_batch(tx: Tx, limit: int) -> list[Reservation]:
    """Lock some holds whose time is over, leaving aside those that others are busy with."""
    return await _read(tx, [row["id"] for row in await tx.fetch(_LOCK_LAPSED, limit)])


async def lock_live(
    tx: Tx, *, order_id: str | None = None, cart_id: str | None = None, reservation_id: str | None = None
) -> list[Reservation]:
    """Lock an order's reservation, a cart's live hold, or the one of this id; as they are once locked."""
    return await _read(tx, [row["id"] for row in await tx.fetch(_LOCK_LIVE, order_id, cart_id, reservation_id)])


async def open_reservation(tx: Tx, new: Reservation, seconds: int) -> datetime | None:
    """Write a new one; when it ends. Overtaken when the cart or order has one by now."""
    rows = await tx.fetch(_OPEN, new.id, new.cart_id, new.order_id, new.state, float(seconds), *_columns(new.units))
    return _ends(rows)


async def keep(tx: Tx, own: Reservation, seconds: int) -> datetime | None:
    """Write a cart's hold as it is to be from now on; when it ends. Overtaken when it is not as it was seen."""
    try:
        rows = await tx.fetch(_KEEP, own.id, own.version, own.order_id, own.state, float(seconds), *_columns(own.units))
    except asyncpg.UniqueViolationError:  # the order has a reservation by now
        raise Overtaken from None
    return _ends(rows)


async def pass_on(tx: Tx, locked: Iterable[Reservation], state: State, reason: str) -> list[Reservation]:
    """Bring locked reservations to another state. ValueError where there is no such step."""
    passed = [each.becomes(state) for each in locked]
    await tx.execute(_PASS_ON, [each.id for each in passed], state, reason)
    return passed


async def sell(tx: Tx, order_id: str) -> Reservation | None:
    """Turn the order's promise into a sale; None when it has none. Lines of a promise never change: no second look."""
    row = await tx.fetchrow(_SELL, order_id)
    return _reservation(dict(row)) if row else None


async def mark_released(tx: Tx, id: str, order_id: str, reason: str) -> None:
    """Note that this order is released before it held anything. Overtaken when it holds something by now."""
    if not await tx.execute(_MARK, id, order_id, reason):
        raise Overtaken


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
    return [_shown(row) for row in await db.fetch(_LIST, before, cart_id, order_id, state, sku, limit)]


async def _read(tx: Tx, ids: list[str]) -> list[Reservation]:
    """Lines are read after the lock was had: what a locking statement reads besides may be older than what it locks."""
    if not ids:
        return []
    return [_reservation(dict(row)) for row in await tx.fetch(f"{_WHOLE} WHERE id = ANY($1) ORDER BY id", ids)]


def _reservation(kept: dict[str, Any]) -> Reservation:
    ends = kept["expires_at"]
    return Reservation(
        id=kept["id"],
        cart_id=kept["cart_id"] or "",
        order_id=kept["order_id"],
        state=State(kept["state"]),
        expires_at=datetime.fromisoformat(ends) if isinstance(ends, str) else ends,
        version=kept["version"],
        units=_allocation(kept["units"]),
    )


def _allocation(rows: Iterable[tuple[str, str, int]]) -> Allocation:
    return {(sku, warehouse_id): units for sku, warehouse_id, units in rows}


def _columns(units: Allocation) -> tuple[list[str], list[str], list[int]]:
    return [sku for sku, _ in units], [warehouse_id for _, warehouse_id in units], list(units.values())


def _ends(rows: list[asyncpg.Record]) -> datetime | None:
    if not rows:
        raise Overtaken
    ends: datetime | None = rows[0]["expires_at"]
    return ends


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    lines = [{"sku": sku, "warehouse_id": place, "quantity": units} for sku, place, units in sorted(row["units"])]
    return {**{name: value for name, value in row.items() if name != "units"}, "lines": lines}

"""Reservations: one look that shows all that holds need, and their steps from state to state, many at once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg

from banyan.foundation.db import Tx
from banyan.inventory.domain import Allocation, Look, Overtaken, Reservation, Shelf, State

Ends: TypeAlias = dict[str, datetime | None]  # by reservation; None: never by itself

UNITS = """(
    SELECT coalesce(jsonb_agg(jsonb_build_array(line.sku, line.warehouse_id, line.quantity)), '[]')
    FROM reservation_line AS line WHERE line.reservation_id = reservation.id)"""
_WHOLE = f"SELECT id, cart_id, order_id, state, expires_at, version, {UNITS} AS units FROM reservation"

# In the order of the keys, so that two rounds which lock the same carts wait for each other and not in a ring.
_ALONE = """
SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended('cart ' || cart, 0) AS key FROM unnest($1::text[]) AS cart ORDER BY key) AS carts"""
# One statement, so that carts, orders and shelves are seen at the same moment; and nobody else acts for these carts now.
# Lapsed holds are few and found first: a SKU may have any number of lines of orders that were sold.
_LOOK = f"""
SELECT
    (SELECT array_agg(cart) FROM unnest($1::text[]) AS cart
     WHERE NOT pg_try_advisory_xact_lock(hashtextextended('cart ' || cart, 0))) AS busy,
    (SELECT jsonb_agg(to_jsonb(seen)) FROM (
        {_WHOLE} WHERE order_id = ANY($2)
        UNION ALL {_WHOLE} WHERE cart_id = ANY($1) AND state = 'held') AS seen) AS reservations,
    (SELECT json_agg(
        json_build_array(level.sku, level.warehouse_id, level.on_hand - level.reserved, level.backorder)
        ORDER BY warehouse.priority, warehouse.id)
     FROM level JOIN warehouse ON warehouse.id = level.warehouse_id AND warehouse.active
     WHERE level.sku = ANY($3)) AS shelves,
    (SELECT json_agg(json_build_array(cart_id, sku, warehouse_id, units)) FROM (
        SELECT CASE WHEN over.cart_id = ANY($1) THEN over.cart_id ELSE '' END AS cart_id,
               line.sku, line.warehouse_id, sum(line.quantity) AS units
        FROM (SELECT id, cart_id FROM reservation WHERE state = 'held' AND expires_at <= shop_now() OFFSET 0) AS over
        CROSS JOIN LATERAL (
            SELECT sku, warehouse_id, quantity FROM reservation_line
            WHERE reservation_id = over.id AND sku = ANY($3) OFFSET 0) AS line
        GROUP BY 1, line.sku, line.warehouse_id) AS units) AS lapsed"""

_LOCK_HOLDS = """
SELECT id, cart_id = ANY($1) AS own FROM reservation
WHERE state = 'held' AND (cart_id = ANY($1) OR expires_at <= shop_now() AND EXISTS (
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
SELECT id FROM reservation
WHERE order_id = ANY($1) OR cart_id = ANY($2) AND state = 'held' OR id = ANY($3) ORDER BY id FOR UPDATE"""

_WISH = """wish AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::float8[])
        AS wish (id, cart_id, order_id, state, version, seconds)
), wanted AS (
    SELECT * FROM unnest($7::text[], $8::text[], $9::text[], $10::int[])
        AS wanted (reservation_id, sku, warehouse_id, quantity)
)"""
_ENDS = "CASE WHEN wish.order_id IS NULL THEN shop_now() + make_interval(secs => wish.seconds) END"
_OPEN = f"""
WITH {_WISH}, made AS (
    INSERT INTO reservation (id, cart_id, order_id, state, expires_at)
    SELECT id, cart_id, order_id, state, {_ENDS} FROM wish ORDER BY order_id, cart_id
    ON CONFLICT DO NOTHING RETURNING id, expires_at
), lines AS (
    INSERT INTO reservation_line (reservation_id, sku, warehouse_id, quantity)
    SELECT wanted.* FROM made JOIN wanted ON wanted.reservation_id = made.id
)
SELECT id, expires_at FROM made"""
_KEEP = f"""
WITH {_WISH}, unchanged AS (
    SELECT reservation.id FROM wish JOIN reservation USING (id, version)
    WHERE reservation.state = 'held' ORDER BY reservation.id FOR UPDATE OF reservation
), kept AS (
    UPDATE reservation SET state = wish.state, order_id = wish.order_id, version = reservation.version + 1,
           changed_at = shop_now(), expires_at = {_ENDS}
    FROM unchanged JOIN wish USING (id) WHERE reservation.id = unchanged.id
    RETURNING reservation.id, reservation.expires_at
), gone AS (
    DELETE FROM reservation_line AS line USING kept
    WHERE line.reservation_id = kept.id
      AND (line.reservation_id, line.sku, line.warehouse_id) NOT IN (
          SELECT reservation_id, sku, warehouse_id FROM wanted)
), lines AS (
    INSERT INTO reservation_line AS line (reservation_id, sku, warehouse_id, quantity)
    SELECT wanted.* FROM kept JOIN wanted ON wanted.reservation_id = kept.id
    ON CONFLICT (reservation_id, sku, warehouse_id) DO UPDATE SET quantity = excluded.quantity
    WHERE line.quantity <> excluded.quantity
)
SELECT id, expires_at FROM kept"""
_PASS_ON = """
UPDATE reservation SET state = $2, reason = ended.reason, version = version + 1, changed_at = shop_now()
FROM unnest($1::text[], $3::text[]) AS ended (id, reason) WHERE reservation.id = ended.id"""
# What leaves the books is written down with it: lines of a promise never change, so this needs no second look.
_SELL = """
WITH due AS (
    SELECT id FROM reservation WHERE order_id = ANY($1) AND state = 'promised' ORDER BY id FOR UPDATE
), sold AS (
    UPDATE reservation SET state = 'sold', version = version + 1, changed_at = shop_now()
    FROM due WHERE reservation.id = due.id RETURNING reservation.id, reservation.order_id
), line AS (
    SELECT sold.id, sold.order_id, line.sku, line.warehouse_id, line.quantity
    FROM sold JOIN reservation_line AS line ON line.reservation_id = sold.id
), moved AS (
    INSERT INTO movement (sku, warehouse_id, kind, on_hand_change, reason, order_id, reservation_id)
    SELECT sku, warehouse_id, 'sold', -quantity, 'sold', order_id, id FROM line
)
SELECT id, order_id, sku, warehouse_id, quantity FROM line"""
_STATES = "SELECT order_id, state FROM reservation WHERE order_id = ANY($1)"
_MARK = """
INSERT INTO reservation (id, order_id, state, reason)
SELECT id, order_id, 'released', reason FROM unnest($1::text[], $2::text[], $3::text[]) AS mark (id, order_id, reason)
ORDER BY order_id ON CONFLICT DO NOTHING RETURNING order_id"""


async def look(tx: Tx, cart_ids: Collection[str], order_ids: Collection[str], skus: Collection[str]) -> Look:
    """All that these carts' holds need to know, as of one moment; carts that are not `busy` are ours alone till the end."""
    row = await tx.fetchrow(_LOOK, list(cart_ids), list(order_ids), list(skus))
    assert row is not None
    found = [_reservation(each) for each in row["reservations"] or ()]
    lapsed: dict[str, Allocation] = {}
    for cart_id, sku, warehouse_id, units in row["lapsed"] or ():
        lapsed.setdefault(cart_id, {})[sku, warehouse_id] = units
    return Look(
        busy=frozenset(row["busy"] or ()),
        own={each.cart_id: each for each in found if each.order_id is None},
        ordered={each.order_id: each for each in found if each.order_id is not None},
        shelves=tuple(Shelf(*each) for each in row["shelves"] or ()),
        lapsed=lapsed,
    )


async def lock(tx: Tx, skus: Collection[str], cart_ids: Collection[str] = ()) -> list[Reservation]:
    """Let nobody else change these SKUs, nor these carts' holds; the lapsed holds of others on them, to be ended."""
    if cart_ids:
        await tx.execute(_ALONE, list(cart_ids))
    rows = await tx.fetch(_LOCK_HOLDS, list(cart_ids), list(skus))
    await tx.execute(_LOCK_LEVELS, list(skus), [row["id"] for row in rows])
    return await _read(tx, [row["id"] for row in rows if not row["own"]])


async def lapsed_batch(tx: Tx, limit: int) -> list[Reservation]:
    """Lock some holds whose time is over, leaving aside those that others are busy with."""
    return await _read(tx, [row["id"] for row in await tx.fetch(_LOCK_LAPSED, limit)])


async def lock_live(
    tx: Tx, *, order_ids: Collection[str] = (), cart_ids: Collection[str] = (), reservation_ids: Collection[str] = ()
) -> list[Reservation]:
    """Lock orders' reservations, carts' live holds, and those of these ids; as they are once locked."""
    rows = await tx.fetch(_LOCK_LIVE, list(order_ids), list(cart_ids), list(reservation_ids))
    return await _read(tx, [row["id"] for row in rows])


async def open_all(tx: Tx, new: Sequence[Reservation], seconds: Sequence[int]) -> Ends:
    """Write new ones; when each ends. One is left out whose cart or order has a reservation by now."""
    return _ends(await tx.fetch(_OPEN, *_columns(new, seconds))) if new else {}


async def keep_all(tx: Tx, own: Sequence[Reservation], seconds: Sequence[int]) -> Ends:
    """Write carts' holds as they are to be from now on; when each ends. One is left out that is not as it was seen.

    Overtaken when an order has a reservation by now that had none when it was seen.
    """
    try:
        return _ends(await tx.fetch(_KEEP, *_columns(own, seconds))) if own else {}
    except asyncpg.UniqueViolationError:
        raise Overtaken from None


async def pass_on(tx: Tx, locked: Sequence[Reservation], state: State, reasons: Sequence[str]) -> list[Reservation]:
    """Bring locked reservations to another state, each for its reason. ValueError where there is no such step."""
    passed = [each.becomes(state) for each in locked]
    await tx.execute(_PASS_ON, [each.id for each in passed], state, reasons)
    return passed


async def sell_all(tx: Tx, order_ids: Collection[str]) -> dict[str, tuple[str, Allocation]]:
    """Turn orders' promises into sales and write their movements; by order the reservation's id and its units.

    Orders that are promised nothing are left out. The shelves are the caller's to change.
    """
    sold: dict[str, tuple[str, Allocation]] = {}
    for id, order_id, sku, warehouse_id, units in await tx.fetch(_SELL, list(order_ids)):
        sold.setdefault(order_id, (id, {}))[1][sku, warehouse_id] = units
    return sold


async def states(tx: Tx, order_ids: Collection[str]) -> dict[str, State]:
    """How the orders' reservations stand; orders without one are absent."""
    return {row["order_id"]: State(row["state"]) for row in await tx.fetch(_STATES, list(order_ids))}


async def mark_released(tx: Tx, marks: Sequence[tuple[str, str, str]]) -> set[str]:
    """Note that orders are released before they held anything: id, order and reason of each mark.

    The orders marked; one is left out that has a reservation by now.
    """
    ids, order_ids, reasons = zip(*marks, strict=True)
    return {row["order_id"] for row in await tx.fetch(_MARK, ids, order_ids, reasons)}


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


def _columns(reservations: Sequence[Reservation], seconds: Sequence[int]) -> tuple[list[Any], ...]:
    lines = [(each.id, *place, units) for each in reservations for place, units in each.units.items()]
    return (
        [each.id for each in reservations],
        [each.cart_id for each in reservations],
        [each.order_id for each in reservations],
        [each.state for each in reservations],
        [each.version for each in reservations],
        [float(each) for each in seconds],
        *([line[column] for line in lines] for column in range(4)),
    )


def _ends(rows: list[asyncpg.Record]) -> Ends:
    return {row["id"]: row["expires_at"] for row in rows}

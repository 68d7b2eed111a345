"""Orders as streams of facts, and the view of them, written together. The table of facts is also the outbox."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from banyan.contracts import EVENTS, Event
from banyan.foundation import telemetry
from banyan.foundation.db import Row, Tx
from banyan.kernel.ids import Ids
from banyan.orders.domain.order import Order, fold
from banyan.orders.domain.personal import VIEW, Seal, kept, opened
from banyan.orders.domain.shown import shown
from banyan.orders.domain.upcast import shape, upcast
from banyan.orders.storage import Reader
from banyan.orders.storage.order_keys import KEYED, fresh, seal_of

_STREAM = f"""
SELECT version, type, schema, told_at, data, {KEYED} FROM event LEFT JOIN order_key ON order_id = stream
WHERE stream = $1 ORDER BY version"""
_STREAMS = f"""
SELECT stream, version, type, schema, told_at, data, {KEYED} FROM event LEFT JOIN order_key ON order_id = stream
WHERE stream = ANY($1) ORDER BY stream, version"""
_NEVER_CHANGE = "order_id number cart_id"
_CHANGE = (  # what was ordered changes only while a legacy shop has the order
    "user_id email currency subtotal discount shipping tax tax_included total placed_at"
    " version status payment_status compensated refunded shown adjustment taken"
)
COLUMNS = [*_NEVER_CHANGE.split(), *_CHANGE.split()]
_UPDATE = "ON CONFLICT (order_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _CHANGE.split())
_WRITE_VIEW = f"""
INSERT INTO {{view}} ({", ".join(COLUMNS)}) VALUES ({", ".join(f"${place}" for place in range(1, len(COLUMNS) + 1))})
"""
_APPEND = f"""
WITH keyed AS (
    INSERT INTO order_key (order_id, wrapped)
    SELECT $1, ${len(COLUMNS) + 7} WHERE ${len(COLUMNS) + 7}::bytea IS NOT NULL ON CONFLICT DO NOTHING),
told AS (
    INSERT INTO event (stream, version, id, type, schema, key, data, traceparent)
    SELECT $1, fact.version, fact.id, fact.type, fact.schema, $1, fact.data, ${len(COLUMNS) + 6}
    FROM unnest(${len(COLUMNS) + 1}::integer[], ${len(COLUMNS) + 2}::text[], ${len(COLUMNS) + 3}::text[],
                ${len(COLUMNS) + 4}::smallint[], ${len(COLUMNS) + 5}::jsonb[])
         AS fact (version, id, type, schema, data)
    ORDER BY fact.version)
{_WRITE_VIEW.format(view="order_view")}
{_UPDATE}"""
"""$1 is both the stream and the view's order_id."""
TYPES = [  # of COLUMNS
    *["text"] * 6,
    *["bigint"] * 4,
    *("boolean", "bigint", "timestamptz"),
    *("integer", "text", "text", "boolean", "bigint", "jsonb", "bigint", "boolean"),
]
_APPEND_MANY = f"""
WITH keyed AS (
    INSERT INTO order_key (order_id, wrapped)
    SELECT * FROM unnest(${len(COLUMNS) + 6}::text[], ${len(COLUMNS) + 7}::bytea[]) ON CONFLICT DO NOTHING),
told AS (
    INSERT INTO event (stream, version, id, type, schema, key, data, traceparent)
    SELECT fact.stream, fact.version, fact.id, fact.type, fact.schema, fact.stream, fact.data, ${len(COLUMNS) + 5}
    FROM unnest($1::text[], ${COLUMNS.index("version") + 1}::integer[], ${len(COLUMNS) + 1}::text[],
                ${len(COLUMNS) + 2}::text[], ${len(COLUMNS) + 3}::smallint[], ${len(COLUMNS) + 4}::jsonb[])
         WITH ORDINALITY AS fact (stream, version, id, type, schema, data, place)
    ORDER BY fact.place)
INSERT INTO order_view ({", ".join(COLUMNS)})
SELECT * FROM unnest({", ".join(f"${place}::{type}[]" for place, type in enumerate(TYPES, 1))})
{_UPDATE}"""


class VersionTaken(Exception):
    """Somebody else appended first: load the order again and see whether the fact may still follow."""


class OrderedAlready(Exception):
    """The cart of this order has a living order."""


async def append(tx: Tx, ids: Ids, before: Order | None, facts: Sequence[Event]) -> Order:
    """Add facts after `before` and write the view of what they come to.

    Illegal when one may not follow, VersionTaken when another came first, OrderedAlready for a second living order of
    a cart. Publishing is the relay's: ring `db.wake` after the commit.
    """
    order = fold(facts, before)
    first = before.version + 1 if before else 1
    order = order if before else sealed_anew(tx, ids, order)
    try:
        await tx.execute(
            _APPEND,
            *view_of(order),
            list(range(first, first + len(facts))),
            [ids.new("evt") for _ in facts],
            [fact.TYPE for fact in facts],
            [shape(fact.TYPE) for fact in facts],
            [as_kept(fact, order.seal) for fact in facts],
            telemetry.traceparent(),
            order.seal.wrapped if order.seal and before is None else None,
        )
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name == "one_order_per_cart":
            raise OrderedAlready from None
        if taken.constraint_name != "event_pkey":
            raise
        raise VersionTaken(f"{order.id} has a version {first} already") from None
    return order


async def append_many(tx: Tx, ids: Ids, changes: Sequence[tuple[Order, Event]]) -> None:
    """Add to each of many orders one fact, and write the views: `changes` has the order after its fact, and the fact.

    The orders are held by the caller, or new: VersionTaken when somebody else made one of them in this moment.
    """
    changes = [(sealed_anew(tx, ids, order) if order.version == 1 else order, fact) for order, fact in changes]
    new = [(order.id, order.seal.wrapped) for order, _ in changes if order.seal and order.version == 1]
    views = zip(*(view_of(order) for order, _ in changes), strict=True)
    try:
        await tx.execute(
            _APPEND_MANY,
            *(list(column) for column in views),
            [ids.new("evt") for _ in changes],
            [fact.TYPE for _, fact in changes],
            [shape(fact.TYPE) for _, fact in changes],
            [as_kept(fact, order.seal) for order, fact in changes],
            telemetry.traceparent(),
            [id for id, _ in new],
            [wrapped for _, wrapped in new],
        )
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name != "event_pkey":
            raise
        raise VersionTaken("one of them was made in this moment") from None


async def load(db: Reader, order_id: str) -> Order | None:
    """The order, folded from its facts; None when there is none."""
    rows = await db.fetch(_STREAM, order_id)
    return _folded(db, order_id, rows) if rows else None


async def locked(tx: Tx, order_id: str) -> Order | None:
    """The order as it is now, and stays until this transaction ends: its saga's row is what all its writers hold.

    An order that was taken over has no saga, so its row in the view is held, too; always after the saga's.
    """
    await tx.execute("SELECT FROM saga WHERE order_id = $1 FOR UPDATE", order_id)
    await tx.execute("SELECT FROM order_view WHERE order_id = $1 FOR UPDATE", order_id)
    return await load(tx, order_id)


async def locked_many(tx: Tx, order_ids: Collection[str]) -> dict[str, Order]:
    """Those of these orders that are here, held until this transaction ends, as `locked` holds one."""
    await tx.execute("SELECT FROM saga WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE", list(order_ids))
    await tx.execute("SELECT FROM order_view WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE", list(order_ids))
    return await load_many(tx, order_ids)


async def load_many(db: Reader, order_ids: Collection[str]) -> dict[str, Order]:
    """Those of these orders that are here, each folded from its facts."""
    return {id: _folded(db, id, rows) for id, rows in (await _rows_of(db, order_ids)).items()}


async def facts_of(db: Reader, order_ids: Collection[str]) -> dict[str, list[tuple[Event, datetime]]]:
    """The facts of these orders with when they were told, by order."""
    return {
        id: [(_fact(row, seal), row["told_at"]) for row in rows]
        for id, rows in (await _rows_of(db, order_ids)).items()
        for seal in [seal_of(db, id, rows[0])]
    }


async def told(db: Reader, order_id: str) -> list[dict[str, Any]]:
    """Each fact as its readers get it: version, type, time and data."""
    rows = await db.fetch(_STREAM, order_id)
    seal = seal_of(db, order_id, rows[0]) if rows else None
    return [_told(row, seal) for row in rows]


async def told_many(db: Reader, order_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """`told` of many orders, by order."""
    found = (await _rows_of(db, order_ids)).items()
    return {id: [_told(row, seal) for row in rows] for id, rows in found for seal in [seal_of(db, id, rows[0])]}


async def streams(tx: Tx, after: str, most: int) -> list[Order]:
    """The next orders by id, each folded from its facts."""
    rows = await tx.fetch(
        "SELECT stream FROM event WHERE stream > $1 AND version = 1 ORDER BY stream LIMIT $2", after, most
    )
    return list((await load_many(tx, [row["stream"] for row in rows])).values())


async def write_view(tx: Tx, orders: Sequence[Order], view: str) -> None:
    """Write orders into a table like order_view."""
    await tx.executemany(_WRITE_VIEW.format(view=view), [view_of(order) for order in orders])


def view_of(order: Order, as_shown: dict[str, Any] | None = None) -> tuple[Any, ...]:
    """The row of order_view: a function of the facts alone. `as_shown` where that is known already."""
    placed = order.placed
    return (
        order.id,
        placed.number,
        placed.cart_id,
        placed.user_id,
        searched_by(placed.email, order.seal),
        placed.currency,
        placed.subtotal.amount,
        placed.discount.amount,
        placed.shipping.amount,
        placed.tax.amount,
        placed.tax_included,
        placed.total.amount,
        placed.placed_at,
        order.version,
        order.status.value,
        order.payment_status.value,
        order.compensated,
        order.refunded.amount,
        kept(VIEW, as_shown or shown(order), order.seal),
        order.adjustment.amount,
        order.taken is not None,
    )


def searched_by(email: str, seal: Seal | None) -> str:
    """What an order is found by: its e-mail in lower case, and of a sealed one only what equal ones have in common."""
    if seal is None or not email:
        return email.lower()
    return "" if seal.destroyed else seal.index(email.lower())


def sealed_anew(db: Reader, ids: Ids, order: Order) -> Order:
    """A new order with the key that all about its person will be sealed with."""
    return replace(order, seal=fresh(db, order.id, ids.secret(32)))


def as_kept(fact: Event, seal: Seal | None) -> dict[str, Any]:
    """A fact's data as the table, and so the bus, gets it."""
    return kept(fact.TYPE, fact.model_dump(mode="json"), seal)


async def _rows_of(db: Reader, order_ids: Collection[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in await db.fetch(_STREAMS, list(order_ids)):
        found.setdefault(row["stream"], []).append(row)
    return found


def _folded(db: Reader, order_id: str, rows: Sequence[Row]) -> Order:
    seal = seal_of(db, order_id, rows[0])
    return replace(fold(_fact(row, seal) for row in rows), seal=seal)


def _fact(row: Row, seal: Seal | None) -> Event:
    return EVENTS[row["type"]].model_validate(_data(row, seal))


def _told(row: Row, seal: Seal | None) -> dict[str, Any]:
    return {"version": row["version"], "type": row["type"], "at": row["told_at"], "data": _data(row, seal)}


def _data(row: Row, seal: Seal | None) -> dict[str, Any]:
    return upcast(row["type"], row["schema"], opened(row["type"], row["data"], seal))

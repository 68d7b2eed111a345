"""What orders keeps of one person: which orders and carts are theirs, and forgetting them. Sealing older orders, too."""

from collections.abc import Collection, Sequence
from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.kernel.ids import Ids
from banyan.orders.domain.order import Order
from banyan.orders.domain.personal import VIEW, kept
from banyan.orders.domain.shown import shown
from banyan.orders.domain.upcast import shape, upcast
from banyan.orders.storage import Reader, events
from banyan.orders.storage.orders import found_by

# Guest orders of an address that the person has proved to read are theirs; another account's never are.
_THEIRS = "(user_id = $1 OR (user_id IS NULL AND email = ANY($2)))"
_IDS = f"SELECT order_id FROM order_view WHERE {_THEIRS} AND order_id > $3 ORDER BY order_id LIMIT $4"
_UNDER_WAY = f"""
SELECT count(*) FROM order_view JOIN saga USING (order_id) WHERE {_THEIRS} AND finished_at IS NULL"""
_READABLE = f"""
SELECT order_id FROM order_view LEFT JOIN order_key USING (order_id)
WHERE {_THEIRS} AND (order_key.order_id IS NULL OR wrapped IS NOT NULL) ORDER BY order_id LIMIT $3"""
_CARTS = """
SELECT cart.id, status, currency, email, address, shipping_option, created_at, touched_at,
    coalesce((SELECT jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity, 'name', seen->'name') ORDER BY place)
              FROM cart_line WHERE cart_id = cart.id), '[]') AS lines
FROM cart WHERE user_id = $1 OR (user_id IS NULL AND lower(email) = $2) ORDER BY id"""
_FORGET_CARTS = """
WITH theirs AS (DELETE FROM cart WHERE user_id = $1 OR (user_id IS NULL AND lower(email) = $2) RETURNING id)
SELECT id FROM theirs"""
# Scopes begin with who asked; a guest's answers are known by the address in them. They are a week old at most.
_FORGET_ANSWERS = """
DELETE FROM idempotency WHERE status IS NOT NULL AND (split_part(scope, ' ', 1) = $1
    OR ($2::text <> '' AND position($2 IN lower(convert_from(body, 'UTF8'))) > 0))"""
_FORGET_TRACES = """
DELETE FROM idempotency WHERE status IS NOT NULL
    AND EXISTS (SELECT FROM unnest($1::text[]) AS about WHERE position(about IN convert_from(body, 'UTF8')) > 0)"""
_UNSEALED = """
SELECT order_id FROM order_view WHERE order_id > $1
    AND NOT shown ? 'personal' -- sealed, and its key is not here: restored without keys
    AND NOT EXISTS (SELECT FROM order_key WHERE order_key.order_id = order_view.order_id)
    AND NOT EXISTS (SELECT FROM saga WHERE saga.order_id = order_view.order_id AND finished_at IS NULL)
ORDER BY order_id LIMIT $2"""


def _who(db: Reader, user_id: str, email: str | None) -> tuple[str, list[str]]:
    return user_id, found_by(db, email.lower()) if email else []


async def order_ids(db: Reader, user_id: str, email: str | None, after: str, most: int) -> list[str]:
    """Ids of a person's orders, in their order, from behind `after`."""
    return [row["order_id"] for row in await db.fetch(_IDS, *_who(db, user_id, email), after, most)]


async def under_way(db: Reader, user_id: str, email: str | None) -> int:
    """How many of a person's orders are being settled right now."""
    return int(await db.fetchval(_UNDER_WAY, *_who(db, user_id, email)))


async def readable(db: Reader, user_id: str, email: str | None, most: int) -> list[str]:
    """Some of a person's orders that still say whose they are."""
    return [row["order_id"] for row in await db.fetch(_READABLE, *_who(db, user_id, email), most)]


async def carts(db: Reader, user_id: str, email: str | None) -> list[Row]:
    return await db.fetch(_CARTS, user_id, (email or "").lower())


async def forget_carts(tx: Tx, user_id: str, email: str | None) -> int:
    return len(await tx.fetch(_FORGET_CARTS, user_id, (email or "").lower()))


async def forget_answers(tx: Tx, user_id: str, email: str | None) -> int:
    """Delete what was answered to the person, and could be answered again."""
    return await tx.execute(_FORGET_ANSWERS, user_id, (email or "").lower())


async def unsealed(db: Reader, after: str, most: int) -> list[str]:
    """Orders that were placed before there were keys, and that nobody works on."""
    return [row["order_id"] for row in await db.fetch(_UNSEALED, after, most)]


async def seal(tx: Tx, ids: Ids, order_ids: Collection[str]) -> int:
    """Give these orders a key and seal what was kept of them in the open; how many. Each is held until the end."""
    before = await events.locked_many(tx, order_ids)
    open_still = [order for order in before.values() if order.seal is None]
    for order in open_still:
        await _seal(tx, events.sealed_anew(tx, ids, order))
    return len(open_still)


async def _seal(tx: Tx, order: Order) -> None:
    assert order.seal is not None
    rows = await tx.fetch("SELECT version, type, schema, data FROM event WHERE stream = $1 ORDER BY version", order.id)
    facts = [(row["type"], upcast(row["type"], row["schema"], row["data"])) for row in rows]
    await tx.execute("INSERT INTO order_key (order_id, wrapped) VALUES ($1, $2)", order.id, order.seal.wrapped)
    await tx.execute("SET LOCAL banyan.sealing = 'on'")
    await tx.executemany(  # all of them, in order: each hash follows from the one before
        "UPDATE event SET data = $3, schema = $4 WHERE stream = $1 AND version = $2",
        [
            (order.id, row["version"], kept(type, data, order.seal), shape(type))
            for row, (type, data) in zip(rows, facts, strict=True)
        ],
    )
    await tx.execute("SET LOCAL banyan.sealing = 'off'")
    await _see(tx, [order])


async def destroy(tx: Tx, ids: Ids, order_ids: Collection[str]) -> None:
    """Destroy the keys of these orders: what was sealed with them is nobody's any more, in every copy."""
    await seal(tx, ids, order_ids)
    await events.locked_many(tx, order_ids)
    await tx.execute(
        """UPDATE order_key SET wrapped = NULL, destroyed_at = shop_now()
        WHERE order_id = ANY($1) AND wrapped IS NOT NULL""",
        list(order_ids),
    )
    await _see(tx, list((await events.load_many(tx, order_ids)).values()))
    await tx.execute("DELETE FROM mail_due WHERE order_id = ANY($1)", list(order_ids))


async def is_forgotten(db: Reader, order_id: str) -> bool:
    """Whether the order's key is destroyed."""
    sql = "SELECT EXISTS (SELECT FROM order_key WHERE order_id = $1 AND wrapped IS NULL)"
    return bool(await db.fetchval(sql, order_id))


async def goes_on(db: Reader, order_id: str) -> bool:
    """Whether the order is being settled right now."""
    sql = "SELECT EXISTS (SELECT FROM saga WHERE order_id = $1 AND finished_at IS NULL)"
    return bool(await db.fetchval(sql, order_id))


async def forget_traces(tx: Tx, order_id: str) -> None:
    """The cart of an order, and what was answered about either."""
    cart_id = await tx.fetchval("SELECT cart_id FROM order_view WHERE order_id = $1", order_id)
    await tx.execute(_FORGET_TRACES, [each for each in (order_id, cart_id) if each])
    await tx.execute("DELETE FROM cart WHERE id = $1", cart_id)


async def _see(tx: Tx, orders: Sequence[Order]) -> None:
    """Bring the view of these orders to what their seals leave of them."""
    rows: list[tuple[Any, ...]] = [
        (order.id, events.searched_by(order.placed.email, order.seal), kept(VIEW, shown(order), order.seal))
        for order in orders
    ]
    await tx.executemany("UPDATE order_view SET email = $2, shown = $3 WHERE order_id = $1", rows)

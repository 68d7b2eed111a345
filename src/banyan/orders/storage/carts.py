"""Carts and their lines."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from banyan.contracts.catalog import Item
from banyan.contracts.users import Address
from banyan.foundation.db import Row, Tx
from banyan.orders.domain.cart import KEEP_DAYS, Cart, CartStatus, Line
from banyan.orders.storage import Reader

KEPT = timedelta(days=KEEP_DAYS)

_CART = """
SELECT cart.*, cart.xmin AS mark,
    coalesce((SELECT jsonb_agg(jsonb_build_array(id, sku, quantity, seen) ORDER BY place)
              FROM cart_line WHERE cart_id = cart.id), '[]') AS lines,
    CASE WHEN cart.status <> 'open' THEN (SELECT order_id FROM order_view
     WHERE cart_id = cart.id AND status NOT IN ('rejected', 'payment_failed')) END AS order_id
FROM cart WHERE """
_BY_ID = _CART + "id = $1"
_BY_IDS = _CART + "id = ANY($1) ORDER BY id"
_OF_USER = _CART + "user_id = $1 AND status = 'open' AND NOT one_click ORDER BY touched_at DESC, id DESC LIMIT 1"
_OF_TOKEN = _CART + "token_hash = $1"
_INSERT = """
INSERT INTO cart (id, user_id, token_hash, currency, status, one_click, email, address, shipping_option, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, shop_now() + $10)"""
_TOUCH = """
UPDATE cart SET version = version + 1, touched_at = shop_now(), expires_at = shop_now() + $2
WHERE id = $1 AND status = 'open' RETURNING version"""
_ADD_LINE = """
INSERT INTO cart_line AS line (id, cart_id, sku, quantity, seen) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = line.quantity + excluded.quantity, seen = excluded.seen
WHERE line.quantity + excluded.quantity <= $6
RETURNING line.id"""
_SEEN_LINES = """
UPDATE cart_line SET quantity = news.quantity, seen = news.seen
FROM unnest($2::text[], $3::integer[], $4::jsonb[]) AS news (id, quantity, seen)
WHERE cart_line.cart_id = $1 AND cart_line.id = news.id"""
_FORGET = """
DELETE FROM cart WHERE id IN (
    SELECT id FROM cart WHERE expires_at < shop_now()
    AND NOT EXISTS (SELECT FROM order_view JOIN saga USING (order_id)
                    WHERE order_view.cart_id = cart.id AND saga.finished_at IS NULL)
    ORDER BY expires_at LIMIT $1)"""


async def load(db: Reader, cart_id: str) -> Cart | None:
    """The cart with its lines, in one read."""
    return _cart(await db.fetchrow(_BY_ID, cart_id))


async def load_many(db: Reader, cart_ids: Collection[str]) -> dict[str, Cart]:
    """These carts with their lines, by id, in one read; those that are not there are absent."""
    return {cart.id: cart for row in await db.fetch(_BY_IDS, list(cart_ids)) if (cart := _cart(row))}


async def locked(tx: Tx, *cart_ids: str) -> list[Cart]:
    """These carts, held until the transaction ends; always in the order of their ids, so that no two wait crosswise."""
    await tx.fetch("SELECT FROM cart WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(cart_ids))
    return list((await load_many(tx, cart_ids)).values())


async def current(db: Reader, user_id: str | None, token_hash: bytes | None) -> Cart | None:
    """The cart a user touched last; without a user, the one of this token."""
    if user_id is not None and (mine := _cart(await db.fetchrow(_OF_USER, user_id))):
        return mine
    return _cart(await db.fetchrow(_OF_TOKEN, token_hash)) if token_hash else None


async def insert(tx: Tx, cart: Cart, *, one_click: bool = False) -> None:
    """A new cart, with its lines."""
    await tx.execute(
        _INSERT,
        cart.id,
        cart.user_id,
        cart.token_hash,
        cart.currency,
        cart.status.value,
        one_click,
        cart.email,
        cart.address and cart.address.model_dump(),
        cart.shipping_option,
        KEPT,
    )
    for line in cart.lines:
        await add_line(tx, cart.id, line, room=line.quantity)


async def touch(tx: Tx, cart_id: str) -> int | None:
    """Begin an edit: the cart is held and has a new version, which is returned; None when it is not open."""
    version: int | None = await tx.fetchval(_TOUCH, cart_id, KEPT)
    return version


async def add_line(tx: Tx, cart_id: str, line: Line, *, room: int) -> str | None:
    """Add to the line of this SKU, or make one; its id. None when there would be more than `room` of it."""
    if line.quantity > room:
        return None
    kept = (line.id, cart_id, line.sku, line.quantity, _plain(line.seen), room)
    line_id: str | None = await tx.fetchval(_ADD_LINE, *kept)
    return line_id


async def remember(tx: Tx, cart: Cart, lines: tuple[Line, ...], total: int) -> None:
    """Note what the shopper is being shown, unless the cart changed since it was read."""
    open_still = "UPDATE cart SET seen_total = $3 WHERE id = $1 AND version = $2 AND status = 'open'"
    if not await tx.execute(open_still, cart.id, cart.version, total) or lines == cart.lines:
        return
    news = [line for line, before in zip(lines, cart.lines, strict=True) if line != before]
    columns = ([each.id for each in news], [each.quantity for each in news], [_plain(each.seen) for each in news])
    await tx.execute(_SEEN_LINES, cart.id, *columns)


async def next_serial(tx: Tx) -> int:
    """A serial number for an order whose cart is made with it."""
    return int(await tx.fetchval("SELECT nextval('order_number')"))


async def merge(tx: Tx, cart_id: str, into: str) -> None:
    """Mark a guest's cart as gone into another."""
    await tx.execute("DELETE FROM cart_line WHERE cart_id = $1", cart_id)
    await tx.execute(
        "UPDATE cart SET status = 'merged', merged_into = $2, version = version + 1 WHERE id = $1", cart_id, into
    )


async def forget_old(tx: Tx, most: int) -> int:
    """Delete carts past their end, except where an order still works with one."""
    return await tx.execute(_FORGET, most)


def _cart(row: Row | None) -> Cart | None:
    if row is None:
        return None
    return Cart(
        id=row["id"],
        user_id=row["user_id"],
        token_hash=row["token_hash"],
        currency=row["currency"],
        status=CartStatus(row["status"]),
        merged_into=row["merged_into"],
        version=row["version"],
        email=row["email"],
        address=Address.model_validate(row["address"]) if row["address"] else None,
        shipping_option=row["shipping_option"],
        seen_total=row["seen_total"],
        expires_at=_time(row["expires_at"]),
        lines=tuple(Line(id, sku, units, Item.model_validate(seen)) for id, sku, units, seen in row["lines"]),
        order_id=row["order_id"],
        mark=row["mark"],
    )


def _plain(item: Item) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _time(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value

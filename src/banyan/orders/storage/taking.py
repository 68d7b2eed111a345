"""What is taken over: whose number is whose, orders that payments is yet to be told of, and many carts at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from banyan.contracts.catalog import Item
from banyan.foundation.db import Row, Tx
from banyan.orders.storage import Reader
from banyan.orders.storage.carts import KEPT

_OWE = """
INSERT INTO payment_due (order_id, version) SELECT * FROM unnest($1::text[], $2::integer[]) AS due (order_id, version)
ORDER BY order_id ON CONFLICT (order_id) DO UPDATE SET version = excluded.version"""
_TOLD = """
DELETE FROM payment_due USING unnest($1::text[], $2::integer[]) AS told (order_id, version)
WHERE payment_due.order_id = told.order_id AND payment_due.version <= told.version"""

_TOUCHED = """
SELECT coalesce(taken_as, id) AS id, touched_at, concat_ws(' ', id, status, version, touched_at) AS mark
FROM cart WHERE touched_at >= $1 AND NOT one_click
ORDER BY touched_at, id LIMIT $2"""
# The cart that stands for a record: the one that says so, else the one of that id.
_STANDS = """
SELECT DISTINCT ON (record_id) record_id, cart.* FROM unnest($1::text[]) AS record_id
JOIN cart ON cart.taken_as = record_id OR (cart.id = record_id AND cart.taken_as IS NULL)
ORDER BY record_id, cart.taken_as NULLS LAST"""
# A legacy shop has one cart for each customer: of several that are open here, the one that the shopper sees.
_CARTS = f"""
SELECT record_id, user_id,
       coalesce((SELECT jsonb_agg(jsonb_build_array(sku, quantity) ORDER BY place) FROM cart_line
                 WHERE cart_id = cart.id AND cart.status = 'open' AND NOT EXISTS (
                     SELECT FROM cart AS later WHERE later.user_id = cart.user_id AND later.status = 'open'
                     AND (later.touched_at, later.id) > (cart.touched_at, cart.id))), '[]') AS lines
FROM ({_STANDS}) AS cart"""
_HOLD_CARTS = f"""
SELECT record_id, cart.id, cart.status = 'open' AS open FROM ({_STANDS}) AS stands JOIN cart ON cart.id = stands.id
ORDER BY cart.id FOR UPDATE OF cart"""
_DETACH_CARTS = "UPDATE cart SET taken_as = NULL, token_hash = sha256(token_hash) WHERE id = ANY($1)"
_WRITE_CARTS = """
INSERT INTO cart AS kept (id, taken_as, user_id, token_hash, currency, expires_at)
SELECT *, shop_now() + $6::interval
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[])
     AS said (id, taken_as, user_id, token_hash, currency) ORDER BY id
ON CONFLICT (id) DO UPDATE SET taken_as = excluded.taken_as, user_id = excluded.user_id, version = kept.version + 1,
    token_hash = excluded.token_hash, touched_at = shop_now(), expires_at = excluded.expires_at, seen_total = NULL"""
_DROP_LINES = """
DELETE FROM cart_line WHERE cart_id = ANY($1) AND NOT EXISTS (
    SELECT FROM unnest($2::text[], $3::text[]) AS wanted (cart_id, sku)
    WHERE wanted.cart_id = cart_line.cart_id AND wanted.sku = cart_line.sku)"""
_WRITE_LINES = """
INSERT INTO cart_line (cart_id, id, sku, quantity, seen)
SELECT cart_id, id, sku, quantity, seen
FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::jsonb[])
     WITH ORDINALITY AS said (cart_id, id, sku, quantity, seen, place) ORDER BY place
ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity, seen = excluded.seen"""


async def numbers(tx: Tx, wanted: Collection[str]) -> dict[str, str]:
    """Which order has each of these numbers; free ones are absent."""
    rows = await tx.fetch("SELECT number, order_id FROM order_view WHERE number = ANY($1)", list(wanted))
    return {row["number"]: row["order_id"] for row in rows}


async def owe_payments(tx: Tx, orders: Sequence[tuple[str, int]]) -> None:
    """Payments is to be told of these orders, by id and version."""
    await tx.execute(_OWE, [id for id, _ in orders], [version for _, version in orders])


async def payments_owed(db: Reader, most: int) -> list[str]:
    rows: list[Row] = await db.fetch("SELECT order_id FROM payment_due ORDER BY order_id LIMIT $1", most)
    return [row["order_id"] for row in rows]


async def payments_told(tx: Tx, orders: Sequence[tuple[str, int]]) -> None:
    """Payments knows these orders as they were in this version; what is newer stays owed."""
    await tx.execute(_TOLD, [id for id, _ in orders], [version for _, version in orders])


@dataclass(frozen=True, slots=True)
class TakenCart:
    """A cart as a legacy shop has it. Lines: a new id, SKU, units, the item as it is now."""

    cart_id: str
    taken_as: str
    user_id: str | None
    token_hash: bytes | None
    currency: str
    lines: tuple[tuple[str, str, int, Item], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The cart that stands for a record, held until the transaction ends."""

    cart_id: str
    open: bool


async def carts(db: Reader, ids: Collection[str]) -> dict[str, Row]:
    """User and lines of the cart that stands for each record; of one that is no longer open none."""
    rows = await db.fetch(_CARTS, list(ids))
    return {row["record_id"]: row for row in rows}


async def touched(db: Reader, since: datetime, most: int) -> list[tuple[str, datetime, str]]:
    """Carts by the id of their record, with when they were touched last and a mark of how they are; the earliest first."""
    return [(row["id"], row["touched_at"], row["mark"]) for row in await db.fetch(_TOUCHED, since, most)]


async def hold_carts(tx: Tx, ids: Collection[str]) -> dict[str, Held]:
    """The cart that stands for each record; those without one are absent."""
    rows = await tx.fetch(_HOLD_CARTS, list(ids))
    return {row["record_id"]: Held(row["id"], row["open"]) for row in rows}


async def remove_carts(tx: Tx, cart_ids: Sequence[str]) -> None:
    if cart_ids:
        await tx.execute("DELETE FROM cart WHERE id = ANY($1)", cart_ids)


async def detach_carts(tx: Tx, cart_ids: Sequence[str]) -> None:
    """Let these stand for no record any more, and free their token for another cart."""
    if cart_ids:
        await tx.execute(_DETACH_CARTS, cart_ids)


async def write_carts(tx: Tx, carts: Sequence[TakenCart]) -> None:
    """Make these carts, or what is in them, as they are given; a line that stays keeps its id."""
    if not carts:
        return
    await tx.execute(
        _WRITE_CARTS,
        [each.cart_id for each in carts],
        [each.taken_as for each in carts],
        [each.user_id for each in carts],
        [each.token_hash for each in carts],
        [each.currency for each in carts],
        KEPT,
    )
    lines = [(each.cart_id, *line) for each in carts for line in each.lines]
    columns = [
        [line[0] for line in lines],
        [line[1] for line in lines],
        [line[2] for line in lines],
        [line[3] for line in lines],
        [line[4].model_dump(mode="json") for line in lines],
    ]
    await tx.execute(_DROP_LINES, [each.cart_id for each in carts], columns[0], columns[2])
    await tx.execute(_WRITE_LINES, *columns)

"""Reading orders from their view."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.orders.domain.personal import VIEW, opened
from banyan.orders.storage import Reader
from banyan.orders.storage.order_keys import KEYED, index, seal_of

_FOR_READER = f"""
SELECT shown, order_view.user_id, order_view.placed_at, cart.token_hash, order_view.status, {KEYED}
FROM order_view LEFT JOIN order_key USING (order_id) LEFT JOIN cart ON cart.id = order_view.cart_id WHERE order_id = $1"""
_CONDITIONS = {
    "user_id": "user_id = {}",
    "status": "status = {}",
    "email": "email = ANY({})",
    "numbers": "number = ANY({})",
    "since": "placed_at >= {}",
    "until": "placed_at < {}",
}


async def for_reader(db: Reader, order_id: str) -> Row | None:
    """What is shown of an order (see `as_shown`), and what says who may read it: its user, its cart's token, its age."""
    return await db.fetchrow(_FOR_READER, order_id)


def as_shown(db: Reader, order_id: str, row: Row) -> dict[str, Any]:
    """The order as its readers get it, out of a row of the view with its key."""
    return opened(VIEW, row["shown"], seal_of(db, order_id, row))


async def rests(db: Reader, order_id: str) -> bool:
    """Whether nothing more is known of how the order goes before its shopper does something, or at all."""
    sql = "SELECT status <> 'processing' OR payment_status = 'requires_action' FROM order_view WHERE order_id = $1"
    return bool(await db.fetchval(sql, order_id))


async def settled(db: Reader, order_id: str) -> bool:
    """Whether it is known how the order went."""
    return bool(await db.fetchval("SELECT status <> 'processing' FROM order_view WHERE order_id = $1", order_id))


async def listed(
    db: Reader,
    most: int,
    *,
    before: tuple[datetime, str] | None = None,
    **wanted: str | list[str] | datetime | None,
) -> list[dict[str, Any]]:
    """Orders as shown, newest first, that are as `wanted` (keys of _CONDITIONS); None wants nothing.

    By when they were placed, not by their ids: an order that was taken over got its id long after it was placed.
    """
    if isinstance(email := wanted.get("email"), str):
        wanted["email"] = found_by(db, email)
    narrowed, values = where(_CONDITIONS, 1, **wanted)
    if before is not None:
        older = f"(placed_at, order_id) < (${len(values) + 2}, ${len(values) + 3})"
        narrowed, values = f"{narrowed} AND {older}" if narrowed else f"WHERE {older}", [*values, *before]
    rows = await db.fetch(
        f"""SELECT order_id, shown, {KEYED} FROM order_view LEFT JOIN order_key USING (order_id) {narrowed}
        ORDER BY placed_at DESC, order_id DESC LIMIT $1""",
        most,
        *values,
    )
    return [as_shown(db, row["order_id"], row) for row in rows]


async def shown_many(db: Reader, order_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of these orders that are here, as shown."""
    rows = await db.fetch(
        f"""SELECT order_id, shown, {KEYED} FROM order_view LEFT JOIN order_key USING (order_id)
        WHERE order_id = ANY($1)""",
        list(order_ids),
    )
    return [as_shown(db, row["order_id"], row) for row in rows]


def found_by(db: Reader, email: str) -> list[str]:
    """What orders of this e-mail address (in lower case) stand under: sealed ones, and older ones."""
    return [index(db, email), email]


async def shadow(tx: Tx) -> str:
    """An empty table like order_view, gone with the transaction; its name."""
    await tx.execute("CREATE TEMPORARY TABLE order_shadow (LIKE order_view) ON COMMIT DROP")
    return "order_shadow"


async def compare(tx: Tx, shadow: str) -> tuple[list[str], list[str]]:
    """Ids of rows only in the view, and only in its shadow: both empty when they are the same."""
    here = await tx.fetch(f"SELECT order_id FROM (TABLE order_view EXCEPT TABLE {shadow}) AS apart")
    there = await tx.fetch(f"SELECT order_id FROM (TABLE {shadow} EXCEPT TABLE order_view) AS apart")
    return [row["order_id"] for row in here], [row["order_id"] for row in there]


async def replace(tx: Tx, shadow: str, order_ids: list[str]) -> None:
    """Put the shadow's rows of these orders in place of the view's."""
    await tx.execute("DELETE FROM order_view WHERE order_id = ANY($1)", order_ids)
    await tx.execute(f"INSERT INTO order_view SELECT * FROM {shadow} WHERE order_id = ANY($1)", order_ids)

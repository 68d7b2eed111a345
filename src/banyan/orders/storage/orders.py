"""Reading orders from their view."""

from datetime import datetime
from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.orders.storage import Reader

_FOR_READER = """
SELECT shown, order_view.user_id, order_view.placed_at, cart.token_hash, order_view.status
FROM order_view LEFT JOIN cart ON cart.id = order_view.cart_id WHERE order_id = $1"""
_CONDITIONS = {
    "user_id": "user_id = {}",
    "status": "status = {}",
    "email": "email = {}",
    "numbers": "number = ANY({})",
    "since": "placed_at >= {}",
    "until": "placed_at < {}",
}


async def for_reader(db: Reader, order_id: str) -> Row | None:
    """What is shown of an order, and what says who may read it: its user, its cart's token, its age."""
    return await db.fetchrow(_FOR_READER, order_id)


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
    given = {name: value for name, value in wanted.items() if value is not None}
    # Only what is asked stands in the statement: a plan for "this or anything" uses no index.
    conditions = [_CONDITIONS[name].format(f"${place}") for place, name in enumerate(given, 2)]
    values: list[Any] = list(given.values())
    if before is not None:
        conditions.append(f"(placed_at, order_id) < (${len(values) + 2}, ${len(values) + 3})")
        values += before
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await db.fetch(
        f"SELECT shown FROM order_view {where} ORDER BY placed_at DESC, order_id DESC LIMIT $1", most, *values
    )
    return [row["shown"] for row in rows]


async def one_moment(tx: Tx) -> None:
    """All that follows in this transaction sees the same moment; it must be its first statement."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


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

"""The saga's rows: who works on one holds its epoch, and a write that carries an older one touches nothing."""

from collections.abc import Collection

from banyan.foundation.db import Row, Tx
from banyan.orders.storage import Reader

_CLAIM = """
WITH due AS MATERIALIZED ({which} FOR UPDATE SKIP LOCKED)
UPDATE saga SET epoch = epoch + 1, claimed = true, next_at = shop_now() + make_interval(secs => $1)
FROM due WHERE saga.order_id = due.order_id
RETURNING saga.order_id, step, attempt, epoch, token, deadline_at <= shop_now() AS late"""
_CLAIM_ANY = _CLAIM.format(
    which="SELECT order_id FROM saga WHERE finished_at IS NULL AND next_at <= shop_now() ORDER BY next_at LIMIT $2"
)
_CLAIM_ONE = _CLAIM.format(
    which="SELECT order_id FROM saga WHERE order_id = $2 AND finished_at IS NULL AND next_at <= shop_now()"
)
_TURN_TO = """
UPDATE saga SET step = $2, epoch = epoch + 1, attempt = 0, claimed = false, next_at = shop_now(), token = NULL,
    last_error = NULL, finished_at = NULL
WHERE order_id = $1"""
_GIVE_BACK = """
INSERT INTO saga (order_id, placement, step, claimed, next_at, deadline_at, provider)
VALUES ($1, 'taken over ' || $1, $2, false, shop_now(), shop_now() + make_interval(secs => $4), $3)"""
_END = """
UPDATE saga SET epoch = epoch + 1, attempt = 0, last_error = $2, claimed = false, next_at = NULL, token = NULL,
    finished_at = shop_now()
WHERE order_id = $1 AND finished_at IS NULL"""
_WAKE = """
WITH asleep AS MATERIALIZED (
    SELECT order_id FROM saga
    WHERE order_id = ANY($1) AND finished_at IS NULL AND NOT claimed AND next_at > shop_now()
    ORDER BY order_id FOR UPDATE)
UPDATE saga SET next_at = shop_now() FROM asleep WHERE saga.order_id = asleep.order_id"""

_HURRY = "UPDATE saga SET next_at = shop_now() WHERE finished_at IS NULL AND NOT claimed AND next_at > shop_now()"


class PlacedAlready(Exception):
    """This Idempotency-Key has placed an order before."""


async def claim(tx: Tx, order_id: str | None, lease: float, most: int) -> list[Row]:
    """Take sagas that are due (this order's, or the `most` longest due) for `lease` seconds."""
    if order_id is None:
        return await tx.fetch(_CLAIM_ANY, lease, most)
    return await tx.fetch(_CLAIM_ONE, lease, order_id)


async def turn_to(tx: Tx, order_id: str, step: str) -> bool:
    """Set the saga on another course from now on; whoever works on it has lost it. False when it has none."""
    return bool(await tx.execute(_TURN_TO, order_id, step))


async def give_back(tx: Tx, order_id: str, step: str, provider: str, limit: float) -> None:
    """The saga of an order that was taken over and had none, for what it took is to be given back."""
    await tx.execute(_GIVE_BACK, order_id, step, provider, limit)


async def going(tx: Tx, order_ids: Collection[str]) -> dict[str, bool]:
    """Whether the saga of each is under way; orders without one are absent."""
    rows = await tx.fetch("SELECT order_id, finished_at IS NULL AS going FROM saga WHERE order_id = ANY($1)", order_ids)
    return {row["order_id"]: row["going"] for row in rows}


async def end(tx: Tx, order_id: str, why: str) -> None:
    """Let nobody go on with it; whoever works on it has lost it."""
    await tx.execute(_END, order_id, why)


async def wake(tx: Tx, *order_ids: str) -> int:
    """What they wait for may have happened: let them look now; how many do. One that is being worked on is left alone."""
    return await tx.execute(_WAKE, order_ids)


async def under_way(db: Reader, often: int, most: int) -> tuple[int, int, list[str]]:
    """How many are, how many of them were tried so often in vain, and the orders' numbers of some, those first."""
    row = await db.fetchrow(
        """SELECT count(*) AS going, count(*) FILTER (WHERE attempt >= $1) AS stuck FROM saga WHERE finished_at IS NULL""",
        often,
    )
    assert row is not None
    rows = await db.fetch(
        """SELECT v.number FROM saga AS s JOIN order_view AS v ON v.order_id = s.order_id WHERE s.finished_at IS NULL
           ORDER BY s.attempt DESC, s.order_id LIMIT $1""",
        most,
    )
    return row["going"], row["stuck"], [each["number"] for each in rows]


async def hurry(tx: Tx) -> None:
    """Let those that wait look now."""
    await tx.execute(_HURRY)


async def seconds_until_due(db: Reader) -> float | None:
    """When the next one wants to go on; None when none is under way."""
    seconds = await db.fetchval(
        "SELECT extract(epoch FROM min(next_at) - shop_now())::float8 FROM saga WHERE finished_at IS NULL"
    )
    return None if seconds is None else max(0.0, seconds)

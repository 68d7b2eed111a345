"""The saga's rows: who works on one holds its epoch, and a write that carries an older one touches nothing."""

from collections.abc import Collection

import asyncpg

from banyan.foundation.db import Row, Tx
from banyan.orders.storage import Reader

_BEGIN = """
INSERT INTO saga (order_id, placement, step, claimed, next_at, deadline_at, provider, token)
VALUES ($1, $2, 'hold', true, shop_now() + make_interval(secs => $3), shop_now() + make_interval(secs => $4), $5, $6)"""
_CLAIM = """
UPDATE saga SET epoch = epoch + 1, claimed = true, next_at = shop_now() + make_interval(secs => $1)
WHERE order_id = ({which})
RETURNING order_id, step, attempt, epoch, token, deadline_at <= shop_now() AS late"""
_CLAIM_ANY = _CLAIM.format(
    which="""SELECT order_id FROM saga WHERE finished_at IS NULL AND next_at <= shop_now()
             ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED"""
)
_CLAIM_ONE = _CLAIM.format(
    which="""SELECT order_id FROM saga WHERE order_id = $2 AND finished_at IS NULL AND next_at <= shop_now()
             FOR UPDATE SKIP LOCKED"""
)
_MOVE = """
UPDATE saga SET step = $3, attempt = 0, last_error = NULL, claimed = $4,
    next_at = shop_now() + make_interval(secs => $5),
    token = CASE WHEN $3 IN ('hold', 'authorize') THEN token END
WHERE order_id = $1 AND epoch = $2 AND finished_at IS NULL"""
_FINISH = """
UPDATE saga SET attempt = 0, last_error = $3, claimed = false, next_at = NULL, token = NULL, finished_at = shop_now()
WHERE order_id = $1 AND epoch = $2 AND finished_at IS NULL"""
_WAIT = """
UPDATE saga SET attempt = attempt + 1, last_error = $4, claimed = false,
    next_at = shop_now() + make_interval(secs => $3)
WHERE order_id = $1 AND epoch = $2 AND finished_at IS NULL"""
_LET_GO = """
UPDATE saga SET claimed = false, next_at = shop_now() WHERE order_id = $1 AND epoch = $2 AND finished_at IS NULL"""
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
UPDATE saga SET next_at = shop_now()
WHERE order_id = $1 AND finished_at IS NULL AND NOT claimed AND next_at > shop_now()"""


class PlacedAlready(Exception):
    """This Idempotency-Key has placed an order before."""


async def begin(
    tx: Tx, order_id: str, placement: str, *, provider: str, token: str, lease: float, limit: float
) -> None:
    """The saga of a new order, already claimed (epoch 1) for `lease` seconds by whoever places it."""
    try:
        await tx.execute(_BEGIN, order_id, placement, lease, limit, provider, token)
    except asyncpg.UniqueViolationError:
        raise PlacedAlready from None


async def placed_by(db: Reader, placement: str) -> str | None:
    """The order that was placed with this key, if one was."""
    order_id: str | None = await db.fetchval("SELECT order_id FROM saga WHERE placement = $1", placement)
    return order_id


async def claim(tx: Tx, order_id: str | None, lease: float) -> Row | None:
    """Take a saga that is due (this order's, or the longest due of any) for `lease` seconds; None when none is."""
    if order_id is None:
        return await tx.fetchrow(_CLAIM_ANY, lease)
    return await tx.fetchrow(_CLAIM_ONE, lease, order_id)


async def move(tx: Tx, order_id: str, epoch: int, step: str, *, lease: float) -> bool:
    """Go to a step and keep the claim for `lease` seconds (0: let others take it); False when it was lost."""
    return bool(await tx.execute(_MOVE, order_id, epoch, step, lease > 0, lease))


async def finish(tx: Tx, order_id: str, epoch: int, trouble: str | None) -> bool:
    return bool(await tx.execute(_FINISH, order_id, epoch, trouble))


async def wait(tx: Tx, order_id: str, epoch: int, seconds: float, why: str) -> bool:
    """Try the step again later."""
    return bool(await tx.execute(_WAIT, order_id, epoch, seconds, why))


async def let_go(tx: Tx, order_id: str, epoch: int) -> bool:
    """Let others go on at once."""
    return bool(await tx.execute(_LET_GO, order_id, epoch))


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


async def wake(tx: Tx, order_id: str) -> None:
    """What it waits for may have happened: let it look now. One that is being worked on is left alone."""
    await tx.execute(_WAKE, order_id)


async def seconds_until_due(db: Reader) -> float | None:
    """When the next one wants to go on; None when none is under way."""
    seconds = await db.fetchval(
        "SELECT extract(epoch FROM min(next_at) - shop_now())::float8 FROM saga WHERE finished_at IS NULL"
    )
    return None if seconds is None else max(0.0, seconds)

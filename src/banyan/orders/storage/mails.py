"""Mails that are owed: written with the fact they tell of, deleted when sent."""

from banyan.foundation.db import Row, Tx

_OWE = "INSERT INTO mail_due (id, order_id, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_CLAIM = """
UPDATE mail_due SET attempt = attempt + 1,
    next_at = shop_now() + make_interval(secs => least(3600, 5 * 2 ^ least(attempt, 10)))
WHERE id = (SELECT id FROM mail_due WHERE next_at <= shop_now() ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, order_id"""


async def owe(tx: Tx, order_id: str, kind: str) -> None:
    await tx.execute(_OWE, f"{order_id}:{kind}", order_id, kind)


async def claim(tx: Tx) -> Row | None:
    """A mail that is due; unless it is said to be sent it is due again later, and later each time."""
    return await tx.fetchrow(_CLAIM)


async def sent(tx: Tx, id: str) -> None:
    await tx.execute("DELETE FROM mail_due WHERE id = $1", id)

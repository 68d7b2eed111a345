"""Mails that are owed: written with the fact they tell of (storage.rounds), deleted when sent."""

from collections.abc import Sequence

from banyan.foundation.db import Db, Row
from banyan.orders.storage.order_keys import KEYED

_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id FROM mail_due WHERE next_at <= shop_now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED),
claimed AS (
    UPDATE mail_due SET attempt = attempt + 1,
        next_at = shop_now() + make_interval(secs => least(3600, 5 * 2 ^ least(attempt, 10)))
    FROM due WHERE mail_due.id = due.id
    RETURNING mail_due.id, kind, order_id)
SELECT id, kind, order_id, shown, {KEYED}
FROM claimed LEFT JOIN order_view USING (order_id) LEFT JOIN order_key USING (order_id)"""


async def claim(db: Db, most: int) -> list[Row]:
    """Take mails that are due, each with the order's row of the view (`orders.as_shown`; None where there is none).

    Unless one is said to be sent it is due again later, and later each time.
    """
    return await db.fetch(_CLAIM, most)


async def sent(db: Db, ids: Sequence[str]) -> None:
    await db.execute("DELETE FROM mail_due WHERE id = ANY($1)", list(ids))

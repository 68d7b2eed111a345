"""Providers that a payment went on from, because they had definitely not been asked, and why."""

from banyan.foundation.db import Db, Row, Tx

_NOTE = """
INSERT INTO attempt (payment_id, place, provider, why)
SELECT $1, count(*), $2, $3 FROM attempt WHERE payment_id = $1"""


async def note(tx: Tx, payment_id: str, provider: str, why: str) -> None:
    """One more; the payment is held by the caller."""
    await tx.execute(_NOTE, payment_id, provider, why[:200])


async def of_payment(db: Db | Tx, payment_id: str) -> list[Row]:
    """In the order in which they were left."""
    return await db.fetch("SELECT * FROM attempt WHERE payment_id = $1 ORDER BY place", payment_id)

"""Messages from outside that cannot be handled are parked beside the events that cannot (`banyan parked`, the console).

Unlike an event of ours, such a message holds back no other.
"""

from banyan.foundation.db import Db, Row

_PARK = """
INSERT INTO stuck (consumer, topic, key, event_id, type, envelope, attempts, error, parked_at)
VALUES ($1, $1, $2, $2, $3, $4, $5, $6, shop_now())
ON CONFLICT (consumer, event_id) DO UPDATE
SET attempts = stuck.attempts + excluded.attempts, error = excluded.error, parked_at = shop_now()"""
_AGAIN = "SELECT event_id, envelope FROM stuck WHERE consumer = $1 AND parked_at IS NULL ORDER BY seq LIMIT 10"


async def park(db: Db, consumer: str, id: str, kind: str, body: str, *, why: str, attempts: int = 1) -> None:
    """Keep a message for an operator. Parked again: the same, with the newest reason."""
    async with db.transaction() as tx:
        kept = body.replace("\0", " ")  # which jsonb cannot hold
        await tx.execute(_PARK, consumer, id, kind, {"id": id, "body": kept}, attempts, why[:500])


async def to_try_again(db: Db, consumer: str) -> list[tuple[str, str]]:
    """(id, body) of those that an operator wants tried again (`banyan parked retry`)."""
    rows: list[Row] = await db.fetch(_AGAIN, consumer)
    return [(row["event_id"], row["envelope"]["body"]) for row in rows]


async def handled(db: Db, consumer: str, id: str) -> None:
    """It is handled after all."""
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM stuck WHERE consumer = $1 AND event_id = $2", consumer, id)

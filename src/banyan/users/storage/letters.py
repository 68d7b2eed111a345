"""The table `letter`: mail on its way out."""

from dataclasses import dataclass, field

from banyan.foundation.db import Row, Tx
from banyan.users.storage import Source

# Claimed by moving it into the future: whoever dies with it lets another one try after the wait.
_CLAIM = """
UPDATE letter SET attempts = attempts + 1, due_at = shop_now() + make_interval(secs => 30 * 2 ^ least(attempts, 6))
WHERE id IN (SELECT id FROM letter WHERE due_at <= shop_now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, recipient, subject, sealed"""


@dataclass(frozen=True, slots=True)
class Letter:
    id: str
    recipient: str
    subject: str
    sealed: bytes = field(repr=False)


async def add(tx: Tx, letter: Letter, seconds: float) -> None:
    """Mail to be sent within so many seconds, and not at all later."""
    await tx.execute(
        """INSERT INTO letter (id, recipient, subject, sealed, expires_at)
        VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5))""",
        letter.id,
        letter.recipient,
        letter.subject,
        letter.sealed,
        seconds,
    )


async def claim(tx: Tx, limit: int) -> list[Letter]:
    """Letters that are due, ours for the next half minute at least."""
    await tx.execute("DELETE FROM letter WHERE expires_at <= shop_now()")
    rows = await tx.fetch(_CLAIM, limit)
    return [Letter(row["id"], row["recipient"], row["subject"], row["sealed"]) for row in rows]


async def waiting(source: Source, mailbox: str) -> list[Row]:
    """Letters that are to be sent to this mailbox; their text may hold a link, and stays sealed."""
    return await source.fetch(
        "SELECT id, recipient, subject, created_at, expires_at FROM letter WHERE recipient = $1 ORDER BY id", mailbox
    )


async def sent(tx: Tx, letter_id: str) -> None:
    await tx.execute("DELETE FROM letter WHERE id = $1", letter_id)

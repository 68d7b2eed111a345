"""Saved ways to pay: a provider's token and what a shopper knows the card by; at most one is the default."""

from typing import Any

from banyan.foundation.db import Db, Row, Tx
from banyan.payments.domain import Reusable

MOST = 20  # a user's saved methods

_ADD = """
INSERT INTO method (id, user_id, provider, token, brand, last4, is_default) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_id, provider, token) DO UPDATE
SET brand = excluded.brand, last4 = excluded.last4, is_default = method.is_default OR excluded.is_default RETURNING *"""
_KEEP = """
INSERT INTO method (id, user_id, provider, token, brand, last4, is_default)
SELECT $1, $2, $3, $4, $5, $6, count(*) = 0 FROM method WHERE user_id = $2 HAVING count(*) < $7
ON CONFLICT (user_id, provider, token) DO NOTHING"""
_NEWEST = """
UPDATE method SET is_default = true
WHERE id = (SELECT id FROM method WHERE user_id = $1 ORDER BY id DESC LIMIT 1)"""


async def one_at_a_time(tx: Tx, user_id: str) -> None:
    """Two changes to a user's methods wait for one another: which one is the default concerns them all."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('method ' || $1, 0))", user_id)


async def of_user(db: Db | Tx, user_id: str) -> list[Row]:
    return await db.fetch("SELECT * FROM method WHERE user_id = $1 ORDER BY is_default DESC, id DESC", user_id)


async def default_of(db: Db, user_id: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM method WHERE user_id = $1 AND is_default", user_id)


async def no_default(tx: Tx, user_id: str) -> None:
    await tx.execute("UPDATE method SET is_default = false WHERE user_id = $1 AND is_default", user_id)


async def add(tx: Tx, method_id: str, user_id: str, *, default: bool, **of: Any) -> Row:
    """Save a method; one with the same token is brought up to date."""
    row = await tx.fetchrow(_ADD, method_id, user_id, of["provider"], of["token"], of["brand"], of["last4"], default)
    assert row is not None
    return row


async def keep(tx: Tx, user_id: str, provider: str, kept: Reusable, method_id: str) -> None:
    """Save what a provider kept, unless it is saved already or there are enough; the first one is the default."""
    await one_at_a_time(tx, user_id)
    await tx.execute(_KEEP, method_id, user_id, provider, kept.token, kept.brand, kept.last4, MOST)


async def remove(tx: Tx, user_id: str, method_id: str) -> bool | None:
    """Whether the removed one was the default; None when the user has no such method."""
    was_default: bool | None = await tx.fetchval(
        "DELETE FROM method WHERE user_id = $1 AND id = $2 RETURNING is_default", user_id, method_id
    )
    return was_default


async def newest_is_default(tx: Tx, user_id: str) -> None:
    await tx.execute(_NEWEST, user_id)

"""All of the bank's SQL: charges, deeds by reference, the book, cards, webhooks to send."""

from collections.abc import Mapping
from typing import Any

from banyan.foundation.db import Db, Row, Tx

_NEW_CHARGE = """
INSERT INTO charge (id, merchant_key, amount, approved, currency, token, manner, state, captured, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT (merchant_key) DO NOTHING"""
_CAPTURE = (
    "UPDATE charge SET state = 'captured', captured = $2 WHERE id = $1 AND state = 'authorized' AND approved >= $2"
)
_VOID = "UPDATE charge SET state = 'voided' WHERE id = $1 AND state = 'authorized'"
_REFUND = "UPDATE charge SET refunded = refunded + $2 WHERE id = $1 AND refunded + $2 <= captured"
_DEED = "INSERT INTO deed (reference, charge_id, kind, amount) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_STUMBLE = """
INSERT INTO stumble VALUES ($1, 1) ON CONFLICT (reference) DO UPDATE SET times = stumble.times + 1 RETURNING times"""
_DUE = """
UPDATE webhook SET attempts = attempts + 1, next_at = shop_now() + make_interval(secs => $2)
WHERE id IN (SELECT id FROM webhook WHERE next_at <= shop_now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, body, attempts"""
_LATER = """
UPDATE webhook SET next_at = CASE WHEN created_at > shop_now() - interval '3 days'
                                  THEN shop_now() + make_interval(secs => $2) END
WHERE id = $1 AND delivered_at IS NULL"""


async def by_reference(db: Db | Tx, reference: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM charge WHERE merchant_key = $1", reference)


async def by_id(db: Db | Tx, charge_id: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM charge WHERE id = $1", charge_id)


async def open_charge(tx: Tx, **of: Any) -> bool:
    """Write a charge down; False when there is one by this reference already."""
    names = ("id", "reference", "amount", "approved", "currency", "token", "manner", "state", "reason")
    return bool(await tx.execute(_NEW_CHARGE, *(of[name] for name in names)))


async def capture(tx: Tx, charge_id: str, amount: int) -> bool:
    return bool(await tx.execute(_CAPTURE, charge_id, amount))


async def void(tx: Tx, charge_id: str) -> bool:
    return bool(await tx.execute(_VOID, charge_id))


async def refund(tx: Tx, charge_id: str, amount: int) -> bool:
    return bool(await tx.execute(_REFUND, charge_id, amount))


async def claim_deed(tx: Tx, reference: str, charge_id: str, kind: str, amount: int) -> bool:
    """Take this reference for a deed; False when it was taken before."""
    return bool(await tx.execute(_DEED, reference, charge_id, kind, amount))


async def deed(tx: Tx, reference: str) -> Row | None:
    return await tx.fetchrow("SELECT * FROM deed WHERE reference = $1", reference)


async def refunds(db: Db | Tx, charge_id: str) -> list[Row]:
    return await db.fetch(
        "SELECT reference, amount FROM deed WHERE charge_id = $1 AND kind = 'refund' ORDER BY done_at, reference",
        charge_id,
    )


async def enter(tx: Tx, transfer: str, charge_id: str, currency: str, moved: Mapping[str, int]) -> None:
    """Add a transfer to the book."""
    await tx.execute(
        """INSERT INTO entry (transfer, charge_id, account, amount, currency)
           SELECT $1, $2, account, amount, $3 FROM unnest($4::text[], $5::bigint[]) AS moved (account, amount)""",
        transfer,
        charge_id,
        currency,
        list(moved),
        list(moved.values()),
    )


async def stumble(tx: Tx, reference: str) -> int:
    """Count one more failure on purpose; how many there were with it."""
    return int(await tx.fetchval(_STUMBLE, reference))


async def keep_card(tx: Tx, token: str, brand: str, last4: str, digest: bytes, manner: str) -> None:
    await tx.execute(
        "INSERT INTO card (token, brand, last4, digest, manner) VALUES ($1, $2, $3, $4, $5)",
        token,
        brand,
        last4,
        digest,
        manner,
    )


async def manner_of_card(db: Db, token: str) -> str | None:
    found: str | None = await db.fetchval("SELECT manner FROM card WHERE token = $1", token)
    return found


async def queue_webhook(tx: Tx, event_id: str, body: str) -> None:
    await tx.execute("INSERT INTO webhook (id, body) VALUES ($1, $2)", event_id, body)


async def claim_webhooks(tx: Tx, limit: int, seconds: float) -> list[Row]:
    """Take due webhooks for `seconds`: after that somebody else may try them."""
    return await tx.fetch(_DUE, limit, seconds)


async def delivered(tx: Tx, event_id: str) -> None:
    await tx.execute("UPDATE webhook SET next_at = NULL, delivered_at = shop_now() WHERE id = $1", event_id)


async def deliver_later(tx: Tx, event_id: str, seconds: float) -> None:
    """Try again in `seconds`; not at all when it has been tried for three days."""
    await tx.execute(_LATER, event_id, seconds)


async def next_webhook(db: Db) -> float | None:
    """Seconds until a webhook is due; None when none waits."""
    left: float | None = await db.fetchval(
        "SELECT extract(epoch FROM min(next_at) - shop_now())::float8 FROM webhook WHERE next_at IS NOT NULL"
    )
    return left

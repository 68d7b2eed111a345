"""Payments: one row each, changed under its row lock and never but forward."""

from typing import Any

from banyan.contracts.payments import PaymentState
from banyan.foundation.db import Db, Row, Tx
from banyan.kernel.money import Money
from banyan.payments.domain import Standing

_OPEN = """
INSERT INTO payment (id, order_id, provider, token, amount, currency, state, reason, user_id, void_wanted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7 = 'voided') ON CONFLICT (order_id) DO NOTHING RETURNING *"""
_SAVE = """
UPDATE payment SET state = $2, authorized = $3, captured = $4, refunding = $5, refunded = $6, charge_id = $7,
       reason = $8, void_wanted = $9, updated_at = shop_now()
WHERE id = $1 AND authorized <= $3 AND captured <= $4 AND refunded <= $6"""
_RESERVE = """
UPDATE payment SET refunding = refunding + $2, updated_at = shop_now()
WHERE id = $1 AND refunded + refunding + $2 <= captured RETURNING *"""
_LIST = """
SELECT * FROM payment WHERE ($1::text IS NULL OR order_id = $1) AND ($2::text IS NULL OR state = $2)
AND ($3::text IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"""


def standing(row: Row) -> Standing:
    """A row of `payment` (or one that has its columns) as the payment it is."""
    names = ("id", "order_id", "provider", "token", "authorized", "captured", "refunding", "refunded", "charge_id")
    more = ("reason", "user_id", "void_wanted", "created_at", "updated_at")
    kept: dict[str, Any] = {name: row[name] for name in (*names, *more)}
    return Standing(amount=Money(row["amount"], row["currency"]), state=PaymentState(row["state"]), **kept)


async def open_payment(
    tx: Tx,
    payment_id: str,
    *,
    order_id: str,
    provider: str,
    token: str,
    amount: Money,
    state: PaymentState,
    reason: str | None = None,
    user_id: str | None = None,
) -> Standing | None:
    """A new payment; None when the order has one. Begun in a final state it stays there."""
    row = await tx.fetchrow(
        _OPEN, payment_id, order_id, provider, token, amount.amount, amount.currency, state, reason, user_id
    )
    return standing(row) if row else None


async def lock(tx: Tx, payment_id: str) -> Standing | None:
    """The payment, held until this transaction ends. Always taken before its operations: no two wait for each other."""
    row = await tx.fetchrow("SELECT * FROM payment WHERE id = $1 FOR NO KEY UPDATE", payment_id)
    return standing(row) if row else None


async def lock_of_order(tx: Tx, order_id: str) -> Standing | None:
    row = await tx.fetchrow("SELECT * FROM payment WHERE order_id = $1 FOR NO KEY UPDATE", order_id)
    return standing(row) if row else None


async def find(db: Db | Tx, payment_id: str) -> Standing | None:
    row = await db.fetchrow("SELECT * FROM payment WHERE id = $1", payment_id)
    return standing(row) if row else None


async def find_of_order(db: Db | Tx, order_id: str) -> Standing | None:
    row = await db.fetchrow("SELECT * FROM payment WHERE order_id = $1", order_id)
    return standing(row) if row else None


async def page(db: Db, *, order_id: str | None, state: str | None, below: str | None, limit: int) -> list[Standing]:
    """Payments, newest first."""
    return [standing(row) for row in await db.fetch(_LIST, order_id, state, below, limit)]


async def save(tx: Tx, now: Standing) -> None:
    """Keep a locked payment's new standing. Sums only grow; RuntimeError if one would shrink."""
    saved = await tx.execute(
        _SAVE,
        now.id,
        now.state,
        now.authorized,
        now.captured,
        now.refunding,
        now.refunded,
        now.charge_id,
        now.reason,
        now.void_wanted,
    )
    if not saved:
        raise RuntimeError(f"payment {now.id} would go back")


async def reserve_refund(tx: Tx, payment_id: str, amount: int) -> Standing | None:
    """Set aside part of what was captured for a refund; None when there is not so much left."""
    row = await tx.fetchrow(_RESERVE, payment_id, amount)
    return standing(row) if row else None

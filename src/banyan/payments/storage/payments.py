"""Payments: one row each, opened here, found here, changed by `accounts`."""

from collections.abc import Collection, Sequence
from typing import Any

from banyan.contracts.payments import PaymentState
from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.narrowing import where
from banyan.kernel.money import Money
from banyan.payments.domain import Standing

# An order has one payment: who finds another there opens none. What is to be asked goes with it in one statement.
_OPEN = """
WITH said AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[], $12::boolean[], $13::text[], $14::text[])
        AS said (id, order_id, provider, token, amount, currency, state, reason, user_id, return_url, save, asks, trace)
    ORDER BY order_id LIMIT $1
), opened AS (
    INSERT INTO payment (id, order_id, provider, token, amount, currency, state, reason, user_id, return_url, save,
                         void_wanted)
    SELECT id, order_id, provider, token, amount, currency, state, reason, user_id, return_url, save, state = 'voided'
    FROM said
    ON CONFLICT (order_id) DO NOTHING RETURNING *
), asked AS (
    INSERT INTO operation (id, payment_id, kind, reference, amount, state, attempts, epoch, next_look_at, traceparent)
    SELECT asks, opened.id, 'authorize', opened.id, opened.amount, 'sent', 1, 1, shop_now() + make_interval(secs => $15),
           trace
    FROM opened JOIN said ON said.id = opened.id WHERE asks IS NOT NULL
)
SELECT * FROM opened"""
_LISTED = {"order_id": "order_id = {}", "state": "state = {}", "below": "id < {}"}


def standing(row: Row) -> Standing:
    """A row of `payment` (or one that has its columns) as the payment it is."""
    names = ("id", "order_id", "provider", "token", "authorized", "captured", "refunding", "refunded", "charge_id")
    more = ("reason", "user_id", "void_wanted", "action", "return_url", "save", "created_at", "updated_at")
    kept: dict[str, Any] = {name: row[name] for name in (*names, *more)}
    return Standing(amount=Money(row["amount"], row["currency"]), state=PaymentState(row["state"]), **kept)


async def open_many(
    db: Db | Tx, new: Sequence[tuple[Standing, str | None, str]], seconds: float
) -> dict[str, Standing]:
    """Make these payments, by order; orders that have one are absent. Begun in a final state they stay there.

    Each with the name of an operation, if the provider is to be asked to authorize, by the writer alone for `seconds`;
    and the trace of the request it is due to.
    """
    columns = [
        (
            *(each.id, each.order_id, each.provider, each.token, each.amount.amount, each.amount.currency),
            *(each.state.value, each.reason, each.user_id, each.return_url, each.save, asks, trace),
        )
        for each, asks, trace in new
    ]
    rows = await db.fetch(_OPEN, len(new), *map(list, zip(*columns, strict=True)), seconds)
    return {row["order_id"]: standing(row) for row in rows}


async def find(db: Db | Tx, payment_id: str) -> Standing | None:
    row = await db.fetchrow("SELECT * FROM payment WHERE id = $1", payment_id)
    return standing(row) if row else None


async def of_orders(db: Db | Tx, order_ids: Collection[str]) -> dict[str, Standing]:
    """By order; orders without a payment are absent."""
    rows = await db.fetch("SELECT * FROM payment WHERE order_id = ANY($1)", list(order_ids))
    return {row["order_id"]: standing(row) for row in rows}


async def page(db: Db, *, order_id: str | None, state: str | None, below: str | None, limit: int) -> list[Standing]:
    """Payments, newest first."""
    narrowed, values = where(_LISTED, 1, order_id=order_id, state=state, below=below)
    rows = await db.fetch(f"SELECT * FROM payment {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)
    return [standing(row) for row in rows]

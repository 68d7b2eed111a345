"""What payments keeps of one person, and forgetting it."""

from collections.abc import Sequence

from banyan.foundation.db import Db, Row, Tx

# Without what a provider would take for money.
_PAYMENTS = """
SELECT to_jsonb(payment) - ARRAY['token', 'action', 'return_url', 'void_wanted'] || jsonb_build_object('operations', (
    SELECT coalesce(jsonb_agg(to_jsonb(operation) - ARRAY['payment_id', 'reference', 'epoch', 'traceparent']
                              ORDER BY created_at, operation.id), '[]')
    FROM operation WHERE payment_id = payment.id)) AS payment
FROM payment WHERE order_id = ANY($1) ORDER BY id"""
_METHODS = "SELECT to_jsonb(method) - ARRAY['token', 'secret'] AS method FROM method WHERE user_id = $1 ORDER BY id"


async def payments(db: Db, order_ids: Sequence[str]) -> list[Row]:
    """The payments of these orders with all that was asked of their providers."""
    return await db.fetch(_PAYMENTS, list(order_ids))


async def methods(db: Db, user_id: str) -> list[Row]:
    """Saved ways to pay, as their owner knows them."""
    return await db.fetch(_METHODS, user_id)


async def forget(tx: Tx, user_id: str, order_ids: Sequence[str]) -> None:
    """Whose payments these are, what was noted in free words, and saved ways to pay."""
    await tx.execute(
        """UPDATE operation SET note = '' WHERE note <> '' AND payment_id IN (
            SELECT id FROM payment WHERE order_id = ANY($1) OR user_id = $2)""",
        list(order_ids),
        user_id,
    )
    await tx.execute(  # what a provider knows the way to pay by is of no use any more once it is known how it went
        """UPDATE payment SET user_id = NULL,
            token = CASE WHEN state IN ('created', 'unknown', 'requires_action') THEN token ELSE '' END
        WHERE order_id = ANY($1) OR user_id = $2""",
        list(order_ids),
        user_id,
    )
    await tx.execute("DELETE FROM method WHERE user_id = $1", user_id)
    await tx.execute("DELETE FROM customer WHERE user_id = $1", user_id)
    await tx.execute("DELETE FROM idempotency WHERE status IS NOT NULL AND split_part(scope, ' ', 1) = $1", user_id)

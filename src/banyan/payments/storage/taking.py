"""Payments of a legacy shop, many at once: their newest version, their rows, and what they move in the ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from banyan.contracts.payments import LEGACY
from banyan.foundation.db import Tx
from banyan.payments.domain import Standing
from banyan.payments.storage.payments import standing

_NEWER = """
INSERT INTO taken AS before (kind, id, version)
SELECT 'payment', * FROM unnest($1::text[], $2::bigint[]) AS said (id, version) ORDER BY id
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, at = shop_now()
WHERE before.version < excluded.version
RETURNING id"""
_WRITE = f"""
INSERT INTO payment AS known (id, order_id, provider, token, amount, currency, state, authorized, captured, refunded,
                              charge_id, user_id, created_at)
SELECT id, order_id, '{LEGACY}', '', amount, currency, state, amount, amount, refunded, charge_id, user_id, created_at
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
            $9::timestamptz[]) AS said (id, order_id, amount, currency, state, refunded, charge_id, user_id, created_at)
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET amount = excluded.amount, state = excluded.state, refunded = excluded.refunded,
    authorized = excluded.authorized, captured = excluded.captured, charge_id = excluded.charge_id,
    user_id = excluded.user_id, void_wanted = false, updated_at = shop_now()
WHERE known.provider = '{LEGACY}'
RETURNING id"""
_POST = """
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
         AS said (id, payment_id, kind, currency, amount, made_at)
), made AS (
    INSERT INTO transfer (id, payment_id, kind, made_at) SELECT id, payment_id, kind, made_at FROM said RETURNING id
)
INSERT INTO entry (transfer_id, account, amount, currency)
SELECT made.id, moved.account, moved.sign * said.amount, said.currency
FROM made JOIN said USING (id)
JOIN (VALUES ('capture', 'provider_clearing', 1), ('capture', 'sales', -1),
             ('refund', 'sales_refunds', 1), ('refund', 'provider_clearing', -1)) AS moved (kind, account, sign)
     ON moved.kind = said.kind"""


async def newer(tx: Tx, versions: Mapping[str, int]) -> set[str]:
    """Note these versions by order; the orders for which they are newer than what was noted before."""
    return {row["id"] for row in await tx.fetch(_NEWER, list(versions), list(versions.values()))}


async def lock_of_orders(tx: Tx, order_ids: Collection[str]) -> dict[str, Standing]:
    """The payments of these orders, held until this transaction ends; orders without one are absent."""
    rows = await tx.fetch(
        "SELECT * FROM payment WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE", list(order_ids)
    )
    return {row["order_id"]: standing(row) for row in rows}


async def write(tx: Tx, payments: Sequence[Standing]) -> None:
    """Make these payments of the legacy shop, or bring them to what they are now. RuntimeError where one is another's."""
    columns = [
        [each.id for each in payments],
        [each.order_id for each in payments],
        [each.captured for each in payments],
        [each.amount.currency for each in payments],
        [each.state.value for each in payments],
        [each.refunded for each in payments],
        [each.charge_id for each in payments],
        [each.user_id for each in payments],
        [each.created_at for each in payments],
    ]
    if len(await tx.fetch(_WRITE, *columns)) < len(payments):
        raise RuntimeError("an order got a payment of ours in this moment")


async def post(tx: Tx, transfers: Sequence[tuple[str, str, str, str, int, datetime]]) -> None:
    """Add transfers: name, payment, `capture` or `refund`, currency, amount, when."""
    columns = [list(column) for column in zip(*transfers, strict=True)]
    await tx.execute(_POST, *columns)

"""What was asked of providers: each thing once, taken by one worker at a time, open until it is known how it ended."""

from collections.abc import Sequence

from banyan.foundation.db import Db, Row, Tx
from banyan.payments.domain import Job, Operation, Standing
from banyan.payments.storage.payments import standing

_SHOWN = ", ".join(
    f"taken.{name} AS op_{name}"
    for name in (
        *("id", "kind", "reference", "amount", "refund_id", "note", "state", "failure", "attempts", "epoch"),
        *("created_at", "traceparent"),
    )
)
_CLAIM_DUE = f"""
WITH due AS (
    SELECT id FROM operation
    WHERE next_look_at <= shop_now() AND (SELECT provider FROM payment WHERE payment.id = payment_id) = $4
    ORDER BY next_look_at LIMIT $1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE operation SET epoch = epoch + 1, attempts = attempts + 1,
           next_look_at = shop_now() + make_interval(secs => $2),
           state = CASE operation.state WHEN 'intended' THEN 'sent' ELSE operation.state END
    FROM due WHERE operation.id = due.id RETURNING operation.*
)
SELECT payment.*, {_SHOWN}, shop_now() - taken.created_at >
    make_interval(secs => CASE payment.state WHEN 'requires_action' THEN $5::float8 ELSE $3::float8 END) AS op_old
FROM taken JOIN payment ON payment.id = taken.payment_id"""
_CLAIM_OF = f"""
WITH taken AS (
    UPDATE operation SET epoch = epoch + 1, attempts = attempts + 1,
           next_look_at = shop_now() + make_interval(secs => $2),
           state = CASE operation.state WHEN 'intended' THEN 'sent' ELSE operation.state END
    WHERE payment_id = (SELECT id FROM payment WHERE order_id = $1) AND kind = 'authorize' AND next_look_at IS NOT NULL
    RETURNING *
)
SELECT payment.*, {_SHOWN} FROM taken JOIN payment ON payment.id = taken.payment_id"""
# Held and written in one statement: what it decides on is what it locked. One that was asked before stays as it is.
_CAPTURES = f"""
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS said (order_id, name, trace) ORDER BY order_id LIMIT $5
), known AS (
    SELECT there.*, said.name, said.trace FROM said CROSS JOIN LATERAL (
        SELECT * FROM payment WHERE payment.order_id = said.order_id FOR NO KEY UPDATE
    ) AS there
), taken AS (
    INSERT INTO operation (id, payment_id, kind, reference, amount, state, attempts, epoch, next_look_at, traceparent)
    SELECT name, id, 'capture', id || '.capture', amount, 'sent', 1, 1, shop_now() + make_interval(secs => $4), trace
    FROM known WHERE state = 'authorized' AND NOT void_wanted
    ON CONFLICT DO NOTHING RETURNING *
)
SELECT known.*, {_SHOWN} FROM known LEFT JOIN taken ON taken.payment_id = known.id"""


def operation(row: Row, prefix: str = "", payment_id: str | None = None) -> Operation:
    """A row of `operation`, or one that has its columns with `prefix`."""
    names = ("id", "kind", "reference", "amount", "refund_id", "note", "state", "failure", "attempts", "epoch")
    return Operation(
        payment_id=payment_id or row["payment_id"],
        created_at=row[prefix + "created_at"],
        trace=row[prefix + "traceparent"],
        **{name: row[prefix + name] for name in names},
    )


async def claim_due(db: Db, provider: str, limit: int, seconds: float, patience: float, confirming: float) -> list[Job]:
    """Take what is due of a provider, for `seconds`: after that somebody else may. Who is late finds its epoch gone.

    `patience`, `confirming`: seconds after which one that is asked, or waits for its shopper, is old.
    """
    rows = await db.fetch(_CLAIM_DUE, limit, seconds, patience, provider, confirming)
    return [Job(standing(row), operation(row, "op_", row["id"]), row["op_old"]) for row in rows]


async def claim_of(db: Db, order_id: str, seconds: float) -> Job | None:
    """Take the open authorization of an order, whoever else looks at it; None when none is open."""
    row = await db.fetchrow(_CLAIM_OF, order_id, seconds)
    return Job(standing(row), operation(row, "op_", row["id"])) if row else None


async def intend_captures(
    db: Db, names: Sequence[tuple[str, str, str]], seconds: float
) -> dict[str, tuple[Standing, Operation | None]]:
    """Write down captures (order, name of the operation, trace) of what is authorized and not to be voided, taken for `seconds`.

    By order: the payment, and the operation if it was not asked for before. Orders without a payment are absent.
    """
    columns = [list(column) for column in zip(*names, strict=True)]
    rows = await db.fetch(_CAPTURES, *columns, seconds, len(names))
    return {
        row["order_id"]: (standing(row), operation(row, "op_", row["id"]) if row["op_id"] else None) for row in rows
    }


async def of_payment(db: Db | Tx, payment_id: str) -> list[Operation]:
    """All that was asked for a payment, oldest first."""
    rows = await db.fetch("SELECT * FROM operation WHERE payment_id = $1 ORDER BY created_at, id", payment_id)
    return [operation(row) for row in rows]


async def next_look(db: Db, provider: str, within: float) -> float | None:
    """Seconds until an open operation of a provider is due, below zero when one is; None when none is `within` seconds."""
    left: float | None = await db.fetchval(
        """SELECT extract(epoch FROM next_look_at - shop_now())::float8 FROM operation
           WHERE next_look_at <= shop_now() + make_interval(secs => $2)
             AND (SELECT provider FROM payment WHERE payment.id = payment_id) = $1
           ORDER BY next_look_at LIMIT 1""",
        provider,
        within,
    )
    return left

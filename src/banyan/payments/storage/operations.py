"""What was asked of providers: each thing once, taken by one worker at a time, open until it is known how it ended."""

from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Db, Row, Tx
from banyan.kernel.money import Money
from banyan.payments.domain import Kind, Standing
from banyan.payments.storage.payments import standing

# A failed capture may be asked for again; a refund that failed too, under its own refund_id.
_INTEND = """
INSERT INTO operation (id, payment_id, kind, reference, refund_id, amount, note, state, attempts, epoch, next_look_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 > 0 THEN 'sent' ELSE 'intended' END, ($8 > 0)::integer,
        ($8 > 0)::integer, shop_now() + make_interval(secs => $8))
ON CONFLICT DO NOTHING RETURNING *"""
_REOPEN = """
UPDATE operation SET state = 'sent', failure = NULL, attempts = 1, epoch = epoch + 1, ended_at = NULL,
       next_look_at = shop_now() + make_interval(secs => $2)
WHERE id = $1 AND state = 'failed' RETURNING *"""
_CLAIM_DUE = """
WITH due AS (
    SELECT id FROM operation WHERE next_look_at <= shop_now() ORDER BY next_look_at LIMIT $1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE operation SET epoch = epoch + 1, attempts = attempts + 1,
           next_look_at = shop_now() + make_interval(secs => $2),
           state = CASE operation.state WHEN 'intended' THEN 'sent' ELSE operation.state END
    FROM due WHERE operation.id = due.id RETURNING operation.*
)
SELECT payment.*, taken.id AS op_id, taken.kind AS op_kind, taken.reference AS op_reference, taken.amount AS op_amount,
       taken.refund_id AS op_refund_id, taken.note AS op_note, taken.state AS op_state, taken.failure AS op_failure,
       taken.attempts AS op_attempts, taken.epoch AS op_epoch, taken.created_at AS op_created_at,
       shop_now() - taken.created_at > make_interval(secs => $3) AS op_old
FROM taken JOIN payment ON payment.id = taken.payment_id"""
_END = """
UPDATE operation SET state = $2, failure = $3, next_look_at = NULL, ended_at = shop_now()
WHERE id = $1 AND next_look_at IS NOT NULL AND epoch = coalesce($4, epoch)"""
_PUT_OFF = """
UPDATE operation SET state = 'unknown', failure = $3, next_look_at = shop_now() + make_interval(secs => $4)
WHERE id = $1 AND epoch = $2 AND next_look_at IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing asked of a provider."""

    id: str
    payment_id: str
    kind: Kind
    reference: str
    amount: int
    refund_id: str | None
    note: str
    state: str
    failure: str | None
    attempts: int
    epoch: int
    created_at: datetime

    @property
    def open(self) -> bool:
        return self.state not in ("done", "failed")


@dataclass(frozen=True, slots=True)
class Job:
    """An operation taken to be carried out, and its payment as it stood then. `old`: it has been tried long enough."""

    payment: Standing
    operation: Operation
    old: bool = False

    @property
    def amount(self) -> Money:
        return Money(self.operation.amount, self.payment.amount.currency)


def _operation(row: Row, prefix: str = "", payment_id: str | None = None) -> Operation:
    names = ("id", "kind", "reference", "amount", "refund_id", "note", "state", "failure", "attempts", "epoch")
    return Operation(
        payment_id=payment_id or row["payment_id"],
        created_at=row[prefix + "created_at"],
        **{name: row[prefix + name] for name in names},
    )


async def intend(
    tx: Tx,
    operation_id: str,
    payment_id: str,
    kind: Kind,
    amount: int,
    *,
    reference: str,
    refund_id: str | None = None,
    note: str = "",
    seconds: float = 0.0,
) -> Operation | None:
    """Write down that this is to be asked; None when it was before.

    Due at once, or taken by the writer for `seconds` in which nobody else will ask.
    """
    row = await tx.fetchrow(_INTEND, operation_id, payment_id, kind, reference, refund_id, amount, note, seconds)
    return _operation(row) if row else None


async def reopen(tx: Tx, operation_id: str, seconds: float) -> Operation | None:
    """Take a failed operation for `seconds`, to ask again by the same reference; None when it has not failed."""
    row = await tx.fetchrow(_REOPEN, operation_id, seconds)
    return _operation(row) if row else None


async def claim_due(db: Db, limit: int, seconds: float, patience: float) -> list[Job]:
    """Take what is due, for `seconds`: after that somebody else may. Who is late finds its epoch gone."""
    async with db.transaction() as tx:
        rows = await tx.fetch(_CLAIM_DUE, limit, seconds, patience)
    return [Job(standing(row), _operation(row, "op_", row["id"]), row["op_old"]) for row in rows]


async def find(tx: Tx, payment_id: str, kind: Kind, refund_id: str | None = None) -> Operation | None:
    """What was asked for a payment: its one authorize, capture or void, or a refund by its id."""
    row = await tx.fetchrow(
        "SELECT * FROM operation WHERE payment_id = $1 AND kind = $2 AND refund_id IS NOT DISTINCT FROM $3",
        payment_id,
        kind,
        refund_id,
    )
    return _operation(row) if row else None


async def of_payment(db: Db | Tx, payment_id: str) -> list[Operation]:
    """All that was asked for a payment, oldest first."""
    rows = await db.fetch("SELECT * FROM operation WHERE payment_id = $1 ORDER BY created_at, id", payment_id)
    return [_operation(row) for row in rows]


async def end(tx: Tx, operation_id: str, state: str, failure: str | None = None, *, epoch: int | None = None) -> bool:
    """How an open operation ended; False when it had before, or was taken by another worker since `epoch`."""
    return bool(await tx.execute(_END, operation_id, state, failure, epoch))


async def put_off(tx: Tx, operation: Operation, why: str, seconds: float) -> bool:
    """Look again in `seconds`; False when it ended, or another worker took it."""
    return bool(await tx.execute(_PUT_OFF, operation.id, operation.epoch, why[:200], seconds))


async def next_look(db: Db) -> float | None:
    """Seconds until an open operation is due, below zero when one is; None when none is open."""
    left: float | None = await db.fetchval(
        "SELECT extract(epoch FROM min(next_look_at) - shop_now())::float8 FROM operation WHERE next_look_at IS NOT NULL"
    )
    return left

"""Payments with what was asked for them, many at once: held in one order, written in one statement.

What is written holds only for a payment that still is as it was read: who held it is sure of that, others find out.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from banyan.foundation import outbox
from banyan.foundation.db import Db, Tx
from banyan.foundation.outbox import APPEND
from banyan.kernel.ids import Ids
from banyan.payments.domain import Account, Operation, Standing
from banyan.payments.storage import methods
from banyan.payments.storage.operations import operation
from banyan.payments.storage.payments import standing

_KEPT = (
    *("state", "authorized", "captured", "refunding", "refunded", "charge_id", "reason", "void_wanted"),
    *("provider", "action", "save"),
)
_TYPES = ("text", *["bigint"] * 4, "text", "text", "boolean", "text", "text", "boolean")
_WIDTH = 1 + 2 * len(_KEPT)  # columns of payments: the id, what is to be kept, what it was
_THEN = 2 + _WIDTH  # the place of the first column after them


def _row(table: str, prefix: str = "") -> str:
    return f"({', '.join(f'{table}.{prefix}{name}' for name in _KEPT)})"


def _arrays(first: int, *types: str) -> str:
    return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, first))


_NO_FACTS: list[list[Any]] = [[]] * 6  # columns of `_TOLD`
_TOLD = f"""(
    SELECT fact.* FROM unnest({_arrays(_THEN + 13, "text", "text", "text", "text", "jsonb", "text")})
        WITH ORDINALITY AS fact (payment_id, id, type, key, data, traceparent, place)
    JOIN held ON held.id = payment_id) AS told"""
# `LIMIT` tells the planner that they are few: without it a plan made over a small table reads all of it for ever.
_WRITE = f"""
WITH said AS (
    SELECT * FROM unnest({_arrays(2, "text", *_TYPES, *_TYPES)})
        AS said (id, {", ".join(_KEPT)}, {", ".join(f"was_{name}" for name in _KEPT)})
    ORDER BY id LIMIT $1
), held AS (
    SELECT said.* FROM said CROSS JOIN LATERAL (
        SELECT payment.id FROM payment
        WHERE payment.id = said.id AND {_row("payment")} IS NOT DISTINCT FROM {_row("said", "was_")}
        FOR NO KEY UPDATE
    ) AS there
), moved AS (
    UPDATE payment SET {", ".join(f"{name} = held.{name}" for name in _KEPT)}, updated_at = shop_now()
    FROM held WHERE payment.id = held.id AND {_row("held")} IS DISTINCT FROM {_row("held", "was_")}
), changed AS (
    UPDATE operation SET state = said.state, failure = said.failure,
           next_look_at = shop_now() + make_interval(secs => said.seconds),
           ended_at = CASE WHEN said.seconds IS NULL THEN shop_now() END
    FROM (
        SELECT * FROM unnest({_arrays(_THEN, "text", "text", "text", "text", "float8", "integer")})
            AS said (id, payment_id, state, failure, seconds, epoch) LIMIT $1
    ) AS said JOIN held ON held.id = said.payment_id
    WHERE operation.id = said.id AND next_look_at IS NOT NULL AND operation.epoch = coalesce(said.epoch, operation.epoch)
), made AS (
    INSERT INTO transfer (id, payment_id, kind)
    SELECT said.id, said.payment_id, kind FROM unnest({_arrays(_THEN + 6, "text", "text", "text")}) AS said (id, payment_id, kind)
    JOIN held ON held.id = said.payment_id RETURNING id
), entered AS (
    INSERT INTO entry (transfer_id, account, amount, currency)
    SELECT made.id, account, amount, currency
    FROM unnest({_arrays(_THEN + 9, "text", "text", "bigint", "text")}) AS said (transfer_id, account, amount, currency)
    JOIN made ON made.id = said.transfer_id
), told AS ({APPEND.format(told=_TOLD)})
SELECT id FROM held"""
_INTEND = f"""
INSERT INTO operation (id, payment_id, kind, reference, refund_id, amount, note, state, attempts, epoch, next_look_at,
                       traceparent)
SELECT said.id, payment_id, kind, reference, refund_id, amount, note, state, attempts, attempts,
       shop_now() + make_interval(secs => seconds), trace
FROM unnest({_arrays(1, *["text"] * 5, "bigint", "text", "text", "integer", "float8", "text")})
    AS said (id, payment_id, kind, reference, refund_id, amount, note, state, attempts, seconds, trace)"""
_REOPEN = f"""
UPDATE operation SET state = 'sent', failure = NULL, attempts = 1, epoch = said.epoch, ended_at = NULL,
       reference = said.reference, amount = said.amount, next_look_at = shop_now() + make_interval(secs => seconds)
FROM unnest({_arrays(1, "text", "integer", "text", "bigint", "float8")}) AS said (id, epoch, reference, amount, seconds)
WHERE operation.id = said.id"""


async def lock(tx: Tx, payment_ids: Collection[str]) -> dict[str, Account]:
    """Payments by id with all that was asked for them, held until this transaction ends; missing ones are absent."""
    return {account.now.id: account for account in await _lock(tx, "id", payment_ids)}


async def lock_of_orders(tx: Tx, order_ids: Collection[str]) -> dict[str, Account]:
    """The same by order."""
    return {account.now.order_id: account for account in await _lock(tx, "order_id", order_ids)}


async def write(tx: Tx, accounts: Iterable[Account]) -> None:
    """Write what changed of accounts that are held, and tell it. RuntimeError where a sum would shrink."""
    changed = sorted((each for each in accounts if each.changed), key=lambda each: each.now.id)
    if intended := [each for account in changed for each in account.intended]:
        await tx.execute(_INTEND, *_columns([_intended(*each) for each in intended], 11))
    if reopened := [each for account in changed for each in account.reopened]:
        rows = [(each.id, each.epoch, each.reference, each.amount, seconds) for each, seconds in reopened]
        await tx.execute(_REOPEN, *_columns(rows, 5))
    if len(await _write_all(tx, changed)) < len(changed):
        raise RuntimeError("a payment that was held is not as it was read")


async def write_as_assumed(db: Db, ids: Ids, accounts: Sequence[Account]) -> set[str]:
    """Write and tell what became of payments that still are as assumed; their ids. Of others nothing is written.

    It is one statement, but where a way to pay is kept as well.
    """
    if any(account.keeps is not None for account in accounts):
        async with db.transaction() as tx:
            return await _write_all(tx, accounts)
    facts = [(account.now.id, fact, trace) for account in accounts for fact, trace in account.facts]
    told = outbox.columns([(fact, trace) for _, fact, trace in facts], ids)
    sure = await _write(db, accounts, [id_ for id_, _, _ in facts], *told)
    if facts:
        db.wake.ring()
    return sure


async def _write_all(tx: Tx, accounts: Sequence[Account]) -> set[str]:
    """What became of payments, what is told of them, and which ways to pay are kept."""
    sure = await _write(tx, accounts, *_NO_FACTS)
    for account in accounts:
        if account.now.id in sure:
            if account.keeps is not None and account.now.user_id is not None:
                await methods.keep(tx, account.now.user_id, account.now.provider, account.keeps, account.method_id)
            for fact, trace in account.facts:
                tx.tell(fact, trace=trace)
    return sure


async def _write(db: Db | Tx, accounts: Sequence[Account], *facts: list[Any]) -> set[str]:
    if not accounts:
        return set()
    for each in accounts:
        was, now = each.read, each.now
        if now.authorized < was.authorized or now.captured < was.captured or now.refunded < was.refunded:
            raise RuntimeError(f"payment {now.id} would go back")
    changes = [change for account in accounts for change in account.changes.values()]
    transfers = [transfer for account in accounts for transfer in account.transfers]
    entries = [
        (each.name, account, amount, each.currency) for each in transfers for account, amount in each.moved.items()
    ]
    rows = await db.fetch(
        _WRITE,
        max(len(accounts), len(changes)),
        *_columns([(each.now.id, *_kept(each.now), *_kept(each.read)) for each in accounts], _WIDTH),
        *_columns([(c.operation_id, c.payment_id, c.state, c.failure, c.seconds, c.epoch) for c in changes], 6),
        *_columns([(each.name, each.payment_id, each.kind) for each in transfers], 3),
        *_columns(entries, 4),
        *facts,
    )
    return {row["id"] for row in rows}


async def _lock(tx: Tx, by: str, named: Collection[str]) -> list[Account]:
    # Payments always before their operations, and both in order: no two wait for each other.
    sql = f"SELECT * FROM payment WHERE {by} = ANY($1) ORDER BY id FOR NO KEY UPDATE"
    found = [standing(row) for row in await tx.fetch(sql, list(named))]
    asked: dict[str, list[Operation]] = {each.id: [] for each in found}
    if asked:
        sql = "SELECT * FROM operation WHERE payment_id = ANY($1) ORDER BY payment_id, created_at, id FOR UPDATE"
        for row in await tx.fetch(sql, list(asked)):
            asked[row["payment_id"]].append(operation(row))
    return [Account(each, asked[each.id]) for each in found]


def _kept(of: Standing) -> tuple[Any, ...]:
    return (
        *(of.state.value, of.authorized, of.captured, of.refunding),
        *(of.refunded, of.charge_id, of.reason, of.void_wanted),
        *(of.provider, of.action, of.save),
    )


def _intended(of: Operation, seconds: float) -> tuple[Any, ...]:
    return (
        *(of.id, of.payment_id, of.kind, of.reference, of.refund_id),
        *(of.amount, of.note, of.state, of.attempts, seconds, of.trace),
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width

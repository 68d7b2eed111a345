"""All of the bank's SQL: charges, deeds by reference, the book, cards, webhooks to send."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from banyan.foundation.db import Db, Row, Tx
from banyan.testbank.domain import NewCharge, NewDeed

# `LIMIT` tells the planner that they are few: without it a plan made over a small table reads all of it for ever.
_NEW_CHARGES = """
WITH said AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::text[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::text[])
        AS said (id, reference, amount, approved, currency, token, manner, state, reason, created_at, action, return_url,
                 event, body)
    ORDER BY reference LIMIT $1
), made AS (
    INSERT INTO charge (id, merchant_key, amount, approved, currency, token, manner, state, captured, reason, created_at,
                        action, return_url)
    SELECT id, reference, amount, approved, currency, token, manner, state, 0, reason, created_at, action, return_url
    FROM said
    ON CONFLICT (merchant_key) DO NOTHING RETURNING id
), entered AS (
    INSERT INTO entry (transfer, charge_id, account, amount, currency)
    SELECT transfer, charge_id, account, amount, currency
    FROM unnest($16::text[], $17::text[], $18::text[], $19::bigint[], $20::text[])
        AS moved (transfer, charge_id, account, amount, currency) JOIN made ON made.id = moved.charge_id
), queued AS (
    INSERT INTO webhook (id, body) SELECT event, body FROM said JOIN made USING (id)
)
SELECT id FROM made"""
_REFUSED = """
INSERT INTO charge (id, merchant_key, amount, approved, currency, token, manner, state, captured, reason)
VALUES ($1, $2, $3, 0, $4, '', 'tok_ok', 'voided', 0, 'voided_before_charge') ON CONFLICT (merchant_key) DO NOTHING"""
_WITH_DEEDS = """
SELECT charge.*, (SELECT true FROM deed WHERE deed.reference = said.reference LIMIT 1) AS done
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS said (charge_id, reference, place)
LEFT JOIN LATERAL (SELECT * FROM charge WHERE charge.id = said.charge_id LIMIT 1) AS charge ON true
ORDER BY place"""
# Only for charges that still are as they were read. A reference that is taken in this moment fails it all.
_DO = """
WITH said AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
        AS said (id, state, captured, reference, kind, amount, event, body)
    ORDER BY id LIMIT $1
), held AS (
    SELECT said.* FROM said CROSS JOIN LATERAL (
        SELECT charge.id FROM charge WHERE charge.id = said.id AND charge.state = 'authorized' FOR NO KEY UPDATE
    ) AS there
), moved AS (
    UPDATE charge SET state = held.state, captured = held.captured FROM held WHERE charge.id = held.id
), done AS (
    INSERT INTO deed (reference, charge_id, kind, amount) SELECT reference, id, kind, amount FROM held
), entered AS (
    INSERT INTO entry (transfer, charge_id, account, amount, currency)
    SELECT transfer, charge_id, account, moved.amount, currency
    FROM unnest($10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])
        AS moved (transfer, charge_id, account, amount, currency) JOIN held ON held.id = moved.charge_id
), queued AS (
    INSERT INTO webhook (id, body) SELECT event, body FROM held
)
SELECT id FROM held"""
_CAPTURE = (
    "UPDATE charge SET state = 'captured', captured = $2 WHERE id = $1 AND state = 'authorized' AND approved >= $2"
)
_VOID = "UPDATE charge SET state = 'voided' WHERE id = $1 AND state IN ('authorized', 'requires_action')"
_CONFIRM = """
UPDATE charge SET state = $2, reason = $3, approved = CASE $2 WHEN 'authorized' THEN amount ELSE 0 END
WHERE id = $1 AND state = 'requires_action' RETURNING *"""
_REFUND = "UPDATE charge SET refunded = refunded + $2 WHERE id = $1 AND refunded + $2 <= captured"
_DEED = "INSERT INTO deed (reference, charge_id, kind, amount) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_STUMBLE = """
INSERT INTO stumble VALUES ($1, 1) ON CONFLICT (reference) DO UPDATE SET times = stumble.times + 1 RETURNING times"""
_DUE = """
UPDATE webhook SET attempts = attempts + 1, next_at = shop_now() + make_interval(secs => $2)
WHERE id IN (SELECT id FROM webhook WHERE next_at <= shop_now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, body, attempts"""
_NOTED = """
UPDATE webhook SET delivered_at = CASE WHEN said.seconds IS NULL THEN shop_now() END,
       next_at = CASE WHEN created_at > shop_now() - interval '3 days'
                      THEN shop_now() + make_interval(secs => said.seconds) END
FROM (SELECT * FROM unnest($1::text[], $2::float8[]) AS said (id, seconds) ORDER BY id LIMIT $3) AS said
WHERE webhook.id = said.id AND delivered_at IS NULL"""

_MOVEMENTS = """
SELECT transfer AS id, split_part(transfer, ' ', 1) AS kind, split_part(transfer, ' ', 2) AS reference,
       merchant_key AS charge_reference, charge_id, entry.amount, entry.currency, made_at
FROM entry JOIN charge ON charge.id = charge_id
WHERE account = 'merchant' AND made_at >= $1 AND made_at < $2 AND (made_at, transfer) > ($1, $3)
ORDER BY made_at, transfer LIMIT $4"""


async def by_reference(db: Db | Tx, reference: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM charge WHERE merchant_key = $1", reference)


async def by_id(db: Db | Tx, charge_id: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM charge WHERE id = $1", charge_id)


async def by_references(db: Db | Tx, references: Collection[str]) -> dict[str, Row]:
    rows = await db.fetch("SELECT * FROM charge WHERE merchant_key = ANY($1)", list(references))
    return {row["merchant_key"]: row for row in rows}


async def open_charges(db: Db | Tx, new: Sequence[NewCharge]) -> set[str]:
    """Write charges down with their entries and webhooks; the ids of those by whose reference there was none."""
    names = ("id", "reference", "amount", "approved", "currency", "token", "manner", "state", "reason", "created_at")
    rows = await db.fetch(
        _NEW_CHARGES,
        len(new),
        *([getattr(each, name) for each in new] for name in (*names, "action", "return_url", "event_id", "body")),
        *_entries([(each.transfer, each.id, each.currency, each.moved) for each in new]),
    )
    return {row["id"] for row in rows}


async def refuse_charge(db: Db, charge_id: str, reference: str, amount: int, currency: str) -> None:
    """Write down that nothing is ever to be held by this reference, unless something was."""
    await db.execute(_REFUSED, charge_id, reference, amount, currency)


async def with_deeds(db: Db, asked: Sequence[tuple[str, str]]) -> list[tuple[Row | None, bool]]:
    """By charge and reference of a deed: the charge, and whether the reference is taken."""
    rows = await db.fetch(_WITH_DEEDS, *(list(column) for column in zip(*asked, strict=True)))
    return [(row if row["id"] else None, bool(row["done"])) for row in rows]


async def do_all(db: Db, deeds: Sequence[NewDeed]) -> set[str] | None:
    """Do these to charges that hold money: the ids of those that still did. None, and nothing done, when somebody else
    took one of the references in this moment, or waited for us as we for them.
    """
    names = ("charge_id", "state", "captured", "reference", "kind", "amount", "event_id", "body")
    try:
        rows = await db.fetch(
            _DO,
            len(deeds),
            *([getattr(each, name) for each in deeds] for name in names),
            *_entries([(each.transfer, each.charge_id, each.currency, each.moved) for each in deeds]),
        )
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
        return None
    return {row["id"] for row in rows}


def _entries(of: Sequence[tuple[str, str, str, Mapping[str, int]]]) -> list[list[Any]]:
    """Columns of entries: transfer, charge, account, amount, currency."""
    rows = [
        (name, id, account, amount, currency) for name, id, currency, moved in of for account, amount in moved.items()
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5


async def capture(tx: Tx, charge_id: str, amount: int) -> bool:
    return bool(await tx.execute(_CAPTURE, charge_id, amount))


async def void(tx: Tx, charge_id: str) -> bool:
    return bool(await tx.execute(_VOID, charge_id))


async def confirm(tx: Tx, charge_id: str, state: str, reason: str | None) -> Row | None:
    """The charge after its holder decided; None when it does not wait for that."""
    return await tx.fetchrow(_CONFIRM, charge_id, state, reason)


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
        "INSERT INTO card (token, brand, last4, digest, manner) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
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


async def claim_webhooks(db: Db, limit: int, seconds: float) -> list[Row]:
    """Take due webhooks for `seconds`: after that somebody else may try them."""
    return await db.fetch(_DUE, limit, seconds)


async def note_webhooks(db: Db, tried: Mapping[str, float | None]) -> None:
    """None: it was delivered. Otherwise try again in so many seconds; not at all when it has been tried for three days."""
    await db.execute(_NOTED, list(tried), list(tried.values()), len(tried))


async def next_webhook(db: Db) -> float | None:
    """Seconds until a webhook is due; None when none waits."""
    left: float | None = await db.fetchval(
        "SELECT extract(epoch FROM min(next_at) - shop_now())::float8 FROM webhook WHERE next_at IS NOT NULL"
    )
    return left


async def movements(db: Db, since: datetime, until: datetime, after: str, limit: int) -> list[Row]:
    """What moved the merchant's balance in this time, of the moment `since` only what comes behind `after`."""
    return await db.fetch(_MOVEMENTS, since, until, after, limit)

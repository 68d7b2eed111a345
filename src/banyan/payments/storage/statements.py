"""Providers' reports as they were read, line by line, and what each of them is in our ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from banyan.foundation.db import Db, Tx
from banyan.kernel.money import Money
from banyan.payments.domain.comparing import Ours
from banyan.payments.domain.statement import Booking, Line, Moved

_KEEP = """
INSERT INTO statement_line (provider, line_id, kind, source, currency, amount, fee, at, payment_id, reference, charge_id,
                            reconciliation_id)
SELECT $1, said.*, $12 FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                                   $8::timestamptz[], $9::text[], $10::text[], $11::text[]) AS said ORDER BY 1, 2
ON CONFLICT (provider, line_id) DO NOTHING RETURNING line_id"""
_KEPT = """
SELECT line_id, currency, amount, fee, transfer_id FROM statement_line WHERE provider = $1 AND line_id = ANY($2)"""
_OURS = """
SELECT transfer.id, transfer.payment_id, transfer.kind, entry.amount, entry.currency, line_id IS NOT NULL AS taken
FROM transfer JOIN payment ON payment.id = transfer.payment_id AND payment.provider = $1
JOIN entry ON entry.transfer_id = transfer.id AND account = 'provider_clearing'
LEFT JOIN statement_line ON statement_line.transfer_id = transfer.id
WHERE transfer.payment_id = ANY($2) AND transfer.kind IN ('capture', 'refund') ORDER BY made_at, transfer.id"""
_BOOK = """
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS said (id, kind, payment_id)
), made AS (
    INSERT INTO transfer (id, payment_id, kind, provider)
    SELECT said.id, payment.id, kind, $8 FROM said LEFT JOIN payment ON payment.id = payment_id AND payment.provider = $8
    ORDER BY said.id
    ON CONFLICT (id) DO NOTHING RETURNING id
), entered AS (
    INSERT INTO entry (transfer_id, account, amount, currency)
    SELECT made.id, account, amount, currency
    FROM unnest($4::text[], $5::text[], $6::bigint[], $7::text[]) AS moved (id, account, amount, currency)
    JOIN made USING (id)
)
SELECT id FROM made"""
_LINK = """
UPDATE statement_line SET transfer_id = said.transfer_id
FROM unnest($2::text[], $3::text[]) AS said (line_id, transfer_id)
WHERE statement_line.provider = $1 AND statement_line.line_id = said.line_id AND statement_line.transfer_id IS NULL"""
_UNSEEN = """
SELECT transfer.id, coalesce(transfer.payment_id, '') AS payment_id, transfer.kind, entry.amount, entry.currency,
       made_at
FROM transfer LEFT JOIN payment ON payment.id = transfer.payment_id
JOIN entry ON entry.transfer_id = transfer.id AND account = 'provider_clearing'
WHERE made_at >= $2 AND made_at < $3 AND coalesce(transfer.provider, payment.provider) = $1
  AND transfer.kind = ANY($4) AND NOT EXISTS (SELECT FROM statement_line WHERE transfer_id = transfer.id)
ORDER BY made_at, transfer.id"""
_SUMS = """
SELECT currency, sum(ours)::bigint AS ours, sum(theirs)::bigint AS theirs FROM (
    SELECT currency, 0 AS ours, amount - fee AS theirs FROM statement_line WHERE provider = $1 AND line_id = ANY($2)
    UNION ALL
    SELECT entry.currency, entry.amount, 0 FROM statement_line JOIN entry ON entry.transfer_id = statement_line.transfer_id
    WHERE provider = $1 AND line_id = ANY($2) AND account = 'provider_clearing'
    UNION ALL
    SELECT currency, amount, 0 FROM entry
    WHERE transfer_id = ANY(SELECT $1 || '.' || said || '.fee' FROM unnest($2::text[]) AS said)
      AND account = 'provider_clearing'
) AS both_books GROUP BY currency"""

Kept = Mapping[str, tuple[Money, int, str | None]]
"""By line: its amount, its fee, the transfer that it is."""


async def turn(tx: Tx, provider: str) -> None:
    """One at a time for each provider, until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('reconcile ' || $1))", provider)


async def keep(tx: Tx, provider: str, lines: Sequence[Line], run: str) -> tuple[set[str], Kept]:
    """Note these lines; which of them are new, and how all of them are kept."""
    if not lines:
        return set(), {}
    rows = [
        (
            *(each.id, each.kind.value, each.source, each.amount.currency, each.amount.amount, each.fee, each.at),
            *(each.payment_id, each.reference, each.charge_id),
        )
        for each in lines
    ]
    new = await tx.fetch(_KEEP, provider, *(list(column) for column in zip(*rows, strict=True)), run)
    kept = {
        row["line_id"]: (Money(row["amount"], row["currency"]), int(row["fee"]), row["transfer_id"])
        for row in await tx.fetch(_KEPT, provider, [each.id for each in lines])
    }
    return {row["line_id"] for row in new}, kept


async def payments_of(db: Db | Tx, provider: str, charges: Collection[str]) -> dict[str, str]:
    """Our payments by the provider's ids of their charges."""
    if not charges:
        return {}
    rows = await db.fetch(
        "SELECT id, charge_id FROM payment WHERE provider = $1 AND charge_id = ANY($2)", provider, list(charges)
    )
    return {row["charge_id"]: row["id"] for row in rows}


async def open_ones(tx: Tx, payment_ids: Collection[str]) -> set[str]:
    """Those of these payments for which something is still being asked."""
    sql = "SELECT DISTINCT payment_id FROM operation WHERE payment_id = ANY($1) AND next_look_at IS NOT NULL"
    return {row["payment_id"] for row in await tx.fetch(sql, list(payment_ids))}


async def ours(tx: Tx, provider: str, payment_ids: Collection[str]) -> dict[str, list[Ours]]:
    """Captures and refunds of these payments, by payment, oldest first."""
    found: dict[str, list[Ours]] = {}
    for row in await tx.fetch(_OURS, provider, list(payment_ids)):
        money = Money(row["amount"], row["currency"])
        each = Ours(row["id"], row["payment_id"], row["kind"], money, row["taken"])
        found.setdefault(each.payment_id, []).append(each)
    return found


async def book(tx: Tx, provider: str, bookings: Sequence[Booking]) -> set[str]:
    """Add these transfers to the ledger; the names of those that were not in it."""
    if not bookings:
        return set()
    entries = [(b.name, account, amount, b.currency) for b in bookings for account, amount in b.moved.items()]
    rows = await tx.fetch(
        _BOOK,
        [each.name for each in bookings],
        [each.kind for each in bookings],
        [each.payment_id for each in bookings],
        *(list(column) for column in zip(*entries, strict=True)),
        provider,
    )
    return {row["id"] for row in rows}


async def booked(tx: Tx, names: Collection[str]) -> dict[str, Money]:
    """What these transfers moved of our balance at the provider; absent ones are not there."""
    sql = (
        "SELECT transfer_id, amount, currency FROM entry WHERE account = 'provider_clearing' AND transfer_id = ANY($1)"
    )
    return {row["transfer_id"]: Money(row["amount"], row["currency"]) for row in await tx.fetch(sql, list(names))}


async def link(tx: Tx, provider: str, found: Mapping[str, str]) -> None:
    """Note which transfer each of these lines is."""
    if found:
        await tx.execute(_LINK, provider, list(found), list(found.values()))


async def unseen(
    tx: Tx, provider: str, since: datetime, until: datetime, silent: Collection[Moved]
) -> list[tuple[Ours, datetime]]:
    """Transfers made in this time that no report has told of, with when they were made.

    `silent`: what the report never tells of.
    """
    kinds = {"capture", "refund", "payout", "dispute", "dispute_reversal", "refund_returned"}
    rows = await tx.fetch(_UNSEEN, provider, since, until, sorted(kinds - {each.value for each in silent}))
    return [
        (
            Ours(row["id"], row["payment_id"], row["kind"], Money(row["amount"], row["currency"]), False),
            row["made_at"],
        )
        for row in rows
    ]


async def sums(tx: Tx, provider: str, line_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By currency: how our ledger and theirs moved the balance by these lines."""
    rows = await tx.fetch(_SUMS, provider, list(line_ids))
    return {row["currency"]: (row["ours"], row["theirs"]) for row in rows}


async def balance(db: Db | Tx) -> list[tuple[str, Money]]:
    """The trial balance: every account in every currency. Of each currency the sum is zero."""
    rows = await db.fetch("SELECT * FROM trial_balance ORDER BY currency, account")
    return [(row["account"], Money(row["amount"], row["currency"])) for row in rows]


async def known(db: Db | Tx, provider: str, payment_ids: Collection[str]) -> set[str]:
    """Those of these payments that are of this provider."""
    rows = await db.fetch("SELECT id FROM payment WHERE provider = $1 AND id = ANY($2)", provider, list(payment_ids))
    return {row["id"] for row in rows}

"""Disputes: how each stands, which states it went through, and what was withdrawn because of it."""

from collections.abc import Collection, Sequence
from typing import Any

from banyan.foundation.db import Db, Tx
from banyan.kernel.money import Money
from banyan.payments.domain.statement import RANK, DisputeNews

# What came late changes nothing: a dispute that has ended stays so.
_NOTE = """
INSERT INTO dispute AS known (provider, id, payment_id, state, amount, currency, reason, respond_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, shop_now()))
ON CONFLICT (provider, id) DO UPDATE SET state = excluded.state, updated_at = shop_now(),
    payment_id = coalesce(known.payment_id, excluded.payment_id),
    reason = CASE known.reason WHEN '' THEN excluded.reason ELSE known.reason END,
    respond_by = coalesce(excluded.respond_by, known.respond_by)
WHERE known.state = ANY($10) RETURNING true"""
_STEP = """
INSERT INTO dispute_step (provider, dispute_id, state, told_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"""
# Withdrawals of disputes that were lost, and not yet entered as a loss.
_LOST = """
SELECT transfer.id, transfer.payment_id, entry.amount, entry.currency FROM dispute
JOIN transfer ON transfer.payment_id = dispute.payment_id AND transfer.kind = 'dispute' AND transfer.provider = dispute.provider
JOIN entry ON entry.transfer_id = transfer.id AND account = 'disputes'
WHERE dispute.provider = $1 AND dispute.state = 'lost' AND dispute.payment_id = ANY($2)
  AND NOT EXISTS (SELECT FROM transfer AS loss WHERE loss.id = transfer.id || '.lost')
ORDER BY transfer.id"""


async def note(tx: Tx, provider: str, payment_id: str | None, news: DisputeNews, told_by: str) -> bool:
    """How it stands now; whether that is news."""
    before = [state.value for state, rank in RANK.items() if rank < RANK[news.state]]
    new = await tx.fetchval(
        _NOTE,
        *(provider, news.id, payment_id, news.state.value, abs(news.amount.amount), news.amount.currency),
        *(news.reason[:200], news.respond_by, news.at, before),
    )
    if new:
        await tx.execute(_STEP, provider, news.id, news.state.value, told_by)
    return bool(new)


async def lost(tx: Tx, provider: str, payment_ids: Collection[str]) -> list[tuple[str, str, Money]]:
    """Withdrawals that are to be entered as losses: transfer, payment, how much."""
    rows = await tx.fetch(_LOST, provider, list(payment_ids))
    return [(row["id"], row["payment_id"], Money(row["amount"], row["currency"])) for row in rows]


async def of_payments(db: Db | Tx, payment_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Oldest first, each with the states it went through."""
    sql = "SELECT * FROM dispute WHERE payment_id = ANY($1) ORDER BY opened_at, id"
    found = [dict(row) for row in await db.fetch(sql, list(payment_ids))]
    steps = await db.fetch(
        "SELECT * FROM dispute_step WHERE dispute_id = ANY($1) ORDER BY at, state", [each["id"] for each in found]
    )
    return [each | {"steps": [dict(row) for row in steps if row["dispute_id"] == each["id"]]} for each in found]

"""Comparisons with providers' reports: runs with their totals, differences that are open, why some of them are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banyan.foundation.db import Db, Tx
from banyan.foundation.narrowing import where
from banyan.payments.domain.comparing import Difference, Differs

_BEGIN = """
INSERT INTO reconciliation (id, provider, source, since, until, made_by) VALUES ($1, $2, $3, $4, $5, $6)"""
_DIFFER = """
INSERT INTO difference AS known (id, provider, subject, kind, currency, ours, theirs, payment_id, at, reconciliation_id)
SELECT said.id, $1, subject, kind, currency, ours, theirs, payment_id, at, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::timestamptz[])
    AS said (id, subject, kind, currency, ours, theirs, payment_id, at) ORDER BY subject
ON CONFLICT (provider, subject) DO UPDATE SET kind = excluded.kind, ours = excluded.ours, theirs = excluded.theirs,
    closed_at = NULL
WHERE (known.kind, known.ours, known.theirs) IS DISTINCT FROM (excluded.kind, excluded.ours, excluded.theirs)
   OR known.closed_at IS NOT NULL"""
_CLOSE = """
UPDATE difference SET closed_at = shop_now() WHERE provider = $1 AND subject = ANY($2) AND closed_at IS NULL"""
_EXPLAINED = """
SELECT subject FROM difference JOIN explanation ON difference_id = difference.id
WHERE provider = $1 AND subject = ANY($2)"""
_END = "UPDATE reconciliation SET lines = $2, new_lines = $3, booked = $4 WHERE id = $1"
_TOTALS = """
INSERT INTO reconciliation_total (reconciliation_id, currency, ours, theirs, timing, unexplained)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])"""
_LISTED = {"provider": "provider = {}", "below": "id < {}"}
_SHOWN = """
SELECT difference.*, who, why, explanation.at AS explained_at FROM difference
LEFT JOIN explanation ON difference_id = difference.id"""
_DIFFERENCES = {
    "provider": "provider = {}",
    "below": "difference.id < {}",
    "open": "(closed_at IS NULL AND who IS NULL) = {}",
}
_EXPLAIN = "INSERT INTO explanation (difference_id, who, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_COVERED = "SELECT max(until) FROM reconciliation WHERE provider = $1 AND source = 'api' AND made_by = ''"


@dataclass(frozen=True, slots=True)
class Total:
    """Of one currency, in minor units."""

    currency: str
    ours: int
    theirs: int
    timing: int
    unexplained: int


async def begin(tx: Tx, run: str, provider: str, source: str, since: datetime, until: datetime, who: str) -> None:
    await tx.execute(_BEGIN, run, provider, source, since, until, who)


async def differ(tx: Tx, provider: str, run: str, found: Sequence[tuple[str, Difference]]) -> None:
    """Note differences, each with an id; one that is known by its subject stays, unless it is another by now."""
    if not found:
        return
    rows = [
        (id, each.subject, each.kind.value, each.currency, each.ours, each.theirs, each.payment_id, each.at)
        for id, each in found
    ]
    await tx.execute(_DIFFER, provider, run, *(list(column) for column in zip(*rows, strict=True)))


async def close(tx: Tx, provider: str, subjects: Collection[str]) -> None:
    """These have turned out to be the same in both books."""
    await tx.execute(_CLOSE, provider, list(subjects))


async def still_open(tx: Tx, provider: str, subjects: Collection[str]) -> list[Difference]:
    """Differences of these that were found and not settled since."""
    sql = "SELECT * FROM difference WHERE provider = $1 AND subject = ANY($2) AND closed_at IS NULL"
    names = ("subject", "currency", "ours", "theirs", "at", "payment_id")
    rows = await tx.fetch(sql, provider, list(subjects))
    return [Difference(kind=Differs(row["kind"]), **{name: row[name] for name in names}) for row in rows]


async def explained(tx: Tx, provider: str, subjects: Collection[str]) -> set[str]:
    """Those of which somebody said why they differ."""
    return {row["subject"] for row in await tx.fetch(_EXPLAINED, provider, list(subjects))}


async def end(tx: Tx, run: str, *, lines: int, new: int, booked: int, totals: Sequence[Total]) -> None:
    await tx.execute(_END, run, lines, new, booked)
    rows = [(each.currency, each.ours, each.theirs, each.timing, each.unexplained) for each in totals]
    if rows:
        await tx.execute(_TOTALS, run, *(list(column) for column in zip(*rows, strict=True)))


async def page(db: Db, *, provider: str | None, below: str | None, limit: int) -> list[dict[str, Any]]:
    """Runs with their totals, newest first."""
    narrowed, values = where(_LISTED, 1, provider=provider, below=below)
    rows = await db.fetch(f"SELECT * FROM reconciliation {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)
    return await _with_totals(db, [dict(row) for row in rows])


async def find(db: Db, run: str) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM reconciliation WHERE id = $1", run)
    return (await _with_totals(db, [dict(row)]))[0] if row else None


async def _with_totals(db: Db, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sql = "SELECT * FROM reconciliation_total WHERE reconciliation_id = ANY($1) ORDER BY currency"
    totals: dict[str, list[Mapping[str, Any]]] = {}
    for row in await db.fetch(sql, [each["id"] for each in runs]):
        totals.setdefault(row["reconciliation_id"], []).append(dict(row))
    return [each | {"totals": totals.get(each["id"], [])} for each in runs]


async def differences(
    db: Db, *, provider: str | None, below: str | None, only_open: bool, limit: int
) -> list[dict[str, Any]]:
    """Differences with their explanations, newest first. `only_open`: neither settled since nor explained."""
    narrowed, values = where(_DIFFERENCES, 1, provider=provider, below=below, open=only_open or None)
    rows = await db.fetch(f"{_SHOWN} {narrowed} ORDER BY difference.id DESC LIMIT $1", limit, *values)
    return [dict(row) for row in rows]


async def find_difference(db: Db | Tx, id: str) -> dict[str, Any] | None:
    row = await db.fetchrow(f"{_SHOWN} WHERE difference.id = $1", id)
    return dict(row) if row else None


async def explain(tx: Tx, id: str, who: str, why: str) -> bool:
    """False when somebody has before."""
    return bool(await tx.execute(_EXPLAIN, id, who, why))


async def covered(db: Db, provider: str) -> datetime | None:
    """Up to when the nightly comparison has come."""
    until: datetime | None = await db.fetchval(_COVERED, provider)
    return until

"""Aggregates that changed and are yet to be told to their service, and what became of those that were."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from banyan.foundation.db import Db, Row, Tx
from banyan.move.legacy import Use, views
from banyan.move.rows import Row as LegacyRow
from banyan.move.rows import Unreadable, unpack
from banyan.move.storage import mirror
from banyan.move.storage.mirror import partition
from banyan.move.storage.tables import Mirrored, Mirrors

AtOnce = Mapping[tuple[str, str], tuple[str, int, datetime | None]]
"""(kind, key) → the group, the position and the time of its last change."""


@dataclass(slots=True)
class Tally:
    """How many records were taken, stale, had to wait and were refused."""

    taken: int = 0
    stale: int = 0
    waits: int = 0
    refused: int = 0
    group: str = field(default="")


async def mark(tx: Tx, changed: AtOnce) -> None:
    """These changed: offer them at once, whatever became of earlier tries. The time of the first untold change is kept."""
    ordered = sorted(changed)
    values = [changed[each] for each in ordered]
    await tx.execute(
        """INSERT INTO due AS d (kind, key, group_name, at, committed_at)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
           ON CONFLICT (kind, key) DO UPDATE SET at = greatest(d.at, excluded.at), tries = 0, next_at = shop_now(),
               committed_at = least(d.committed_at, excluded.committed_at)""",
        [kind for kind, _ in ordered],
        [key for _, key in ordered],
        [group for group, _, _ in values],
        [at for _, at, _ in values],
        [when for _, _, when in values],
    )


async def mark_kind(tx: Tx, mirrors: Mirrors, kind: str, at: int) -> None:
    """Every aggregate of a kind is due, as at position `at`. They are found in the table whose key is theirs, if there is one."""
    tables = mirrors.of_kind(kind)
    roots = [each for each in tables if _key_column(each.use, kind) == each.table.key]
    for each in roots or tables:
        await mark_rows(tx, each, kind, at)


async def mark_rows(tx: Tx, each: Mirrored, kind: str, at: int) -> None:
    """Every aggregate of a kind that has a row in this table is due."""
    group = next(view.group for view in each.use.views if view.kind == kind)
    if _one_parent(each.use):
        await mark_parents(tx, each.number, kind, group, at)
    else:
        await _mark_by_rows(tx, each, kind, group, at)


async def mark_known(tx: Tx, each: Mirrored, at: int) -> None:
    """Every aggregate that was told of once and may have rows in this table is due: some may be gone."""
    for kind, group in {view.kind: view.group for view in each.use.views}.items():
        await tx.execute(
            """INSERT INTO due AS d (kind, key, group_name, at) SELECT kind, key, $2, $3 FROM identity WHERE kind = $1
               ON CONFLICT (kind, key) DO UPDATE SET at = greatest(d.at, excluded.at), tries = 0, next_at = shop_now()""",
            kind,
            group,
            at,
        )
        if _one_parent(each.use) and _key_column(each.use, kind) == each.table.key:
            await mark_parents(tx, each.number, kind, group, at)


def _key_column(use: Use, kind: str) -> tuple[str, ...] | None:
    return next(((view.key,) for view in use.views if view.kind == kind and isinstance(view.key, str)), None)


def _one_parent(use: Use) -> bool:
    """Whether the parent of each row is the key by all views."""
    return len({view.key for view in use.views}) == 1 and isinstance(use.views[0].key, str)


async def mark_parents(tx: Tx, number: int, kind: str, group: str, at: int) -> int:
    """Every parent that a table's rows have is due as an aggregate of this kind."""
    return await tx.execute(
        f"""INSERT INTO due AS d (kind, key, group_name, at)
            SELECT DISTINCT $1, parent, $2, $3::bigint FROM {partition(number)} WHERE parent IS NOT NULL
            ON CONFLICT (kind, key) DO UPDATE SET at = greatest(d.at, excluded.at), tries = 0, next_at = shop_now()""",
        kind,
        group,
        at,
    )


async def _mark_by_rows(tx: Tx, each: Mirrored, kind: str, group: str, at: int) -> None:
    """As mark_parents, where it takes the adapter to tell whose a row is."""
    after = b""
    while page := await mirror.page(tx, each.number, after, 2_000):
        after = page[-1]["key"]
        keys = set()
        for row in page:
            for view in each.use.views:
                try:
                    key = views.key_of(view, LegacyRow(each.table, unpack(row["image"]))) if view.kind == kind else None
                except Unreadable:  # its row is in quarantine
                    continue
                if key is not None:
                    keys.add(key)
        await mark(tx, {(kind, key): (group, at, None) for key in keys})


async def next_of(db: Db | Tx, kind: str, limit: int) -> list[Row]:
    """Aggregates of a kind to offer now, oldest change first; of those that changed together the lowest number."""
    return await db.fetch(
        """SELECT d.kind, d.key, d.group_name, d.at, d.tries FROM due d JOIN groups g ON g.name = d.group_name
           WHERE d.kind = $1 AND d.next_at <= shop_now() AND g.owner = 'legacy' AND g.state <> 'aborted'
           ORDER BY d.next_at, d.at, length(d.key), d.key LIMIT $2""",
        kind,
        limit,
    )


async def untried(db: Db | Tx, kind: str) -> bool:
    """Whether any of a kind has changed and was not offered since."""
    found: bool = await db.fetchval(
        """SELECT EXISTS (SELECT FROM due d JOIN groups g ON g.name = d.group_name WHERE d.kind = $1 AND d.tries = 0
                          AND g.owner = 'legacy' AND g.state <> 'aborted')""",
        kind,
    )
    return found


async def done(tx: Tx, told: Sequence[tuple[str, str, int]]) -> None:
    """These were told as they were at that position; what changed since stays due."""
    ordered = sorted(told)
    await tx.execute(
        """DELETE FROM due d USING unnest($1::text[], $2::text[], $3::bigint[]) AS t(kind, key, at)
           WHERE d.kind = t.kind AND d.key = t.key AND d.at = t.at""",
        [kind for kind, _, _ in ordered],
        [key for _, key, _ in ordered],
        [at for _, _, at in ordered],
    )


async def later(tx: Tx, refs: Sequence[tuple[str, str, int]], seconds: Sequence[float]) -> None:
    """Offer these again after so many seconds, each its own; one that changed since is offered at once."""
    await tx.execute(
        """UPDATE due d SET tries = d.tries + 1, next_at = shop_now() + t.seconds * interval '1 second'
           FROM unnest($1::text[], $2::text[], $3::bigint[], $4::float[]) AS t(kind, key, at, seconds)
           WHERE d.kind = t.kind AND d.key = t.key AND d.at = t.at""",
        [kind for kind, _, _ in refs],
        [key for _, key, _ in refs],
        [at for _, _, at in refs],
        list(seconds),
    )


async def unsettled(db: Db | Tx, group: str, *, older_than: float = 0.0) -> int:
    """How many aggregates of a group are yet to be told, those aside that wait in quarantine and were offered since they
    changed; only changes of some seconds ago."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM due d WHERE d.group_name = $1
               AND (d.committed_at IS NULL OR $2 = 0 OR d.committed_at < shop_now() - $2 * interval '1 second')
               AND (d.tries = 0 OR NOT EXISTS (SELECT FROM quarantine q
                                               WHERE q.kind = d.kind AND q.key = d.key AND q.state <> 'solved'))""",
        group,
        older_than,
    )
    return count


async def of_group(db: Db | Tx, group: str) -> int:
    """How many aggregates of a group are yet to be told."""
    count: int = await db.fetchval("SELECT count(*) FROM due WHERE group_name = $1", group)
    return count


async def count(tx: Tx, kind: str, tally: Tally) -> None:
    await tx.execute(
        """INSERT INTO delivered AS d VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (kind) DO UPDATE SET taken = d.taken + excluded.taken, stale = d.stale + excluded.stale,
               waits = d.waits + excluded.waits, refused = d.refused + excluded.refused""",
        kind,
        tally.group,
        tally.taken,
        tally.stale,
        tally.waits,
        tally.refused,
    )


async def references_changed(tx: Tx, tables: Iterable[str], at: int) -> None:
    await tx.execute(
        """INSERT INTO reference_due AS r SELECT name, $2 FROM unnest($1::text[]) AS n(name)
           ON CONFLICT (table_name) DO UPDATE SET at = greatest(r.at, excluded.at)""",
        sorted(tables),
        at,
    )


async def references_due(db: Db | Tx) -> dict[str, int]:
    return {row["table_name"]: row["at"] for row in await db.fetch("SELECT table_name, at FROM reference_due")}


async def references_done(tx: Tx, marked: Mapping[str, int]) -> None:
    await tx.execute(
        """DELETE FROM reference_due r USING unnest($1::text[], $2::bigint[]) AS t(name, at)
           WHERE r.table_name = t.name AND r.at = t.at""",
        list(marked),
        list(marked.values()),
    )


async def overview(db: Db | Tx) -> list[Row]:
    """By group: how many are due, of them waiting for something else, and the oldest untold change's age in seconds."""
    return await db.fetch(
        """SELECT group_name, count(*) AS due, count(*) FILTER (WHERE tries > 0) AS waiting,
               greatest(max(extract(epoch FROM shop_now() - committed_at)), 0)::float AS oldest_seconds
           FROM due GROUP BY group_name"""
    )


async def delivered(db: Db | Tx) -> list[Row]:
    return await db.fetch("SELECT kind, group_name, taken, stale, waits, refused FROM delivered ORDER BY kind")

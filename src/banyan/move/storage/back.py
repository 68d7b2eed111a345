"""What goes back to the legacy shop: from where our facts are followed, which aggregates are due, and what cannot go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Db, Row, Tx
from banyan.kernel.refusals import Conflict

WAY_BACK = "way_back"
"""In the quarantine, as the table of a record that the legacy shop cannot hold."""


class Overtaken(Conflict):
    """Another process follows our facts now."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class Due:
    """An aggregate of ours that changed; `heard` tells one reading of it from the next."""

    kind: str
    id: str
    heard: int
    tries: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the way back is behind: aggregates due, the age of the oldest in seconds, and records flagged and waived."""

    due: int = 0
    oldest_seconds: float = 0.0
    waiting: int = 0  # of those due, tried before
    flagged: int = 0
    waived: int = 0


async def heard(
    tx: Tx, group: str, was: str, now: str, marks: Mapping[tuple[str, str], datetime], tenures: Mapping[str, int]
) -> None:
    """Move on in our facts, with what they make due. Overtaken when somebody else has, or the way back has ended."""
    moved = await tx.execute(
        "UPDATE groups SET way_back_from = $3 WHERE name = $1 AND way_back_from = $2", group, was, now
    )
    if not moved:
        raise Overtaken("our facts are followed by another process now")
    await mark(tx, group, marks)
    await tx.executemany(
        """INSERT INTO tenure_heard AS t (service, epoch) VALUES ($1, $2)
           ON CONFLICT (service) DO UPDATE SET epoch = greatest(t.epoch, excluded.epoch)""",
        sorted(tenures.items()),
    )


async def place(db: Db, group: str) -> str | None:
    """Up to where our facts were heard; None when nothing of this group goes back."""
    found: str | None = await db.fetchval("SELECT way_back_from FROM groups WHERE name = $1", group)
    return found


async def mark(tx: Tx, group: str, marks: Mapping[tuple[str, str], datetime]) -> None:
    """These aggregates (kind, id) are to go back; the time of the first change that is not back yet is kept."""
    ordered = sorted(marks)
    await tx.execute(
        """INSERT INTO due_back AS d (kind, id, group_name, told_at)
           SELECT kind, id, $3, told_at FROM unnest($1::text[], $2::text[], $4::timestamptz[]) AS t(kind, id, told_at)
           ON CONFLICT (kind, id) DO UPDATE SET heard = d.heard + 1, tries = 0, next_at = shop_now()""",
        [kind for kind, _ in ordered],
        [id_ for _, id_ in ordered],
        group,
        [marks[each] for each in ordered],
    )


async def carts_since(db: Db, group: str) -> tuple[datetime, int]:
    """From when on to ask for carts, and in which epoch all of them were asked for."""
    row = await db.fetchrow(
        """SELECT greatest(c.since, g.owned_since - interval '1 minute', g.changed_at - interval '30 days') AS since,
               coalesce(c.epoch, 0) AS epoch
           FROM groups g LEFT JOIN carts_heard c ON c.group_name = g.name WHERE g.name = $1""",
        group,
    )
    assert row is not None
    return row["since"], row["epoch"]


async def carts_heard(tx: Tx, group: str, since: datetime, epoch: int) -> None:
    await tx.execute(
        """INSERT INTO carts_heard AS c (group_name, since, epoch) VALUES ($1, $2, $3)
           ON CONFLICT (group_name) DO UPDATE SET since = excluded.since, epoch = greatest(c.epoch, excluded.epoch)""",
        group,
        since,
        epoch,
    )


async def tenures(db: Db) -> dict[str, int]:
    """Service → the newest tenure it told of, as far as our facts were followed."""
    return {row["service"]: row["epoch"] for row in await db.fetch("SELECT service, epoch FROM tenure_heard")}


async def next_of(db: Db, group: str, limit: int) -> list[Due]:
    """What to write back now, what changed first going first."""
    rows = await db.fetch(
        """SELECT kind, id, heard, tries FROM due_back WHERE group_name = $1 AND next_at <= shop_now()
           ORDER BY told_at, kind, id LIMIT $2""",
        group,
        limit,
    )
    return [Due(*row) for row in rows]


async def done(tx: Tx, written: Sequence[Due]) -> None:
    """These are back as they were when they were read; what changed since stays due."""
    await tx.execute(
        """DELETE FROM due_back d USING unnest($1::text[], $2::text[], $3::bigint[]) AS t(kind, id, heard)
           WHERE d.kind = t.kind AND d.id = t.id AND d.heard = t.heard""",
        [each.kind for each in written],
        [each.id for each in written],
        [each.heard for each in written],
    )


async def later(tx: Tx, due: Iterable[Due], seconds: float) -> None:
    """Try these again after so many seconds."""
    for each in due:
        await tx.execute(
            """UPDATE due_back SET tries = tries + 1, next_at = shop_now() + make_interval(secs => $4)
               WHERE kind = $1 AND id = $2 AND heard = $3""",
            each.kind,
            each.id,
            each.heard,
            seconds,
        )


async def coming(db: Db, sold: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these (SKU, product) those that the legacy shop does not have yet, and that nothing keeps from going back."""
    pairs = sorted(sold)
    rows = await db.fetch(
        """SELECT sku, product FROM unnest($1::text[], $2::text[]) AS sold (sku, product)
           WHERE EXISTS (SELECT FROM identity WHERE kind = 'sku')
             AND NOT EXISTS (SELECT FROM identity i WHERE i.kind = 'sku' AND i.id = sku)
             AND NOT EXISTS (SELECT FROM quarantine q WHERE q.kind = 'product' AND q.key = product AND q.table_name = $3
                             AND q.state <> 'solved')""",
        [sku for sku, _ in pairs],
        [product for _, product in pairs],
        WAY_BACK,
    )
    return {(row["sku"], row["product"]) for row in rows}


async def forget(tx: Tx, group: str) -> int:
    """Nothing of this group goes back any more."""
    return await tx.execute("DELETE FROM due_back WHERE group_name = $1", group)


async def solve(tx: Tx, kind: str, keys: Sequence[str]) -> int:
    """Records that could not go back are back, or changed so that they can."""
    return await tx.execute(
        """UPDATE quarantine SET state = 'solved', ended_at = shop_now(), waived_by = NULL, waived_because = NULL
           WHERE kind = $1 AND key = ANY($2) AND table_name = $3 AND state <> 'solved'""",
        kind,
        list(keys),
        WAY_BACK,
    )


async def flagged(db: Db, group: str) -> list[Row]:
    """What the legacy shop cannot hold and nobody has answered for."""
    return await db.fetch(
        """SELECT id, kind, key, why, found_at FROM quarantine
           WHERE group_name = $1 AND table_name = $2 AND state = 'open' ORDER BY found_at""",
        group,
        WAY_BACK,
    )


async def lag(db: Db, group: str) -> Lag:
    row = await db.fetchrow(
        """SELECT count(*) AS due, count(*) FILTER (WHERE tries > 0) AS waiting,
               coalesce(greatest(max(extract(epoch FROM shop_now() - told_at)), 0), 0)::float AS oldest
           FROM due_back WHERE group_name = $1""",
        group,
    )
    flags = await db.fetchrow(
        """SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'waived') AS waived
           FROM quarantine WHERE group_name = $1 AND table_name = $2""",
        group,
        WAY_BACK,
    )
    assert row is not None
    assert flags is not None
    return Lag(row["due"], row["oldest"], row["waiting"], flags["open"], flags["waived"])


async def next_keys(db: Db) -> dict[str, int]:
    """Table → the next legacy key that would be given out for it, of those for which any ever was."""
    return {row["name"]: row["next"] for row in await db.fetch("SELECT name, next FROM sequence")}

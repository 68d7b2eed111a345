"""Dual write: writes that gateways told of, the row changes to look back at, and what comparing them showed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banyan.contracts.moving import Written
from banyan.foundation.db import Db, Row, Tx
from banyan.move.storage.checkpoints import BINLOG

KEPT_EXAMPLES = 20
"""Of each door and field."""
_HISTORY = "1 day"  # for which row changes are kept
_KNOWN = "7 days"  # for which a request that is told again is known


@dataclass(frozen=True, slots=True)
class Kept:
    """A row change of an aggregate; images as packed by rows.pack, None for a row that is not there."""

    kind: str
    key: str
    at: int
    table: str
    row_key: bytes
    before: bytes | None
    after: bytes | None


async def begin(tx: Tx, group: str) -> bool:
    """Keep the group's row changes from the log's position of now on. False when nothing is followed yet.

    Whoever applies the log moves the checkpoint first and looks for groups of this mode then, so none is missed.
    """
    at = await tx.fetchval("SELECT at FROM checkpoint WHERE stream = $1 FOR UPDATE", BINLOG)
    if at is None:
        return False
    await tx.execute("UPDATE groups SET mode = 'dual', changed_at = shop_now() WHERE name = $1", group)
    await tx.execute(
        """INSERT INTO dual_group (group_name, since) VALUES ($1, $2)
           ON CONFLICT (group_name) DO UPDATE SET since = excluded.since, began_at = shop_now()""",
        group,
        at,
    )
    return True


async def end(tx: Tx, group: str) -> None:
    await tx.execute("UPDATE groups SET mode = 'stream', changed_at = shop_now() WHERE name = $1", group)


async def kept_groups(tx: Db | Tx) -> frozenset[str]:
    """Groups whose row changes are kept: of the mode, or with writes that are yet to be compared."""
    rows = await tx.fetch(
        """SELECT name FROM groups WHERE mode = 'dual'
           UNION SELECT group_name FROM dual_write WHERE fate IS NULL"""
    )
    return frozenset(row["name"] for row in rows)


async def keep(tx: Tx, changes: Sequence[Kept]) -> None:
    await tx.execute(
        """INSERT INTO dual_change (kind, key, at, tbl, row_key, before, after)
           SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[])""",
        *([getattr(change, name) for change in changes] for name in Kept.__slots__),
    )


async def hear(tx: Tx, writes: Iterable[Written]) -> int:
    """Write down what is new of these; how many that are."""
    new = 0
    for each in writes:
        said = each.model_dump(include={"target", "form", "session"})
        new += await tx.execute(
            """INSERT INTO dual_write (id, group_name, route, door, began_at, ended_at, place, answer, said)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING""",
            each.id,
            each.group,
            each.route,
            each.door,
            each.began,
            each.ended,
            each.place,
            each.answer,
            said,
        )
    return new


async def unkept(tx: Tx, told: dict[str, int]) -> None:
    """So many writes of these groups a gateway had no room to keep."""
    await tx.executemany(
        """INSERT INTO dual_count AS c (group_name, door, unkept) VALUES ($1, '', $2)
           ON CONFLICT (group_name, door) DO UPDATE SET unkept = c.unkept + excluded.unkept""",
        list(told.items()),
    )


async def unplaced(db: Db | Tx) -> list[str]:
    """Ids of writes of which it is not known yet where the log ended after them."""
    return [row["id"] for row in await db.fetch("SELECT id FROM dual_write WHERE fate IS NULL AND until_at IS NULL")]


async def place(db: Db | Tx, ids: Sequence[str], at: int) -> None:
    await db.execute("UPDATE dual_write SET until_at = $2 WHERE id = ANY($1) AND until_at IS NULL", list(ids), at)


async def ready(db: Db | Tx, limit: int) -> list[Row]:
    """Writes to be compared whose effects are all in the mirror, in the order of their answers."""
    return await db.fetch(
        """SELECT w.*, g.since, g.began_at AS mode_since FROM dual_write w JOIN checkpoint c ON c.stream = $2
           LEFT JOIN dual_group g USING (group_name)
           WHERE w.fate IS NULL AND w.until_at <= c.at ORDER BY w.until_at, w.ended_at, w.place LIMIT $1""",
        limit,
        BINLOG,
    )


async def behind(db: Db | Tx, ended: datetime) -> bool:
    """Whether there are writes that began before a moment and whose effects are not all in the mirror yet."""
    found: bool = await db.fetchval(
        """SELECT EXISTS (SELECT FROM dual_write w JOIN checkpoint c ON c.stream = $2
               WHERE w.fate IS NULL AND w.began_at <= $1 AND (w.until_at IS NULL OR w.until_at > c.at))""",
        ended,
        BINLOG,
    )
    return found


async def changes_of(db: Db | Tx, kind: str, key: str) -> list[Row]:
    """Every row change that is kept of an aggregate, the first one first."""
    return await db.fetch(
        """SELECT number, at, tbl, row_key, before, after, applied_at FROM dual_change
           WHERE kind = $1 AND key = $2 ORDER BY number""",
        kind,
        key,
    )


async def new_rows(db: Db | Tx, kind: str, table: str, since: datetime, until: int) -> list[Row]:
    """Rows (key, after) that were added to a table after a moment and up to a position."""
    return await db.fetch(
        """SELECT key, after FROM dual_change
           WHERE kind = $1 AND tbl = $2 AND before IS NULL AND applied_at >= $3 AND at <= $4 ORDER BY number""",
        kind,
        table,
        since,
        until,
    )


async def row_before(db: Db | Tx, table: str, row_key: bytes, at: int) -> bytes | None:
    """A row as it was at a position of the log, or as it came soon after; None where it has not changed since."""
    found: bytes | None = await db.fetchval(
        """SELECT before FROM dual_change WHERE tbl = $1 AND row_key = $2 AND at > $3 AND before IS NOT NULL
           ORDER BY number LIMIT 1""",
        table,
        row_key,
        at,
    )
    return found


async def judged_to(db: Db | Tx, kind: str, key: str) -> int:
    """The position up to which an aggregate's changes were given to writes already; 0 for none."""
    return await db.fetchval("SELECT at FROM dual_judged WHERE kind = $1 AND key = $2", kind, key) or 0


async def judged(tx: Tx, kind: str, key: str, at: int) -> None:
    await tx.execute(
        """INSERT INTO dual_judged AS j (kind, key, at) VALUES ($1, $2, $3)
           ON CONFLICT (kind, key) DO UPDATE SET at = greatest(j.at, excluded.at), judged_at = shop_now()""",
        kind,
        key,
        at,
    )


async def settle(tx: Tx, id: str, fate: str, whose: str) -> bool:
    """A write has this fate, and what was sent is forgotten. False when it had one already: then nothing is counted."""
    row = await tx.fetchrow(
        """UPDATE dual_write SET fate = $2, said = NULL, whose = $3 WHERE id = $1 AND fate IS NULL
           RETURNING group_name, door""",
        id,
        fate,
        whose,
    )
    if row is None:
        return False
    counts = [int(fate == name) for name in ("equal", "different", "not_done", "unclear", "not_played")]
    await tx.execute(
        """INSERT INTO dual_count AS c (group_name, door, written, equal, different, not_done, unclear, not_played)
           VALUES ($1, $2, 1, $3, $4, $5, $6, $7)
           ON CONFLICT (group_name, door) DO UPDATE SET written = c.written + 1, equal = c.equal + excluded.equal,
               different = c.different + excluded.different, not_done = c.not_done + excluded.not_done,
               unclear = c.unclear + excluded.unclear, not_played = c.not_played + excluded.not_played""",
        row["group_name"],
        row["door"],
        *counts,
    )
    return True


async def disturbed(db: Db | Tx, whose: str, began: datetime, ended: datetime, slack: float) -> bool:
    """Whether a write that is not played was under way for the same shopper at that time."""
    found: bool = await db.fetchval(
        """SELECT EXISTS (SELECT FROM dual_write WHERE fate = 'not_played' AND whose = $1
               AND ended_at >= $2::timestamptz - $4 * interval '1 second' AND began_at <= $3)""",
        whose,
        began,
        ended,
        slack,
    )
    return found


async def differ(tx: Tx, group: str, door: str, field: str, how: str, *, kind: str, key: str, request: str) -> bool:
    """Count a field that differs and keep it as an example, the last few only. Whether it is the field's first."""
    count = await tx.fetchval(
        """INSERT INTO dual_field AS f (group_name, door, field, count) VALUES ($1, $2, $3, 1)
           ON CONFLICT (group_name, door, field) DO UPDATE SET count = f.count + 1 RETURNING count""",
        group,
        door,
        field,
    )
    await tx.execute(
        """INSERT INTO dual_example (group_name, door, field, how, kind, key, request)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        group,
        door,
        field,
        how,
        kind,
        key,
        request,
    )
    await tx.execute(
        """DELETE FROM dual_example WHERE group_name = $1 AND door = $2 AND field = $3 AND number <= (
               SELECT number FROM dual_example WHERE group_name = $1 AND door = $2 AND field = $3
               ORDER BY number DESC OFFSET $4 LIMIT 1)""",
        group,
        door,
        field,
        KEPT_EXAMPLES,
    )
    return bool(count == 1)


async def forget(tx: Tx) -> None:
    """Row changes and requests that nothing will ask for any more."""
    await tx.execute(
        f"""DELETE FROM dual_change WHERE applied_at < least(shop_now() - interval '{_HISTORY}',
                (SELECT min(began_at) FROM dual_write WHERE fate IS NULL))"""
    )
    await tx.execute(f"DELETE FROM dual_write WHERE fate IS NOT NULL AND heard_at < shop_now() - interval '{_KNOWN}'")
    await tx.execute(f"DELETE FROM dual_judged WHERE judged_at < shop_now() - interval '{_KNOWN}'")


async def counts(db: Db | Tx, group: str) -> list[Row]:
    return await db.fetch(
        """SELECT door, written, equal, different, not_done, unclear, not_played, unkept FROM dual_count
           WHERE group_name = $1 ORDER BY door""",
        group,
    )


async def fields(db: Db | Tx, group: str) -> list[Row]:
    return await db.fetch("SELECT door, field, count FROM dual_field WHERE group_name = $1 ORDER BY door, field", group)


async def examples(db: Db | Tx, group: str) -> list[Row]:
    return await db.fetch(
        """SELECT door, field, how, kind, key, request, at FROM dual_example WHERE group_name = $1
           ORDER BY number DESC""",
        group,
    )


async def waiting(db: Db | Tx, group: str) -> int:
    """Writes that were told of and are yet to be compared."""
    count: int = await db.fetchval("SELECT count(*) FROM dual_write WHERE group_name = $1 AND fate IS NULL", group)
    return count


async def since(db: Db | Tx, group: str) -> datetime | None:
    found: datetime | None = await db.fetchval("SELECT began_at FROM dual_group WHERE group_name = $1", group)
    return found

"""What has been compared and what was found: a row is verified when it was compared after its last change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banyan.foundation.db import Db, Row, Tx
from banyan.move.storage import covered
from banyan.move.storage.covered import is_open, partition


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a group's mirror is known to equal the source. `oldest_seconds`: age of the oldest unverified change."""

    rows: int
    unverified: int
    oldest_seconds: float = 0.0

    @property
    def percent(self) -> float:
        """Rounded down: 100 only when nothing is left."""
        return int(10_000 * (self.rows - self.unverified) / self.rows) / 100 if self.rows else 100.0

    def words(self) -> str:
        """As status shows it."""
        rest = f", oldest unverified {self.oldest_seconds:.0f} s" if self.unverified else ""
        return f"{self.percent:g} % of {self.rows} rows verified after their last change{rest}"


async def begin(tx: Tx, number: int) -> None:
    """Make a table's unverified rows quick to find."""
    name = partition(number)
    await tx.execute(f"CREATE INDEX IF NOT EXISTS {name}_open ON {name} (at, key) WHERE checked < at")
    await tx.execute(f"DROP INDEX IF EXISTS {name}_at")  # of earlier versions
    await tx.execute("INSERT INTO verification (tbl) VALUES ($1) ON CONFLICT (tbl) DO NOTHING", number)


async def verified_at(db: Db | Tx, number: int) -> int:
    found: int | None = await db.fetchval("SELECT verified_at FROM verification WHERE tbl = $1", number)
    return found or 0


async def passed(tx: Tx, number: int, at: int) -> None:
    """A whole pass that began at `at` is over; rows that differed have an open finding."""
    await covered.begin(tx, number)
    await tx.execute(
        """INSERT INTO verification AS v (tbl, verified_at, verified_on) VALUES ($1, $2, shop_now())
           ON CONFLICT (tbl) DO UPDATE SET verified_at = greatest(v.verified_at, excluded.verified_at),
               verified_on = excluded.verified_on""",
        number,
        at,
    )
    await covered.passed(tx, number)


async def unverified(db: Db | Tx, number: int, limit: int, *, after: tuple[int, bytes] = (-1, b"")) -> list[Row]:
    """Rows (key, image, at) that changed since they were last compared, oldest change first."""
    return await db.fetch(
        f"""SELECT m.key, m.image, m.at FROM {partition(number)} m
            WHERE m.at > coalesce((SELECT verified_at FROM verification WHERE tbl = {number:d}), 0)
              AND m.checked < m.at AND (m.at, m.key) > ($1, $2) ORDER BY m.at, m.key LIMIT $3""",
        *after,
        limit,
    )


async def count(db: Db | Tx, number: int) -> int:
    """Rows in a table's mirror."""
    found: int = await db.fetchval(f"SELECT count(*) FROM {partition(number)}")
    return found


async def rows_of(db: Db | Tx, number: int, keys: Sequence[bytes]) -> dict[bytes, Row]:
    """Rows (key, image, at) by their keys."""
    rows = await db.fetch(f"SELECT key, image, at FROM {partition(number)} WHERE key = ANY($1)", list(keys))
    return {row["key"]: row for row in rows}


async def checked(tx: Tx, number: int, rows: Sequence[tuple[bytes, int]]) -> None:
    """These rows equal the source as of that change; one that changed since stays unverified."""
    name = partition(number)
    await covered.begin(tx, number)
    await tx.execute(
        f"""WITH was AS (
                SELECT FROM {name} m JOIN unnest($1::bytea[], $2::bigint[]) AS c(key, at) ON m.key = c.key AND m.at = c.at
                WHERE {is_open(number, "m")}),
            done AS (
                UPDATE {name} m SET checked = c.at FROM unnest($1::bytea[], $2::bigint[]) AS c(key, at)
                WHERE m.key = c.key AND m.at = c.at)
            UPDATE covered SET unverified = unverified - (SELECT count(*) FROM was) WHERE tbl = {number:d}""",
        [key for key, _ in rows],
        [at for _, at in rows],
    )


async def coverage(db: Db | Tx, numbers: Sequence[int]) -> Coverage:
    """Of these tables together, by what was counted as it changed. The oldest change of a table that nobody has begun to
    compare counts as of the beginning of its copy."""
    rows = open_ = 0
    oldest: int | None = None
    for row in await covered.read(db, numbers):
        rows, open_ = rows + row["rows"], open_ + row["unverified"]
        if not row["unverified"]:
            continue
        begun = row["verified_at"] is not None
        at = await covered.oldest(db, row["tbl"]) if begun else row["copy_from"]
        if at is not None:
            oldest = at if oldest is None else min(oldest, at)
    return Coverage(rows, open_, 0.0 if oldest is None else await _age(db, oldest))


async def _age(db: Db | Tx, at: int) -> float:
    """Seconds since the stream was at `at`, as far back as moments were kept."""
    seconds: float | None = await db.fetchval(
        """SELECT extract(epoch FROM shop_now() - coalesce(
               (SELECT seen_at FROM moment WHERE at <= $1 ORDER BY at DESC LIMIT 1),
               (SELECT min(seen_at) FROM moment)))::float""",
        at,
    )
    return max(0.0, seconds or 0.0)


async def moment(tx: Tx, at: int) -> None:
    """The stream is at `at` now."""
    await tx.execute("INSERT INTO moment (at) VALUES ($1) ON CONFLICT DO NOTHING", at)
    await tx.execute("DELETE FROM moment WHERE seen_at < shop_now() - interval '1 day'")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not equal. `table` is empty where a record differs from what its service holds."""

    group: str
    kind: str
    key: str
    what: str
    table: str = ""
    row_key: bytes | None = None  # packed


async def found(tx: Tx, findings: Sequence[Finding]) -> None:
    """Keep what was found; what is open already is kept once, with its newest words."""
    await tx.executemany(
        """INSERT INTO finding (group_name, kind, key, what, table_name, row_key) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (kind, key, table_name) WHERE repaired_at IS NULL DO UPDATE SET what = excluded.what""",
        [(each.group, each.kind, each.key, each.what, each.table, each.row_key) for each in findings],
    )


async def open_findings(db: Db | Tx, group: str, limit: int = 10_000) -> list[Row]:
    return await db.fetch(
        """SELECT number, group_name, kind, key, what, table_name, row_key, found_at FROM finding
           WHERE group_name = $1 AND repaired_at IS NULL ORDER BY number LIMIT $2""",
        group,
        limit,
    )


async def count_open(db: Db | Tx, group: str) -> int:
    count: int = await db.fetchval("SELECT count(*) FROM finding WHERE group_name = $1 AND repaired_at IS NULL", group)
    return count


async def repaired(tx: Tx, numbers: Sequence[int], how: str) -> None:
    """What was found is mended, in this transaction; `how` is kept beside it."""
    await tx.execute(
        "UPDATE finding SET repaired_at = shop_now(), repair = $2 WHERE number = ANY($1)", list(numbers), how
    )


async def records_checked(tx: Tx, kind: str, count: int, books: dict[str, Any]) -> None:
    await tx.execute(
        """INSERT INTO record_check VALUES ($1, $2, shop_now(), $3)
           ON CONFLICT (kind) DO UPDATE SET checked = excluded.checked, ended_at = excluded.ended_at,
               books = excluded.books""",
        kind,
        count,
        books,
    )


async def is_due(db: Db | Tx, kind: str, keys: Sequence[str]) -> set[str]:
    """Those of these aggregates that are yet to be told to their service, or wait in quarantine."""
    rows = await db.fetch(
        """SELECT key FROM due WHERE kind = $1 AND key = ANY($2)
           UNION SELECT key FROM quarantine WHERE kind = $1 AND key = ANY($2) AND state <> 'solved'""",
        kind,
        list(keys),
    )
    return {row["key"] for row in rows}


async def is_due_back(db: Db | Tx, kind: str, ids: Sequence[str]) -> set[str]:
    """Those of our records that are yet to be written back."""
    rows = await db.fetch("SELECT id FROM due_back WHERE kind = $1 AND id = ANY($2)", kind, list(ids))
    return {row["id"] for row in rows}


async def keys_of_kind(db: Db | Tx, numbers: Sequence[int], after: str, limit: int) -> list[str]:
    """Keys of aggregates that have a row in these tables, in order."""
    each = " UNION ".join(
        f"(SELECT DISTINCT parent FROM {partition(number)} WHERE parent > $1 ORDER BY parent LIMIT $2)"
        for number in numbers
    )
    rows = await db.fetch(f"SELECT parent FROM ({each}) AS p(parent) ORDER BY parent LIMIT $2", after, limit)
    return [row["parent"] for row in rows]

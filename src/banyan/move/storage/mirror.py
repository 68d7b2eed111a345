"""The mirror: every legacy row byte for byte, a partition per table, and the changes that wait until a copy is whole."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from banyan.foundation.db import Db, Row, Tx
from banyan.move.rows import unpack
from banyan.move.storage import covered
from banyan.move.storage.covered import is_open
from banyan.move.storage.covered import partition as partition

COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TAIL = b"\xff\xff"
COPIED = ("tbl", "key", "parent", "image", "at")
"""The columns of a copied row, in the order of its binary COPY fields."""
LONGEST_KEY = 2000
"""Bytes of a key that PostgreSQL can index for sure (a third of a page is 2,704)."""
# How the counts change where the rows `was` are gone, and where those of `put` (new ones among them) took their place.
_LESS = """UPDATE covered SET rows = rows - (SELECT count(*) FROM was),
    unverified = unverified - (SELECT count(*) FROM was WHERE open)"""
_COUNTED = """UPDATE covered SET rows = rows + (SELECT count(*) FROM put) - (SELECT count(*) FROM was),
    unverified = unverified + (SELECT count(*) FROM put WHERE open) - (SELECT count(*) FROM was WHERE open)"""


def words(key: bytes) -> str:
    """A packed key for people: its values with slashes between."""
    values = ["NULL" if value is None else value.decode("utf-8", "backslashreplace") for value in unpack(key)]
    return "/".join(values).replace("\x00", "\\x00")[:500]


def too_long(table: str, key: bytes) -> str:
    """Why a row with this key cannot be kept."""
    return (
        f"{table}: the key {words(key)[:40]}… is {len(key)} bytes long and the longest that can be kept is "
        f"{LONGEST_KEY}; shorten it in the legacy shop"
    )


async def make(tx: Tx, number: int) -> None:
    """The partition of a table."""
    await tx.execute(f"CREATE TABLE IF NOT EXISTS {partition(number)} PARTITION OF mirror FOR VALUES IN ({number:d})")
    await covered.make(tx, number)


async def copy_in(tx: Tx, number: int, source: AsyncIterator[bytes]) -> int:
    """Rows as pieces of PostgreSQL's binary COPY format, head and tail included; how many they were."""
    status = await tx.con.copy_to_table(
        partition(number), columns=list(COPIED), format="binary", source=source, timeout=600
    )
    rows = int(status.rsplit(" ", 1)[-1])
    await covered.more(tx, number, rows)
    return rows


async def index_parents(tx: Tx, number: int) -> None:
    """Make the rows of an aggregate quick to find. Done once the copy is whole: copying is quicker without."""
    name = partition(number)
    await tx.execute(f"CREATE INDEX IF NOT EXISTS {name}_parent ON {name} (parent) WHERE parent IS NOT NULL")


async def empty(tx: Tx, number: int) -> None:
    """Forget every row of a table, and what waits for its copy."""
    await covered.begin(tx, number)
    await tx.execute(f"DROP INDEX IF EXISTS {partition(number)}_parent")
    await tx.execute(f"TRUNCATE {partition(number)}")
    await tx.execute("DELETE FROM pending WHERE tbl = $1", number)
    await tx.execute("DELETE FROM verification WHERE tbl = $1", number)
    await covered.nothing(tx, number)


async def forget(tx: Tx, number: int) -> None:
    """Forget every row of a table that is live."""
    await covered.begin(tx, number)
    await tx.execute(f"TRUNCATE {partition(number)}")
    await covered.nothing(tx, number)


@dataclass(slots=True)
class Writes:
    """New rows and deletions of one table, each key once."""

    keys: list[bytes] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)
    images: list[bytes | None] = field(default_factory=list)
    ats: list[int] = field(default_factory=list)

    def put(self, key: bytes, parent: str | None, image: bytes | None, at: int) -> None:
        self.keys.append(key)
        self.parents.append(parent)
        self.images.append(image)
        self.ats.append(at)


async def upsert(tx: Tx, number: int, rows: Writes) -> None:
    """Write rows; one that is older than what is there changes nothing."""
    name = partition(number)
    await covered.begin(tx, number)
    await tx.execute(
        f"""WITH was AS (
                SELECT {is_open(number, "m")} AS open FROM {name} m
                JOIN unnest($1::bytea[], $4::bigint[]) AS n(key, at) ON m.key = n.key WHERE m.at <= n.at),
            put AS (
                INSERT INTO {name} AS m (tbl, key, parent, image, at)
                SELECT {number:d}, key, parent, image, at
                FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[]) AS n(key, parent, image, at)
                ON CONFLICT (tbl, key) DO UPDATE SET parent = excluded.parent, image = excluded.image, at = excluded.at
                WHERE m.at <= excluded.at RETURNING {is_open(number, "m")} AS open)
            {_COUNTED} WHERE tbl = {number:d}""",
        rows.keys,
        rows.parents,
        rows.images,
        rows.ats,
    )


async def delete(tx: Tx, number: int, rows: Writes) -> None:
    """Delete rows, unless what is there is newer."""
    name = partition(number)
    await covered.begin(tx, number)
    await tx.execute(
        f"""WITH was AS (
                DELETE FROM {name} m USING unnest($1::bytea[], $2::bigint[]) AS n(key, at)
                WHERE m.tbl = {number:d} AND m.key = n.key AND m.at <= n.at RETURNING {is_open(number, "m")} AS open)
            {_LESS} WHERE tbl = {number:d}""",
        rows.keys,
        rows.ats,
    )


async def hold(tx: Tx, number: int, rows: Writes) -> None:
    """Keep the newest change of each key until the table's copy is whole; a None image is a deletion."""
    await tx.execute(
        """INSERT INTO pending AS p (tbl, key, parent, image, at)
           SELECT $1, key, parent, image, at
           FROM unnest($2::bytea[], $3::text[], $4::bytea[], $5::bigint[]) AS n(key, parent, image, at)
           ON CONFLICT (tbl, key) DO UPDATE SET parent = excluded.parent, image = excluded.image, at = excluded.at
           WHERE p.at <= excluded.at""",
        number,
        rows.keys,
        rows.parents,
        rows.images,
        rows.ats,
    )


async def lay_over(tx: Tx, number: int) -> None:
    """Put what waited over the copied rows: later changes win over whatever a chunk saw, deletions included."""
    name = partition(number)
    await covered.begin(tx, number)
    await tx.execute(
        f"""WITH was AS (
                DELETE FROM {name} m USING pending p WHERE p.tbl = {number:d} AND p.image IS NULL AND m.key = p.key
                RETURNING {is_open(number, "m")} AS open)
            {_LESS} WHERE tbl = {number:d}"""
    )
    await tx.execute(
        f"""WITH was AS (
                SELECT {is_open(number, "m")} AS open FROM {name} m JOIN pending p ON m.key = p.key
                WHERE p.tbl = {number:d} AND p.image IS NOT NULL AND m.at <= p.at),
            put AS (
                INSERT INTO {name} AS m (tbl, key, parent, image, at)
                SELECT tbl, key, parent, image, at FROM pending WHERE tbl = {number:d} AND image IS NOT NULL
                ON CONFLICT (tbl, key) DO UPDATE SET parent = excluded.parent, image = excluded.image, at = excluded.at
                WHERE m.at <= excluded.at RETURNING {is_open(number, "m")} AS open)
            {_COUNTED} WHERE tbl = {number:d}"""
    )
    await tx.execute("DELETE FROM pending WHERE tbl = $1", number)


async def of_parents(db: Db | Tx, number: int, parents: Sequence[str]) -> list[Row]:
    """Rows (parent, image) that belong to these aggregates, by key."""
    return await db.fetch(
        f"SELECT parent, image FROM {partition(number)} WHERE parent = ANY($1) ORDER BY key", list(parents)
    )


async def all_of(db: Db | Tx, number: int) -> list[bytes]:
    """Every row of a table, by key: for small ones."""
    return [row["image"] for row in await db.fetch(f"SELECT image FROM {partition(number)} ORDER BY key")]


async def image(db: Db | Tx, number: int, key: bytes) -> bytes | None:
    found: bytes | None = await db.fetchval(f"SELECT image FROM {partition(number)} WHERE key = $1", key)
    return found


async def at(db: Db | Tx, number: int, key: bytes) -> int | None:
    """The last change of a row; None where there is no such row."""
    found: int | None = await db.fetchval(f"SELECT at FROM {partition(number)} WHERE key = $1", key)
    return found


async def page(db: Db | Tx, number: int, after: bytes, limit: int) -> list[Row]:
    """Rows (key, image) beyond a key, by key."""
    return await db.fetch(
        f"SELECT key, image FROM {partition(number)} WHERE key > $1 ORDER BY key LIMIT $2", after, limit
    )


async def digest(db: Db | Tx, number: int) -> tuple[int, str]:
    """How many rows, and a digest of all keys and images: the same for the same rows, whatever order they came in."""
    row = await db.fetchrow(
        f"""SELECT count(*) AS rows, coalesce(sum(('x' || left(encode(sha256(
                int4send(length(key)) || key || image), 'hex'), 16))::bit(64)::bigint::numeric), 0)::text AS sum
            FROM {partition(number)}"""
    )
    assert row is not None
    return row["rows"], row["sum"]


async def last_key(db: Db | Tx, number: int) -> bytes | None:
    """The greatest packed key; of whole numbers above zero, that is the greatest number."""
    found: bytes | None = await db.fetchval(f"SELECT key FROM {partition(number)} ORDER BY tbl DESC, key DESC LIMIT 1")
    return found

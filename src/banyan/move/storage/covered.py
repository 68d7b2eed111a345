"""How many rows each table's mirror has, and how many are yet to be compared: kept in the transaction of what changes it.

Whoever writes a partition takes its row here first (`begin`), so that what was there before is known for sure; then says
with each write by how much the counts change.
"""

from collections.abc import Sequence

from banyan.foundation.db import Db, Row, Tx


def partition(number: int) -> str:
    return f"mirror_{number:d}"


def floor(number: int) -> str:
    """Where the stream was when the last whole pass over a table began; below zero before the first."""
    return f"coalesce((SELECT verified_at FROM verification WHERE tbl = {number:d}), -1)"


def is_open(number: int, alias: str) -> str:
    """The condition on a row of this table that it is yet to be compared."""
    return f"{alias}.checked < {alias}.at AND {alias}.at > {floor(number)}"


async def make(tx: Tx, number: int) -> None:
    """A table without rows."""
    await tx.execute("INSERT INTO covered (tbl) VALUES ($1) ON CONFLICT DO NOTHING", number)


async def begin(tx: Tx, number: int) -> None:
    """From here to the end of this transaction nobody else writes the table's mirror."""
    await tx.execute("SELECT FROM covered WHERE tbl = $1 FOR UPDATE", number)


async def nothing(tx: Tx, number: int) -> None:
    """The table has no rows any more."""
    await tx.execute("UPDATE covered SET rows = 0, unverified = 0 WHERE tbl = $1", number)


async def more(tx: Tx, number: int, rows: int) -> None:
    """So many rows came that nobody has compared."""
    await tx.execute("UPDATE covered SET rows = rows + $2, unverified = unverified + $2 WHERE tbl = $1", number, rows)


async def passed(tx: Tx, number: int) -> None:
    """A whole pass was written down: what is left are the rows that changed since it began, found by their index."""
    await tx.execute(
        f"""UPDATE covered SET unverified =
                (SELECT count(*) FROM {partition(number)} m WHERE {is_open(number, "m")}) WHERE tbl = $1""",
        number,
    )


async def read(db: Db | Tx, numbers: Sequence[int]) -> list[Row]:
    """Of these tables: rows, unverified, and the last whole pass (None before the first) or where the copy began."""
    return await db.fetch(
        """SELECT c.tbl, c.rows, c.unverified, v.verified_at, t.copy_from FROM covered c
           JOIN legacy_table t ON t.number = c.tbl LEFT JOIN verification v ON v.tbl = c.tbl
           WHERE c.tbl = ANY($1)""",
        list(numbers),
    )


async def oldest(db: Db | Tx, number: int) -> int | None:
    """Where the log was at the oldest change that is yet to be compared; by the index of such rows (`checks.begin`)."""
    found: int | None = await db.fetchval(
        f"SELECT m.at FROM {partition(number)} m WHERE {is_open(number, 'm')} ORDER BY m.at LIMIT 1"
    )
    return found

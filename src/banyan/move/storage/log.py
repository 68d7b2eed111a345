"""What was decided and done, with numbers; only ever added to."""

from typing import Any

from banyan.foundation.db import Db, Row, Tx


async def add(tx: Tx, what: str, *, group: str | None = None, who: str = "banyan", **numbers: Any) -> None:
    await tx.execute(
        "INSERT INTO log (group_name, what, who, numbers) VALUES ($1, $2, $3, $4)", group, what, who, numbers
    )


async def read(db: Db | Tx, group: str | None = None, *, after: int = 0, limit: int = 1000) -> list[Row]:
    """Entries of one group (and those of no group) or of all, in order."""
    return await db.fetch(
        """SELECT number, at, group_name, what, who, numbers FROM log
           WHERE number > $2 AND ($1::text IS NULL OR group_name = $1 OR group_name IS NULL)
           ORDER BY number LIMIT $3""",
        group,
        after,
        limit,
    )


async def newest(db: Db | Tx, group: str, *, before: int | None = None, limit: int = 100) -> list[Row]:
    """Entries of one group, and those of no group, from the newest on, or from the one before `before`."""
    return await db.fetch(
        """SELECT number, at, group_name, what, who, numbers FROM log
           WHERE (group_name = $1 OR group_name IS NULL) AND ($2::bigint IS NULL OR number < $2)
           ORDER BY number DESC LIMIT $3""",
        group,
        before,
        limit,
    )

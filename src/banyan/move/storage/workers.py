"""Gateway workers and their leases: who may route, and who has reported that it holds a group's writes."""

from dataclasses import dataclass

from banyan.foundation.db import Db


@dataclass(frozen=True, slots=True)
class Worker:
    """`left`: seconds until its lease runs out, negative when it has."""

    id: str
    left: float
    held: dict[str, int]


async def read(db: Db) -> list[Worker]:
    rows = await db.fetch(
        "SELECT id, held, extract(epoch FROM until - shop_now())::float AS left FROM worker ORDER BY id"
    )
    return [Worker(row["id"], row["left"], row["held"]) for row in rows]


async def slowest(db: Db, group: str) -> float:
    """Seconds that the slowest of a group's writes took of late, or is under way already, at any worker with a lease."""
    return float(
        await db.fetchval(
            "SELECT coalesce(max((slowest ->> $1)::float), 0) FROM worker WHERE until > shop_now()", group
        )
    )


async def not_holding(db: Db, group: str, epoch: int) -> list[Worker]:
    """Workers with a lease that have not reported, for the hold of this epoch, that none of the group's writes is under way.

    The lock waits for every report that began before the hold was written down, and every report after it hears of it:
    so a worker that comes new at this moment is not overlooked.
    """
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE worker IN SHARE MODE")
        rows = await tx.fetch(
            """SELECT id, held, extract(epoch FROM until - shop_now())::float AS left FROM worker
               WHERE until > shop_now() AND coalesce((held ->> $1)::bigint, 0) < $2 ORDER BY id""",
            group,
            epoch,
        )
    return [Worker(row["id"], row["left"], row["held"]) for row in rows]

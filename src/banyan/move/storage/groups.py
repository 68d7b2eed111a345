"""Groups: one durable row each, the only truth of who owns what changes hands together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Db, Row, Tx


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is written down."""

    name: str
    state: str
    owner: str
    epoch: int
    mode: str
    step: str | None
    attempt: str | None
    deadline: datetime | None
    fence_at: int | None
    way_back_from: str | None
    holding: bool
    weight: int
    weight_goal: int
    shadow: int
    changed_at: datetime
    owned_since: datetime | None
    rehearsed_at: datetime | None
    way_back_until: datetime | None


_COLUMNS = ", ".join(Group.__slots__)


def _group(row: Row) -> Group:
    return Group(*(row[name] for name in Group.__slots__))


async def plan(tx: Tx, names: Iterable[str]) -> None:
    """Write down groups that are new, as planned."""
    await tx.executemany("INSERT INTO groups (name) VALUES ($1) ON CONFLICT DO NOTHING", [(name,) for name in names])


async def read(db: Db | Tx) -> dict[str, Group]:
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM groups ORDER BY name")
    return {row["name"]: _group(row) for row in rows}


async def one(db: Db | Tx, name: str) -> Group | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM groups WHERE name = $1", name)
    return None if row is None else _group(row)


async def step(tx: Tx, name: str, was: Sequence[str], state: str) -> bool:
    """Go to `state` from one of the states in `was`, the owner staying who it is. False when it is in none of them."""
    return bool(
        await tx.execute(
            "UPDATE groups SET state = $3, changed_at = shop_now() WHERE name = $1 AND state = ANY($2)",
            name,
            list(was),
            state,
        )
    )

"""What could not be taken over, in plain words, until it is solved or somebody answers for leaving it behind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banyan.foundation.db import Db, Row, Tx


@dataclass(frozen=True, slots=True)
class Case:
    """`kind` is an aggregate's, or `row` for a row of a table that the mirror itself cannot hold or place."""

    id: str
    kind: str
    key: str
    group: str
    why: str
    at: int
    table: str = ""
    image: bytes | None = None


async def put(tx: Tx, cases: Sequence[Case]) -> None:
    """Keep these. What is open already is brought up to date; a waiver holds as long as the reason is the same."""
    ordered = sorted(cases, key=lambda case: (case.kind, case.key, case.table))
    await tx.executemany(
        """INSERT INTO quarantine AS q (id, kind, key, group_name, table_name, why, image, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (kind, key, table_name) WHERE state <> 'solved' DO UPDATE SET
               image = excluded.image, at = excluded.at, why = excluded.why,
               state = CASE WHEN q.why = excluded.why THEN q.state ELSE 'open' END,
               waived_by = CASE WHEN q.why = excluded.why THEN q.waived_by END,
               waived_because = CASE WHEN q.why = excluded.why THEN q.waived_because END""",
        [(case.id, case.kind, case.key, case.group, case.table, case.why, case.image, case.at) for case in ordered],
    )


async def solve(tx: Tx, kind: str, keys: Iterable[str]) -> int:
    """These were taken after all."""
    return await tx.execute(
        """UPDATE quarantine SET state = 'solved', ended_at = shop_now(), waived_by = NULL, waived_because = NULL
           WHERE kind = $1 AND key = ANY($2) AND state <> 'solved'""",
        kind,
        sorted(keys),
    )


async def solve_rows(tx: Tx, table: str, keys: Iterable[str]) -> int:
    """Rows of a table that could not be kept are gone, or came again and could."""
    return await tx.execute(
        """UPDATE quarantine SET state = 'solved', ended_at = shop_now(), waived_by = NULL, waived_because = NULL
           WHERE kind = 'row' AND table_name = $1 AND key = ANY($2) AND state <> 'solved'""",
        table,
        sorted(keys),
    )


async def open_rows(db: Db | Tx) -> list[tuple[str, str]]:
    """(table, key) of the rows in quarantine, open or waived."""
    rows = await db.fetch("SELECT table_name, key FROM quarantine WHERE kind = 'row' AND state <> 'solved'")
    return [(row["table_name"], row["key"]) for row in rows]


async def cases(db: Db | Tx, *, group: str | None = None, state: str | None = "open", limit: int = 1000) -> list[Row]:
    """Cases of one group or all, of one state or all, oldest first."""
    return await db.fetch(
        """SELECT id, kind, key, group_name, table_name, why, at, found_at, state, waived_by, waived_because, ended_at
           FROM quarantine WHERE ($1::text IS NULL OR group_name = $1) AND ($2::text IS NULL OR state = $2)
           ORDER BY found_at, id LIMIT $3""",
        group,
        state,
        limit,
    )


async def case(db: Db | Tx, id_: str) -> Row | None:
    return await db.fetchrow("SELECT * FROM quarantine WHERE id = $1", id_)


async def waive(tx: Tx, id_: str, who: str, because: str) -> bool:
    return bool(
        await tx.execute(
            """UPDATE quarantine SET state = 'waived', waived_by = $2, waived_because = $3, ended_at = shop_now()
               WHERE id = $1 AND state = 'open'""",
            id_,
            who,
            because,
        )
    )


async def counts(db: Db | Tx) -> dict[str, tuple[int, int]]:
    """Group → open and waived cases."""
    rows = await db.fetch(
        """SELECT group_name, count(*) FILTER (WHERE state = 'open') AS open,
               count(*) FILTER (WHERE state = 'waived') AS waived
           FROM quarantine WHERE state <> 'solved' GROUP BY group_name"""
    )
    return {row["group_name"]: (row["open"], row["waived"]) for row in rows}

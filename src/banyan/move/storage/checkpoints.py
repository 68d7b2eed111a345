"""The source this database is about, and how far its binlog was taken in: moved in the transaction of the effects."""

from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Db, Row, Tx
from banyan.kernel.refusals import Conflict

BINLOG = "binlog"
_OVERTAKEN = "another worker has moved on from here; this one starts over from what is written down"


class Overtaken(Conflict):
    """Another worker moved the checkpoint, or it was halted, since it was read: nothing of this may be committed."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class SourceRow:
    shop: str
    server: str
    server_id: int
    lineage: int
    way_back_id: int
    pass_: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`committed_at` is by the source's clock."""

    at: int
    gtid: str
    file: str
    committed_at: datetime | None
    applied_at: datetime
    halted: str | None


async def source(db: Db | Tx) -> SourceRow | None:
    """The shop that was prepared; None before."""
    row = await db.fetchrow("SELECT * FROM source")
    if row is None:
        return None
    return SourceRow(row["shop"], row["server"], row["server_id"], row["lineage"], row["way_back_id"], row["pass"])


async def write_source(tx: Tx, row: SourceRow) -> bool:
    """Say which shop this database is about. False when that was said before."""
    return bool(
        await tx.execute(
            """INSERT INTO source (shop, server, server_id, lineage, way_back_id, pass)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
            row.shop,
            row.server,
            row.server_id,
            row.lineage,
            row.way_back_id,
            row.pass_,
        )
    )


async def new_lineage(tx: Tx, server_id: int, server: str) -> int:
    """The source is another server now, or its binlog began anew; the lineage's number."""
    lineage: int = await tx.fetchval(
        "UPDATE source SET lineage = lineage + 1, server_id = $1, server = $2 RETURNING lineage", server_id, server
    )
    return lineage


async def begin(tx: Tx, stream: str, at: int, gtid: str, file: str) -> bool:
    """Follow from here. False when a place was written down before."""
    return bool(
        await tx.execute(
            "INSERT INTO checkpoint (stream, at, gtid, file) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            stream,
            at,
            gtid,
            file,
        )
    )


async def begin_again(tx: Tx, stream: str, at: int, gtid: str, file: str) -> None:
    """Follow from another place, on an operator's word."""
    await tx.execute(
        """UPDATE checkpoint SET at = $2, gtid = $3, file = $4, committed_at = NULL, applied_at = shop_now(),
               halted = NULL WHERE stream = $1""",
        stream,
        at,
        gtid,
        file,
    )


async def read(db: Db | Tx, stream: str = BINLOG) -> Checkpoint | None:
    row = await db.fetchrow(
        "SELECT at, gtid, file, committed_at, applied_at, halted FROM checkpoint WHERE stream = $1", stream
    )
    return None if row is None else Checkpoint(*row)


async def advance(
    tx: Tx, stream: str, was: int, at: int, *, gtid: str, file: str, committed_at: datetime | None
) -> None:
    """Move from `was` to `at`. Overtaken when it is not at `was` any more, or halted."""
    moved = await tx.execute(
        """UPDATE checkpoint SET at = $3, gtid = $4, file = $5, committed_at = coalesce($6, committed_at),
               applied_at = shop_now() WHERE stream = $1 AND at = $2 AND halted IS NULL""",
        stream,
        was,
        at,
        gtid,
        file,
        committed_at,
    )
    if not moved:
        raise Overtaken(_OVERTAKEN)


async def hold(tx: Tx, stream: str, at: int) -> None:
    """Keep it where it is until this transaction ends. Overtaken when it is somewhere else, or halted."""
    if not await tx.fetchval(
        "SELECT true FROM checkpoint WHERE stream = $1 AND at = $2 AND halted IS NULL FOR UPDATE", stream, at
    ):
        raise Overtaken(_OVERTAKEN)


async def stand(tx: Tx, stream: str = BINLOG) -> None:
    """Wherever it is, nothing of the log is taken in until this transaction ends."""
    await tx.execute("SELECT FROM checkpoint WHERE stream = $1 FOR UPDATE", stream)


async def halt(tx: Tx, stream: str, reason: str) -> bool:
    """Stand still until somebody acts. False when it stood still before."""
    return bool(
        await tx.execute("UPDATE checkpoint SET halted = $2 WHERE stream = $1 AND halted IS NULL", stream, reason)
    )


async def go_on(tx: Tx, stream: str) -> str | None:
    """Follow again; the reason for which it stood still."""
    row = await tx.fetchrow("SELECT halted FROM checkpoint WHERE stream = $1 FOR UPDATE", stream)
    await tx.execute("UPDATE checkpoint SET halted = NULL WHERE stream = $1", stream)
    return row["halted"] if row else None


async def pulse(
    tx: Db | Tx,
    *,
    head_at: int | None,
    slack: float | None,
    throttled: str | None,
    p50: float | None,
    p99: float | None,
) -> None:
    """Write down what the one who works sees."""
    await tx.execute(
        """INSERT INTO pulse AS p (seen_at, head_at, head_seen_at, slack, throttled, apply_p50_ms, apply_p99_ms)
           VALUES (shop_now(), $1, CASE WHEN $1::bigint IS NULL THEN NULL ELSE shop_now() END, $2, $3, $4, $5)
           ON CONFLICT (the_one) DO UPDATE SET seen_at = excluded.seen_at,
               head_at = coalesce(excluded.head_at, p.head_at),
               head_seen_at = coalesce(excluded.head_seen_at, p.head_seen_at),
               slack = coalesce(excluded.slack, p.slack), throttled = excluded.throttled,
               apply_p50_ms = coalesce(excluded.apply_p50_ms, p.apply_p50_ms),
               apply_p99_ms = coalesce(excluded.apply_p99_ms, p.apply_p99_ms)""",
        head_at,
        slack,
        throttled,
        p50,
        p99,
    )


async def forget_rest(tx: Tx) -> None:
    """The reason to rest that was seen last holds no more."""
    await tx.execute("UPDATE pulse SET throttled = NULL")


async def overview(db: Db | Tx) -> Row | None:
    """What status tells of the stream; lag is 0 when the source's log was seen to end where we are."""
    return await db.fetchrow(
        """SELECT c.at, c.gtid, c.file, c.committed_at, c.applied_at, c.halted, s.shop, s.server, s.lineage,
               p.head_at, p.slack, p.throttled, p.apply_p50_ms, p.apply_p99_ms,
               extract(epoch FROM shop_now() - p.seen_at)::float AS silent_seconds,
               CASE WHEN c.at >= p.head_at AND p.head_seen_at > shop_now() - interval '10 seconds' THEN 0
                    ELSE greatest(extract(epoch FROM shop_now() - coalesce(c.committed_at, c.applied_at)), 0)
               END::float AS lag_seconds
           FROM checkpoint c CROSS JOIN source s LEFT JOIN pulse p ON true WHERE c.stream = $1""",
        BINLOG,
    )

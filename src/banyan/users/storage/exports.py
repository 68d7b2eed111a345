"""The tables `export` and `export_piece`: archives that people asked for, kept sealed until they expire."""

from banyan.foundation.db import Row, Tx
from banyan.users.domain.privacy import Export
from banyan.users.storage import Source

_COLUMNS = "id, account_id, asked_at, attempt, ready_at, expires_at, size, failed"
_ADD = f"""
INSERT INTO export (id, account_id, next_at, expires_at) VALUES ($1, $2, shop_now(), shop_now() + make_interval(secs => $3))
RETURNING {_COLUMNS}"""
_CLAIM = f"""
UPDATE export SET attempt = attempt + 1, next_at = shop_now() + make_interval(secs => $1)
WHERE id = (SELECT id FROM export WHERE next_at <= shop_now() ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}"""
_READY = """
UPDATE export SET ready_at = shop_now(), next_at = NULL, size = $3, expires_at = shop_now() + make_interval(secs => $4)
WHERE id = $1 AND attempt = $2"""


async def add(tx: Tx, export_id: str, account_id: str, seconds: float) -> Export:
    """A new one, to be made at once; forgotten after so many seconds."""
    row = await tx.fetchrow(_ADD, export_id, account_id, seconds)
    assert row is not None
    return _export(row)


async def under_way(source: Source, account_id: str) -> Export | None:
    """The one that is being made for this account."""
    row = await source.fetchrow(
        f"SELECT {_COLUMNS} FROM export WHERE account_id = $1 AND next_at IS NOT NULL ORDER BY id DESC LIMIT 1",
        account_id,
    )
    return _export(row) if row else None


async def of_account(source: Source, account_id: str, limit: int) -> list[Export]:
    """The newest first."""
    rows = await source.fetch(
        f"""SELECT {_COLUMNS} FROM export WHERE account_id = $1 AND expires_at > shop_now()
        ORDER BY id DESC LIMIT $2""",
        account_id,
        limit,
    )
    return [_export(row) for row in rows]


async def claim(tx: Tx, seconds: float) -> Export | None:
    """One that is to be made, ours for so long."""
    row = await tx.fetchrow(_CLAIM, seconds)
    return _export(row) if row else None


async def add_piece(tx: Tx, export_id: str, attempt: int, place: int, sealed: bytes) -> bool:
    """Keep a piece; the first one drops what an earlier attempt left. False when another attempt has begun."""
    mine = await tx.fetchval("SELECT true FROM export WHERE id = $1 AND attempt = $2 FOR SHARE", export_id, attempt)
    if mine and place == 0:
        await tx.execute("DELETE FROM export_piece WHERE export_id = $1", export_id)
    if mine:
        await tx.execute("INSERT INTO export_piece VALUES ($1, $2, $3)", export_id, place, sealed)
    return bool(mine)


async def ready(tx: Tx, export_id: str, attempt: int, size: int, seconds: float) -> None:
    """All pieces are kept; they are forgotten after so many seconds."""
    await tx.execute(_READY, export_id, attempt, size, seconds)


async def again(tx: Tx, export_id: str, seconds: float) -> None:
    """Try again in so many seconds."""
    await tx.execute(
        "UPDATE export SET next_at = shop_now() + make_interval(secs => $2) WHERE id = $1 AND next_at IS NOT NULL",
        export_id,
        seconds,
    )


async def failed(tx: Tx, export_id: str, why: str) -> None:
    await tx.execute("UPDATE export SET failed = $2, next_at = NULL WHERE id = $1", export_id, why)


async def piece(source: Source, export_id: str, place: int) -> bytes | None:
    """A piece, sealed; None behind the last."""
    sealed: bytes | None = await source.fetchval(
        "SELECT sealed FROM export_piece WHERE export_id = $1 AND place = $2", export_id, place
    )
    return sealed


async def forget_old(tx: Tx) -> int:
    """Delete archives that have expired."""
    return await tx.execute("DELETE FROM export WHERE expires_at <= shop_now()")


async def secret(source: Source, name: str) -> bytes | None:
    sealed: bytes | None = await source.fetchval("SELECT sealed FROM sealed_secret WHERE name = $1", name)
    return sealed


async def keep_secret(tx: Tx, name: str, sealed: bytes) -> None:
    await tx.execute("INSERT INTO sealed_secret VALUES ($1, $2) ON CONFLICT DO NOTHING", name, sealed)


def _export(row: Row) -> Export:
    return Export(**{name: row[name] for name in Export.__dataclass_fields__})

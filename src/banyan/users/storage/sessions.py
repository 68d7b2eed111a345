"""The tables `session` and `refresh_token`."""

from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.accounts import SESSION_SECONDS, Session
from banyan.users.storage import Source

_COLUMNS = "id, account_id, method, user_agent, created_at, last_used_at, expires_at"
_LIVE = "ended_at IS NULL AND expires_at > shop_now()"
_LISTED = {"account": f"{_LIVE} AND account_id = {{}}", "before": "id < {}"}
# The account's row is held so that a change of its rights comes wholly before or wholly after.
_BEGIN = """
INSERT INTO session (id, account_id, method, user_agent, expires_at)
SELECT $1, id, $4, $5, shop_now() + make_interval(secs => $6) FROM account
WHERE id = $2 AND epoch = $3 AND status = 'active' FOR SHARE"""
_MAY_BEGIN = "SELECT true FROM account WHERE id = $1 AND epoch = $2 AND status = 'active' FOR SHARE"
_FIRST = """
INSERT INTO refresh_token (hash, session_id, expires_at) SELECT $1, id, expires_at FROM session WHERE id = $2"""
_USE = """
UPDATE refresh_token SET used_at = shop_now(), used_with = $2, seed = $3, replaced_by = $4
WHERE hash = $1 AND used_at IS NULL"""
_NEXT = """
INSERT INTO refresh_token (hash, session_id, expires_at)
SELECT $2, session_id, expires_at FROM refresh_token WHERE hash = $1"""
# Its session is locked first, so that all of one family come one after the other.
_LOCK_FAMILY = """
SELECT s.id FROM session AS s JOIN refresh_token AS r ON r.session_id = s.id WHERE r.hash = $1 FOR NO KEY UPDATE OF s"""
_PRESENTED = """
SELECT r.session_id, s.account_id, r.used_with, r.seed, r.used_at IS NOT NULL AS used,
    s.ended_at IS NULL AND s.expires_at > shop_now() AS live,
    next.hash IS NOT NULL AND next.used_at IS NULL AS next_unused,
    coalesce(r.used_at > shop_now() - make_interval(secs => $2), false) AS recent
FROM refresh_token AS r JOIN session AS s ON s.id = r.session_id
LEFT JOIN refresh_token AS next ON next.hash = r.replaced_by
WHERE r.hash = $1"""


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that someone sent, as it stands."""

    session_id: str
    account_id: str
    live: bool
    used: bool
    recent: bool
    next_unused: bool
    used_with: bytes | None
    seed: bytes | None


async def begin(
    tx: Tx,
    session_id: str,
    account_id: str,
    epoch: int,
    *,
    method: str,
    user_agent: str,
    refresh_hash: bytes,
    seconds: float = SESSION_SECONDS,
) -> bool:
    """A new session with its first refresh token; False when the account's rights are not those of `epoch` any more."""
    if not await tx.execute(_BEGIN, session_id, account_id, epoch, method, user_agent, seconds):
        return False
    await tx.execute(_FIRST, refresh_hash, session_id)
    return True


async def may_begin(tx: Tx, account_id: str, epoch: int) -> bool:
    """What `begin` asks of the account, for a session that is kept elsewhere."""
    return bool(await tx.fetchval(_MAY_BEGIN, account_id, epoch))


async def presented(tx: Tx, refresh_hash: bytes, recent_seconds: float) -> Presented | None:
    """The refresh token with this digest, its whole family held until the transaction ends."""
    if await tx.fetchrow(_LOCK_FAMILY, refresh_hash) is None:
        return None
    row = await tx.fetchrow(_PRESENTED, refresh_hash, recent_seconds)
    return None if row is None else Presented(**{name: row[name] for name in Presented.__dataclass_fields__})


async def use(tx: Tx, refresh_hash: bytes, next_hash: bytes, *, seed: bytes, used_with: bytes | None) -> bool:
    """Replace an unused refresh token by its successor; False when it was used before."""
    if not await tx.execute(_USE, refresh_hash, used_with, seed, next_hash):
        return False
    await tx.execute(_NEXT, refresh_hash, next_hash)
    await tx.execute(
        "UPDATE session SET last_used_at = shop_now() WHERE id = (SELECT session_id FROM refresh_token WHERE hash = $1)",
        refresh_hash,
    )
    return True


async def refreshable(source: Source, refresh_hash: bytes) -> tuple[str, str, datetime] | None:
    """(session, account, end) of a refresh token that would be exchanged; None for one that would not."""
    row = await source.fetchrow(
        """SELECT s.id, s.account_id, s.expires_at FROM refresh_token AS r JOIN session AS s ON s.id = r.session_id
        WHERE r.hash = $1 AND r.used_at IS NULL AND s.ended_at IS NULL AND s.expires_at > shop_now()""",
        refresh_hash,
    )
    return None if row is None else (row["id"], row["account_id"], row["expires_at"])


async def is_live(source: Source, session_id: str | None, account_id: str) -> bool:
    return bool(
        await source.fetchval(
            f"SELECT true FROM session WHERE id = $1 AND account_id = $2 AND {_LIVE}", session_id, account_id
        )
    )


async def by_id(source: Source, session_id: str, account_id: str) -> Session | None:
    """A live session of this account."""
    row = await source.fetchrow(
        f"SELECT {_COLUMNS} FROM session WHERE id = $1 AND account_id = $2 AND {_LIVE}", session_id, account_id
    )
    return None if row is None else _session(row)


async def began(source: Source, session_id: str | None, account_id: str) -> datetime | None:
    """When a live session of this account began."""
    at: datetime | None = await source.fetchval(
        f"SELECT created_at FROM session WHERE id = $1 AND account_id = $2 AND {_LIVE}", session_id, account_id
    )
    return at


async def of_account(source: Source, account_id: str, before: str | None, limit: int) -> list[Session]:
    """Live sessions, the newest first, from behind the one with id `before`."""
    narrowed, values = where(_LISTED, 1, account=account_id, before=before)
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM session {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)
    return [_session(row) for row in rows]


async def owner(source: Source, refresh_hash: bytes) -> tuple[str, str] | None:
    """Whose refresh token it is: (session, account)."""
    row = await source.fetchrow(
        "SELECT s.id, s.account_id FROM refresh_token r JOIN session s ON s.id = r.session_id WHERE r.hash = $1",
        refresh_hash,
    )
    return None if row is None else (row["id"], row["account_id"])


async def end(tx: Tx, session_id: str, account_id: str, reason: str) -> bool:
    """End one session; False when it is none of this account's, or had ended."""
    return bool(
        await tx.execute(
            f"""UPDATE session SET ended_at = shop_now(), end_reason = $3
            WHERE id = $1 AND account_id = $2 AND {_LIVE}""",
            session_id,
            account_id,
            reason,
        )
    )


async def end_all(tx: Tx, account_id: str, reason: str, *, but: str | None = None) -> int:
    """End every session of an account, except `but`; how many there were."""
    return await tx.execute(
        """UPDATE session SET ended_at = shop_now(), end_reason = $2
        WHERE account_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3""",
        account_id,
        reason,
        but,
    )


async def forget_old(tx: Tx, days: int) -> int:
    """Delete sessions that ended or expired so long ago, with their refresh tokens; at most 1,000 at once."""
    return await tx.execute(
        """DELETE FROM session WHERE id IN (SELECT id FROM session
            WHERE coalesce(ended_at, expires_at) < shop_now() - make_interval(days => $1) LIMIT 1000)""",
        days,
    )


def _session(row: Row) -> Session:
    return Session(**{name: row[name] for name in Session.__dataclass_fields__})

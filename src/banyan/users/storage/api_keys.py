"""The table `api_key`."""

from datetime import datetime

from banyan.foundation.db import Row, Tx
from banyan.foundation.narrowing import where
from banyan.users.domain.api_keys import ApiKey
from banyan.users.storage import Source

_COLUMNS = "id, account_id, name, hint, scopes, created_at, expires_at, last_used_at, revoked_at, replaced_by"
_WORKS = "revoked_at IS NULL AND expires_at > shop_now()"
_LISTED = {"account": "account_id = {}", "before": "id < {}"}
_HOLDER = f"""
SELECT k.id, k.account_id, k.scopes, a.roles,
    coalesce(k.last_used_at < shop_now() - interval '1 minute', true) AS long_ago
FROM api_key AS k JOIN account AS a ON a.id = k.account_id
WHERE k.digest = $1 AND k.{_WORKS.replace(" AND ", " AND k.")} AND a.status = 'active'"""


async def add(tx: Tx, key: ApiKey, digest: str, *, most: int) -> bool:
    """False when its maker has so many that work already. Who adds holds the account's row (accounts.lock)."""
    return bool(
        await tx.execute(
            f"""INSERT INTO api_key (id, account_id, name, digest, hint, scopes, created_at, expires_at)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8
            WHERE (SELECT count(*) FROM api_key WHERE account_id = $2 AND {_WORKS}) < $9""",
            *(key.id, key.account_id, key.name, digest, key.hint, list(key.scopes), key.created_at, key.expires_at),
            most,
        )
    )


async def after(source: Source, account_id: str | None, before: str | None, limit: int) -> list[ApiKey]:
    """Of one account or of all, the newest first, older than the one with id `before`."""
    narrowed, values = where(_LISTED, 1, account=account_id, before=before)
    rows = await source.fetch(f"SELECT {_COLUMNS} FROM api_key {narrowed} ORDER BY id DESC LIMIT $1", limit, *values)
    return [_key(row) for row in rows]


async def locked(tx: Tx, key_id: str) -> ApiKey | None:
    """The key, held until the transaction ends."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM api_key WHERE id = $1 FOR UPDATE", key_id)
    return None if row is None else _key(row)


async def revoke(tx: Tx, key_id: str) -> bool:
    """False when it worked no more."""
    return bool(await tx.execute(f"UPDATE api_key SET revoked_at = shop_now() WHERE id = $1 AND {_WORKS}", key_id))


async def replace(tx: Tx, key_id: str, by: str, ends: datetime) -> None:
    """It ends then, or when it would have anyway."""
    await tx.execute(
        "UPDATE api_key SET replaced_by = $2, expires_at = least(expires_at, $3) WHERE id = $1", key_id, by, ends
    )


async def holder(source: Source, digest: str) -> Row | None:
    """Id, account, scopes and the account's roles of a key that works; `long_ago`: its use should be noted."""
    return await source.fetchrow(_HOLDER, digest)


async def used(tx: Tx, key_id: str) -> None:
    await tx.execute("UPDATE api_key SET last_used_at = shop_now() WHERE id = $1", key_id)


async def forget_old(tx: Tx, days: int) -> int:
    """Delete keys that ended so many days ago."""
    return await tx.execute(
        "DELETE FROM api_key WHERE least(expires_at, revoked_at) < shop_now() - make_interval(days => $1)", days
    )


def _key(row: Row) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"])})

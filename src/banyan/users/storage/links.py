"""The table `magic_link`."""

from dataclasses import dataclass
from datetime import datetime

from banyan.foundation.db import Tx
from banyan.users.storage import Source

_USE = """
UPDATE magic_link AS l SET used_at = shop_now() FROM account AS a
WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > shop_now()
  AND a.id = l.account_id AND a.email_canonical = l.email_canonical AND a.status = 'active'
RETURNING l.account_id, l.purpose"""
_BY_CODE = """
UPDATE magic_link AS l SET tries = l.tries + 1 FROM account AS a
WHERE l.attempt = $1 AND l.used_at IS NULL AND l.expires_at > shop_now() AND l.tries < $2
  AND a.id = l.account_id AND a.email_canonical = l.email_canonical AND a.status = 'active'
RETURNING l.hash, l.code_hash"""
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a link, when, and in which attempt: for the page that it leads to."""

    account_id: str
    by: str
    at: datetime
    attempt: bytes | None


async def add(
    tx: Tx,
    link_hash: bytes,
    account_id: str,
    canonical: str,
    purpose: str,
    seconds: float,
    *,
    asked_by: str = "",
    attempt: bytes | None = None,
    code_hash: bytes | None = None,
) -> None:
    await tx.execute(
        """INSERT INTO magic_link (hash, account_id, email_canonical, purpose, expires_at, asked_by, attempt, code_hash)
        VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5), $6, $7, $8)""",
        link_hash,
        account_id,
        canonical,
        purpose,
        seconds,
        asked_by,
        attempt,
        code_hash,
    )


async def find(source: Source, link_hash: bytes) -> tuple[str, str] | None:
    """(account, purpose) of a link, whatever its state."""
    row = await source.fetchrow("SELECT account_id, purpose FROM magic_link WHERE hash = $1", link_hash)
    return None if row is None else (row["account_id"], row["purpose"])


async def asked(source: Source, link_hash: bytes) -> Asked | None:
    """Who asked for a link that still works."""
    row = await source.fetchrow(
        """SELECT account_id, asked_by, created_at, attempt FROM magic_link
        WHERE hash = $1 AND used_at IS NULL AND expires_at > shop_now()""",
        link_hash,
    )
    return None if row is None else Asked(row["account_id"], row["asked_by"], row["created_at"], row["attempt"])


async def by_code(tx: Tx, attempt: bytes, code_hash: bytes) -> bytes | None:
    """The link whose code this is, asked for in this attempt; None when it is another, and one try less is left."""
    row = await tx.fetchrow(_BY_CODE, attempt, MOST_TRIES)
    return row["hash"] if row is not None and row["code_hash"] == code_hash else None


async def use(tx: Tx, link_hash: bytes) -> bool:
    """Use the link up; False when it was used, is too old, or its account has another address now."""
    return bool(await tx.execute(_USE, link_hash))


async def void(tx: Tx, account_id: str) -> None:
    """Use up all other links of an account."""
    await tx.execute("UPDATE magic_link SET used_at = shop_now() WHERE account_id = $1 AND used_at IS NULL", account_id)


async def forget_old(tx: Tx) -> int:
    """Delete links that ended a day ago."""
    return await tx.execute("DELETE FROM magic_link WHERE expires_at < shop_now() - interval '1 day'")

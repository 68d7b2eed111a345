"""The table `magic_link`."""

from banyan.foundation.db import Tx
from banyan.users.storage import Source

_USE = """
UPDATE magic_link AS l SET used_at = shop_now() FROM account AS a
WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > shop_now()
  AND a.id = l.account_id AND a.email_canonical = l.email_canonical AND a.status = 'active'
RETURNING l.account_id, l.purpose"""


async def add(tx: Tx, link_hash: bytes, account_id: str, canonical: str, purpose: str, seconds: float) -> None:
    await tx.execute(
        """INSERT INTO magic_link (hash, account_id, email_canonical, purpose, expires_at)
        VALUES ($1, $2, $3, $4, shop_now() + make_interval(secs => $5))""",
        link_hash,
        account_id,
        canonical,
        purpose,
        seconds,
    )


async def find(source: Source, link_hash: bytes) -> tuple[str, str] | None:
    """(account, purpose) of a link, whatever its state."""
    row = await source.fetchrow("SELECT account_id, purpose FROM magic_link WHERE hash = $1", link_hash)
    return None if row is None else (row["account_id"], row["purpose"])


async def use(tx: Tx, link_hash: bytes) -> bool:
    """Use the link up; False when it was used, is too old, or its account has another address now."""
    return bool(await tx.execute(_USE, link_hash))


async def void(tx: Tx, account_id: str) -> None:
    """Use up all other links of an account."""
    await tx.execute("UPDATE magic_link SET used_at = shop_now() WHERE account_id = $1 AND used_at IS NULL", account_id)


async def forget_old(tx: Tx) -> int:
    """Delete links that ended a day ago."""
    return await tx.execute("DELETE FROM magic_link WHERE expires_at < shop_now() - interval '1 day'")

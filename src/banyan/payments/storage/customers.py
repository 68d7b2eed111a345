"""Who a shopper is at a provider: one id for each, the first one that was kept."""

from banyan.foundation.db import Db, Tx


async def find(db: Db | Tx, user_id: str, provider: str) -> str | None:
    """The provider's id of this user; None where it knows them not."""
    found: str | None = await db.fetchval(
        "SELECT reference FROM customer WHERE user_id = $1 AND provider = $2", user_id, provider
    )
    return found


async def keep(db: Db | Tx, user_id: str, provider: str, reference: str) -> str:
    """Note the provider's id of this user; the id that holds from now on: where one was kept before, that one."""
    await db.execute(
        "INSERT INTO customer (user_id, provider, reference) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        user_id,
        provider,
        reference,
    )
    return await find(db, user_id, provider) or reference

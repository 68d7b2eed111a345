"""Which webhooks were taken: a provider's event counts once."""

from banyan.foundation.db import Tx


async def take(tx: Tx, provider: str, event_id: str, digest: bytes) -> bytes | None:
    """Note an event; None when it is new, else the digest of the body it came with before."""
    new = await tx.execute(
        "INSERT INTO webhook_event (provider, event_id, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        provider,
        event_id,
        digest,
    )
    if new:
        return None
    before: bytes = await tx.fetchval(
        "SELECT digest FROM webhook_event WHERE provider = $1 AND event_id = $2", provider, event_id
    )
    return before


async def forget_old(tx: Tx, days: int = 30) -> int:
    """Delete events older than any provider goes on trying: three days is usual."""
    return await tx.execute(
        "DELETE FROM webhook_event WHERE received_at < shop_now() - make_interval(days => $1)", days
    )

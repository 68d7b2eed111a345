"""Secrets of the service, sealed by the key port before they come here."""

from banyan.foundation.db import Tx


async def keep(tx: Tx, name: str, sealed: bytes) -> bytes:
    """Keep a sealed secret under a name, or find the one kept there before."""
    await tx.execute("INSERT INTO sealed_secret VALUES ($1, $2) ON CONFLICT DO NOTHING", name, sealed)
    kept = await tx.fetchval("SELECT sealed FROM sealed_secret WHERE name = $1", name)
    assert isinstance(kept, bytes)
    return kept


async def find(tx: Tx, name: str) -> bytes | None:
    kept: bytes | None = await tx.fetchval("SELECT sealed FROM sealed_secret WHERE name = $1", name)
    return kept

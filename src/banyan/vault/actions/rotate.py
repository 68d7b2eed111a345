"""All data keys are wrapped anew by the key-encryption key that is set now. The cards themselves are not touched."""

from collections.abc import Callable

from banyan.foundation.service import Ports
from banyan.vault import storage
from banyan.vault.safe import Safe

_AT_ONCE = 200


async def rotate(
    safe: Safe, ports: Ports, *, again: bool = False, progress: Callable[[int], None] = lambda _: None
) -> int:
    """How many were wrapped anew. Safe beside running vaults, to break off, and to repeat.

    `again`: also where the key that is set is the one that wrapped them, as after KMS has turned over its own.
    """
    newest = await (safe.begin_generation(ports) if again else safe.newest(ports))
    done = 0
    own = [(row, await safe.rewrap_own(ports, row)) for row in await storage.old_own_keys(ports.db, newest)]
    async with ports.db.transaction() as tx:
        for row, wrapped in own:
            await storage.rewrap_own_key(tx, row["purpose"], *wrapped)
    while rows := await storage.old_cards(ports.db, newest, _AT_ONCE):
        anew = [(row, await safe.rewrap(ports, row["wrapped"], row["generation"])) for row in rows]
        async with ports.db.transaction(seconds=30) as tx:
            for row, wrapped in anew:
                await storage.rewrap(tx, row, *wrapped)
            await storage.note(tx, f"{len(rows)} cards", "rewrapped", "operator", outcome=f"generation {newest}")
        done += len(rows)
        progress(done)
    return done

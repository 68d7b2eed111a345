"""Chores: holds whose time is over are ended, so that everyone hears of it; old ones are forgotten."""

from banyan.foundation import tenure
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import State
from banyan.inventory.domain.feed import KEPT_DAYS

BATCH = 200
PAUSE = 5.0  # seconds; nobody waits for it: others get lapsed units without
_KEPT_DAYS = 30
_RARELY = 3600.0


async def sweep(ports: Ports) -> float:
    """End one batch of lapsed holds; seconds until the next pass."""

    async def effect(tx: Tx) -> int:
        lapsed = await storage.lapsed_batch(tx, BATCH)
        if lapsed:
            await tenure.let_through(tx)  # a cart's hold is nothing that an old shop knows of
            await tell_crossings(tx, await end_holds(tx, lapsed, State.EXPIRED, "expired"))
        return len(lapsed)

    return 0.0 if await again(lambda _: ports.db.retrying(effect)) == BATCH else PAUSE


async def forget(ports: Ports) -> float:
    """Delete carts' holds that ended a month ago (orders' stay), and old messages. Seconds until the next pass."""
    async with ports.db.transaction() as tx:
        await tenure.let_through(tx)
        holds, messages = await storage.forget_old(tx, _KEPT_DAYS), await storage.forget_messages(tx, KEPT_DAYS)
        return 0.0 if holds or messages else _RARELY

"""What is set for a SKU: whether it may be sold on backorder, and when it is low."""

from collections.abc import Callable

from banyan.foundation.db import Row, Tx
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import Settings, State
from banyan.kernel.refusals import NotFound


async def change_stock(
    ports: Ports, sku: str, check: Callable[[int], None], *, backorder: bool | None, low_stock_at: int | None
) -> Row:
    """Change what is given; how it stands then. `check` refuses a version that is not the one the caller read.

    NotFound; Conflict `backorders_open` when backorder is to end while more is promised than there is.
    """

    async def effect(tx: Tx) -> Row:
        lapsed = await storage.lock(tx, [sku])
        before = await storage.lock_settings(tx, sku)
        if before is None:
            raise NotFound("no such SKU")
        check(before["version"])
        near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if lapsed else set()
        wanted = Settings(
            before["backorder"] if backorder is None else backorder,
            before["low_stock_at"] if low_stock_at is None else low_stock_at,
        )
        await storage.change_settings(tx, {sku: wanted})
        await tell_crossings(tx, near | {sku})
        [row] = await storage.look_up(tx, [sku])
        return row

    return await again(lambda _: ports.db.retrying(effect))

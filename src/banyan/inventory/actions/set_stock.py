"""Counted stock of many SKUs at once, as imports bring it: set-based, and only what differs is written."""

from banyan.contracts.inventory import Done, SetStock, StockAdjusted, StockCount
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import (
    DEFAULT_WAREHOUSE,
    Settings,
    State,
    below_reserved,
    counts_of,
    differing,
    plain,
)
from banyan.inventory.storage import Move, Shift
from banyan.kernel.refusals import Conflict, Fault

_NAMED = 50  # SKUs that a refusal names, at most


async def set_stock(ports: Ports, call: SetStock) -> Done:
    """Answer SetStock. Conflict, naming the SKUs, when a count is below what is reserved; nothing is changed then."""
    counts = counts_of(call.counts)

    async def effect(tx: Tx) -> Done:
        changed = differing(counts, await storage.own_levels(tx, counts, DEFAULT_WAREHOUSE))
        if changed:
            await _write(tx, changed, plain(call.reason))
        return Done(changed=bool(changed))

    return await again(lambda _: ports.db.retrying(effect))


async def _write(tx: Tx, counts: dict[str, StockCount], reason: str) -> None:
    settings = {sku: Settings(count.backorder, count.low_stock_at) for sku, count in counts.items()}
    await storage.make_places(tx, settings, DEFAULT_WAREHOUSE)
    lapsed = await storage.lock(tx, counts)
    near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if lapsed else set()
    levels = await storage.own_levels(tx, counts, DEFAULT_WAREHOUSE)
    if wrong := below_reserved(counts, levels):
        raise Conflict(
            f"{len(wrong)} SKUs have more units reserved than were counted: {', '.join(wrong[:_NAMED])}",
            code="below_reserved",
            errors=[
                Fault("/counts", "below_reserved", f"{sku}: {levels[sku].reserved} reserved") for sku in wrong[:_NAMED]
            ],
        )
    moves = [
        Move(sku, DEFAULT_WAREHOUSE, change)
        for sku, count in counts.items()
        if (change := count.on_hand - levels[sku].on_hand)
    ]
    # Backorder begins before the books fall and ends after they rose, or the levels' own check would refuse.
    await storage.change_settings(tx, {sku: each for sku, each in settings.items() if each.backorder})
    await storage.shift(tx, [Shift(move.sku, move.warehouse_id, on_hand=move.change) for move in moves])
    await storage.change_settings(tx, {sku: each for sku, each in settings.items() if not each.backorder})
    if moves:
        await storage.write_movements(tx, moves, kind="counted", reason=reason)
    tx.tell(
        *(
            StockAdjusted(sku=move.sku, warehouse_id=move.warehouse_id, change=move.change, reason=reason)
            for move in moves
        )
    )
    await tell_crossings(tx, near | set(counts))

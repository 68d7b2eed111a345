"""Someone received, counted or wrote off units of one SKU in one warehouse."""

from dataclasses import dataclass

from pydantic_core import to_json

from banyan.contracts.inventory import StockAdjusted
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import LARGEST, Level, Settings, State
from banyan.inventory.storage import Move, Shift
from banyan.kernel.refusals import Conflict, Fault, Invalid


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What happened to a shelf: `change` more units (or, below zero, fewer), or `on_hand` counted. One of the two."""

    sku: str
    warehouse_id: str
    kind: str
    reason: str
    change: int | None = None
    on_hand: int | None = None


async def adjust_stock(ports: Ports, key: Key, wish: Adjustment, *, by: str) -> Answer:
    """Move the books; 201 with the level. Conflict `below_reserved`; Invalid for a warehouse that there is not."""

    async def effect(tx: Tx) -> Answer:
        if await storage.read_warehouse(tx, wish.warehouse_id) is None:
            wrong = Fault("/body/warehouse_id", "unknown", "there is no such warehouse")
            raise Invalid("there is no such warehouse", code="unknown_warehouse", errors=[wrong])
        await storage.make_places(tx, {wish.sku: Settings(backorder=False, low_stock_at=0)}, wish.warehouse_id)
        lapsed = await storage.lock(tx, [wish.sku])
        near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if lapsed else set()
        level = (await storage.own_levels(tx, [wish.sku], wish.warehouse_id))[wish.sku]
        change = _change(wish, level)
        near |= await storage.shift(tx, [Shift(wish.sku, wish.warehouse_id, on_hand=change)])
        movement_id = await _write(tx, wish, change, by) if change else None
        await tell_crossings(tx, near)
        on_hand = level.on_hand + change
        return Answer(
            201,
            to_json(
                {
                    "sku": wish.sku,
                    "warehouse_id": wish.warehouse_id,
                    "on_hand": on_hand,
                    "reserved": level.reserved,
                    "available": max(0, on_hand - level.reserved),
                    "change": change,
                    "movement_id": movement_id,
                }
            ),
        )

    return await again(lambda _: idempotency.once(ports.db, key, effect))


def _change(wish: Adjustment, level: Level) -> int:
    change = wish.change if wish.change is not None else (wish.on_hand or 0) - level.on_hand
    after = level.on_hand + change
    if abs(after) > LARGEST:
        raise Conflict(f"a shelf holds at most {LARGEST} units", code="too_many_units")
    if change < 0 and after < level.reserved and not level.settings.backorder:
        raise Conflict(
            f"{level.on_hand} units are there and {level.reserved} of them are reserved", code="below_reserved"
        )
    return change


async def _write(tx: Tx, wish: Adjustment, change: int, by: str) -> str:
    move = Move(wish.sku, wish.warehouse_id, change)
    [movement_id] = await storage.write_movements(tx, [move], kind=wish.kind, reason=wish.reason, by=by)
    tx.tell(StockAdjusted(sku=wish.sku, warehouse_id=wish.warehouse_id, change=change, reason=wish.reason))
    return movement_id

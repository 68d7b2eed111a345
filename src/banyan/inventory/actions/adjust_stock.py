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
        shelf = await take_hold(tx, wish.sku, wish.warehouse_id)
        change, movement_id = await move(tx, wish, shelf, by=by)
        on_hand, reserved = shelf.level.on_hand + change, shelf.level.reserved
        return Answer(
            201,
            to_json(
                {
                    "sku": wish.sku,
                    "warehouse_id": wish.warehouse_id,
                    "on_hand": on_hand,
                    "reserved": reserved,
                    "available": max(0, on_hand - reserved),
                    "change": change,
                    "movement_id": movement_id,
                }
            ),
        )

    return await again(lambda _: idempotency.once(ports.db, key, effect))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A SKU in one warehouse, which nobody else changes until the transaction ends. `near`: SKUs whose holds lapsed."""

    level: Level
    near: set[str]


async def take_hold(tx: Tx, sku: str, warehouse_id: str) -> Shelf:
    """Lock a shelf, which is made where there is none. Invalid for a warehouse that there is not."""
    if await storage.read_warehouse(tx, warehouse_id) is None:
        wrong = Fault("/body/warehouse_id", "unknown", "there is no such warehouse")
        raise Invalid("there is no such warehouse", code="unknown_warehouse", errors=[wrong])
    await storage.make_places(tx, {sku: Settings(backorder=False, low_stock_at=0)}, warehouse_id)
    lapsed = await storage.lock(tx, [sku])
    near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if lapsed else set()
    return Shelf((await storage.own_levels(tx, [sku], warehouse_id))[sku], near)


async def move(tx: Tx, wish: Adjustment, shelf: Shelf, *, by: str) -> tuple[int, str | None]:
    """Units that came (or, below zero, went), and the movement on the books, if any. Conflict `below_reserved`."""
    change = _change(wish, shelf.level)
    near = shelf.near | await storage.shift(tx, [Shift(wish.sku, wish.warehouse_id, on_hand=change)])
    movement_id = await _write(tx, wish, change, by) if change else None
    await tell_crossings(tx, near)
    return change, movement_id


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

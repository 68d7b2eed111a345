"""Stock that an old shop counts: taken as it is, absolutely, onto the default warehouse's shelf; newest wins.

What foundation.taking says of versions, of whose a record is and of the way back holds here. An old shop's count is what
it can still sell: units promised to orders have left it. So `on_hand` of a record is what is free here, together with
what carts hold. Where that is below zero and no backorder is allowed our shelf is empty; the units owed are kept and
count again on the way back, so that 3 that come in make −5 there −2.
"""

from collections.abc import Mapping, Sequence

from banyan.contracts.inventory import StockAdjusted
from banyan.contracts.legacy import Fates, Handed, InventoryHandOver, InventoryTake, StockRecord
from banyan.foundation import taking
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Json, Kind, Left, Offer, refused
from banyan.inventory import storage
from banyan.inventory.actions.telling import end_holds, tell_crossings
from banyan.inventory.domain import DEFAULT_WAREHOUSE, Overtaken, Settings, State
from banyan.inventory.domain import taking as rules
from banyan.inventory.domain.taking import Count
from banyan.inventory.storage import Move, Shift
from banyan.inventory.storage import intake as store

REASON = "legacy"


async def take(ports: Ports, call: InventoryTake) -> Fates:
    return await taking.take(ports, KINDS, call.records, again=call.again)


async def hand_over(ports: Ports, call: InventoryHandOver) -> Handed:
    return await taking.hand_over(ports, KINDS, call.kind, call.ids)


async def _write(ports: Ports, tx: Tx, offers: Sequence[Offer[StockRecord]]) -> Mapping[str, Left]:
    left: dict[str, Left] = {}
    wanted: dict[str, Count] = {}
    for offer in offers:
        try:
            if offer.before or not offer.record.removed:  # what never was here need not go
                wanted[offer.record.id] = rules.count(offer.record)
        except ValueError as wrong:
            left[offer.record.id] = refused(str(wrong))
    before = {offer.record.id: offer.before for offer in offers if offer.before}
    changed = {
        sku: each
        for sku, each in wanted.items()
        if (was := before.get(sku)) is None or (was.on_hand, was.backorder) != (each.free, each.backorder)
    }
    try:
        if changed:
            await _count(tx, changed)
    except Overtaken:
        raise taking.Overtaken from None
    return left


async def _count(tx: Tx, wanted: Mapping[str, Count]) -> None:
    places = {sku: Settings(each.backorder, low_stock_at=0) for sku, each in wanted.items()}
    await storage.make_places(tx, places, DEFAULT_WAREHOUSE)
    near = await _end_holds(tx, wanted)
    held = await store.held(tx, wanted)
    shelves = await store.shelves(tx, wanted, DEFAULT_WAREHOUSE)
    try:
        moves = [
            Move(sku, place, change)
            for sku, each in wanted.items()
            for place, change in rules.shifts(each, shelves[sku], held.get(sku, 0)).items()
        ]
    except ValueError:
        raise Overtaken from None
    levels = await storage.own_levels(tx, wanted, DEFAULT_WAREHOUSE)
    settings = {sku: Settings(each.backorder, levels[sku].settings.low_stock_at) for sku, each in wanted.items()}
    # Backorder begins before the books fall and ends after they rose, or the levels' own check would refuse.
    await storage.change_settings(tx, {sku: each for sku, each in settings.items() if each.backorder})
    await storage.shift(tx, [Shift(move.sku, move.warehouse_id, on_hand=move.change) for move in moves])
    await storage.change_settings(tx, {sku: each for sku, each in settings.items() if not each.backorder})
    if moves:
        await storage.write_movements(tx, moves, kind="counted", reason=REASON)
    tx.tell(
        *(
            StockAdjusted(sku=move.sku, warehouse_id=move.warehouse_id, change=move.change, reason=REASON)
            for move in moves
        )
    )
    await tell_crossings(tx, near | set(wanted))


async def _end_holds(tx: Tx, wanted: Mapping[str, Count]) -> set[str]:
    """Lock the shelves, and end holds that are over or that hold what is not there; SKUs that came near a line."""
    held = await store.held(tx, wanted)
    over = [sku for sku, units in held.items() if rules.holds_must_end(wanted[sku], units)]
    doomed = await store.lock_holds_on(tx, over) if over else []
    lapsed = await storage.lock(tx, wanted)
    near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if lapsed else set()
    if doomed:
        found = await storage.lock_live(tx, reservation_ids=doomed)
        near |= await end_holds(tx, [each for each in found if each.state is State.HELD], State.RELEASED, REASON)
    return near


def _bend(given: Json, here: Json) -> Json:
    return {} if given == here else {"given": given, "here": here}


def _straighten(now: Json, kept: Json) -> Json:
    if not kept:
        return now
    given, here = kept["given"], kept["here"]
    moved = now["on_hand"] - here["on_hand"]
    if now["backorder"] == here["backorder"]:
        now |= {name: given[name] for name in ("backorder", "tracked")}
        now["removed"] = given["removed"] and not moved
    # What is sold without counting is not counted there either.
    now["on_hand"] = given["on_hand"] + (moved if now["tracked"] else 0)
    return now


def _gone(sku: str) -> StockRecord:
    return StockRecord(id=sku, version=0, on_hand=0, removed=True)


_WORDS = {
    "level_on_hand": "that many units are more than a shelf can hold",
    "level_never_oversold": "more units are reserved than are to be there",
}
KINDS = (Kind("stock", store.counts, _write, _gone, _WORDS, bend=_bend, straighten=_straighten),)

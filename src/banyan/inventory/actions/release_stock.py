"""Give back what a cart or an order holds, and take back what an order was sold."""

from collections.abc import Iterable

from banyan.contracts.inventory import Done, ReleaseStock, StockLine, StockReturned
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import (
    DEFAULT_WAREHOUSE,
    LARGEST,
    NEXT,
    Reservation,
    State,
    is_id,
    is_sku,
    lines_of,
    plain,
    summed,
)
from banyan.inventory.storage import Move, Shift
from banyan.kernel.refusals import Conflict, Invalid, NotFound


async def release_stock(ports: Ports, call: ReleaseStock) -> Done:
    """Answer ReleaseStock. A cart gives back only what no order has taken over; an order never holds anything again."""
    given = [each for each in (call.order_id, call.cart_id) if each is not None]
    if not given or not all(map(is_id, given)):
        raise Invalid("say which order or cart gives its units back")
    reason = plain(call.reason)

    async def effect(tx: Tx) -> Done:
        found = await storage.lock_live(tx, order_id=call.order_id, cart_id=call.cart_id)
        if call.order_id and not any(each.order_id for each in found):
            await storage.mark_released(tx, ports.ids.new("rsv"), call.order_id, reason)
            if await _take_back(tx, call.order_id, call.lines, reason):
                return Done(changed=True)
        live = [each for each in found if State.RELEASED in NEXT[each.state]]
        await _give_back(tx, live, reason)
        return Done(changed=bool(live))

    return await again(lambda _: ports.db.retrying(effect))


async def release_by_hand(ports: Ports, reservation_id: str) -> None:
    """An operator ends a cart's hold. NotFound; Conflict when an order has taken it over: cancel the order instead."""

    async def effect(tx: Tx) -> None:
        found = await storage.lock_live(tx, reservation_id=reservation_id)
        if not found:
            raise NotFound("there is no such reservation")
        if found[0].state in (State.PROMISED, State.SOLD):
            raise Conflict("this reservation is an order's; cancel the order", code="held_by_order")
        await _give_back(tx, [each for each in found if each.state is State.HELD], "released by an operator")

    await again(lambda _: ports.db.retrying(effect))


async def _give_back(tx: Tx, live: list[Reservation], reason: str) -> None:
    sold = [each for each in live if each.state is State.SOLD]
    near = set()
    if held := [each for each in live if each.state is not State.SOLD]:
        near = await end_holds(tx, held, State.RELEASED, reason)
    for each in await storage.pass_on(tx, sold, State.RELEASED, reason) if sold else ():
        near |= await storage.shift(tx, [Shift(*place, on_hand=n) for place, n in each.units.items()])
        moves = [Move(*place, n) for place, n in each.units.items()]
        await storage.write_movements(
            tx, moves, kind="returned", reason=reason, order_id=each.order_id, reservation_id=each.id
        )
        tx.tell(StockReturned(order_id=each.order_id or "", lines=lines_of(summed(each.units))))
    await tell_crossings(tx, near)


async def _take_back(tx: Tx, order_id: str, lines: Iterable[StockLine], reason: str) -> bool:
    """Put back on the books what left them before they were kept here; once, as the order is marked only once."""
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    fit = {sku: units for sku, units in wanted.items() if 0 < units <= LARGEST and is_sku(sku)}
    known = await storage.own_levels(tx, fit, DEFAULT_WAREHOUSE)
    back = {sku: units for sku, units in sorted(fit.items()) if sku in known}
    if not back:
        return False
    near = await storage.shift(tx, [Shift(sku, DEFAULT_WAREHOUSE, on_hand=units) for sku, units in back.items()])
    moves = [Move(sku, DEFAULT_WAREHOUSE, units) for sku, units in back.items()]
    await storage.write_movements(tx, moves, kind="returned", reason=reason, order_id=order_id)
    tx.tell(StockReturned(order_id=order_id, lines=lines_of(back)))
    await tell_crossings(tx, near)
    return True

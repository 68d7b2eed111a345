"""Set units aside for a cart or an order: all lines or none, never more than there is, never refused while there is.

The usual hold is a look, the reservation, its fact, and last one conditional UPDATE: with BEGIN and COMMIT six
statements, nine when it brings a SKU over a line. An order that takes over what its cart holds needs five. Only who is
overtaken, or needs units of lapsed holds, locks first and looks then.
"""

from dataclasses import replace
from functools import partial

from pydantic_core import to_json

from banyan.contracts.inventory import HoldOutcome, HoldStock, StockHold, StockRefused, StockReserved
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import (
    Allocation,
    Overtaken,
    Plan,
    Reservation,
    Sight,
    State,
    difference,
    lines_of,
    parcels,
    plan,
    summed,
    wish_of,
)
from banyan.inventory.storage import Shift
from banyan.kernel.refusals import Conflict, Fault


async def hold_stock(ports: Ports, call: HoldStock) -> StockHold:
    """Answer HoldStock. Invalid where it asks for what cannot be; being short is an answer, not a refusal."""
    wanted = wish_of(call)
    return await again(lambda surely: ports.db.retrying(partial(_hold, ports, call, wanted, surely)))


async def hold_by_hand(ports: Ports, key: Key, call: HoldStock) -> Answer:
    """An operator's hold: 201 with the StockHold. Conflict `out_of_stock`, naming each shortage; nothing is held then."""
    wanted = wish_of(call)

    async def effect(surely: bool, tx: Tx) -> Answer:
        held = await _hold(ports, call, wanted, surely, tx)
        if held.outcome is HoldOutcome.REFUSED:
            raise _OutOfStock(held)
        return Answer(201, to_json(held))

    try:
        return await again(lambda surely: idempotency.once(ports.db, key, partial(effect, surely)))
    except _OutOfStock as refused:
        async with ports.db.transaction() as tx:  # the first was rolled back, with what it told
            tx.tell(StockRefused(cart_id=call.cart_id, order_id=None, short=refused.held.short))
        raise


class _OutOfStock(Conflict):
    code = "out_of_stock"
    title = "There are not enough units"

    def __init__(self, held: StockHold) -> None:
        super().__init__(
            errors=[
                Fault("/body/lines", "short", f"{each.sku}: {each.wanted} wanted, {each.available} available")
                for each in held.short
            ]
        )
        self.held = held


async def _hold(ports: Ports, call: HoldStock, wanted: dict[str, int], surely: bool, tx: Tx) -> StockHold:
    lapsed = await storage.lock(tx, wanted, call.cart_id) if surely else []
    sight = await storage.look(tx, call.cart_id, call.order_id, list(wanted))
    if sight.ordered is not None:
        return _as_before(sight.ordered)
    planned = plan(sight, wanted, ports.settings.allocation)
    if planned.short:
        tx.tell(StockRefused(cart_id=call.cart_id, order_id=call.order_id, short=planned.short))
        return StockHold(outcome=HoldOutcome.REFUSED, short=planned.short)
    if planned.ends_lapsed and not surely:
        raise Overtaken
    near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if planned.ends_lapsed else set()
    held = await _take(ports, tx, call, sight, planned)
    tx.tell(
        StockReserved(
            reservation_id=held.id, cart_id=held.cart_id, order_id=held.order_id, lines=lines_of(summed(held.units))
        )
    )
    await tx.flush()  # before the take, so that a hot shelf is locked for one statement and the COMMIT
    await tell_crossings(tx, near | await storage.shift(tx, _shifts(sight, planned)))
    return _answer(held)


async def _take(ports: Ports, tx: Tx, call: HoldStock, sight: Sight, planned: Plan) -> Reservation:
    """Write the reservation as it is to be: the cart's own goes on, or a new one begins."""
    state = State.PROMISED if call.order_id else State.HELD
    if sight.own is not None:
        kept = replace(sight.own.becomes(state), order_id=call.order_id, units=planned.units)
        return replace(kept, expires_at=await storage.keep(tx, kept, call.seconds))
    new = Reservation(ports.ids.new("rsv"), call.cart_id, call.order_id, state, None, 1, planned.units)
    return replace(new, expires_at=await storage.open_reservation(tx, new, call.seconds))


def _shifts(sight: Sight, planned: Plan) -> list[Shift]:
    before: Allocation = sight.own.units if sight.own else {}
    return [Shift(*place, reserved=more) for place, more in difference(before, planned.units).items()]


def _as_before(ordered: Reservation) -> StockHold:
    """The order asked before: what it has it keeps, and once released it never has anything again."""
    if ordered.state in (State.PROMISED, State.SOLD):
        return _answer(ordered)
    return StockHold(outcome=HoldOutcome.REFUSED)


def _answer(held: Reservation) -> StockHold:
    return StockHold(
        outcome=HoldOutcome.HELD,
        reservation_id=held.id,
        expires_at=held.expires_at,
        parcels=parcels(held.units),
    )

"""Set units aside for carts and orders: all lines or none, never more than there is, never refused while there is.

The usual round of holds is a look, the reservations, their facts, and last one conditional UPDATE: with BEGIN and COMMIT
six statements, nine when it brings a SKU over a line, however many wishes it has. Orders that take over what their carts
hold need five. Only who is overtaken, or needs units of lapsed holds, locks first and looks then.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pydantic_core import to_json

from banyan.contracts.inventory import HoldOutcome, HoldStock, StockHold, StockRefused, StockReserved
from banyan.foundation import idempotency, telemetry
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions import rounds
from banyan.inventory.actions.telling import again, end_holds, tell_crossings
from banyan.inventory.domain import (
    Allocation,
    Look,
    Overtaken,
    Reservation,
    State,
    Turns,
    lines_of,
    parcels,
    summed,
    wish_of,
)
from banyan.inventory.storage import Ends, Shift
from banyan.kernel.refusals import Conflict, Fault


@dataclass(frozen=True, slots=True)
class Wish:
    """A hold asked for, and the units wanted per SKU."""

    call: HoldStock
    wanted: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Taking:
    """A reservation as it is to be, new or the cart's own, and by how much units set aside change with it."""

    wish: Wish
    kept: Reservation
    new: bool
    changes: Allocation


async def hold_stock(ports: Ports, call: HoldStock) -> StockHold:
    """Answer HoldStock. Invalid where it asks for what cannot be; being short is an answer, not a refusal."""
    return await rounds.ask(ports, Wish(call, wish_of(call)), _hold_round, _hold_surely)


async def hold_by_hand(ports: Ports, key: Key, call: HoldStock) -> Answer:
    """An operator's hold: 201 with the StockHold. Conflict `out_of_stock`, naming each shortage; nothing is held then."""
    asked = Asked(Wish(call, wish_of(call)), telemetry.traceparent())

    async def effect(surely: bool, tx: Tx) -> Answer:
        (held,) = await _hold(ports, [asked], surely, tx)
        if isinstance(held, Overtaken):
            raise held
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


async def _hold_round(ports: Ports, asked: Sequence[Asked[Wish]]) -> list[StockHold | Exception]:
    return await rounds.serve(ports, asked, _hold, _names)


async def _hold_surely(ports: Ports, asked: Sequence[Asked[Wish]]) -> list[StockHold | Exception]:
    return await rounds.serve(ports, asked, _hold, _names, surely=True)


def _names(wish: Wish) -> list[tuple[str, str]]:
    cart = ("cart", wish.call.cart_id)
    return [cart, ("order", wish.call.order_id)] if wish.call.order_id else [cart]


async def _hold(ports: Ports, asked: Sequence[Asked[Wish]], surely: bool, tx: Tx) -> list[StockHold | Overtaken]:
    """Wishes of carts and orders that are all different, in their order. What one takes the next cannot have."""
    skus = sorted({sku for each in asked for sku in each.wish.wanted})
    carts = [each.wish.call.cart_id for each in asked]
    orders = [each.wish.call.order_id for each in asked if each.wish.call.order_id]
    lapsed = await storage.lock(tx, skus, carts) if surely else []
    look = await storage.look(tx, carts, orders, skus)
    turns = Turns(look, ports.settings.allocation)
    decided = [_decide(ports, look, turns, each.wish, surely) for each in asked]
    near = await end_holds(tx, lapsed, State.EXPIRED, "expired") if turns.ends_lapsed else set()
    ends = await _write(tx, [each for each in decided if isinstance(each, _Taking)])
    told = _tell(tx, asked, decided, ends, await _shut(ports, tx, asked, decided, ends))
    await tx.flush()  # before the take, so that a hot shelf is locked for one statement and the COMMIT
    await tell_crossings(tx, near | await storage.shift(tx, _shifts(decided, ends)))
    return told


def _decide(ports: Ports, look: Look, turns: Turns, wish: Wish, surely: bool) -> _Taking | StockHold | Overtaken:
    """What comes of one wish: a reservation to write, an answer as it is, or another try."""
    call = wish.call
    if call.order_id and (before := look.ordered.get(call.order_id)):
        return _as_before(before)
    if call.cart_id in look.busy:
        return Overtaken()
    try:
        planned = turns.plan(call.cart_id, wish.wanted)
    except Overtaken as overtaken:
        return overtaken
    if planned.short:
        return StockHold(outcome=HoldOutcome.REFUSED, short=planned.short)
    if planned.ends_lapsed and not surely:
        return Overtaken()
    changes = turns.take(call.cart_id, planned)
    state = State.PROMISED if call.order_id else State.HELD
    own = look.own.get(call.cart_id)
    if own is not None:
        kept = replace(own.becomes(state), order_id=call.order_id, units=planned.units)
    else:
        kept = Reservation(ports.ids.new("rsv"), call.cart_id, call.order_id, state, None, 1, planned.units)
    return _Taking(wish, kept, own is None, changes)


async def _write(tx: Tx, taking: Sequence[_Taking]) -> Ends:
    """Write the reservations as they are to be; the end of each that nobody was quicker with."""
    kept = [each for each in taking if not each.new]
    new = [each for each in taking if each.new]
    ends = await storage.keep_all(tx, [each.kept for each in kept], [each.wish.call.seconds for each in kept])
    return ends | await storage.open_all(tx, [each.kept for each in new], [each.wish.call.seconds for each in new])


async def _shut(
    ports: Ports, tx: Tx, asked: Sequence[Asked[Wish]], decided: Sequence[_Taking | StockHold | Overtaken], ends: Ends
) -> set[str]:
    """Shut the door behind orders that are refused: the same call, come a second time, must not hold units for them."""
    marks = [
        (ports.ids.new("rsv"), each.wish.call.order_id, "out_of_stock")
        for each, came in zip(asked, decided, strict=True)
        if each.wish.call.order_id and isinstance(came, StockHold) and came.short
    ]
    return await storage.mark_released(tx, marks) if marks and _all_written(decided, ends) else set()


def _all_written(decided: Sequence[_Taking | StockHold | Overtaken], ends: Ends) -> bool:
    return all(each.kept.id in ends for each in decided if isinstance(each, _Taking))


def _tell(
    tx: Tx,
    asked: Sequence[Asked[Wish]],
    decided: Sequence[_Taking | StockHold | Overtaken],
    ends: Ends,
    shut: Collection[str],
) -> list[StockHold | Overtaken]:
    """The answers, and the facts that go with them."""
    all_written = _all_written(decided, ends)
    told: list[StockHold | Overtaken] = []
    for each, came in zip(asked, decided, strict=True):
        if isinstance(came, _Taking):
            if came.kept.id not in ends:
                told.append(Overtaken())
                continue
            held = replace(came.kept, expires_at=ends[came.kept.id])
            lines = lines_of(summed(held.units))
            fact = StockReserved(reservation_id=held.id, cart_id=held.cart_id, order_id=held.order_id, lines=lines)
            tx.tell(fact, trace=each.trace)
            told.append(_answer(held))
        elif isinstance(came, StockHold) and came.short:
            call = each.wish.call
            if not all_written or (call.order_id and call.order_id not in shut):
                # Perhaps it was short of what somebody before it did not take after all; or the order has something by now.
                told.append(Overtaken())
                continue
            tx.tell(StockRefused(cart_id=call.cart_id, order_id=call.order_id, short=came.short), trace=each.trace)
            told.append(came)
        else:
            told.append(came)
    return told


def _shifts(decided: Sequence[_Taking | StockHold | Overtaken], ends: Ends) -> list[Shift]:
    """The round's sum for each shelf."""
    sums = Counter[tuple[str, str]]()
    for each in decided:
        if isinstance(each, _Taking) and each.kept.id in ends:
            sums.update(each.changes)
    return [Shift(*place, reserved=more) for place, more in sums.items() if more]


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

"""Give back what carts or orders hold, and take back what orders were sold.

A round is a lock, for orders that nothing is known of a mark, the reservations' end, movements, facts, and last the
shelves. An order that held nothing costs with BEGIN and COMMIT four statements, and so does a round of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from banyan.contracts.inventory import Done, ReleaseStock, StockLine, StockReleased, StockReturned
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions import rounds
from banyan.inventory.actions.telling import again, tell_crossings
from banyan.inventory.domain import (
    DEFAULT_WAREHOUSE,
    LARGEST,
    NEXT,
    Overtaken,
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

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """Who gives back and why; `lines` are units of an order that may have left the books before they were kept here."""

    order_id: str | None
    cart_id: str | None
    reason: str
    lines: Mapping[str, int]


@dataclass(slots=True)
class _Back:
    """What is given back: reservations that end and why, units freed, and units that return on the books."""

    ended: list[Reservation] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    freed: Counter[Place] = field(default_factory=Counter)
    moves: list[Move] = field(default_factory=list)

    def end(self, one: Reservation, reason: str) -> StockReleased | StockReturned:
        """Give back all of a live reservation; the fact to be told."""
        self.ended.append(one)
        self.reasons.append(reason)
        lines = lines_of(summed(one.units))
        if one.state is State.SOLD:
            self.moves += [Move(*place, n, one.order_id, one.id, reason) for place, n in one.units.items()]
            return StockReturned(order_id=one.order_id or "", lines=lines)
        self.freed.update(one.units)
        return StockReleased(
            reservation_id=one.id, cart_id=one.cart_id, order_id=one.order_id, reason=reason, lines=lines
        )

    def shifts(self) -> list[Shift]:
        """The sum for each shelf."""
        returned = Counter[Place]()
        for move in self.moves:
            returned[move.sku, move.warehouse_id] += move.change
        return [Shift(*place, on_hand=returned[place], reserved=-self.freed[place]) for place in returned | self.freed]


async def release_stock(ports: Ports, call: ReleaseStock) -> Done:
    """Answer ReleaseStock. A cart gives back only what no order has taken over; an order never holds anything again."""
    given = [each for each in (call.order_id, call.cart_id) if each is not None]
    if not given or not all(map(is_id, given)):
        raise Invalid("say which order or cart gives its units back")
    wish = Wish(call.order_id, call.cart_id, plain(call.reason), _fit(call.lines))
    return await rounds.ask(ports, wish, _release_round, _release_round)


async def release_by_hand(ports: Ports, reservation_id: str) -> None:
    """An operator ends a cart's hold. NotFound; Conflict when an order has taken it over: cancel the order instead."""

    async def effect(tx: Tx) -> None:
        found = await storage.lock_live(tx, reservation_ids=[reservation_id])
        if not found:
            raise NotFound("there is no such reservation")
        if found[0].state in (State.PROMISED, State.SOLD):
            raise Conflict("this reservation is an order's; cancel the order", code="held_by_order")
        back = _Back()
        tx.tell(*(back.end(each, "released by an operator") for each in found if each.state is State.HELD))
        await _write(tx, back)

    await again(lambda _: ports.db.retrying(effect))


async def _release_round(ports: Ports, asked: Sequence[Asked[Wish]]) -> list[Done | Exception]:
    return await rounds.serve(ports, asked, _release, _names)


def _names(wish: Wish) -> list[tuple[str, str]]:
    return [(kind, id) for kind, id in (("order", wish.order_id), ("cart", wish.cart_id)) if id]


async def _release(ports: Ports, asked: Sequence[Asked[Wish]], surely: bool, tx: Tx) -> list[Done | Overtaken]:
    """Wishes of carts and orders that are all different, in their order."""
    wishes = [each.wish for each in asked]
    orders = [each.order_id for each in wishes if each.order_id]
    found = await storage.lock_live(tx, order_ids=orders, cart_ids=[each.cart_id for each in wishes if each.cart_id])
    of_order = {each.order_id: each for each in found if each.order_id}
    of_cart = {each.cart_id: each for each in found if not each.order_id}
    unknown = [each for each in wishes if each.order_id and each.order_id not in of_order]
    marked, kept = await _mark(ports, tx, unknown) if unknown else (set(), set())
    back, told = _Back(), list[Done | Overtaken]()
    for each in asked:
        wish, moved = each.wish, len(back.moves)
        order = of_order.get(wish.order_id) if wish.order_id else None
        if wish.order_id and order is None:
            if wish.order_id not in marked:  # it holds something by now
                told.append(Overtaken())
                continue
            lines = {sku: units for sku, units in sorted(wish.lines.items()) if sku in kept}
            back.moves += [
                Move(sku, DEFAULT_WAREHOUSE, n, wish.order_id, None, wish.reason) for sku, n in lines.items()
            ]
            if lines:
                tx.tell(StockReturned(order_id=wish.order_id, lines=lines_of(lines)), trace=each.trace)
        cart = of_cart.get(wish.cart_id) if wish.cart_id else None
        live = [one for one in (order, cart) if one is not None and State.RELEASED in NEXT[one.state]]
        tx.tell(*(back.end(one, wish.reason) for one in live), trace=each.trace)
        told.append(Done(changed=bool(live) or len(back.moves) > moved))
    await _write(tx, back)
    return told


async def _mark(ports: Ports, tx: Tx, unknown: Sequence[Wish]) -> tuple[set[str], set[str]]:
    """Note that these orders are released before they held anything: those that are, and the SKUs kept here of theirs."""
    marks = [(ports.ids.new("rsv"), each.order_id or "", each.reason) for each in unknown]
    marked = await storage.mark_released(tx, marks)
    skus = {sku for each in unknown for sku in each.lines}
    return marked, set(await storage.own_levels(tx, skus, DEFAULT_WAREHOUSE)) if skus else set()


async def _write(tx: Tx, back: _Back) -> None:
    if back.ended:
        await storage.pass_on(tx, back.ended, State.RELEASED, back.reasons)
    if back.moves:
        await storage.write_movements(tx, back.moves, kind="returned", reason="returned")
    await tx.flush()  # before the shelves, so that a hot one is locked for one statement and the COMMIT
    await tell_crossings(tx, await storage.shift(tx, back.shifts()))


def _fit(lines: Iterable[StockLine]) -> dict[str, int]:
    """Units per SKU, without what no shelf here can have."""
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return {sku: units for sku, units in wanted.items() if 0 < units <= LARGEST and is_sku(sku)}

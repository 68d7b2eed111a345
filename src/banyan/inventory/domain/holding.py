"""Reservations: their states, and what a cart's wish for units comes to against what is on the shelves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from banyan.contracts.inventory import HoldStock, Shortage, StockLine
from banyan.inventory.domain.allocation import Allocation, Shelf, Strategy, allocate, shortages
from banyan.inventory.domain.bounds import LARGEST_LINE, LONGEST_HOLD, is_id, is_sku
from banyan.kernel.refusals import Fault, Invalid


class State(StrEnum):
    """How a reservation stands. Units are set aside while it is held or promised."""

    HELD = "held"  # for a cart, until expires_at
    PROMISED = "promised"  # for an order, until it is sold or released
    SOLD = "sold"
    RELEASED = "released"
    EXPIRED = "expired"


NEXT: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.HELD, State.PROMISED, State.RELEASED, State.EXPIRED}),
    State.PROMISED: frozenset({State.SOLD, State.RELEASED}),
    State.SOLD: frozenset({State.RELEASED}),  # the units come back on the books
    State.RELEASED: frozenset(),
    State.EXPIRED: frozenset(),
}


class Overtaken(Exception):
    """Someone else was quicker between our look and our act; nothing may be concluded but to look again."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units set aside, or what became of them. `cart_id` is empty for an order released before it held anything."""

    id: str
    cart_id: str
    order_id: str | None
    state: State
    expires_at: datetime | None
    version: int
    units: Allocation

    def becomes(self, state: State) -> "Reservation":
        """The same one, further on. ValueError where `NEXT` has no such step."""
        if state not in NEXT[self.state]:
            raise ValueError(f"a reservation that is {self.state} does not become {state}")
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one wish has before it: the cart's live hold, and the shelves of the SKUs wanted.

    `lapsed` are units on holds of other carts that are over and that nobody has ended yet.
    """

    own: Reservation | None
    shelves: tuple[Shelf, ...]
    lapsed: Allocation


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a wish: take these units, perhaps after ending lapsed holds; or refuse, naming what is short."""

    units: Allocation
    ends_lapsed: bool = False
    short: tuple[Shortage, ...] = ()


def plan(sight: Sight, wanted: Mapping[str, int], strategy: Strategy) -> Plan:
    """A cart's own hold never stands in its way, and one that already has just these units keeps them."""
    own = sight.own.units if sight.own else {}
    if own and summed(own) == dict(wanted):
        return Plan(own)
    free = freed(sight.shelves, own)
    if not shortages(wanted, free):
        return Plan(allocate(wanted, free, strategy))
    free = freed(free, sight.lapsed)
    if short := shortages(wanted, free):
        return Plan({}, short=short)
    return Plan(allocate(wanted, free, strategy), ends_lapsed=True)


def freed(shelves: Iterable[Shelf], units: Allocation) -> tuple[Shelf, ...]:
    """The shelves as they are once these units are given back."""
    if not units:
        return tuple(shelves)
    return tuple(replace(each, free=each.free + units.get((each.sku, each.warehouse_id), 0)) for each in shelves)


def wish_of(call: HoldStock) -> dict[str, int]:
    """Units wanted per SKU. Invalid where the call asks for what cannot be."""
    if not is_id(call.cart_id) or not (call.order_id is None or is_id(call.order_id)):
        raise Invalid("a cart or order has an id of 1 to 100 printable characters")
    if not 1 <= call.seconds <= LONGEST_HOLD:
        raise Invalid(f"a hold lasts 1 to {LONGEST_HOLD} seconds")
    return combined(call.lines)


def combined(lines: Iterable[StockLine]) -> dict[str, int]:
    """Units per SKU, equal SKUs added up. Invalid for none at all, or too many or too few of one."""
    wanted: dict[str, int] = {}
    for number, line in enumerate(lines):
        if not is_sku(line.sku):
            raise Invalid("this is no SKU", errors=[Fault(f"/lines/{number}/sku", "malformed", "not a SKU")])
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        if line.quantity < 1 or wanted[line.sku] > LARGEST_LINE:
            wrong = Fault(f"/lines/{number}/quantity", "out_of_range", f"1 to {LARGEST_LINE}")
            raise Invalid("a quantity is out of range", errors=[wrong])
    if not wanted:
        raise Invalid("a reservation needs at least one line")
    return wanted


def summed(units: Allocation) -> dict[str, int]:
    """Units per SKU, over all warehouses."""
    result: dict[str, int] = {}
    for (sku, _), quantity in units.items():
        result[sku] = result.get(sku, 0) + quantity
    return result


def lines_of(wanted: Mapping[str, int]) -> tuple[StockLine, ...]:
    """Units per SKU as lines, ordered by SKU."""
    return tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in sorted(wanted.items()))


def difference(before: Allocation, after: Allocation) -> Allocation:
    """What must be set aside more (or, below zero, less) on each shelf to come from one to the other."""
    changes = {place: after.get(place, 0) - before.get(place, 0) for place in before | after}
    return {place: change for place, change in changes.items() if change}

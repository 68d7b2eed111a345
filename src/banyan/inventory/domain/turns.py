"""Wishes of one round, planned one after another against one look: what one is given the next cannot have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from banyan.inventory.domain.allocation import Allocation, Shelf, Strategy, shortages
from banyan.inventory.domain.holding import Overtaken, Plan, Reservation, Sight, difference, freed, plan


@dataclass(frozen=True, slots=True)
class Look:
    """What one moment shows of the carts, orders and SKUs that a round is about. Shelves come in the order of priority.

    `lapsed` are units on holds that are over and that nobody has ended yet, by the cart that held them: that of carts
    which ask for nothing in this round under the empty name.
    """

    busy: frozenset[str]  # carts that somebody else acts for at this moment
    own: Mapping[str, Reservation]  # by cart: its live hold
    ordered: Mapping[str, Reservation]  # by order
    shelves: tuple[Shelf, ...]
    lapsed: Mapping[str, Allocation]


class Turns:
    """The shelves of a look, less what the wishes planned so far take."""

    def __init__(self, look: Look, strategy: Strategy) -> None:
        self.ends_lapsed = False  # whether something planned needs the lapsed holds ended
        self._own = look.own
        self._strategy = strategy
        self._lapsed = dict(look.lapsed.get("", {}))
        self._unsure = {cart_id: units for cart_id, units in look.lapsed.items() if cart_id}
        self._places: dict[str, dict[str, tuple[int, Shelf]]] = {}
        for rank, shelf in enumerate(look.shelves):
            self._places.setdefault(shelf.sku, {})[shelf.warehouse_id] = (rank, shelf)

    def plan(self, cart_id: str, wanted: Mapping[str, int]) -> Plan:
        """What to do about this wish, given those before it; it takes nothing yet.

        Overtaken where it is short only of units on a lapsed hold of a cart that has a wish in this round itself:
        whether that cart keeps them shows when the round is over.
        """
        sight = Sight(self._own.get(cart_id), self._shelves(wanted), self._lapsed)
        planned = plan(sight, wanted, self._strategy)
        if planned.short and (unsure := [units for other, units in self._unsure.items() if other != cart_id]):
            free = freed(sight.shelves, sight.own.units if sight.own else {})
            for units in (self._lapsed, *unsure):
                free = freed(free, units)
            if not shortages(wanted, free):
                raise Overtaken
        return planned

    def take(self, cart_id: str, planned: Plan) -> Allocation:
        """Give the cart what was planned; by how much units set aside change, shelf by shelf."""
        if planned.ends_lapsed:
            self.ends_lapsed = True
            self._free(self._lapsed)
            self._lapsed = {}
        self._unsure.pop(cart_id, None)
        own = self._own.get(cart_id)
        changes = difference(own.units if own else {}, planned.units)
        self._free({place: -more for place, more in changes.items()})
        return changes

    def _shelves(self, skus: Iterable[str]) -> tuple[Shelf, ...]:
        found = [each for sku in skus for each in self._places.get(sku, {}).values()]
        return tuple(shelf for _, shelf in sorted(found, key=_rank))

    def _free(self, units: Allocation) -> None:
        for (sku, warehouse_id), more in units.items():
            places = self._places.get(sku, {})
            if warehouse_id in places:
                rank, shelf = places[warehouse_id]
                places[warehouse_id] = (rank, replace(shelf, free=shelf.free + more))


def _rank(place: tuple[int, Shelf]) -> int:
    return place[0]

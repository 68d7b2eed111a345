"""Which warehouse sends what: two strategies, told apart by a setting. Shelves come in the order of priority."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import Literal, TypeAlias

from banyan.contracts.inventory import Parcel, Shortage, StockLine

Allocation: TypeAlias = dict[tuple[str, str], int]  # (sku, warehouse_id) → units
Strategy: TypeAlias = Literal["priority", "fewest_parcels"]
_LOOKED_AT = 2_000  # sets of warehouses that fewest_parcels tries, all there are of ten: some ten milliseconds


@dataclass(frozen=True, slots=True)
class Shelf:
    """One SKU in one warehouse. `free` units can be taken (below zero: none); with `backorder` more than that."""

    sku: str
    warehouse_id: str
    free: int
    backorder: bool = False


def shortages(wanted: Mapping[str, int], shelves: Sequence[Shelf]) -> tuple[Shortage, ...]:
    """What cannot be had, SKU by SKU; empty when everything can."""
    return tuple(
        Shortage(sku=sku, wanted=quantity, available=there)
        for sku, quantity in wanted.items()
        if (there := _free(sku, shelves)) < quantity
        and not any(shelf.backorder for shelf in shelves if shelf.sku == sku)
    )


def allocate(wanted: Mapping[str, int], shelves: Sequence[Shelf], strategy: Strategy) -> Allocation:
    """Units per shelf, summing to `wanted`. ValueError where `shortages` would name one.

    What is there is taken before anything is put on backorder, and what is on backorder waits where a parcel leaves anyway.
    """
    if shortages(wanted, shelves):
        raise ValueError("there is not enough")
    shelves = [shelf for shelf in shelves if shelf.sku in wanted]
    there = {sku: min(quantity, _free(sku, shelves)) for sku, quantity in wanted.items()}
    taken = _STRATEGIES[strategy](there, shelves)
    for sku, quantity in wanted.items():
        if owed := quantity - there[sku]:
            sending = {warehouse_id for _, warehouse_id in taken}
            places = [shelf.warehouse_id for shelf in shelves if shelf.sku == sku]
            place = next((each for each in places if each in sending), places[0])
            taken[sku, place] = taken.get((sku, place), 0) + owed
    return taken


def priority(wanted: Mapping[str, int], shelves: Sequence[Shelf]) -> Allocation:
    """From the first warehouse as much as it has, the rest from the next. Takes no more than is there."""
    left, taken = dict(wanted), Allocation()
    for shelf in shelves:
        units = min(left.get(shelf.sku, 0), shelf.free)
        if units > 0:
            taken[shelf.sku, shelf.warehouse_id] = units
            left[shelf.sku] -= units
    return taken


def fewest_parcels(wanted: Mapping[str, int], shelves: Sequence[Shelf]) -> Allocation:
    """From as few warehouses as can do it; of equally few, the ones first in priority.

    Exact while there are few enough sets of warehouses to try, and never more parcels than `priority`.
    """
    taken = priority(wanted, shelves)
    warehouses = list(dict.fromkeys(shelf.warehouse_id for shelf in shelves if shelf.free > 0))
    sizes = range(1, len({warehouse_id for _, warehouse_id in taken}))
    for chosen in islice(chain.from_iterable(combinations(warehouses, size) for size in sizes), _LOOKED_AT):
        within = [shelf for shelf in shelves if shelf.warehouse_id in chosen]
        if all(_free(sku, within) >= quantity for sku, quantity in wanted.items()):
            return priority(wanted, within)
    return taken


_STRATEGIES: dict[str, Callable[[Mapping[str, int], Sequence[Shelf]], Allocation]] = {
    "priority": priority,
    "fewest_parcels": fewest_parcels,
}


def parcels(allocation: Allocation) -> tuple[Parcel, ...]:
    """What each warehouse sends, in an order that depends on nothing else."""
    lines: dict[str, list[StockLine]] = {}
    for (sku, warehouse_id), quantity in sorted(allocation.items(), key=lambda each: (each[0][1], each[0][0])):
        lines.setdefault(warehouse_id, []).append(StockLine(sku=sku, quantity=quantity))
    return tuple(Parcel(warehouse_id=each, lines=tuple(within)) for each, within in lines.items())


def _free(sku: str, shelves: Sequence[Shelf]) -> int:
    return sum(max(0, shelf.free) for shelf in shelves if shelf.sku == sku)

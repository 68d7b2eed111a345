"""What an old shop's count of a SKU means on our shelves. It counts what can still be sold, over all there is, and may
count below zero; our shelves also hold what is promised to orders, and fall below zero only where that is allowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from banyan.contracts.legacy import StockRecord
from banyan.inventory.domain.bounds import LARGEST, is_sku


@dataclass(frozen=True, slots=True)
class Standing:
    """One SKU on one shelf, in the order in which shelves give: the default warehouse first."""

    warehouse_id: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Count:
    """What is to be. `free` units can be bought, or with `backorder` as many as are wanted."""

    sku: str
    free: int
    backorder: bool


def count(record: StockRecord) -> Count:
    """The record as a count. ValueError says what makes that impossible.

    What is sold without counting is sold on backorder. Below zero without backorder there is nothing: what is owed
    comes back into the count on its way back (`intake`).
    """
    if not is_sku(record.id):
        raise ValueError("this cannot be a SKU")
    if abs(record.on_hand) > LARGEST:
        raise ValueError(f"{record.on_hand} units are more than a shelf can hold")
    if record.removed:
        return Count(record.id, 0, backorder=False)
    backorder = record.backorder or not record.tracked
    return Count(record.id, record.on_hand if backorder else max(0, record.on_hand), backorder)


def holds_must_end(wanted: Count, held: int) -> bool:
    """Whether carts hold more than there is: the old shop may have sold it to somebody else."""
    return not wanted.backorder and held > wanted.free


def shifts(wanted: Count, shelves: Iterable[Standing], held: int) -> Mapping[str, int]:
    """How many units must come to (below zero: go from) each shelf. ValueError where holds must end first.

    Together the shelves hold what is free and what is promised. What goes, goes from the first that has it to spare; what
    comes, comes to the first.
    """
    there = list(shelves)
    promised = sum(each.reserved for each in there) - held
    target = wanted.free + promised
    if wanted.backorder:
        after = {each.warehouse_id: each.on_hand for each in there}
        after[there[0].warehouse_id] += target - sum(after.values())
    else:
        after = {each.warehouse_id: max(each.on_hand, each.reserved) for each in there}
        spare = sum(after.values()) - target
        for each in there:
            gives = min(max(spare, 0), after[each.warehouse_id] - each.reserved)
            after[each.warehouse_id] -= gives
            spare -= gives
        if spare > 0:
            raise ValueError("more units are held than are to be there")
        after[there[0].warehouse_id] -= spare
    return {each.warehouse_id: change for each in there if (change := after[each.warehouse_id] - each.on_hand)}

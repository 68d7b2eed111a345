"""Both strategies give just what was wanted, from what is there; fewest parcels means it."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.inventory import Shortage
from banyan.inventory.domain import Allocation, Shelf, Strategy, allocate, difference, parcels, shortages, summed

SKUS, HOUSES = ("a", "b", "c"), ("wh_1", "wh_2", "wh_3", "wh_4")
WANTED = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1)
BACKORDER = st.frozensets(st.sampled_from(SKUS))


@st.composite
def shelves(draw: st.DrawFn, backorder: st.SearchStrategy[frozenset[str]] = BACKORDER) -> list[Shelf]:
    """Some of each house's places filled, in the houses' order of priority."""
    flagged = draw(backorder)
    places = draw(st.dictionaries(st.tuples(st.sampled_from(SKUS), st.sampled_from(HOUSES)), st.integers(-3, 6)))
    found = [Shelf(sku, house, free, sku in flagged) for (sku, house), free in places.items()]
    return sorted(found, key=lambda shelf: shelf.warehouse_id)


def houses(allocation: Allocation) -> set[str]:
    return {house for _, house in allocation}


@given(WANTED, shelves(), st.sampled_from(["priority", "fewest_parcels"]))
def test_what_is_allocated_is_what_was_wanted_and_never_above_what_is_there(
    wanted: dict[str, int], there: list[Shelf], strategy: Strategy
) -> None:
    if shortages(wanted, there):
        return
    taken = allocate(wanted, there, strategy)
    free = {(shelf.sku, shelf.warehouse_id): shelf for shelf in there}
    assert summed(taken) == wanted
    assert all(units > 0 for units in taken.values())
    for place, units in taken.items():
        assert units <= max(0, free[place].free) or free[place].backorder
    for sku, units in wanted.items():  # nothing waits while a unit lies somewhere
        lying = sum(max(0, shelf.free) for shelf in there if shelf.sku == sku)
        used = sum(min(taken.get(place, 0), max(0, shelf.free)) for place, shelf in free.items() if place[0] == sku)
        assert used == min(units, lying)
    assert [parcel.warehouse_id for parcel in parcels(taken)] == sorted(houses(taken))


@given(WANTED, shelves())
def test_only_what_there_is_not_is_short(wanted: dict[str, int], there: list[Shelf]) -> None:
    lying = {sku: sum(max(0, shelf.free) for shelf in there if shelf.sku == sku) for sku in wanted}
    flagged = {shelf.sku for shelf in there if shelf.backorder}
    assert set(shortages(wanted, there)) == {
        Shortage(sku=sku, wanted=units, available=lying[sku])
        for sku, units in wanted.items()
        if units > lying[sku] and sku not in flagged
    }


@given(WANTED, shelves(backorder=st.just(frozenset())))
def test_fewest_parcels_are_the_fewest_and_of_equally_few_the_first(wanted: dict[str, int], there: list[Shelf]) -> None:
    if shortages(wanted, there):
        return
    few = houses(allocate(wanted, there, "fewest_parcels"))
    assert len(few) <= len(houses(allocate(wanted, there, "priority")))
    enough = [
        set(chosen)
        for size in range(1, len(HOUSES) + 1)
        for chosen in combinations(HOUSES, size)
        if not shortages(wanted, [shelf for shelf in there if shelf.warehouse_id in chosen])
    ]
    assert few == enough[0]


def test_priority_empties_the_first_house_before_it_asks_the_next() -> None:
    there = [Shelf("a", "wh_1", 2), Shelf("a", "wh_2", 9)]
    assert allocate({"a": 3}, there, "priority") == {("a", "wh_1"): 2, ("a", "wh_2"): 1}
    assert allocate({"a": 3}, there, "fewest_parcels") == {("a", "wh_2"): 3}


def test_what_is_on_backorder_waits_where_a_parcel_leaves_anyway() -> None:
    there = [Shelf("a", "wh_1", 0, True), Shelf("b", "wh_2", 5), Shelf("a", "wh_2", 1, True)]
    assert allocate({"a": 3, "b": 1}, there, "priority") == {("a", "wh_2"): 3, ("b", "wh_2"): 1}


def test_many_houses_are_not_all_tried() -> None:
    there = [Shelf("a", f"wh_{number:02}", 1) for number in range(60)]
    assert len(houses(allocate({"a": 40}, there, "fewest_parcels"))) == 40


ALLOCATION = st.dictionaries(st.tuples(st.sampled_from(SKUS), st.sampled_from(HOUSES)), st.integers(1, 9))


@given(ALLOCATION, ALLOCATION)
def test_a_difference_leads_from_one_allocation_to_the_other(before: Allocation, after: Allocation) -> None:
    change = difference(before, after)
    reached = {place: before.get(place, 0) + change.get(place, 0) for place in before | after}
    assert {place: units for place, units in reached.items() if units} == after
    assert 0 not in change.values()

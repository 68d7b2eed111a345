"""Wishes planned one after another: nobody is given what another has, nobody is refused what is there."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.inventory.domain import Allocation, Look, Overtaken, Reservation, Shelf, State, Strategy, Turns, summed
from tests.inventory.test_allocation import shelves

SKUS = ("a", "b", "c")
WISHES = st.lists(st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1), max_size=12)
STRATEGY = st.sampled_from(["priority", "fewest_parcels"])


def look(
    there: list[Shelf], own: dict[str, Allocation] | None = None, lapsed: dict[str, Allocation] | None = None
) -> Look:
    held = {
        cart: Reservation(f"rsv_{cart}", cart, None, State.HELD, None, 1, units) for cart, units in (own or {}).items()
    }
    return Look(frozenset(), held, {}, tuple(there), lapsed or {})


@given(WISHES, shelves(), STRATEGY)
def test_turns_give_no_more_than_is_there_and_refuse_nothing_that_is(
    wishes: list[dict[str, int]], there: list[Shelf], strategy: Strategy
) -> None:
    turns, taken = Turns(look(there), strategy), Counter[tuple[str, str]]()
    backorder = {shelf.sku for shelf in there if shelf.backorder}
    for number, wanted in enumerate(wishes):
        left = Counter[str]()
        for shelf in there:
            left[shelf.sku] += max(0, shelf.free - taken[shelf.sku, shelf.warehouse_id])
        planned = turns.plan(f"crt_{number}", wanted)
        short = {sku for sku, units in wanted.items() if left[sku] < units and sku not in backorder}
        assert {each.sku for each in planned.short} == short
        assert all(each.available == left[each.sku] for each in planned.short)
        if not short:
            changes = turns.take(f"crt_{number}", planned)
            assert summed(changes) == wanted
            taken.update(changes)
    for shelf in there:
        if shelf.sku not in backorder:
            assert taken[shelf.sku, shelf.warehouse_id] <= max(0, shelf.free)


@given(WISHES, shelves(), STRATEGY)
def test_turns_in_one_round_are_the_same_as_rounds_of_one(
    wishes: list[dict[str, int]], there: list[Shelf], strategy: Strategy
) -> None:
    together = Turns(look(there), strategy)
    for number, wanted in enumerate(wishes):
        alone = Turns(look(there), strategy)
        planned = together.plan(f"crt_{number}", wanted)
        assert planned == alone.plan(f"crt_{number}", wanted)
        if not planned.short:
            changes = together.take(f"crt_{number}", planned)
            there = [
                Shelf(each.sku, each.warehouse_id, each.free - changes.get((each.sku, each.warehouse_id), 0), each.backorder)
                for each in there
            ]  # fmt: skip


def test_what_a_cart_gives_up_the_next_can_have() -> None:
    turns = Turns(look([Shelf("a", "wh", 0)], own={"crt_1": {("a", "wh"): 3}}), "priority")
    assert turns.plan("crt_2", {"a": 2}).short
    assert turns.take("crt_1", turns.plan("crt_1", {"a": 1})) == {("a", "wh"): -2}
    assert turns.take("crt_2", turns.plan("crt_2", {"a": 2})) == {("a", "wh"): 2}


def test_lapsed_units_of_others_are_given_once() -> None:
    turns = Turns(look([Shelf("a", "wh", 1)], lapsed={"": {("a", "wh"): 1}}), "priority")
    first, second = [turns.plan(cart, {"a": 2}) for cart in ("crt_1", "crt_2")]
    assert first.ends_lapsed
    assert second.ends_lapsed
    turns.take("crt_1", first)
    assert turns.ends_lapsed
    assert turns.plan("crt_2", {"a": 1}).short


def test_nobody_is_refused_for_a_lapsed_hold_whose_cart_may_not_keep_it() -> None:
    there, mine = [Shelf("a", "wh", 0)], {("a", "wh"): 1}
    turns = Turns(look(there, own={"crt_1": mine}, lapsed={"crt_1": mine}), "priority")
    with pytest.raises(Overtaken):
        turns.plan("crt_2", {"a": 1})
    assert turns.plan("crt_1", {"a": 2}).short
    with pytest.raises(Overtaken):
        turns.plan("crt_2", {"a": 1})
    assert turns.take("crt_1", turns.plan("crt_1", {"a": 1})) == {}
    assert turns.plan("crt_2", {"a": 1}).short  # it has kept it

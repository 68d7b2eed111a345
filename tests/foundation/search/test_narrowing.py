"""Facets are the most frequent values; price bands are round, disjoint and hold every product."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation.search import Facet, PriceBand
from banyan.foundation.search.narrowing import EDGES, bands, facets, settled


def counted(prices: list[int]) -> list[int]:
    return [sum(low <= price < high for price in prices) for low, high in pairwise(EDGES)]


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_bands_hold_each_price_once_and_none_is_empty(prices: list[int]) -> None:
    found = bands(counted(prices))
    assert sum(band.count for band in found) == len(prices)
    assert len(found) <= 6
    for band in found:
        assert band.count == sum(band.low <= price <= band.high for price in prices) > 0
        assert {band.low, band.high + 1} <= set(EDGES)
    assert all(one.high < other.low for one, other in pairwise(found))


def test_bands_are_of_about_equal_size() -> None:
    found = bands(counted(list(range(0, 60_000, 10))))
    assert found[0] == PriceBand(0, 9_999, 1_000)
    assert [band.count for band in found] == [1_000] * 6


def test_no_prices_give_no_bands() -> None:
    assert bands(counted([])) == ()


def test_facets_go_by_count_then_by_name_and_are_twenty_at_most() -> None:
    assert facets([("b", 2), ("c", 3), ("a", 2), ("none", 0)]) == (Facet("c", 3), Facet("a", 2), Facet("b", 2))
    assert len(facets([(f"brand {at}", 1) for at in range(50)])) == 20


def test_a_tie_that_goes_on_beyond_what_was_asked_for_is_not_settled() -> None:
    assert settled([("a", 9)] * 19 + [("b", 5)] + [("c", 4)] * 44, asked=64)
    assert settled([("a", 1)] * 30, asked=64)
    assert not settled([("a", 9)] * 19 + [("b", 4)] * 45, asked=64)

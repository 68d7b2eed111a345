"""Who answers: weights are right, nobody is moved back, and browsers that come for the first time are spread evenly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.gateway.legacy.sides import Visitors, choose
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds

N = 20_000


def _weights(new: int) -> dict[str, int]:
    return {"new": new, "legacy": 100 - new}


@pytest.mark.parametrize("percent", [0, 1, 5, 10, 25, 33, 50, 75, 99, 100])
def test_the_share_of_new_visitors_is_within_half_a_point_of_the_weight(percent: int) -> None:
    visitors = Visitors(SeededIds(SystemClock(), 7))
    found = sum(choose(visitors.new(), _weights(percent)) == "new" for _ in range(N))
    assert abs(found / N * 100 - percent) <= 0.5


def test_any_run_of_visitors_is_spread_not_only_all_of_them() -> None:
    visitors = Visitors(SeededIds(SystemClock(), 8))
    named = [visitors.new() for _ in range(3200)]
    for start in range(0, 3200, 320):
        found = sum(choose(each, _weights(25)) == "new" for each in named[start : start + 320])
        assert found == 80


@given(visitor=st.text(max_size=40), before=st.integers(0, 100), more=st.integers(0, 100))
def test_raising_the_weight_moves_nobody_back(visitor: str, before: int, more: int) -> None:
    if choose(visitor, _weights(before)) == "new":
        assert choose(visitor, _weights(min(100, before + more))) == "new"


@given(visitor=st.text(max_size=40))
def test_a_side_without_weight_gets_nobody(visitor: str) -> None:
    assert choose(visitor, _weights(0)) == "legacy"
    assert choose(visitor, _weights(100)) == "new"


def test_no_weight_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError):
        choose("ann", {"new": 0, "legacy": 0})

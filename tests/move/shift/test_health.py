"""How one side does beside the other: quantiles are near the truth, and too little is never good."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.moving import BOUNDS_MS
from banyan.move.shift.health import Margins, Seen, Verdict, judge, quantile

M = Margins()


def seen(*milliseconds: float, failed: int = 0, times: int = 1) -> Seen:
    bins = [0] * (len(BOUNDS_MS) + 1)
    for each in milliseconds:
        bins[bisect_left(BOUNDS_MS, each)] += times
    return Seen(len(milliseconds) * times + failed, failed, tuple(bins))


@given(st.lists(st.floats(0.1, 9000), min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_a_quantile_is_in_the_bin_of_the_true_one(values: list[float], share: float) -> None:
    true = sorted(values)[max(0, -(-int(share * len(values) * 1000) // 1000) - 1)]
    found = quantile(seen(*values).bins, share)
    assert found is not None
    place = bisect_left(BOUNDS_MS, true)
    lower = BOUNDS_MS[place - 1] if place else 0
    assert lower - 1e-6 <= found or found <= BOUNDS_MS[place] + 1e-6


def test_no_answer_has_no_quantile() -> None:
    assert quantile(Seen().bins, 0.5) is None


@pytest.mark.parametrize(
    ("ours", "legacy", "verdict"),
    [
        (Seen(), seen(100, times=500), Verdict.UNKNOWN),
        (seen(20, times=49), seen(100, times=500), Verdict.UNKNOWN),
        (seen(20, times=500), seen(100, times=49), Verdict.UNKNOWN),
        (seen(20, times=500), Seen(), Verdict.UNKNOWN),
        (seen(20, times=50), seen(100, times=50), Verdict.GOOD),
        (seen(120, times=500), seen(100, times=500), Verdict.GOOD),
        (seen(20, times=100, failed=2), seen(100, times=500), Verdict.GOOD),
        (seen(20, times=95, failed=5), seen(100, times=500), Verdict.BAD),
        (Seen(3, 3), seen(100, times=500), Verdict.BAD),
        (seen(20, times=95, failed=5), seen(100, times=95, failed=5), Verdict.GOOD),
        (seen(320, times=100), seen(20, times=100), Verdict.BAD),
        (seen(*[20] * 90, *[800] * 10), seen(*[20] * 100), Verdict.BAD),
    ],
)
def test_a_side_is(ours: Seen, legacy: Seen, verdict: Verdict) -> None:
    assert judge(ours, legacy, M).verdict is verdict


def test_what_a_worker_saw_since_is_its_difference_and_all_of_it_when_it_began_anew() -> None:
    before, after = seen(20, times=10, failed=1), seen(20, times=30, failed=4)
    assert after.since(before) == seen(20, times=20, failed=3)
    assert before.since(after) == before

"""The capacity model: known queues come out as the books say, more never takes fewer, and scaling follows a spike."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.trial.capacity import FULLEST, Act, Policy, needed, plan, scaled, spike

ONE = {"read": Act(1.0, cpu=0.010, database=0.0)}


def test_one_station_is_the_m_m_1_queue() -> None:
    """T is exponential with mean S / (1 - ρ): its 95th percentile is ln 20 times the mean."""
    got = plan(ONE, rate=50, tasks=1, database_cores=1)
    assert got.task_utilisation == pytest.approx(0.5)
    assert got.p95 == pytest.approx(0.010 / 0.5 * log(20), rel=1e-3)
    assert got.p50 == pytest.approx(0.010 / 0.5 * log(2), rel=1e-3)


def test_waits_for_others_come_on_top() -> None:
    waits = {"pay": Act(1.0, cpu=0.010, database=0.0, wait=0.2)}
    assert plan(waits, 50, 1, 1).p95 == pytest.approx(plan(ONE, 50, 1, 1).p95 + 0.2, rel=1e-3)


def test_the_fewest_tasks_are_found_and_one_fewer_would_not_do() -> None:
    acts = {"read": Act(0.9, 0.002, 0.0005), "checkout": Act(0.1, 0.030, 0.010, 0.05)}
    got = needed(acts, rate=2000, p95=0.3, database_cores=8)
    assert got is not None
    assert got.p95 <= 0.3
    assert plan(acts, 2000, got.tasks - 1, 8).p95 > 0.3


def test_where_the_database_is_full_no_number_of_tasks_helps() -> None:
    assert needed({"write": Act(1.0, 0.001, 0.010)}, rate=500, p95=0.3, database_cores=4) is None


@given(st.floats(1, 5000), st.floats(1.01, 3), st.floats(0.0001, 0.02), st.floats(0.05, 1))
def test_more_requests_never_need_fewer_tasks(rate: float, more: float, cpu: float, p95: float) -> None:
    acts = {"read": Act(1.0, cpu, 0.0)}
    few, many = (needed(acts, each, p95, 1) for each in (rate, rate * more))
    if few is not None and many is not None:
        assert few.tasks <= many.tasks
        assert many.task_utilisation <= FULLEST


def test_a_steady_demand_is_served_whole_and_nothing_scales() -> None:
    moments = scaled([1000.0] * 300, 0.002, Policy())
    assert {moment.tasks for moment in moments} == {4}
    assert sum(moment.turned_away for moment in moments) == 0


def test_a_spike_is_followed_within_the_reaction_and_the_start() -> None:
    policy = Policy(period=30, start=8, target=0.6)
    moments = scaled(spike(1000, 10), 0.002, policy)
    enough = next(moment.second for moment in moments if moment.tasks * 500 >= 10_000)
    assert 120 < enough <= 120 + 3 * policy.period + policy.start
    assert all(moment.turned_away == 0 for moment in moments[enough + 5 : 720])
    assert moments[-1].tasks < moments[600].tasks


@given(
    st.lists(st.floats(0, 5000), min_size=2, max_size=200),
    st.floats(0.0005, 0.02),
    st.floats(0.3, 0.9),
    st.floats(0, 40),
)
def test_every_request_is_served_waits_or_was_turned_away(
    demand: list[float], cpu: float, target: float, start: float
) -> None:
    moments = scaled(demand, cpu, Policy(target=target, start=start))
    came = sum(demand)
    gone = sum(moment.served + moment.turned_away for moment in moments) + moments[-1].waiting
    assert gone == pytest.approx(came, rel=1e-6, abs=1e-3)
    assert all(moment.served <= moment.tasks / cpu + 1e-6 for moment in moments)


def test_a_slower_start_turns_more_away() -> None:
    away = [
        sum(moment.turned_away for moment in scaled(spike(500, 10), 0.002, Policy(start=start))) for start in (5, 60)
    ]
    assert away[0] < away[1]

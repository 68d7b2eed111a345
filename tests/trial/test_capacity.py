"""The capacity model: known queues come out as the books say, more never takes fewer, and scaling follows a spike."""

from math import log
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.trial.capacity import (
    FULLEST,
    Act,
    Cost,
    Policy,
    burden,
    followed,
    full_cost,
    needed,
    plan,
    scaled,
    spike,
    stretched,
)
from banyan.trial.capacity.checking import predicted
from banyan.trial.capacity.report import Asked, report
from banyan.trial.capacity.services import NEEDED, Service, Services, WrongServices, falling, read
from banyan.trial.shoppers import mixes


def act(share: float, task: float, database: float = 0.0, wait: float = 0.0) -> Act:
    """One that costs the same however many there are."""
    return Act(share, (Cost(1, task, database),), wait)


ONE = {"read": act(1.0, 0.010)}


def test_one_station_is_the_m_m_1_queue() -> None:
    """T is exponential with mean S / (1 - ρ): its 95th percentile is ln 20 times the mean."""
    got = plan(ONE, rate=50, tasks=1, database_cores=1)
    assert got.task_utilisation == pytest.approx(0.5)
    assert got.p95 == pytest.approx(0.010 / 0.5 * log(20), rel=1e-3)
    assert got.p50 == pytest.approx(0.010 / 0.5 * log(2), rel=1e-3)


def test_waits_for_others_come_on_top() -> None:
    waits = {"pay": act(1.0, 0.010, wait=0.2)}
    assert plan(waits, 50, 1, 1).p95 == pytest.approx(plan(ONE, 50, 1, 1).p95 + 0.2, rel=1e-3)


def test_the_fewest_tasks_are_found_and_one_fewer_would_not_do() -> None:
    acts = {"read": act(0.9, 0.002, 0.0005), "checkout": act(0.1, 0.030, 0.010, 0.05)}
    got = needed(acts, rate=2000, p95=0.3, database_cores=8)
    assert got is not None
    assert got.p95 <= 0.3
    assert plan(acts, 2000, got.tasks - 1, 8).p95 > 0.3


def test_where_the_database_is_full_no_number_of_tasks_helps() -> None:
    assert needed({"write": act(1.0, 0.001, 0.010)}, rate=500, p95=0.3, database_cores=4) is None


@given(st.floats(1, 5000), st.floats(1.01, 3), st.floats(0.0001, 0.02), st.floats(0.05, 1))
def test_more_requests_never_need_fewer_tasks(rate: float, more: float, cpu: float, p95: float) -> None:
    acts = {"read": act(1.0, cpu)}
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


def test_a_station_of_many_cores_lets_wait_what_erlangs_formula_says() -> None:
    assert stretched(0.5) == pytest.approx(2.0)
    assert stretched(0.5, 2) == pytest.approx(1 + (1 / 3) / (2 * 0.5))
    assert stretched(0.8, 4) == pytest.approx(1 + 0.5964 / (4 * 0.2), rel=1e-3)
    assert stretched(0.0, 8) == pytest.approx(1.0)


FALLING = (Cost(1, 0.003, 0.004), Cost(4, 0.002, 0.002), Cost(16, 0.001, 0.001))


def test_a_cost_between_two_that_were_measured_is_read_off_by_the_logarithm_of_the_number() -> None:
    add = Act(1.0, FALLING)
    assert [add.cost(at_once)[1:] for at_once in (0.5, 1, 4, 16, 100)] == [
        FALLING[0][1:],
        FALLING[0][1:],
        FALLING[1][1:],
        FALLING[2][1:],
        FALLING[2][1:],
    ]
    assert add.cost(2)[1:] == pytest.approx((0.0025, 0.003))
    assert add.cost(8)[1:] == pytest.approx((0.0015, 0.0015))


@given(
    st.floats(0.1, 400), st.floats(0.0001, 0.002), st.floats(1, 10), st.integers(1, 8), st.booleans(), st.floats(1, 4)
)
def test_utilisation_is_the_rate_times_what_requests_cost_at_it(
    rate: float, cpu: float, dearer: float, tasks: int, rounds: bool, slower: float
) -> None:
    acts = {"add": Act(1.0, (Cost(1, cpu * dearer, cpu), Cost(20, cpu, cpu / 2)), rounds=rounds)}
    of_task, of_database, costs = burden(acts, rate, tasks, 4, slower)
    assert rate * costs["add"].task / tasks == pytest.approx(of_task, rel=1e-3, abs=1e-6)
    assert rate * costs["add"].database / 4 == pytest.approx(of_database)
    assert rate * cpu / tasks <= of_task + 1e-6


def test_of_a_write_as_many_are_in_hand_as_littles_law_says_and_itself() -> None:
    """40 a second that take 50 ms each, nearly all of it waiting: two, and this one."""
    seldom = Act(1.0, (Cost(1, 2e-6, 0), Cost(3, 1e-6, 0), Cost(9, 0, 0)), wait=0.05, rounds=True)
    assert seldom.cost_in(0.0, 40).at_once == pytest.approx(3, rel=1e-2)
    assert seldom.cost_in(0.0, 0.001).task == pytest.approx(2e-6, rel=1e-2)
    assert seldom.cost_in(0.0, 40, slower=3).at_once == pytest.approx(3, rel=1e-2), "a wait is no work"


def test_a_read_is_cheaper_the_busier_its_task_is_and_a_write_only_beside_its_own_kind() -> None:
    read, write = Act(0.99, FALLING), Act(0.01, FALLING, rounds=True)
    assert read.cost_in(0.75, 1).at_once == pytest.approx(4)
    assert read.cost_in(0.0, 1).task == FALLING[0].task
    assert write.cost_in(0.75, 0.01).task == pytest.approx(FALLING[0].task, rel=1e-2)


def test_work_in_company_is_cheaper_so_busier_tasks_ask_less_of_the_database() -> None:
    acts = {"add": Act(1.0, FALLING, rounds=True)}
    few, many = (burden(acts, 800, tasks, 4).database for tasks in (1, 8))
    assert few < many


def test_a_full_task_works_as_cheaply_as_it_can_and_no_cheaper_than_was_measured() -> None:
    assert full_cost(ONE) == pytest.approx(0.010)
    assert FALLING[2].task <= full_cost({"add": Act(1.0, FALLING)}) < FALLING[1].task


def test_what_came_after_the_answer_makes_no_answer_later() -> None:
    cost = Cost(1, 0.010, 0.0)
    assert Act(1.0, (cost,), after=0.5).time(cost, 0.0) == pytest.approx(0.005)
    assert Act(1.0, (cost,), wait=0.1, after=0.5).time(cost, 0.5, slower=1.5) == pytest.approx(0.1 + 0.005 * 4 * 1.5)


def test_noise_never_makes_more_at_once_dearer() -> None:
    assert falling([Cost(1, 3.0, 2.0), Cost(1, 4.0, 1.0), Cost(8, 2.0, 1.5)]) == (
        Cost(1, 3.0, 2.0),
        Cost(1.001, 3.0, 1.0),
        Cost(8, 2.0, 1.0),
    )


def test_a_policy_that_has_the_tasks_there_turns_nobody_away() -> None:
    demand = spike(1000, 10)
    there = followed(scaled(demand, 0.002, Policy(least=40), begin=40), 120, 720)
    late = followed(scaled(demand, 0.002, Policy(start=5)), 120, 720)
    never = followed(scaled(demand, 0.002, Policy(most=10)), 120, 720)
    assert (there.late, there.turned_away) == (0, 0.0)
    assert late.late is not None
    assert late.late > 5
    assert 0 < late.turned_away < 1
    assert never.late is None


COST = Service((Cost(1, 0.001, 0.0004), Cost(16, 0.0005, 0.0002)), 0.002)
PURCHASE = Service((Cost(1, 0.03, 0.02), Cost(7, 0.02, 0.01)), 0.05)
SERVICES = Services({**dict.fromkeys(NEEDED, COST), "checkout": PURCHASE}, 4.0)


def test_a_mix_costs_what_its_acts_do_and_a_cart_a_third_of_its_steps() -> None:
    acts = SERVICES.acts(mixes.read("day"), misses=0.5)
    assert acts["product"].costs[-1] == pytest.approx((16, 0.0005, 0.0002))
    assert acts["cart"].costs[-1].task == pytest.approx(0.0005 / 3)
    assert acts["checkout"].costs[-1] == pytest.approx((7, 0.02 - 0.0005, 0.01 - 0.0002))
    assert acts["checkout"].costs[0].task == pytest.approx(0.03 - 0.001)
    assert sum(each.share for each in acts.values()) == pytest.approx(1)
    assert [name for name, each in acts.items() if each.rounds] == ["cart", "checkout"]


def test_what_was_measured_is_read_back_from_its_json(tmp_path: Path) -> None:
    file = tmp_path / "here.json"
    file.write_bytes(orjson.dumps({"services": SERVICES.as_json()}))
    again = read(file)
    assert again.cold_start == 4.0
    assert again.paths["checkout"].costs == PURCHASE.costs
    assert again.acts(mixes.read("day"))["account"].wait == pytest.approx(0.002)


def test_one_measurement_of_each_path_will_do(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    operations = [{"path": name, "app_cpu_ms": 2.0, "database_cpu_ms": 1.0} for name in NEEDED]
    file.write_bytes(orjson.dumps({"operations": operations}))
    assert read(file).paths["list"].costs == (Cost(1, 0.002, 0.001),)
    operations[0]["costs"] = [{"at_once": each, "app_cpu_ms": 2.0, "database_cpu_ms": 1.0} for each in (1, 4)]
    file.write_bytes(orjson.dumps({"operations": operations}))
    with pytest.raises(WrongServices, match="more often than others"):
        read(file)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not what"),
        ("[]", "is not what"),
        ('{"operations": [{"path": "product"}]}', "app_cpu_ms"),
        ('{"operations": []}', "says nothing of product, list"),
        ('{"operations": [{"path": "product", "costs": []}]}', "IndexError"),
        ('{"operations": [{"path": "product", "costs": [{"at_once": "two"}]}]}', "TypeError"),
    ],
)
def test_a_file_that_is_no_measurement_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(WrongServices, match=why):
        read(tmp_path / "x.json")


def test_the_report_says_how_many_tasks_and_what_one_fewer_would_be() -> None:
    made = report(Asked(50_000, 25, 0.3), mixes.read("day"), SERVICES, 0.06)
    assert made.tasks is not None
    assert f"50,000 users who think 25 s (2,000 requests/s), p95 300 ms: {made.tasks} tasks" in made.lines()[0]
    assert {len(row) for row in made.plan_rows()} == {7}
    assert str(made.tasks) in [row[0] for row in made.around_rows()]
    assert made.policy_rows()[-1][3] == "0 s"
    told = orjson.loads(orjson.dumps(made.as_json()))
    assert (told["tasks"], len(told["simulation"])) == (made.tasks, 1020)


def test_on_one_machine_others_work_makes_answers_later_and_nothing_dearer() -> None:
    acts = SERVICES.acts(mixes.read("day"))
    alone, beside = (predicted(acts, SERVICES, 200, 1, others, 2) for others in (0.0, 0.5))
    assert alone[0] >= beside[0]
    assert alone[1] >= beside[1]
    assert alone[2] < beside[2]

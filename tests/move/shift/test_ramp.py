"""Weights that step by themselves, by a clock that a test moves: up on health, back on harm, nowhere without data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.moving import Counted
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.move.shift import routing
from banyan.move.shift.ramp import STEPS, Ramp, last_step, next_step
from banyan.move.storage import groups, log, shift
from tests.move.shift.conftest import OpenMover
from tests.move.shift.test_health import seen


class Traffic:
    """Requests of one gateway worker that split by the present weight, `per_second` of them."""

    def __init__(self, ports: Ports, clock: VirtualClock, group: str, *, per_second: int = 100) -> None:
        self.ports, self.clock, self.group, self.per_second = ports, clock, group, per_second
        self.ramp = Ramp()
        self.new, self.legacy = seen(), seen()
        self.hurt = self.asked = 0
        self.weights: list[int] = []

    async def seconds(self, number: int, *, ms: float = 20, failing: float = 0.0) -> None:
        for _ in range(number):
            weight = await self.weight()
            ours = round(self.per_second * weight / 100)
            failed = round(ours * failing)
            self.new += seen(ms, times=ours - failed, failed=failed) if ours else seen()
            self.legacy += seen(100, times=self.per_second - ours) if ours < self.per_second else seen()
            self.asked += self.per_second
            self.hurt += failed if failing else ours if ms > 200 else 0
            await self._report()
            self.clock.advance(1)
            await self.ramp.step(self.ports)
            now = await self.weight()
            if not self.weights or self.weights[-1] != now:
                self.weights.append(now)

    async def weight(self) -> int:
        group = await groups.one(self.ports.db, self.group)
        assert group is not None
        return group.weight

    async def _report(self) -> None:
        sides: Any = (("new", self.new), ("legacy", self.legacy))
        counted = [
            Counted(group=self.group, side=side, asked=each.asked, failed=each.failed, bins=each.bins)
            for side, each in sides
            if each.asked
        ]
        async with self.ports.db.transaction() as tx:
            await shift.count(tx, "wrk_1", counted)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def traffic(open_mover: OpenMover, clock: VirtualClock) -> Traffic:
    return Traffic(await open_mover(clock), clock, "catalog", per_second=300)


async def _log(ports: Ports) -> list[str]:
    return [row["what"] for row in await log.read(ports.db)]


async def test_a_healthy_side_climbs_every_step_to_its_goal_and_each_is_in_the_log(traffic: Traffic) -> None:
    routed = await routing.route(traffic.ports, "catalog", 100)
    assert (routed.weight, routed.goal) == (1, 100)
    await traffic.seconds(150)
    assert traffic.weights == [1, 5, 10, 25, 50, 100]
    said = [row for row in await log.read(traffic.ports.db) if row["what"].startswith("stepped up")]
    assert [row["numbers"]["after"] for row in said] == [5, 10, 25, 50, 100]
    assert all(row["numbers"]["ours"]["asked"] >= 50 for row in said)
    assert all(row["numbers"]["legacy"]["p95_ms"] > 50 for row in said)


async def test_it_stops_at_its_goal(traffic: Traffic) -> None:
    await routing.route(traffic.ports, "catalog", 30)
    await traffic.seconds(120)
    assert traffic.weights == [1, 5, 10, 25, 30]


async def test_no_data_never_counts_as_good(traffic: Traffic) -> None:
    traffic.per_second = 0
    await routing.route(traffic.ports, "catalog", 100)
    await traffic.seconds(300)
    assert traffic.weights == [1]
    assert [each for each in await _log(traffic.ports) if each.startswith("stays")] == [
        "stays at 1 %: 0 answers of ours so far, 50 are needed"
    ]


async def test_without_the_legacy_side_to_compare_with_it_stays(traffic: Traffic) -> None:
    await routing.route(traffic.ports, "catalog", 100)
    async with traffic.ports.db.transaction() as tx:
        await shift.weigh(tx, "catalog", 1, 50, 100)
    for number in range(30):
        mine = seen(10, times=100 * (number + 1))
        async with traffic.ports.db.transaction() as tx:
            await shift.count(
                tx, "wrk_1", [Counted(group="catalog", side="new", asked=mine.asked, failed=0, bins=mine.bins)]
            )
        traffic.clock.advance(1)
        await traffic.ramp.step(traffic.ports)
    assert await traffic.weight() == 50


@pytest.mark.parametrize("harm", [{"failing": 0.05}, {"ms": 320}])
async def test_a_bad_build_is_pulled_back_within_seconds_and_few_are_hurt(
    traffic: Traffic, harm: dict[str, float]
) -> None:
    await routing.route(traffic.ports, "catalog", 50)
    await traffic.seconds(100)
    assert await traffic.weight() == 50
    seconds = 0
    while await traffic.weight() == 50:
        await traffic.seconds(1, **harm)
        seconds += 1
    assert seconds <= 5
    await traffic.seconds(60, **harm)
    assert await traffic.weight() <= 1  # slowness goes down step by step
    assert traffic.hurt / traffic.asked < 0.03
    pulled = [row for row in await log.read(traffic.ports.db) if row["what"].startswith("pulled back")]
    assert pulled[0]["numbers"]["before"] == 50
    assert "allowed" in pulled[0]["what"]


async def test_what_was_pulled_back_does_not_climb_again_by_itself(traffic: Traffic) -> None:
    await routing.route(traffic.ports, "catalog", 50)
    await traffic.seconds(60)
    await traffic.seconds(10, failing=0.5)
    assert await traffic.weight() == 0
    await traffic.seconds(60)
    assert await traffic.weight() == 0
    await routing.route(traffic.ports, "catalog", 5)
    await traffic.seconds(40)
    assert await traffic.weight() == 5


async def test_a_group_that_is_not_verified_any_more_is_shown_to_nobody(traffic: Traffic) -> None:
    await routing.route(traffic.ports, "catalog", 25)
    await traffic.seconds(60)
    await traffic.ports.db.execute("UPDATE groups SET state = 'in_sync' WHERE name = 'catalog'")
    await traffic.seconds(1)
    assert await traffic.weight() == 0
    assert any("not verified any more" in each for each in await _log(traffic.ports))


async def test_two_movers_that_look_at_once_make_one_step(open_mover: OpenMover, clock: VirtualClock) -> None:
    ports = await open_mover(clock)
    first, second = Traffic(ports, clock, "catalog"), Traffic(ports, clock, "catalog")
    await routing.route(ports, "catalog", 100)
    first.per_second = 1000
    for _ in range(14):
        await second.ramp.step(ports)
        await first.seconds(1)
    assert len([each for each in await _log(ports) if each.startswith("stepped up")]) == 1


# ---- what operators say ------------------------------------------------------------------------------------------


async def test_less_is_done_at_once(traffic: Traffic) -> None:
    await routing.route(traffic.ports, "catalog", 25)
    await traffic.seconds(60)
    routed = await routing.route(traffic.ports, "catalog", 10)
    assert (routed.weight, routed.goal, await traffic.weight()) == (10, 10, 10)


async def test_a_refusal_names_its_guard_and_the_next_step_and_changes_nothing(traffic: Traffic) -> None:
    ports = traffic.ports
    await ports.db.execute("UPDATE groups SET state = 'in_sync' WHERE name = 'users'")
    with pytest.raises(Conflict, match=r"users is in sync.*banyan move verify users") as refused:
        await routing.route(ports, "users", 10)
    assert refused.value.code == "guard_state"
    await ports.db.execute("UPDATE groups SET state = 'new_primary', owner = 'new' WHERE name = 'orders'")
    with pytest.raises(Conflict, match="ours already"):
        await routing.route(ports, "orders", 10)
    with pytest.raises(Invalid):
        await routing.route(ports, "catalog", 101)
    with pytest.raises(NotFound):
        await routing.route(ports, "nobody", 1)
    await ports.db.execute("UPDATE groups SET state = 'copying' WHERE name = 'users'")
    with pytest.raises(Conflict, match="banyan move copy users"):
        await routing.shadow(ports, "users", 10)
    assert (await log.read(ports.db)) == []


async def test_route_and_shadow_may_be_said_twice(traffic: Traffic) -> None:
    for _ in range(2):
        assert (await routing.route(traffic.ports, "catalog", 10)).as_json()["weight"] == 1
        assert (await routing.shadow(traffic.ports, "catalog", 20)).shadow == 20


@given(st.integers(0, 100), st.integers(0, 100))
def test_steps_rise_to_the_goal_and_fall_to_nothing(weight: int, goal: int) -> None:
    up = next_step(weight, goal)
    assert up == goal if goal <= weight else weight < up <= goal
    down = last_step(weight)
    assert (down < weight and (down in STEPS or down == 0)) or weight == down == 0

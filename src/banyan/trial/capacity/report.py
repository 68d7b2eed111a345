"""What `banyan bench capacity` says: tasks for so many shoppers, what its costs are, and how scaling follows a spike."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, isfinite
from typing import Any

from banyan.trial.capacity.checking import Checked
from banyan.trial.capacity.model import WORDS, Act, Plan, full_cost, needed, plan
from banyan.trial.capacity.scaling import Followed, Moment, Policy, followed, scaled, spike
from banyan.trial.capacity.services import Services
from banyan.trial.shoppers.full import PER_WORKER
from banyan.trial.shoppers.mixes import Mix

FACTORS = (0.2, 1.0, 5.0, 10.0)
"""Of the shoppers asked for: a night, the day, Black Friday, the spike."""
TIMES = 10.0
BEFORE, DURING, AFTER = 120, 600, 300
"""Seconds of the simulated spike."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted: so many users who think so long, 95 % answered within so many seconds, a database of so many cores."""

    users: int
    think: float
    p95: float
    database_cores: float = 8.0
    target: float = 0.6
    reaction: float = 30.0

    @property
    def rate(self) -> float:
        return self.users / self.think


@dataclass(slots=True)
class Report:
    asked: Asked
    mix: Mix
    services: Services
    acts: Mapping[str, Act]
    plans: list[tuple[int, Plan | None]]
    policies: list[tuple[str, Followed]]
    moments: list[Moment]
    checked: list[Checked] = field(default_factory=list)

    @property
    def tasks(self) -> int | None:
        """For the users asked for; None where no number of tasks does."""
        found = dict(self.plans)[self.asked.users]
        return found.tasks if found else None

    def act_rows(self) -> list[tuple[str, ...]]:
        return [
            (name, f"{act.share:.0%}", *(f"{value * 1e3:.3f}" for value in _costs(act)), f"{act.wait * 1e3:.1f}")
            for name, act in self.acts.items()
        ]

    def plan_rows(self) -> list[tuple[str, ...]]:
        return [(f"{users:,}", f"{users / self.asked.think:,.0f}", *_cells(found)) for users, found in self.plans]

    def around_rows(self) -> list[tuple[str, ...]]:
        """What fewer and more tasks than needed come to."""
        middle = self.tasks
        if middle is None:
            return []
        counts = sorted({max(1, middle - 1), middle, middle + 1, ceil(middle * 1.5), middle * 2})
        plans = [plan(self.acts, self.asked.rate, count, self.asked.database_cores) for count in counts]
        return [_cells(each) for each in plans]

    def policy_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                *(name, str(each.before), str(each.most)),
                f"{each.late} s" if each.late is not None else "never",
                *(f"{each.turned_away:.1%}", f"{each.task_hours:.1f}"),
            )
            for name, each in self.policies
        ]

    def moment_rows(self) -> list[tuple[str, ...]]:
        """Around the spike, a line each 10 seconds while something happens."""
        rows, last = list[tuple[str, ...]](), -1
        for moment in self.moments:
            at = moment.second - BEFORE
            if at >= -10 and at % 10 == 0 and (moment.tasks != last or moment.turned_away > 0 or at in (-10, 0)):
                numbers = (moment.asked, moment.served, moment.turned_away, moment.waiting, moment.tasks)
                rows.append((f"{at:+d}", *(f"{number:,.0f}" for number in numbers)))
                last = moment.tasks
        return rows

    def lines(self) -> list[str]:
        asked, said = self.asked, self.tasks
        wanted = f"{asked.users:,} users who think {asked.think:g} s ({asked.rate:,.0f} requests/s), p95 {asked.p95 * 1e3:g} ms"
        enough = f"{said} {'task' if said == 1 else 'tasks'} of one core"
        lines = [f"{wanted}: {enough if said else 'no number of tasks does it, see the database'}"]
        processes = ceil(asked.users / PER_WORKER)
        if said and processes > said:
            lines.append(
                f"with a connection for each of them all the time: {processes} tasks, {PER_WORKER:,} connections each"
            )
        start, idle = self.services.cold_start, self.services.idle
        lines.append(
            f"a worker answers {start:.1f} s after its start; unasked it takes {idle.app:.1%} of a core, "
            f"its database {idle.database:.1%}"
        )
        return lines

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": asdict(self.asked),
            "mix": self.mix.name,
            "model": WORDS,
            "services": self.services.as_json(),
            "acts": {
                name: asdict(act) | {"costs": [cost._asdict() for cost in act.costs]} for name, act in self.acts.items()
            },
            "tasks": self.tasks,
            "plans": [{"users": users, "plan": _plain(found)} for users, found in self.plans],
            "policies": [{"policy": name, **asdict(each)} for name, each in self.policies],
            "simulation": [asdict(moment) for moment in self.moments],
            "checked": [each.as_json() for each in self.checked],
        }


def report(asked: Asked, mix: Mix, services: Services, misses: float) -> Report:
    """Everything that follows from what was measured."""
    acts = services.acts(mix, misses)
    plans = [
        (users, needed(acts, users / asked.think, asked.p95, asked.database_cores))
        for users in (round(asked.users * factor) for factor in FACTORS)
    ]
    cost = full_cost(acts)
    demand, last = spike(asked.rate, TIMES, before=BEFORE, during=DURING, after=AFTER), BEFORE + DURING
    policies, chosen = list[tuple[str, Followed]](), list[Moment]()
    for target in sorted({0.4, 0.6, 0.8, asked.target}):
        policy = Policy(target=target, period=asked.reaction, start=services.cold_start)
        moments = scaled(demand, cost, policy)
        policies.append((f"follow {target:.0%} busy, look each {asked.reaction:g} s", followed(moments, BEFORE, last)))
        chosen = moments if target == asked.target else chosen
    enough = ceil(asked.rate * TIMES * cost / asked.target)
    there = Policy(target=asked.target, period=asked.reaction, start=services.cold_start, least=enough)
    policies.append(("there before it begins", followed(scaled(demand, cost, there, begin=enough), BEFORE, last)))
    return Report(asked, mix, services, acts, plans, policies, chosen)


def _costs(act: Act) -> Sequence[float]:
    alone, company = act.costs[0], act.costs[-1]
    return (alone.task, company.task, alone.database, company.database)


def _cells(found: Plan | None) -> tuple[str, ...]:
    if found is None:
        return ("none does", "", "", "", "")
    times = [f"{each * 1e3:,.1f}" if isfinite(each) else "too long" for each in (found.p50, found.p95)]
    return (str(found.tasks), f"{found.task_utilisation:.0%}", f"{found.database_utilisation:.0%}", *times)


def _plain(found: Plan | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {name: value if isfinite(value) else None for name, value in asdict(found).items()}

"""The queueing model: how many tasks answer so many requests a second within a time, from what each request costs.

Shoppers with think time Z ask at a rate λ = N / (Z + R), with R the mean response time, small beside Z. A task is one worker
on one core; what it does is interleaved, so it is a processor-sharing queue (M/G/1-PS): a request that needs S seconds of
CPU takes S / (1 - ρ) on average, and its waits for others (the bank, a disk) W on top. The database is a second station of c
cores, shared by all tasks (M/M/c): its part takes D · (1 + C(c, ρ) / (c · (1 - ρ))), C the share that Erlang's formula lets
wait. Work goes in rounds, so S and D fall with the number n of requests that a task has in hand at once; they are measured
at some n and read off between them. What only goes round with its own kind (a write) has n = 1 + λ_k · T_k of it in hand
(Little's law, and itself); what shares no more than the turns of the task's loop (a read) has 1 / (1 - ρ). Of the whole mix
the slowest 5 % are found by giving each act an exponential spread of its CPU part: P(T > t) = Σ share · exp(-(t - W) / mean).
(Kleinrock, Queueing Systems II, 4.4; Harchol-Balter, Performance Modeling and Design of Computer Systems, 6, 14 and 22.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, exp, log
from typing import NamedTuple

FULLEST = 0.95  # utilisation above which no answer of the model is worth anything
WORDS = """\
rate λ = shoppers / (think + response); a task is one worker on one core, shared by what it is at: its part of an answer takes
S / (1 - ρ); the database is a station of c cores that all tasks share (Erlang C); S and D fall with the number of requests in
hand at once, for work goes in rounds: of writes 1 + λ · T of the same kind, of reads 1 / (1 - ρ) of any; waits come on top;
p95 is of the whole mix, each act's CPU part spread exponentially."""


class Cost(NamedTuple):
    """CPU seconds of one request, in a task and in the database, where so many are in hand at once."""

    at_once: float
    task: float
    database: float


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of request: its share of all, and its costs by how many are in hand at once, the fewest first.

    `wait`: seconds beside CPU. `after`: share of its CPU that comes after its answer. `rounds`: whether only others of its own
    kind make it cheaper.
    """

    share: float
    costs: tuple[Cost, ...]
    wait: float = 0.0
    after: float = 0.0
    rounds: bool = False

    def cost(self, at_once: float) -> Cost:
        """Between what was measured by the logarithm of the number; beyond it as at its end."""
        if at_once <= self.costs[0].at_once:
            return self.costs[0]
        for low, high in pairwise(self.costs):
            if at_once < high.at_once:
                part = log(at_once / low.at_once) / log(high.at_once / low.at_once)
                task, database = (a + (b - a) * part for a, b in zip(low[1:], high[1:], strict=True))
                return Cost(at_once, task, database)
        return self.costs[-1]

    def time(self, cost: Cost, utilisation: float, slower: float = 1.0) -> float:
        """Seconds until it is answered by a task that is so busy; whatever waits in the database comes on top."""
        cpu = cost.task * stretched(min(utilisation * slower, FULLEST)) + cost.database
        return self.wait + cpu * slower * (1 - self.after)

    def cost_in(self, utilisation: float, rate: float, slower: float = 1.0) -> Cost:
        """In a task that is so busy and is asked this `rate` times a second; all takes `slower` times as long as its CPU."""
        if not self.rounds:
            return self.cost(1 / (1 - min(utilisation * slower, FULLEST)))
        low, high = 1.0, max(1.0, self.costs[-1].at_once)
        for _ in range(30):
            middle = (low + high) / 2
            enough = 1 + rate * self.time(self.cost(middle), utilisation, slower) < middle
            low, high = (low, middle) if enough else (middle, high)
        return self.cost(high)


class Burden(NamedTuple):
    """What a rate comes to: utilisation of a task and of the database, and each act's cost at it."""

    task: float
    database: float
    costs: Mapping[str, Cost]


@dataclass(frozen=True, slots=True)
class Plan:
    """What so many tasks come to. Utilisations are of one task and of the database; times in seconds."""

    tasks: int
    rate: float
    task_utilisation: float
    database_utilisation: float
    p50: float
    p95: float

    @property
    def carries(self) -> bool:
        return self.task_utilisation <= FULLEST and self.database_utilisation <= FULLEST


def burden(acts: Mapping[str, Act], rate: float, tasks: int, database_cores: float, slower: float = 1.0) -> Burden:
    """Utilisations above 1 where there is more to do than can be done. `slower`: as others take the cores.

    ρ = λ · S(ρ) / tasks, found by halving: S falls as ρ rises, so there is one.
    """

    def costs(utilisation: float) -> dict[str, Cost]:
        return {name: act.cost_in(utilisation, rate * act.share / tasks, slower) for name, act in acts.items()}

    def demanded(found: Mapping[str, Cost]) -> float:
        return rate * sum(act.share * found[name].task for name, act in acts.items()) / tasks

    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if demanded(costs(middle)) > middle else (low, middle)
    found = costs(high)
    database = rate * sum(act.share * found[name].database for name, act in acts.items()) / database_cores
    return Burden(max(high, demanded(found)) if high == 1.0 else high, database, found)


def full_cost(acts: Mapping[str, Act]) -> float:
    """CPU seconds that a request of the mix costs a task that has as much to do as it can."""
    cheapest = sum(act.share * act.costs[-1].task for act in acts.values())
    low, high = 0.0, FULLEST / cheapest
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if burden(acts, middle, 1, 1).task < FULLEST else (low, middle)
    return FULLEST / high


def stretched(utilisation: float, cores: float = 1) -> float:
    """How many times as long a piece of work takes on so many cores that are so busy: 1 / (1 - ρ) on one."""
    whole = max(1, round(cores))
    offered, term, total = utilisation * whole, 1.0, 1.0
    for number in range(1, whole):
        term *= offered / number
        total += term
    waits = term * offered / whole / (1 - utilisation)
    return 1 + waits / (total + waits) / (whole * (1 - utilisation))


def plan(acts: Mapping[str, Act], rate: float, tasks: int, database_cores: float) -> Plan:
    """What `rate` requests a second are like with so many tasks."""
    of_task, of_database, costs = burden(acts, rate, tasks, database_cores)
    if max(of_task, of_database) > FULLEST:
        return Plan(tasks, rate, of_task, of_database, float("inf"), float("inf"))
    waits = stretched(of_database, database_cores) - 1
    parts = [
        (
            act.share,
            act.wait,
            act.time(costs[name], of_task) - act.wait + costs[name].database * waits * (1 - act.after),
        )
        for name, act in acts.items()
    ]
    return Plan(tasks, rate, of_task, of_database, percentile(parts, 0.5), percentile(parts, 0.95))


def needed(acts: Mapping[str, Act], rate: float, p95: float, database_cores: float, most: int = 10_000) -> Plan | None:
    """The fewest tasks with which 95 % are answered within `p95` seconds; None where no number does.

    More tasks answer sooner until they are so idle that their rounds get small and the database dear: there it ends.
    """
    least = max(1, ceil(rate * sum(act.share * act.costs[-1].task for act in acts.values())))
    before = float("inf")
    for tasks in range(least, most + 1):
        got = plan(acts, rate, tasks, database_cores)
        if got.p95 <= p95:
            return got
        if got.database_utilisation > FULLEST or (got.p95 >= before < float("inf")):
            return None
        before = got.p95
    return None


def percentile(parts: "list[tuple[float, float, float]]", share: float) -> float:
    """The time within which `share` of all are done, by halving. Parts: a share, its waits, the mean of the rest."""

    def later(time: float) -> float:
        return sum(
            part * (1.0 if time <= wait else exp(-(time - wait) / mean) if mean else 0.0) for part, wait, mean in parts
        )

    low, high = 0.0, 1.0
    while later(high) > 1 - share:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if later(middle) > 1 - share else (low, middle)
    return high

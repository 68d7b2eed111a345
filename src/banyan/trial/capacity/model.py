"""The queueing model: how many tasks answer so many requests a second within a time, from what each request costs.

Shoppers with think time Z ask at a rate λ = N / (Z + R), with R the mean response time, small beside Z. A task is one worker
on one core; what it does is interleaved, so it is a processor-sharing queue (M/G/1-PS): a request that needs S seconds of
CPU takes S / (1 - ρ) on average, and its waits for others (the bank, a disk) W on top. The database is a second station of c
cores, shared by all tasks (M/M/c): its part takes D · (1 + C(c, ρ) / (c · (1 - ρ))), C the share that Erlang's formula lets
wait. Work goes in rounds, so a request in company costs less than one alone: S(ρ) = company + (alone - company) · (1 - ρ)³,
likewise D with the ρ of the tasks, where the rounds are made: the share of requests that meet nobody, its power fitted to
runs. Of the whole mix the slowest 5 % are found by giving each act an exponential spread of its CPU part: P(T > t) =
Σ share · exp(-(t - W) / mean).
(Kleinrock, Queueing Systems II, 4.4; Harchol-Balter, Performance Modeling and Design of Computer Systems, 14 and 22.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, exp

FULLEST = 0.95  # utilisation above which no answer of the model is worth anything
WORDS = """\
rate λ = shoppers / (think + response); a task is one worker on one core, shared by what it is at: its part of an answer takes
S / (1 - ρ); the database is a station of c cores that all tasks share (Erlang C); S and D fall from "alone" to "in company" as
tasks get busy, for work goes in rounds; waits come on top; p95 is of the whole mix, each act's CPU part spread exponentially."""


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of request: its share of all, CPU seconds in a task and in the database when there is company, other waits
    (seconds), and what it costs alone (None: the same)."""

    share: float
    cpu: float
    database: float
    wait: float = 0.0
    cpu_alone: float | None = None
    database_alone: float | None = None

    def cpu_at(self, busy: float) -> float:
        """CPU seconds in a task that is so busy."""
        alone = self.cpu if self.cpu_alone is None else self.cpu_alone
        return self.cpu + (alone - self.cpu) * _meets_nobody(busy)

    def database_at(self, busy: float) -> float:
        """CPU seconds in the database when asked by tasks that are so busy."""
        alone = self.database if self.database_alone is None else self.database_alone
        return self.database + (alone - self.database) * _meets_nobody(busy)


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


def busy(acts: Mapping[str, Act], rate: float, tasks: int, database_cores: float) -> tuple[float, float]:
    """Utilisation of a task and of the database; above 1 where there is more to do than can be done.

    ρ = λ S(ρ) / n, found by halving: S falls as ρ rises, so there is one.
    """

    def demanded(utilisation: float) -> float:
        return rate * sum(act.share * act.cpu_at(utilisation) for act in acts.values()) / tasks

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if demanded(middle) > middle else (low, middle)
    of_task = max(high, demanded(1.0)) if demanded(1.0) >= 1 else high
    database = rate * sum(act.share * act.database_at(of_task) for act in acts.values()) / database_cores
    return of_task, database


def _meets_nobody(busy: float) -> float:
    return (1 - min(1.0, busy)) ** 3


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
    of_task, of_database = busy(acts, rate, tasks, database_cores)
    if max(of_task, of_database) > FULLEST:
        return Plan(tasks, rate, of_task, of_database, float("inf"), float("inf"))
    parts = [
        (
            act.share,
            act.wait,
            act.cpu_at(of_task) * stretched(of_task)
            + act.database_at(of_task) * stretched(of_database, database_cores),
        )
        for act in acts.values()
    ]
    return Plan(tasks, rate, of_task, of_database, percentile(parts, 0.5), percentile(parts, 0.95))


def needed(acts: Mapping[str, Act], rate: float, p95: float, database_cores: float, most: int = 10_000) -> Plan | None:
    """The fewest tasks with which 95 % are answered within `p95` seconds; None where no number does.

    More tasks answer sooner until they are so idle that their rounds get small and the database dear: there it ends.
    """
    least = max(1, ceil(rate * sum(act.share * act.cpu for act in acts.values())))
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

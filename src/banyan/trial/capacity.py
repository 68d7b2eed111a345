"""How many tasks a shop needs for so many shoppers: a queueing model over measured service times, and scaling over time.

The model. Shoppers with think time Z ask at a rate λ = N / (Z + R), with R the mean response time, small beside Z. A task is
one worker on one core; what it does is interleaved, so it is a processor-sharing queue (M/G/1-PS): a request that needs S
seconds of CPU takes S / (1 - ρ) on average, and its waits for others (the database, the bank) W on top. Of the whole mix
the slowest p5 are found by giving each act an exponential spread of its CPU part: P(T > t) = Σ share · exp(-(t - W) (1 - ρ) / S).
The database is a second station of so many cores, shared by all tasks. (Kleinrock, Queueing Systems II, 4.4; Harchol-Balter,
Performance Modeling and Design of Computer Systems, 22.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp

FULLEST = 0.95  # utilisation above which no answer of the model is worth anything


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of request: its share of all, CPU seconds in a task and in the database, and other waits (seconds)."""

    share: float
    cpu: float
    database: float
    wait: float = 0.0


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


def plan(acts: Mapping[str, Act], rate: float, tasks: int, database_cores: float) -> Plan:
    """What `rate` requests a second are like with so many tasks."""
    cpu = sum(act.share * act.cpu for act in acts.values())
    database = sum(act.share * act.database for act in acts.values())
    task_busy, database_busy = rate * cpu / tasks, rate * database / database_cores
    if max(task_busy, database_busy) > FULLEST:
        return Plan(tasks, rate, task_busy, database_busy, float("inf"), float("inf"))
    times = [_percentile(acts, task_busy, database_busy, share) for share in (0.5, 0.95)]
    return Plan(tasks, rate, task_busy, database_busy, *times)


def needed(acts: Mapping[str, Act], rate: float, p95: float, database_cores: float, most: int = 10_000) -> Plan | None:
    """The fewest tasks with which 95 % are answered within `p95` seconds; None where no number does (the database is full)."""
    least = max(1, ceil(rate * sum(act.share * act.cpu for act in acts.values()) / FULLEST))
    if plan(acts, rate, most, database_cores).p95 > p95:
        return None
    low, high = least, most
    while low < high:
        middle = (low + high) // 2
        if plan(acts, rate, middle, database_cores).p95 <= p95:
            high = middle
        else:
            low = middle + 1
    return plan(acts, rate, low, database_cores)


def _percentile(acts: Mapping[str, Act], task_busy: float, database_busy: float, share: float) -> float:
    """The time within which `share` of all requests are done, by halving."""
    parts = [
        (act.share, act.wait, act.cpu / (1 - task_busy) + act.database / (1 - database_busy)) for act in acts.values()
    ]

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


@dataclass(frozen=True, slots=True)
class Policy:
    """Target tracking, as ECS and Kubernetes do it: every `period` seconds the number of tasks is set so that their mean
    utilisation would be `target`; new ones serve after `start` seconds, and nothing is taken away within `cooldown`."""

    target: float = 0.6
    period: float = 30.0
    start: float = 10.0
    cooldown: float = 120.0
    least: int = 2
    most: int = 1000


@dataclass(frozen=True, slots=True)
class Moment:
    """One second of a simulated day: requests asked, served, turned away and waiting, and how many tasks there were."""

    second: int
    asked: float
    served: float
    turned_away: float
    waiting: float
    tasks: int


def scaled(
    demand: Sequence[float], cpu: float, policy: Policy, *, places: float = 1.5, begin: int | None = None
) -> list[Moment]:
    """Second by second through `demand` (requests a second), each of `cpu` seconds.

    A task's line holds `places` seconds of work, as admission lets it; what is beyond is turned away at once.
    """
    tasks = begin or max(policy.least, ceil(demand[0] * cpu / policy.target))
    starting: list[float] = []  # when those under way will serve
    waiting, busy, changed, moments = 0.0, 0.0, float("-inf"), list[Moment]()
    for second, asked in enumerate(demand):
        ready = [when for when in starting if when <= second]
        starting = [when for when in starting if when > second]
        tasks += len(ready)
        room = tasks / cpu
        served = min(waiting + asked, room)
        left = waiting + asked - served
        kept = min(left, room * places)
        moments.append(Moment(second, asked, served, left - kept, kept, tasks))
        waiting = kept
        busy += (served + (left - kept)) * cpu / tasks  # those turned away wanted a task, too
        if second and second % policy.period == 0:
            mean, busy = busy / policy.period, 0.0
            wanted = min(policy.most, max(policy.least, ceil(tasks * mean / policy.target)))
            if wanted > tasks + len(starting):
                starting += [second + policy.start] * (wanted - tasks - len(starting))
                changed = second
            elif wanted < tasks and not starting and second - changed >= policy.cooldown:
                tasks, changed = wanted, second
    return moments


def spike(rate: float, times: float, *, before: int = 120, during: int = 600, after: int = 300) -> list[float]:
    """Demand that is `times` as high for a while, from one second to the next."""
    return [rate] * before + [rate * times] * during + [rate] * after

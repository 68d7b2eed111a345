"""Scaling over time: a shop that follows its demand with more tasks, second by second.

What comes in a second is served as far as the tasks of that second can; so much of the rest waits as admission lets, and
what is beyond is turned away at once. A policy looks every `period` seconds at how busy the tasks were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


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


@dataclass(frozen=True, slots=True)
class Followed:
    """How well a policy followed a spike. `late`: seconds from its begin until everything was served; None if never."""

    before: int
    most: int
    late: int | None
    turned_away: float  # share of what was asked from the spike's begin until it was followed, or its end
    task_hours: float


def followed(moments: Sequence[Moment], begins: int, ends: int) -> Followed:
    """What became of a spike from second to second."""
    during = moments[begins:ends]
    away = [moment.second for moment in during if moment.turned_away > 1e-9 or moment.waiting > 1e-9]
    late = (away[-1] + 1 - begins) if away else 0
    asked = sum(moment.asked for moment in during[: max(late, 1)])
    return Followed(
        before=moments[begins].tasks,
        most=max(moment.tasks for moment in moments),
        late=late if late < ends - begins else None,
        turned_away=sum(moment.turned_away for moment in during) / asked if asked else 0.0,
        task_hours=sum(moment.tasks for moment in moments) / 3600,
    )

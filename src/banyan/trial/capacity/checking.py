"""The model against a measured run: the same mix at two levels on this machine, predicted and seen.

On one machine workers, database and load share the cores, so everything is stretched by those before its own queue is: the
machine is a processor-sharing station of its cores, which the load and whatever else runs take their part of. What those
took is seen, not predicted.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from banyan.kernel.clock import SystemClock
from banyan.trial.capacity.model import FULLEST, Act, burden, percentile, stretched
from banyan.trial.capacity.services import Services
from banyan.trial.shoppers.full import full
from banyan.trial.shoppers.market import Progress
from banyan.trial.shoppers.mixes import Mix, Phase

LEVELS = (0.2, 0.45)
"""How busy the machine's cores are to be with the shop's work."""
_SHOPPERS = 300
_OPENING = (Phase(5, 0.5), Phase(5))  # before it counts: a shop that is open has answered before
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """One level: predicted beside seen. Utilisations are shares of a core, times in seconds."""

    rate: float
    workers: int
    task: tuple[float, float]
    database: tuple[float, float]
    p95: tuple[float, float]
    others: float  # share of the machine that the load and other work took, as seen
    failed: int

    def cells(self) -> tuple[str, ...]:
        pairs = [f"{predicted:.1%} / {seen:.1%}" for predicted, seen in (self.task, self.database)]
        times = f"{self.p95[0] * 1e3:,.1f} / {self.p95[1] * 1e3:,.1f}"
        return (f"{self.rate:,.0f}", str(self.workers), *pairs, times, f"{self.others:.0%}", str(self.failed or ""))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def check(
    folder: Path, mix: Mix, services: Services, seconds: float, note: Callable[[str], None], workers: int = 1
) -> list[Checked]:
    """Two short runs of `bench load` on shops of their own in `folder`."""
    acts = services.acts(mix)
    return [
        await _one(folder / f"level-{number}", mix, services, acts, seconds, note, workers, level)
        for number, level in enumerate(LEVELS, 1)
    ]


async def _one(
    folder: Path,
    mix: Mix,
    services: Services,
    acts: Mapping[str, Act],
    seconds: float,
    note: Callable[[str], None],
    workers: int,
    level: float,
) -> Checked:
    cores, clock = os.cpu_count() or 1, SystemClock()
    rate = level * cores / sum(act.share * sum(act.costs[-1][1:]) for act in acts.values())
    think = _SHOPPERS / rate
    run = replace(mix, think=(think * 0.8, think * 1.2), opening=_OPENING, phases=(Phase(seconds),))
    note(f"{rate:,.0f} requests a second for {seconds:.0f} s")
    await asyncio.to_thread(folder.mkdir, mode=0o755)
    used: list[tuple[float, float]] = []

    def heard(told: str | Progress) -> None:
        if not isinstance(told, str) and told.second:
            used.append((clock.monotonic(), _machine()))

    got = await full(folder, run, _SHOPPERS, workers=workers, note=heard)
    outcome, cost = got.outcome, got.cost
    seen = outcome.answered / seconds
    whole = 0.0
    if len(used) > 1:
        (began, before), (ended, after) = used[0], used[-1]
        whole = min(1.0, (after - before) / (ended - began) / cores)
    others = max(0.0, whole - (cost.app_cpu + cost.database_cpu) / seconds / cores)
    given = services.acts(run, 1 - outcome.hit_ratio)
    task, database, p95 = predicted(given, services, seen, workers, others, cores)
    return Checked(
        seen,
        workers,
        (task, cost.app_cpu / seconds / workers),
        (database, cost.database_cpu / seconds),
        (p95, outcome.total.percentile(0.95)),
        others,
        outcome.failed(),
    )


def predicted(
    acts: Mapping[str, Act], services: Services, rate: float, workers: int, others: float, cores: int
) -> tuple[float, float, float]:
    """Utilisation of a worker and of the database, as shares of a core, and p95 where all share `cores`.

    Where others take the cores, work lasts longer, more of it is in hand at once, and it is cheaper: found by going round.
    """
    slower, found = 1.0, burden(acts, rate, workers, 1)
    for _ in range(_ROUNDS):
        beside = others + (found.task * (workers - 1) + found.database) / cores  # a worker does not wait for itself
        slower = stretched(min(beside, FULLEST), cores)
        found = burden(acts, rate, workers, 1, slower)
    parts = [
        (act.share, act.wait, act.time(found.costs[name], found.task, slower) - act.wait) for name, act in acts.items()
    ]
    return found.task + services.idle.app, found.database + services.idle.database, percentile(parts, 0.95)


def _machine() -> float:
    """Seconds of CPU that this machine has worked so far."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))

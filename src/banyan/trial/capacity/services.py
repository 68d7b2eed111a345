"""What each act costs: measured on a shop of its own, or taken from the JSON of an earlier measurement."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from banyan.foundation import embedded
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import costs
from banyan.trial.capacity.model import Act, Cost
from banyan.trial.costs import Cpu
from banyan.trial.load import Measured
from banyan.trial.measure import spent
from banyan.trial.own_shop import OwnShop
from banyan.trial.paths import PATHS, Drive
from banyan.trial.paths import Path as HotPath
from banyan.trial.shoppers.mixes import Mix
from banyan.trial.stand import stand

NEEDED = ("product", "list", "search", "search-new", "suggest", "account", "steps", "checkout")
MISSES = 0.06
"""Share of the catalogue's reads that no prepared answer is there for: what the case study's CDN passed on."""
_READS = ("product", "list", "search", "suggest")
_FEW = 4  # at once; costs are measured alone, with a few, and with as many as a path is made for
_STEPS = 3  # that shoppers of a mix take before a checkout: none of them asks for the ways to send it
_AFTER = 0.5  # of a purchase's CPU comes after the answer: the capture, what it tells, who hears it
_LEAST = 1e-5  # seconds: two measurements of a busy machine may differ by more than there is
_APART = 1e-3
_WARM = 0.5  # seconds
_IDLE = 2.0  # seconds in which nobody asks, to know what a shop takes by itself


class WrongServices(ValueError):
    """A file of measurements that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Service:
    """One request of a path: its costs by how many are in hand at once, and what it waits for besides when alone."""

    costs: tuple[Cost, ...]
    wait: float = 0.0


@dataclass(slots=True)
class Services:
    """By path. `cold_start`: seconds from the start of a worker to its first answer; `idle`: CPU a second, unasked."""

    paths: dict[str, Service] = field(default_factory=dict)
    cold_start: float = 0.0
    idle: Cpu = field(default_factory=Cpu)

    def acts(self, mix: Mix, misses: float = MISSES) -> dict[str, Act]:
        """What the mix's acts cost. A read that no prepared answer is there for costs what a new search does."""
        return {act: self._act(act, share, misses) for act, share in mix.shares.items() if share}

    def _act(self, act: str, share: float, misses: float) -> Act:
        if act in _READS:
            hit, miss = self.paths[act], self.paths["search-new"]
            costs = _paired(hit, miss, lambda of_hit, of_miss: of_hit * (1 - misses) + of_miss * misses)
            return Act(share, costs, hit.wait * (1 - misses) + miss.wait * misses)
        if act == "cart":
            steps = self.paths["steps"]
            costs = _paired(steps, steps, lambda whole, _: whole / _STEPS)
            return Act(share, costs, steps.wait / _STEPS, rounds=True)
        if act == "checkout":  # a purchase less the steps that lead to it
            whole = self.paths["checkout"]
            costs = _paired(whole, self.paths["steps"], lambda of_all, of_steps: max(of_all - of_steps, _LEAST))
            return Act(share, falling(costs), whole.wait, _AFTER, rounds=True)
        return Act(share, self.paths[act].costs, self.paths[act].wait)

    def as_json(self) -> dict[str, Any]:
        return {
            "cold_start_seconds": self.cold_start,
            "idle_app_cpu": self.idle.app,
            "idle_database_cpu": self.idle.database,
            "operations": [
                {
                    "path": path,
                    "name": PATHS[path].title,
                    "costs": [
                        {"at_once": each.at_once, "app_cpu_ms": each.task * 1e3, "database_cpu_ms": each.database * 1e3}
                        for each in service.costs
                    ],
                    "wait_ms": service.wait * 1e3,
                }
                for path, service in self.paths.items()
            ],
        }


async def measure(folder: Path, seconds: float, note: Callable[[str], None]) -> Services:
    """Each path alone, with a few and in company for so many seconds, on a shop of its own; then how soon a worker is there."""
    clock = SystemClock()
    services = Services()
    note("starting a shop")
    async with stand(folder, clock, SystemIds(clock)) as (shop, scene):
        before = costs.cpu(shop)
        await clock.sleep(_IDLE)
        services.idle = (costs.cpu(shop) - before) / _IDLE
        for name in NEEDED:
            note(PATHS[name].title)
            path = PATHS[name]
            services.paths[name] = await _service(shop, path, await path.prepare(scene), seconds, services.idle)
        note("a worker's start")
        services.cold_start = await cold_start(shop)
    return services


async def _service(shop: OwnShop, path: HotPath, drive: Drive, seconds: float, idle: Cpu) -> Service:
    await drive(_WARM, path.connections)  # what is made for the first of all is not what a request costs
    seen = [await spent(shop, path, drive, seconds, number, idle) for number in (1, _FEW, path.connections)]
    at_once = [max(1.0, measured.rate() * _mean(measured)) for measured, _ in seen]  # Little's law
    costs = falling([Cost(number, cpu.app, cpu.database) for number, (_, cpu) in zip(at_once, seen, strict=True)])
    own = (costs[0].task + costs[0].database) * (1 - _AFTER if path.name == "checkout" else 1.0)
    return Service(costs, max(0.0, _mean(seen[0][0]) - own))


def falling(costs: Sequence[Cost]) -> tuple[Cost, ...]:
    """More at once never cost more each, nor are there fewer of them: what looks so is the noise of a busy machine."""
    kept = [costs[0]]
    for cost in costs[1:]:
        before = kept[-1]
        at_once = max(cost.at_once, before.at_once + _APART)
        kept.append(Cost(at_once, min(cost.task, before.task), min(cost.database, before.database)))
    return tuple(kept)


def _mean(measured: Measured) -> float:
    return sum(measured.times) / max(1, len(measured.times))


def _paired(one: Service, other: Service, put: Callable[[float, float], float]) -> tuple[Cost, ...]:
    """The costs of two together, as many at once as of the first."""
    return tuple(
        Cost(mine.at_once, put(mine.task, theirs.task), put(mine.database, theirs.database))
        for mine, theirs in zip(one.costs, other.costs, strict=True)
    )


async def cold_start(shop: OwnShop) -> float:
    """Seconds from the start of a worker to its first answer, where the database is there already."""
    server = await asyncio.to_thread(embedded.start, shop.data_dir)
    try:
        await shop.stop()
        return await shop.start()
    finally:
        await asyncio.to_thread(server.stop)


def read(file: Path) -> Services:
    """From the JSON of `banyan bench` or of `banyan bench capacity`. WrongServices says what is missing."""
    try:
        told: Mapping[str, Any] = orjson.loads(file.read_bytes())
        told = told.get("services", told)
        paths = {each["path"]: _read(each) for each in told["operations"]}
    except FileNotFoundError:
        raise WrongServices(f"there is no file {file}") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise WrongServices(
            f"{file} is not what `banyan bench --json` prints: {type(error).__name__} {error}"
        ) from None
    if missing := [name for name in NEEDED if name not in paths]:
        raise WrongServices(f"{file} says nothing of {', '.join(missing)}; measure again with `banyan bench --json`")
    if len({len(each.costs) for each in paths.values()}) > 1:
        raise WrongServices(f"{file} has some paths measured more often than others; measure all of them again")
    start = float(told.get("cold_start_seconds") or told.get("second_start_seconds") or 0.0)
    idle = Cpu(float(told.get("idle_app_cpu", 0)), float(told.get("idle_database_cpu", 0)))
    return Services({name: paths[name] for name in NEEDED}, start, idle)


def _read(each: Mapping[str, Any]) -> Service:
    costs = [
        Cost(max(1.0, cost.get("at_once", 1.0)), cost["app_cpu_ms"] / 1e3, cost["database_cpu_ms"] / 1e3)
        for cost in each.get("costs", [each])
    ]
    return Service(falling(costs), each.get("wait_ms", 0.0) / 1e3)

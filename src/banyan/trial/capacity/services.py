"""What each act costs: measured on a shop of its own, or taken from the JSON of an earlier measurement."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from banyan.foundation import embedded
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import costs
from banyan.trial.capacity.model import Act
from banyan.trial.costs import Cpu
from banyan.trial.measure import spent
from banyan.trial.own_shop import OwnShop
from banyan.trial.paths import PATHS, Drive
from banyan.trial.paths import Path as HotPath
from banyan.trial.paths.writes import STEPS
from banyan.trial.shoppers.mixes import Mix
from banyan.trial.stand import stand

NEEDED = ("product", "list", "search", "search-new", "suggest", "account", "steps", "checkout")
MISSES = 0.06
"""Share of the catalogue's reads that no prepared answer is there for: what the case study's CDN passed on."""
_READS = ("product", "list", "search", "suggest")
_WARM = 0.5  # seconds
_IDLE = 2.0  # seconds in which nobody asks, to know what a shop takes by itself


class WrongServices(ValueError):
    """A file of measurements that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Service:
    """One request of a path: CPU seconds in company and alone, and what it waits for besides when alone."""

    company: Cpu
    alone: Cpu
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
            company = hit.company * (1 - misses) + miss.company * misses
            alone = hit.alone * (1 - misses) + miss.alone * misses
            wait = hit.wait * (1 - misses) + miss.wait * misses
        elif act == "cart":
            steps = self.paths["steps"]
            company, alone, wait = steps.company / STEPS, steps.alone / STEPS, steps.wait / STEPS
        elif act == "checkout":  # a purchase less the steps that lead to it
            whole, steps = self.paths["checkout"], self.paths["steps"]
            company, alone = _above(whole.company - steps.company), _above(whole.alone - steps.alone)
            wait = whole.wait
        else:
            service = self.paths[act]
            company, alone, wait = service.company, service.alone, service.wait
        return Act(share, company.app, company.database, wait, alone.app, alone.database)

    def as_json(self) -> dict[str, Any]:
        return {
            "cold_start_seconds": self.cold_start,
            "idle_app_cpu": self.idle.app,
            "idle_database_cpu": self.idle.database,
            "operations": [
                {
                    "path": path,
                    "name": PATHS[path].title,
                    "app_cpu_ms": service.company.app * 1e3,
                    "database_cpu_ms": service.company.database * 1e3,
                    "alone_app_cpu_ms": service.alone.app * 1e3,
                    "alone_database_cpu_ms": service.alone.database * 1e3,
                    "wait_ms": service.wait * 1e3,
                }
                for path, service in self.paths.items()
            ],
        }


async def measure(folder: Path, seconds: float, note: Callable[[str], None]) -> Services:
    """Each path alone and in company for so many seconds, on a shop of its own; then how quickly a worker is there."""
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
    single, alone = await spent(shop, path, drive, seconds, 1, idle)
    _, company = await spent(shop, path, drive, seconds, path.connections, idle)
    mean = sum(single.times) / max(1, len(single.times))
    # Of a purchase only the checkout is timed, and much of what it costs comes after the answer: half is taken for it.
    own = (alone.app + alone.database) * (0.5 if path.name == "checkout" else 1.0)
    return Service(
        company, Cpu(max(alone.app, company.app), max(alone.database, company.database)), max(0.0, mean - own)
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
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WrongServices(
            f"{file} is not what `banyan bench --json` prints: {type(error).__name__} {error}"
        ) from None
    if missing := [name for name in NEEDED if name not in paths]:
        raise WrongServices(f"{file} says nothing of {', '.join(missing)}; measure again with `banyan bench --json`")
    start = float(told.get("cold_start_seconds") or told.get("second_start_seconds") or 0.0)
    idle = Cpu(float(told.get("idle_app_cpu", 0)), float(told.get("idle_database_cpu", 0)))
    return Services({name: paths[name] for name in NEEDED}, start, idle)


def _read(each: Mapping[str, Any]) -> Service:
    company = Cpu(each["app_cpu_ms"] / 1e3, each["database_cpu_ms"] / 1e3)
    alone = Cpu(
        each.get("alone_app_cpu_ms", each["app_cpu_ms"]) / 1e3,
        each.get("alone_database_cpu_ms", each["database_cpu_ms"]) / 1e3,
    )
    return Service(company, alone, each.get("wait_ms", 0.0) / 1e3)


def _above(cost: Cpu) -> Cpu:
    """Never below nothing: two measurements of a busy machine may differ by more than there is."""
    return Cpu(max(cost.app, 1e-5), max(cost.database, 1e-5))

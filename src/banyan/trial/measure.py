"""What one process of the shop does on this machine: starting, idling, reading, selling; beside a bare server."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import bare, costs, load
from banyan.trial.costs import Cpu
from banyan.trial.load import Measured
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.paths import PATHS, Drive, Scene, requests
from banyan.trial.paths import Path as HotPath
from banyan.trial.shoppers import goods
from banyan.trial.stocking import stock

SKU = "BENCH-1"
MEASURED = ("product", "list", "search", "search-new", "suggest", "account", "add", "steps", "checkout")
BESIDE = ("product", "list", "search", "search-new", "suggest")
"""Measured beside a bare server."""
UNASKED = Cpu()


@dataclass(frozen=True, slots=True)
class Line:
    """One operation: what the shop did, and what a bare server did with the same bytes."""

    path: HotPath
    shop: Measured
    cost: Cpu  # seconds of CPU of one request
    bare: Measured | None = None

    def failed(self) -> int:
        return sum(count for status, count in self.shop.statuses.items() if status >= 400)

    def cells(self) -> tuple[str, ...]:
        times = [f"{self.shop.percentile(share) * 1000:.1f}" for share in (0.5, 0.95, 0.99)]
        beside = f"{self.bare.rate():,.0f}" if self.bare else ""
        ratio = f"{self.shop.rate() / self.bare.rate():.0%}" if self.bare and self.bare.rate() else ""
        costs = (f"{self.cost.app * 1000:.3f}", f"{self.cost.database * 1000:.3f}")
        return (self.path.title, f"{self.shop.rate():,.1f}", *times, *costs, beside, ratio, str(self.failed() or ""))


@dataclass(slots=True)
class Report:
    first_start: float = 0.0  # seconds
    second_start: float = 0.0  # seconds
    resident_megabytes: float = 0.0
    lines: list[Line] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "first_start_seconds": self.first_start,
            "second_start_seconds": self.second_start,
            "resident_megabytes": self.resident_megabytes,
            "operations": [
                {
                    "path": line.path.name,
                    "name": line.path.title,
                    "per_second": line.shop.rate(),
                    "p50_ms": line.shop.percentile(0.5) * 1000,
                    "p95_ms": line.shop.percentile(0.95) * 1000,
                    "p99_ms": line.shop.percentile(0.99) * 1000,
                    "mean_ms": sum(line.shop.times) / max(1, len(line.shop.times)) * 1000,
                    "app_cpu_ms": line.cost.app * 1000,
                    "database_cpu_ms": line.cost.database * 1000,
                    "bare_per_second": line.bare.rate() if line.bare else None,
                    "failed": line.failed(),
                }
                for line in self.lines
            ],
        }


async def measure(folder: Path, seconds: float, note: Callable[[str], None]) -> Report:
    """Everything, one after another, on a shop of its own with the demo catalogue."""
    clock = SystemClock()
    ids, report = SystemIds(clock), Report()
    async with own_shop(folder, clock, rate_limits="false") as shop:
        note("first start, with the demo catalogue")
        report.first_start = await shop.start()
        await shop.stop()
        note("second start")
        report.second_start = await shop.start()
        await clock.sleep(3)
        report.resident_megabytes = resident(shop.pid)
        await stock(folder, SKU, 1_000_000_000)
        await clock.sleep(1)
        things = replace(await goods.of_shop(shop.url, ids, members=4), skus=[SKU])
        scene = Scene(shop.url, shop.port, clock, ids, things)
        for name in MEASURED:
            note(PATHS[name].title)
            report.lines.append(await _line(shop, scene, PATHS[name], seconds))
    return report


async def _line(shop: OwnShop, scene: Scene, path: HotPath, seconds: float) -> Line:
    drive = await path.prepare(scene)
    measured, cost = await spent(shop, path, drive, seconds, path.connections)
    if path.name not in BESIDE:
        return Line(path, measured, cost)
    return Line(path, measured, cost, await _bare(scene, path, seconds))


async def spent(
    shop: OwnShop, path: HotPath, drive: Drive, seconds: float, connections: int, idle: Cpu = UNASKED
) -> tuple[Measured, Cpu]:
    """Drive a path: what was seen, and the CPU seconds of one request, with all that it leaves to be done after it.

    `idle`: what the shop takes in a second that nobody asks it anything, which no request is charged with.
    """
    began, before = shop.clock.monotonic(), costs.cpu(shop)
    measured = await drive(seconds, connections)
    await shop.clock.sleep(path.lasts)
    used = costs.cpu(shop) - before - idle * (shop.clock.monotonic() - began)
    return measured, Cpu(max(0.0, used.app), max(0.0, used.database)) / max(1, len(measured.times))


def resident(pid: int) -> float:
    """Megabytes of memory a process keeps resident (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _bare(scene: Scene, path: HotPath, seconds: float) -> Measured:
    """The same requests at a bare server, which answers each with the bytes that the shop gave to the first."""
    asked = await requests(path.name, scene)
    paths = [request.split(b" ", 2)[1].decode() for request in asked]
    async with aiohttp.ClientSession(scene.url) as http, http.get(paths[0]) as answer:
        body = await answer.text()
    port = free_port()
    server = await bare.start(port, {path.partition("?")[0]: body for path in paths})
    try:
        return await load.in_a_process(port, path.connections, seconds, asked)
    finally:
        server.kill()
        await server.wait()

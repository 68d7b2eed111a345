"""The cost model of a shop that runs: of each hot path the statements, rows, bytes and CPU of one request."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from banyan.foundation import embedded
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import costs
from banyan.trial.own_shop import OwnShop
from banyan.trial.paths import Path as HotPath
from banyan.trial.paths import Scene
from banyan.trial.stand import stand

Stand = tuple[OwnShop, Scene]
_QUIET = 0.15  # of a core: what a shop may take unasked before it is measured
_SETTLES = 30.0  # seconds that is waited for
_TELLS = 11.0  # seconds after which an idle session of PostgreSQL has told its statistics (pgstat.c: 10)
_ROWS = """
SELECT sum(tup_fetched)::bigint AS read, sum(tup_inserted + tup_updated + tup_deleted)::bigint AS written
FROM pg_stat_database"""


@dataclass(frozen=True, slots=True)
class Unasked:
    """What a shop takes in a second in which nobody asks it anything."""

    statements: float
    cpu: costs.Cpu


async def unasked(stand: Stand, seconds: float = 3.0) -> Unasked:
    """Measured for so many seconds."""
    shop, scene = stand
    began, before = scene.clock.monotonic(), costs.cpu(shop)
    await scene.clock.sleep(seconds)
    used = (costs.cpu(shop) - before) / (scene.clock.monotonic() - began)
    async with costs.counted(shop) as seen:
        await scene.clock.sleep(seconds)
    return Unasked(seen.count / seen.seconds, used)


async def settled(stand: Stand) -> None:
    """Wait until a shop that was just filled has done what is left of it."""
    shop, scene = stand
    ends = scene.clock.monotonic() + _SETTLES
    while scene.clock.monotonic() < ends:
        before = costs.cpu(shop)
        await scene.clock.sleep(1.0)
        used = costs.cpu(shop) - before
        if used.app + used.database < _QUIET:
            return


async def statements(stand: Stand, path: HotPath, seconds: float, idle: float, connections: int = 1) -> float:
    """Statements of a request, less those of a shop that is asked nothing (`idle` a second)."""
    shop, scene = stand
    try:
        drive = await path.prepare(scene)
    except RuntimeError:
        return 0.0
    await scene.clock.sleep(path.lasts)
    async with costs.counted(shop) as seen:
        measured = await drive(max(1.0, seconds), connections)
        await scene.clock.sleep(path.lasts)
    return max(0.0, seen.count - idle * seen.seconds) / max(1, len(measured.times))


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request: `alone` is the statements of one that comes by itself, `together` with as many as the path has.

    `answer` is the bytes of its body, None where several requests are one turn; rows and CPU are with company.
    """

    path: str
    title: str
    alone: float
    together: float
    read: float
    written: float
    answer: float | None
    cpu: costs.Cpu

    def cells(self) -> tuple[str, ...]:
        answer = "" if self.answer is None else f"{self.answer:,.0f}"
        rows = (f"{self.alone:.1f}", f"{self.together:.1f}", f"{self.read:,.1f}", f"{self.written:,.1f}")
        return (self.title, *rows, answer, f"{self.cpu.app * 1e6:,.0f}", f"{self.cpu.database * 1e6:,.0f}")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def model(
    folder: Path, paths: Sequence[HotPath], products: int, seconds: float, note: Callable[[str], None]
) -> list[Cost]:
    """What each of these paths costs a shop of its own with so many products. RuntimeError when it does not start."""
    clock = SystemClock()
    found = list[Cost]()
    note("starting a shop")
    async with stand(folder, clock, SystemIds(clock), products=products) as (shop, scene):
        note("waiting until it is at rest")
        await settled((shop, scene))
        idle = await unasked((shop, scene))
        for path in paths:
            note(path.title)
            found.append(await _cost((shop, scene), path, seconds, idle))
    return found


async def _cost(stand: Stand, path: HotPath, seconds: float, idle: Unasked) -> Cost:
    shop, scene = stand
    drive = await path.prepare(scene)
    await drive(0.5, path.connections)  # what is done once is done
    drive = await path.prepare(scene)
    await scene.clock.sleep(_TELLS)
    rows, began, before = await _rows(shop), scene.clock.monotonic(), costs.cpu(shop)
    measured = await drive(seconds, path.connections)
    await scene.clock.sleep(path.lasts)
    cpu = costs.cpu(shop) - before - idle.cpu * (scene.clock.monotonic() - began)
    await scene.clock.sleep(_TELLS)
    read, written = (after - at for after, at in zip(await _rows(shop), rows, strict=True))
    if bad := {status: count for status, count in measured.statuses.items() if status >= 400}:
        raise RuntimeError(f"{path.title} was not answered as it should be: {bad}")
    count = max(1, len(measured.times))
    return Cost(
        path.name,
        path.title,
        alone=await statements(stand, path, seconds, idle.statements),
        together=await statements(stand, path, seconds, idle.statements, path.connections),
        read=read / count,
        written=written / count,
        answer=measured.bytes / count if measured.bytes else None,
        cpu=costs.Cpu(max(0.0, cpu.app), max(0.0, cpu.database)) / count,
    )


async def _rows(shop: OwnShop) -> tuple[int, int]:
    """Rows read by index or in order of a bitmap, and rows written, of all databases so far."""
    server = await asyncio.to_thread(embedded.start, shop.data_dir)
    try:
        own = await asyncpg.connect(server.url)
        try:
            row = await own.fetchrow(_ROWS)
        finally:
            await own.close()
    finally:
        await asyncio.to_thread(server.stop)
    assert row is not None
    return row["read"], row["written"]

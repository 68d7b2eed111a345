"""What a shop's processes take: CPU of the application and of PostgreSQL, and the statements PostgreSQL is asked.

Taken from outside (the process table, PostgreSQL's own log), so a shop of any version is measured alike.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]

from banyan.foundation import embedded
from banyan.trial.own_shop import OwnShop

_ASKED = re.compile(rb"LOG:  (?:statement|execute [^:]*): ")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of CPU: of the shop's processes, and of its PostgreSQL's."""

    app: float = 0.0
    database: float = 0.0

    def __add__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.app + other.app, self.database + other.database)

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.app - other.app, self.database - other.database)

    def __truediv__(self, by: float) -> "Cpu":
        return Cpu(self.app / by, self.database / by)

    def __mul__(self, by: float) -> "Cpu":
        return Cpu(self.app * by, self.database * by)


def cpu(shop: OwnShop) -> Cpu:
    """So far. What processes that have ended took is in their parents' account (Linux)."""
    database = _family(int((shop.data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))
    app = {pid: each for pid, each in _family(shop.pid).items() if pid not in database}
    return Cpu(sum(map(_used, app.values())), sum(map(_used, database.values())))


def _family(pid: int) -> dict[int, psutil.Process]:
    """A process and all that come from it."""
    try:
        process = psutil.Process(pid)
        return {each.pid: each for each in (process, *process.children(recursive=True))}
    except psutil.NoSuchProcess:
        return {}


def _used(process: psutil.Process) -> float:
    """Seconds of CPU of a process and of those it has ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


@dataclass(slots=True)
class Statements:
    """What PostgreSQL was asked while it was counted, and for how many seconds that was."""

    count: int = 0
    seconds: float = 0.0


@asynccontextmanager
async def counted(shop: OwnShop) -> AsyncIterator[Statements]:
    """Count the statements that the shop's PostgreSQL is asked meanwhile, whoever asks. It is slower for that time."""
    log, seen = shop.data_dir / "postgres" / "log", Statements()
    server = await asyncio.to_thread(embedded.start, shop.data_dir)
    try:
        own = await asyncpg.connect(server.url)
        try:
            await _tell_all(own, "all")
            begin, began = log.stat().st_size, shop.clock.monotonic()
            yield seen
            seen.seconds = shop.clock.monotonic() - began
            seen.count = await asyncio.to_thread(_lines, log, begin)
            await _tell_all(own, "none")
        finally:
            await own.close()
    finally:
        await asyncio.to_thread(server.stop)


async def _tell_all(connection: "asyncpg.Connection[asyncpg.Record]", which: str) -> None:
    await connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await connection.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.3)  # until every session has read it


def _lines(log: Path, begin: int) -> int:
    with log.open("rb") as file:
        file.seek(begin)
        return len(_ASKED.findall(file.read()))

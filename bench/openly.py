"""Asking a shop at a steady rate, whatever it answers, and what its processes cost meanwhile.

Open loop: requests have their times beforehand (a Poisson process), and each counts from its time, also when it had to wait
for a connection. A slow answer does not make anybody ask less.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import psutil  # type: ignore[import-untyped]

from banyan.trial.load import raw
from banyan.trial.own_shop import OwnShop

MOST = 400  # connections at once


@dataclass(slots=True)
class Heard:
    """Answers by status, and seconds from the time a request had to its answer."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bytes: int = 0

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share was answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else 0.0

    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 400)

    def take(self, other: "Heard") -> None:
        self.times += other.times
        self.statuses += other.statuses
        self.bytes += other.bytes


class _Line(asyncio.Protocol):
    """A connection with at most one request on its way."""

    def __init__(self, asking: "_Asking") -> None:
        self._asking = asking
        self._buffer = b""
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes, since: float) -> None:
        self._since = since
        self.transport.write(request)

    def data_received(self, chunk: bytes) -> None:
        self._buffer += chunk
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self._buffer.lower().find(b"content-length:", 0, end)
        length = int(self._buffer[at + 15 : end].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        status, self._buffer = int(self._buffer[9:12]), b""
        self._asking.heard(self, status, length, self._since)


class _Asking:
    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Line] = []
        self._waiting: list[tuple[bytes, float]] = []
        self._lines: list[_Line] = []
        self._open = 0
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.outcome = Heard()

    def ask(self, request: bytes, since: float) -> None:
        if self._idle:
            self._idle.pop().send(request, since)
            return
        self._waiting.append((request, since))
        if self._open < MOST:
            self._open += 1
            task = self._loop.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        _, line = await self._loop.create_connection(partial(_Line, self), "127.0.0.1", self._port)
        self._lines.append(line)
        self._next(line)

    def heard(self, line: _Line, status: int, length: int, since: float) -> None:
        self.outcome.times.append(self._loop.time() - since)
        self.outcome.statuses[status] += 1
        self.outcome.bytes += length
        self._next(line)

    def _next(self, line: _Line) -> None:
        if self._waiting:
            line.send(*self._waiting.pop(0))
        else:
            self._idle.append(line)

    def close(self) -> None:
        for line in self._lines:
            line.transport.close()


async def ask(port: int, paths: Sequence[str], rate: float, *, seed: int = 1, patience: float = 20.0) -> Heard:
    """Ask for each path once, so many a second; who is not answered `patience` seconds after the last counts as 599."""
    dice, loop, asking = random.Random(seed), asyncio.get_running_loop(), _Asking(port)
    due = loop.time() + 0.1
    try:
        for path in paths:
            due += dice.expovariate(rate)
            while (now := loop.time()) < due:
                await asyncio.sleep(due - now)
            asking.ask(raw("GET", path), due)
        ends = loop.time() + patience
        while len(asking.outcome.times) < len(paths) and loop.time() < ends:
            await asyncio.sleep(0.05)
    finally:
        asking.close()
    lost = len(paths) - len(asking.outcome.times)
    asking.outcome.statuses[599] += lost
    asking.outcome.times += [patience] * lost
    return asking.outcome


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU so far: of the shop's own processes, and of its database server's."""

    app: float
    database: float

    def __sub__(self, earlier: "Cost") -> "Cost":
        return Cost(self.app - earlier.app, self.database - earlier.database)

    def times(self, factor: float) -> "Cost":
        return Cost(self.app * factor, self.database * factor)


def serving(shop: OwnShop) -> list[psutil.Process]:
    """The processes that answer: the workers, or the one."""
    parent = psutil.Process(shop.pid)
    return [each for each in parent.children() if "--worker" in each.cmdline()] or [parent]


def cost(shop: OwnShop) -> Cost:
    first = int((shop.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    postmaster = psutil.Process(first)
    return Cost(sum(map(_used, serving(shop))), sum(map(_used, [postmaster, *postmaster.children()])))


async def quiet(shop: OwnShop, seconds: float = 1800) -> None:
    """Wait until the shop has nothing left to do of what it was told: 3 seconds at less than a tenth of a core."""
    for _ in range(int(seconds / 3)):
        before = cost(shop)
        await asyncio.sleep(3)
        if (used := cost(shop) - before).app < 0.3 and used.database < 0.3:
            return


async def idling(shop: OwnShop, seconds: float = 6.0) -> Cost:
    """What a second costs in which nobody asks for anything."""
    before = cost(shop)
    await asyncio.sleep(seconds)
    return (cost(shop) - before).times(1 / seconds)


def _used(process: psutil.Process) -> float:
    """With those of its children that have ended: connections come and go."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # ended just now: its parent has its times
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def memory(pid: int) -> tuple[float, float]:
    """Megabytes of a process: Pss (shared pages divided by who shares them) and Uss (its own alone)."""
    found = Counter[str]()
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        found[name] += int(size)
    return found["Pss:"] / 1024, (found["Private_Clean:"] + found["Private_Dirty:"]) / 1024

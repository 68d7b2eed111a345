"""Measuring shops turn by turn: one runs, all others and their databases stand still."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import client, cost
from bench.peers.asked import OPERATIONS, Ask, Skipped
from bench.peers.ground import postgres, settle
from bench.peers.shop import Running, Shop, folder

CONNECTIONS = (32, 128)
"""At once: each shop is measured with either number, and counts with the one it does more with."""
_SLOW = 1.0  # seconds that an answer took with the first number, above which more at once would only wait longer


@dataclass(slots=True)
class Figure:
    """One operation of one shop with so many connections, over all its turns."""

    connections: int = 0
    done: int = 0
    wrong: int = 0
    seconds: float = 0.0
    app_cpu: float = 0.0  # seconds
    database_cpu: float = 0.0  # seconds
    p95: list[float] = field(default_factory=list)  # seconds, of each turn
    sample: str = ""

    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0

    def cpu(self) -> float:
        """CPU milliseconds of one, in the application and in PostgreSQL."""
        return (self.app_cpu + self.database_cpu) * 1000 / self.done if self.done else 0.0

    def add(self, seen: client.Seen, app: float, database: float) -> None:
        self.done += seen.done
        self.wrong += seen.wrong
        self.seconds += seen.seconds
        self.app_cpu += app
        self.database_cpu += database
        self.p95.append(seen.p95)
        self.sample = self.sample or seen.sample


@dataclass(slots=True)
class Measured:
    """What one shop did; `megabytes` is the most its application kept resident after a turn."""

    name: str
    version: str
    remark: str
    figures: dict[str, Figure] = field(default_factory=dict)  # by operation, the better of those tried
    megabytes: float = 0.0
    skipped: str = ""
    tried: dict[str, dict[int, Figure]] = field(default_factory=dict)  # by operation and connections

    def settle(self) -> None:
        """Let each operation count as it went best."""
        self.figures = {operation: max(figures.values(), key=Figure.rate) for operation, figures in self.tried.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    into: Path
    seconds: float
    rounds: int
    note: Callable[[str], None]


async def compare(shops: list[Shop], plan: Plan) -> list[Measured]:
    """Install and fill them all, then measure each in its turn, `rounds` times."""
    measured = {shop.name: Measured(shop.name, shop.version, shop.remark) for shop in shops}
    for shop in shops:
        with _skipping(measured[shop.name], plan.note):
            await _prepare(shop, plan)
    for number in range(plan.rounds):
        for shop in shops:
            if not measured[shop.name].skipped:
                with _skipping(measured[shop.name], plan.note):
                    await _turn(shop, measured[shop.name], number, plan)
                    measured[shop.name].settle()
    return list(measured.values())


@contextlib.contextmanager
def _skipping(measured: Measured, note: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except (Skipped, OSError, RuntimeError) as error:
        measured.skipped = str(error if isinstance(error, Skipped) else Skipped(f"{type(error).__name__}: {error}"))
        note(f"{measured.name}: skipped: {measured.skipped}")


async def _prepare(shop: Shop, plan: Plan) -> None:
    ground = folder(plan.into, shop)
    plan.note(f"{shop.name}: installing")
    await shop.install(ground)
    plan.note(f"{shop.name}: filling")
    if not shop.shares_postgres:
        await shop.fill(ground, "")
        return
    async with postgres(plan.into) as server:
        await shop.fill(ground, server)
        await settle(server)


async def _turn(shop: Shop, measured: Measured, number: int, plan: Plan) -> None:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres(plan.into)) if shop.shares_postgres else ""
        running = await stack.enter_async_context(shop.running(folder(plan.into, shop), server))
        asks = await shop.asks(running)
        for operation in OPERATIONS:
            if operation == "checkout" or operation in asks:
                plan.note(f"{shop.name}, turn {number + 1}: {operation}")
                figures = measured.tried.setdefault(operation, {})
                for place, connections in enumerate(CONNECTIONS):
                    if place and max(figures[CONNECTIONS[0]].p95) > _SLOW:
                        break
                    figure = figures.setdefault(connections, Figure(connections))
                    await _measure(shop, running, asks.get(operation, []), figure, plan.seconds, _Try(number, place))
        measured.megabytes = max(measured.megabytes, cost.of(running.app).megabytes)


@dataclass(frozen=True, slots=True)
class _Try:
    """Which of a shop's turns it is, and with which of CONNECTIONS, both from 0 on."""

    turn: int
    place: int


async def _measure(shop: Shop, running: Running, asks: list[Ask], figure: Figure, seconds: float, which: _Try) -> None:
    """A warm-up that does not count, then what does."""
    for part, length in enumerate((max(1.0, seconds / 4), seconds)):
        app, database = cost.of(running.app), cost.of([running.database])
        if asks:
            seen = await client.order(
                port=running.port,
                connections=figure.connections,
                seconds=length,
                asks=[ask.as_json() for ask in asks],
                # What must never have been asked for was not by what went before.
                first=len(asks) * (2 * which.place + part) // (2 * len(CONNECTIONS)),
            )
        else:
            seen = await client.order(
                port=running.port,
                connections=figure.connections,
                seconds=length,
                purchase=shop.__module__,
                run=f"{which.turn}-{which.place}-{part}-{os.getpid()}",
                **running.told,
            )
        if part:
            spent = cost.of(running.app).cpu - app.cpu, cost.of([running.database]).cpu - database.cpu
            figure.add(seen, *spent)

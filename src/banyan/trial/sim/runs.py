"""Runs of the simulator: one seed, a series of them, or one checkout crashed at each of its awaits in turn."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banyan.contracts.inventory import SetStock, StockCount
from banyan.foundation import databases, embedded
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.trial.sim.judge import Judge
from banyan.trial.sim.shoppers import Ledger, Shopper
from banyan.trial.sim.stage import CAST, SKUS, Stage
from banyan.trial.sim.turnstile import Wedged

LONGEST_CALM = 4 * 3600.0  # virtual seconds within which everything must end once the faults stopped


@dataclass(slots=True)
class Run:
    """The outcome of one seed; `wrong` is empty when all is well."""

    seed: int
    crash_at: int | None = None
    steps: int = 0
    points: int = 0  # at which it could have crashed, until everything was done
    crashes: int = 0
    orders: int = 0
    virtual_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """The outcome of a series."""

    runs: list[Run] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failures(self) -> list[Run]:
        return [run for run in self.runs if run.wrong]

    def lines(self) -> list[str]:
        total = len(self.runs)
        lines = [
            f"{total} runs in {self.seconds:.1f} s ({total / self.seconds * 60:.0f} seeds a minute): "
            f"{sum(r.orders for r in self.runs)} orders, {sum(r.steps for r in self.runs)} steps, "
            f"{sum(r.crashes for r in self.runs)} crashes",
        ]
        for run in self.failures:
            again = (
                f"--first {run.seed} --seeds 1" if run.crash_at is None else f"--exhaustive (crash at {run.crash_at})"
            )
            lines += [f"seed {run.seed} FAILED; again: banyan trial sim {again}", *(f"  {each}" for each in run.wrong)]
        return [
            *lines,
            f"{len(self.failures)} failed" if self.failures else "every invariant held, and everything finished",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": len(self.runs),
            "seconds": self.seconds,
            "seeds_per_minute": len(self.runs) / self.seconds * 60,
            "failures": [{"seed": run.seed, "crash_at": run.crash_at, "wrong": run.wrong} for run in self.failures],
        }


async def play(stage: Stage, seed: int, *, crash_at: int | None = None, shoppers: int | None = None) -> Run:
    """One run. With `crash_at` nothing else goes wrong: one calm shopper, and the process dies at that point."""
    await stage.clear()
    game = stage.begin(seed)
    if crash_at is not None:
        game.plan.calm()
        game.plan.crash_at = crash_at
    run = Run(seed, crash_at)
    ledger, chance = Ledger(), game.turnstile.chance
    units = [int(chance.fraction() * 6) for _ in SKUS] if crash_at is None else [5] * len(SKUS)
    await stage.ports["inventory"].peers.ask(
        SetStock(counts=tuple(StockCount(sku=sku, on_hand=count) for sku, count in zip(SKUS, units, strict=True)))
    )
    crowd = (shoppers or 2 + int(chance.fraction() * 4)) if crash_at is None else 1
    ledger.left = crowd
    for number in range(crowd):
        wanted = tuple(sku for sku in SKUS if chance.fraction() < 0.5) or (SKUS[0],)
        shopper = Shopper(
            game.orders_app,
            game.turnstile,
            SeededIds(game.turnstile.clock, seed * 1000 + number),
            ledger,
            number,
            wanted,
        )
        game.turnstile.spawn(f"shopper {number}", shopper.visit(), inside=False)
    game.staff()
    judge = Judge(stage, game, ledger, dict(zip(SKUS, units, strict=True)))
    game.turnstile.spawn("judge", judge.wait_for_the_end(LONGEST_CALM), inside=False)

    async def restart() -> None:
        game.turnstile.clock.advance(2)
        game.staff()

    try:
        await game.turnstile.run(lambda: judge.quiet, restart)
        run.wrong = [*ledger.faults, *await judge.verdict()]
    except (Wedged, AssertionError) as fault:
        run.wrong = [*ledger.faults, f"{type(fault).__name__}: {fault}"]
    finally:
        await game.turnstile.end()
    run.steps, run.points, run.crashes = game.turnstile.steps, game.plan.eventful, game.plan.crashes
    run.orders, run.virtual_seconds = len(ledger.acknowledged), game.turnstile.clock.monotonic()
    return run


async def series(
    folder: Path, *, first: int, seeds: int, exhaustive: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Verdict:
    """Many runs on a database server of their own in `folder`."""
    server = await asyncio.to_thread(embedded.start, folder, durable=False)
    stage = await Stage.open(
        Settings(data_dir=folder, search_url="embedded://memory"), await databases.ensure(server.url, CAST)
    )
    try:
        return await over(stage, first=first, seeds=seeds, exhaustive=exhaustive, progress=progress)
    finally:
        await stage.close()
        await asyncio.to_thread(server.stop)


async def over(
    stage: Stage, *, first: int, seeds: int, exhaustive: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Verdict:
    """Many runs on a stage that is there."""
    clock, verdict = SystemClock(), Verdict()
    began = clock.monotonic()
    if exhaustive:
        last = (await play(stage, first, crash_at=10**9)).points
        for point in range(1, last + 1):
            verdict.runs.append(await play(stage, first, crash_at=point))
            progress(len(verdict.runs))
    else:
        for seed in range(first, first + seeds):
            verdict.runs.append(await play(stage, seed))
            progress(len(verdict.runs))
    verdict.seconds = clock.monotonic() - began
    return verdict

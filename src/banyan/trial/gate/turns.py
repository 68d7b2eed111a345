"""Both shops beside each other, asked turn by turn: ours, theirs, theirs, ours."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import costs
from banyan.trial.costing import Stand, Unasked, settled, statements, unasked
from banyan.trial.gate.judging import Figures, Part, Turn, Verdict, judge
from banyan.trial.gate.trees import OURS, CannotCompare, other
from banyan.trial.paths import PATHS
from banyan.trial.paths import Path as HotPath
from banyan.trial.stand import stand


@dataclass(frozen=True, slots=True)
class Turns:
    """`rounds` of four turns of so many seconds; an operation may get so much dearer."""

    rounds: int = 5
    seconds: float = 0.6
    limit: float = 0.15


@dataclass(slots=True)
class Compared:
    """Operation by operation; `against` is what the other tree is called."""

    against: str
    turns: Turns
    verdicts: list[Verdict]

    def dearer(self) -> list[Verdict]:
        return [each for each in self.verdicts if each.dearer]

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                *(each.name, *_cells(each.app, 1e3, 3), *_cells(each.database, 1e3, 3), *_cells(each.statements, 1, 1)),
                ", ".join(each.dearer) or each.skipped or "as before",
            )
            for each in self.verdicts
        ]

    def lines(self) -> list[str]:
        told = f"against {self.against}, {self.turns.rounds} rounds of four turns of {self.turns.seconds:g} s"
        if bad := self.dearer():
            return [
                f"{told}: {len(bad)} got more than {self.turns.limit:.0%} dearer, {', '.join(each.name for each in bad)}"
            ]
        return [f"{told}: nothing got more than {self.turns.limit:.0%} dearer"]

    def as_json(self) -> dict[str, Any]:
        return {
            "against": self.against,
            **asdict(self.turns),
            "dearer": [each.name for each in self.dearer()],
            "operations": [asdict(each) for each in self.verdicts],
        }


def chosen(paths: str) -> list[HotPath]:
    """Paths by their names, separated by commas; all for none. CannotCompare names the known ones."""
    names = [name.strip() for name in paths.split(",") if name.strip()] or list(PATHS)
    if unknown := [name for name in names if name not in PATHS]:
        raise CannotCompare(f"{', '.join(unknown)} is no hot path; known: {', '.join(PATHS)}")
    return [PATHS[name] for name in names]


async def compare(
    folder: Path, against: str, paths: Sequence[HotPath], turns: Turns, note: Callable[[str], None]
) -> Compared:
    """Every path of both. CannotCompare when there is no other tree, or its shop does not start."""
    clock = SystemClock()
    ids = SystemIds(clock)
    async with AsyncExitStack() as stack:
        called, tree = await stack.enter_async_context(other(against, folder))
        note(f"starting ours and {called}")
        ours = await stack.enter_async_context(stand(folder / "ours", clock, ids, tree=OURS))
        try:
            theirs = await stack.enter_async_context(stand(folder / "theirs", clock, ids, tree=tree))
        except RuntimeError as error:
            raise CannotCompare(f"the shop of {called} cannot be measured: {error}") from None
        note("waiting until both are at rest")
        await asyncio.gather(*(settled(each) for each in (ours, theirs)))
        idle = await asyncio.gather(*(unasked(each) for each in (ours, theirs)))
        verdicts = list[Verdict]()
        for path in paths:
            note(path.title)
            verdicts.append(await _verdict((ours, theirs), idle, path, turns))
    return Compared(called, turns, verdicts)


async def _verdict(stands: tuple[Stand, Stand], idle: Sequence[Unasked], path: HotPath, turns: Turns) -> Verdict:
    """What looks dearer is taken as often again, and both times judged together: chance seldom strikes twice."""
    figures = Figures(path.title)
    counts = [statements(each, path, turns.seconds, still.statements) for each, still in zip(stands, idle, strict=True)]
    ours, theirs = await asyncio.gather(*counts)
    figures.statements = (ours, theirs)
    for _ in range(2):
        figures.rounds += [await _round(stands, idle, path, turns.seconds) for _ in range(turns.rounds)]
        verdict = judge(figures, turns.limit)
        if not verdict.dearer:
            break
    return verdict


async def _round(
    stands: tuple[Stand, Stand], idle: Sequence[Unasked], path: HotPath, seconds: float
) -> tuple[Turn, Turn]:
    taken: tuple[list[Turn], list[Turn]] = ([], [])
    for side in (0, 1, 1, 0):
        taken[side].append(await _turn(stands[side], idle[side].cpu, path, seconds))
    return _both(*taken[0]), _both(*taken[1])


async def _turn(stand: Stand, idle: costs.Cpu, path: HotPath, seconds: float) -> Turn:
    """One turn, with all that its requests leave to be done after it. What is prepared does not count, nor what the shop
    takes unasked (`idle` a second)."""
    shop, scene = stand
    try:
        drive = await path.prepare(scene)
    except RuntimeError:
        return Turn(costs.Cpu(), 1, 1)
    await scene.clock.sleep(path.lasts)
    began, before = scene.clock.monotonic(), costs.cpu(shop)
    measured = await drive(seconds, path.connections)
    await scene.clock.sleep(path.lasts)
    failed = sum(count for status, count in measured.statuses.items() if status >= 400)
    used = costs.cpu(shop) - before - idle * (scene.clock.monotonic() - began)
    return Turn(costs.Cpu(max(0.0, used.app), max(0.0, used.database)), len(measured.times), failed)


def _both(one: Turn, other: Turn) -> Turn:
    return Turn(one.cpu + other.cpu, one.requests + other.requests, one.failed + other.failed)


def _cells(part: Part, by: float, digits: int) -> tuple[str, ...]:
    ratio = f"{part.ratio:.2f}" if part.ratio is not None else ""
    return (f"{part.theirs * by:,.{digits}f}", f"{part.ours * by:,.{digits}f}", ratio)

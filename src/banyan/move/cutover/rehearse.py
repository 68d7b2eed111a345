"""A rehearsal: cutover and revert, round after round, on a copy of the shop on the same servers; what the pause will be like.

The copy is a database of its own beside the shop's, made without locking a row of it and dropped at the end. Services and
the mover's own memory are fresh ones that the caller opens (`Stage`); nobody who shops is near them.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

from banyan.move.cutover import gates
from banyan.move.cutover.attempt import fence_of
from banyan.move.cutover.keeping import BESIDES
from banyan.move.cutover.protocol import PAUSE, cutover
from banyan.move.cutover.reverting import revert
from banyan.move.cutover.scratch import quoted, scratch, sweep
from banyan.move.cutover.turn import Turn
from banyan.move.source import Connection, SqlError, where
from banyan.move.storage import hands, log
from banyan.move.way_back.ground import Ground, Moves, ground_of

FORCED = dict.fromkeys(
    ("coverage", "findings", "quarantine", "lag", "due"),
    "a rehearsal: the copy is read once and belongs to nobody",
)
_BETWEEN = 0.02  # seconds between two writes of the load
LOAD = 50  # rows of each table that the load writes again and again


class Rehearsing(Moves, Protocol):
    """A mover on the copy."""

    besides: dict[str, Any]

    async def prepare(self) -> Any: ...

    async def copy(self) -> Any: ...

    async def copied(self) -> None: ...

    def working(self) -> AbstractAsyncContextManager[Any]: ...


Stage = Callable[[str], AbstractAsyncContextManager[Rehearsing]]
"""Given the copy's URL: fresh services, a fresh move database, and a mover on them that nobody works at yet."""


@dataclass(slots=True)
class Rehearsal:
    """How it went. `rows` in the copy; pauses in the turns."""

    group: str
    rows: int = 0
    turns: list[Turn] = field(default_factory=list)

    @property
    def went_well(self) -> bool:
        return bool(self.turns) and all(turn.done for turn in self.turns)

    def pauses(self, what: str) -> list[float]:
        """Seconds, of the turns that were done, shortest first."""
        return sorted(turn.pause for turn in self.turns if turn.what == what and turn.done)

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "rows": self.rows,
            "went_well": self.went_well,
            "forecast_ms": {what: _spread(self.pauses(what)) for what in ("cutover", "revert")},
            "turns": [turn.as_json() for turn in self.turns],
        }

    def lines(self) -> list[str]:
        told = [f"{self.group} was rehearsed on a copy of {self.rows:,} rows, {len(self.turns)} changes of hands"]
        for what in ("cutover", "revert"):
            spread = _spread(self.pauses(what))
            if spread:
                told.append(
                    f"{what}: writes will wait about {spread['median']:.0f} ms"
                    f" (between {spread['least']:.0f} and {spread['most']:.0f} here)"
                )
        told += [f"{turn.what} went back: {turn.why}" for turn in self.turns if not turn.done]
        next_ = f"banyan move cutover {self.group}" if self.went_well else f"banyan move rehearse {self.group}"
        return [*told, f"next: {next_}"]


async def rehearse(
    ground: Ground,
    group: str,
    stage: Stage,
    *,
    rounds: int = 5,
    rows: int | None = None,
    max_pause: float = PAUSE,
    who: str = "operator",
) -> Rehearsal:
    """Change hands `rounds` times there and back, under writes. `rows`: at most so many of each table, the newest.

    When all went well the group counts as rehearsed for seven days.
    """
    await gates.group_named(ground, group)
    await sweep(ground)
    told = Rehearsal(group)
    async with scratch(ground, rows) as (url, copied):
        told.rows = copied
        async with stage(url) as mover:
            await mover.prepare()
            mover.besides = dict(BESIDES)
            async with mover.working():
                await mover.copy()
                await mover.copied()
                copy = await ground_of(mover)
                for _ in range(rounds):
                    if not await _round(copy, group, max_pause, told):
                        break
    async with ground.ports.db.transaction() as tx:
        said = told.as_json()
        await log.add(tx, "rehearsed", group=group, who=who, went_well=told.went_well, forecast_ms=said["forecast_ms"])
    if told.went_well:
        await hands.rehearsed(ground.ports.db, group)
    return told


async def _round(copy: Ground, group: str, max_pause: float, told: Rehearsal) -> bool:
    load = asyncio.create_task(_load(copy, group))
    try:
        there = await cutover(copy, group, max_pause=max_pause, overrides=await _shut(copy, group), who="rehearsal")
        told.turns.append(there)
        if not there.done:
            return False
        back = await revert(copy, group, max_pause=max_pause, who="rehearsal")
        told.turns.append(back)
        return back.done
    finally:
        load.cancel()
        with suppress(asyncio.CancelledError):
            await load


async def _shut(copy: Ground, group: str) -> dict[str, str]:
    row = await gates.group_named(copy, group)
    found = await gates.before_cutover(copy, row, rehearsal=False)
    return {gate.name: FORCED[gate.name] for gate in found if not gate.open and gate.name in FORCED}


async def _load(copy: Ground, group: str) -> None:
    """Rows of the group are written again as they are, which the log tells of; what the fence refuses is tried again."""
    con = await asyncio.to_thread(copy.source.connect, lock_wait_timeout=2)
    try:
        statements = await asyncio.to_thread(_rewriting, con, copy, group)
        while statements:
            for statement in statements:
                with suppress(SqlError):
                    await asyncio.to_thread(con.execute, statement)
                await copy.ports.clock.sleep(_BETWEEN)
    finally:
        con.wire.break_off()


def _rewriting(con: Connection, copy: Ground, group: str) -> list[bytes]:
    statements = []
    for holding in fence_of(copy, group).holdings:
        table = holding.table
        if not holding.whole or not table.key or any(column.generated for column in table.columns):
            continue
        keys = ", ".join(f"`{quoted(name)}`" for name in table.key)
        name = f"`{quoted(table.name)}`"
        for key in con.query(f"SELECT {keys} FROM {name} ORDER BY {keys} LIMIT {LOAD:d}"):
            condition = where(table, key)
            statements.append(f"REPLACE INTO {name} SELECT * FROM {name} WHERE ".encode() + condition)
    return statements


def _spread(pauses: Sequence[float]) -> dict[str, float]:
    if not pauses:
        return {}
    return {
        "least": round(pauses[0] * 1000, 1),
        "median": round(median(pauses) * 1000, 1),
        "most": round(pauses[-1] * 1000, 1),
    }

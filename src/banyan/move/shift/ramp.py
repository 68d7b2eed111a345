"""A group's weight on its way to its goal: up a step while our side does well, back by itself when it does not."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.move.shift.health import Finding, Margins, Seen, Verdict, judge
from banyan.move.shift.steering import BELL
from banyan.move.storage import groups, log, shift
from banyan.move.storage.groups import Group

STEPS = (1, 5, 10, 25, 50, 100)  # percent
DWELL = 10.0  # seconds at least on each step
WINDOW = 20.0  # seconds that are looked back, longer while they hold fewer than …
ENOUGH = 200  # … answers of ours; never beyond the beginning of the step
EVERY = 1.0  # seconds between looks
IDLE = 60.0  # … where there is no legacy shop
_TIDY = 600.0  # seconds between two times of forgetting workers that are gone
_WORTHY = ("verified", "cutting_over")  # states in which our side may be shown to shoppers while it is not the owner

Counters = Mapping[tuple[str, str, str], Seen]
"""(worker, group, side) → all that this worker ever saw."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done with a weight, and why."""

    weight: int
    goal: int
    what: str
    why: str


@dataclass(slots=True)
class Walk:
    """One group on the step it stands on: what was seen since, looked at in a sliding window."""

    since: datetime  # when its row last changed: whatever was changed, what was seen before says nothing now
    began: float
    looks: deque[tuple[float, Counters]] = field(default_factory=deque)
    unsure: bool = False  # that there is too little to see was written down

    def look(self, now: float, counters: Counters) -> None:
        self.looks.append((now, counters))
        while len(self.looks) > 2 and self.looks[1][0] <= now - WINDOW and self.seen("new", 1).answered >= ENOUGH:
            self.looks.popleft()

    def seen(self, side: str, first: int = 0) -> Seen:
        """By one side, in the window from its `first` look on."""
        (_, before), (_, after) = self.looks[first], self.looks[-1]
        total = Seen()
        for key, seen in after.items():
            if key[2] == side:
                total += seen.since(before.get(key, Seen()))
        return total


def next_step(weight: int, goal: int) -> int:
    return min(goal, next((step for step in STEPS if step > weight), 100))


def last_step(weight: int) -> int:
    """The step before this one; 0 before the first."""
    return max((step for step in STEPS if step < weight), default=0)


def decide(group: Group, finding: Finding, *, rested: bool) -> Move | None:
    """What becomes of a weight; None: it stays. `rested`: it has stood on its step for long enough.

    Failures take it to 0. Slowness takes it one step back, and to 0 where there is none: slowness may come of the load.
    A weight that was pulled back does not climb again until somebody says so.
    """
    if group.state not in _WORTHY and group.owner == "legacy" and group.weight:
        return Move(0, 0, "pulled back", f"the group is {group.state.replace('_', ' ')}, not verified any more")
    if group.owner == "new":
        return None
    if finding.verdict is Verdict.BAD:
        weight = 0 if finding.failing else last_step(group.weight)
        return Move(weight, weight, "pulled back", finding.why)
    if group.weight_goal > group.weight:
        if group.weight == 0:
            return Move(next_step(0, group.weight_goal), group.weight_goal, "stepped up", "the first step")
        if finding.verdict is Verdict.GOOD and rested:
            return Move(next_step(group.weight, group.weight_goal), group.weight_goal, "stepped up", finding.why)
    return None


class Ramp:
    """Looks at every group once a second. What it remembers may be lost: then a step is looked at from its beginning."""

    def __init__(self, margins: Margins | None = None, *, dwell: float = DWELL) -> None:
        self._margins = margins or Margins()
        self._dwell = dwell
        self._tidied = float("-inf")
        self._walks: dict[str, Walk] = {}
        self._legacy: dict[str, Seen] = {}  # how the legacy side did when it was last seen enough

    async def step(self, ports: Ports) -> float:
        """One look: seconds until the next."""
        if not ports.settings.legacy_http:
            return IDLE
        now = ports.clock.monotonic()
        found = await groups.read(ports.db)
        wanted = [each for each in found.values() if each.weight or each.weight_goal]
        self._walks = {name: walk for name, walk in self._walks.items() if found[name] in wanted}
        if wanted:
            counters = _by_group(await shift.counts(ports.db))
            for group in wanted:
                await self._look_at(ports, group, now, counters[group.name])
        if now - self._tidied > _TIDY:
            self._tidied = now
            async with ports.db.transaction() as tx:
                await shift.forget(tx)
        return EVERY

    async def _look_at(self, ports: Ports, group: Group, now: float, counters: Counters) -> None:
        walk = self._walks.get(group.name)
        if walk is None or walk.since != group.changed_at:
            walk = self._walks[group.name] = Walk(group.changed_at, now)
        walk.look(now, counters)
        ours, legacy = walk.seen("new"), walk.seen("legacy")
        if legacy.answered >= self._margins.least:
            self._legacy[group.name] = legacy
        legacy = self._legacy.get(group.name, legacy)
        finding = judge(ours, legacy, self._margins)
        move = decide(group, finding, rested=now - walk.began >= self._dwell)
        if move is not None:
            await self._make(ports, group, move, ours=ours.as_json(), legacy=legacy.as_json())
        elif finding.verdict is Verdict.UNKNOWN and now - walk.began >= self._dwell and not walk.unsure:
            walk.unsure = True
            await self._note(ports, group, finding.why)

    async def _make(self, ports: Ports, group: Group, move: Move, **numbers: Any) -> None:
        async with ports.db.transaction() as tx:
            if not await shift.weigh(tx, group.name, group.weight, move.weight, move.goal):
                return  # somebody else was quicker
            await log.add(
                tx,
                f"{move.what} from {group.weight} % to {move.weight} %: {move.why}",
                group=group.name,
                before=group.weight,
                after=move.weight,
                goal=move.goal,
                **numbers,
            )
        ports.due[BELL].ring()

    async def _note(self, ports: Ports, group: Group, why: str) -> None:
        if group.weight_goal > group.weight:
            async with ports.db.transaction() as tx:
                await log.add(tx, f"stays at {group.weight} %: {why}", group=group.name, weight=group.weight)


def _by_group(rows: Iterable[Row]) -> "defaultdict[str, dict[tuple[str, str, str], Seen]]":
    found: defaultdict[str, dict[tuple[str, str, str], Seen]] = defaultdict(dict)
    for row in rows:
        key = (row["worker"], row["group_name"], row["side"])
        found[row["group_name"]][key] = Seen(row["asked"], row["failed"], tuple(row["bins"]))
    return found

"""What operators say about traffic: how much of a group's reads we are to answer, and how much is to be asked twice."""

from dataclasses import dataclass
from typing import Any

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.move.shift.ramp import next_step
from banyan.move.shift.steering import BELL
from banyan.move.storage import groups, log, shift
from banyan.move.storage.groups import Group


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a group's reads go now, and towards which share of ours."""

    group: str
    owner: str
    weight: int
    goal: int
    shadow: int

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "owner": self.owner,
            "weight": self.weight,
            "goal": self.goal,
            "shadow": self.shadow,
            "next_steps": self._next(),
        }

    def lines(self) -> list[str]:
        there = f"{self.group}: we answer {self.weight} % of reads"
        there += f", on the way to {self.goal} %" if self.goal != self.weight else ""
        return [there + (f"; {self.shadow} % are asked of both sides" if self.shadow else ""), *self._next()]

    def _next(self) -> list[str]:
        if self.goal > self.weight:
            return [f"banyan move log {self.group}    (each step with its numbers)"]
        if self.weight == 100 and self.owner == "legacy":
            return [f"banyan move cutover {self.group}"]
        return []


async def route(ports: Ports, name: str, goal: int, *, who: str = "operator") -> Routed:
    """Step towards `goal` percent of reads by itself; less than now is done at once.

    Conflict names the guard that fails and what to do: a group is shown to shoppers only once it was verified.
    """
    _percent(goal)
    async with ports.db.transaction() as tx:
        group = await _group(tx, name)
        if group.owner == "new":
            raise Conflict(
                f"{name} is ours already: all of its reads are answered here. `banyan move revert {name}` gives it back",
                code="guard_owner",
            )
        if goal > group.weight and group.state != "verified":
            raise Conflict(
                f"{name} is {group.state.replace('_', ' ')}; its reads may be shifted once it is verified: "
                f"banyan move verify {name}",
                code="guard_state",
            )
        weight = goal if goal <= group.weight else group.weight or next_step(0, goal)
        await shift.aim(tx, name, goal, weight)
        await log.add(tx, f"reads go to {goal} %", group=name, who=who, before=group.weight, after=weight, goal=goal)
    ports.due[BELL].ring()
    return Routed(name, group.owner, weight, goal, group.shadow)


async def shadow(ports: Ports, name: str, percent: int, *, who: str = "operator") -> Routed:
    """Ask this share of a group's reads again of both sides, off the shopper's way. Conflict before the copy is in sync."""
    _percent(percent)
    async with ports.db.transaction() as tx:
        group = await _group(tx, name)
        if percent and group.state in ("planned", "prepared", "copying", "catching_up", "aborted"):
            raise Conflict(
                f"{name} is {group.state.replace('_', ' ')}; there is nothing to compare before it is in sync: "
                f"banyan move copy {name}",
                code="guard_state",
            )
        await shift.shade(tx, name, percent)
        await log.add(tx, f"{percent} % of reads are asked again", group=name, who=who, percent=percent)
    ports.due[BELL].ring()
    return Routed(name, group.owner, group.weight, group.weight_goal, percent)


async def _group(tx: Any, name: str) -> Group:
    group = await groups.one(tx, name)
    if group is None:
        raise NotFound(
            f"there is no group {name} that was prepared: banyan move prepare all, and banyan move status shows them"
        )
    return group


def _percent(number: int) -> None:
    if not 0 <= number <= 100:
        raise Invalid(f"{number} is no percentage: 0 to 100")

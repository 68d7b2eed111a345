"""Dual write as an explicit mode of a group: switched on and off, heard of from gateways, and reported. See ADR 18."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banyan.contracts.moving import Noted, TellWritten
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, NotFound
from banyan.move.shift.steering import BELL, rules_of
from banyan.move.storage import dual, groups, log, tables
from banyan.move.storage.groups import Group

PLAYED = (
    *("cart.add", "cart.edit", "cart.remove", "address.save", "address.delete"),
    *("account.save", "newsletter.save", "register"),
)
"""Doors that take part; the gateway's own list is the same (gateway.legacy.dual)."""
HEARD = "dual write"  # ports.due[HEARD], rung when there is something to compare
_WORTHY = ("in_sync", "verified")


@dataclass(frozen=True, slots=True)
class Switched:
    """A group's mode now."""

    group: str
    mode: str
    doors: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"group": self.group, "mode": self.mode, "doors": list(self.doors), "next_steps": self._next()}

    def lines(self) -> list[str]:
        if self.mode != "dual":
            return [f"{self.group}: the stream alone; writes that were told of are still compared", *self._next()]
        return [
            f"{self.group}: the legacy shop answers writes, and each is played on our side and compared",
            f"doors that are played: {', '.join(self.doors)}",
            *self._next(),
        ]

    def _next(self) -> list[str]:
        return [f"banyan move dual {self.group} report"]


@dataclass(frozen=True, slots=True)
class Compared:
    """What playing a group's writes showed so far. Examples say how values differ, never what they are."""

    group: str
    mode: str
    since: datetime | None
    waiting: int
    doors: tuple[dict[str, Any], ...]
    fields: tuple[dict[str, Any], ...]
    examples: tuple[dict[str, Any], ...]

    def total(self, what: str) -> int:
        """Over all doors: `written`, `equal`, `different`, `not_done`, `unclear`, `not_played` or `unkept`."""
        return sum(door[what] for door in self.doors)

    @property
    def differing(self) -> float:
        """The share of compared writes that differ, 0 to 1."""
        compared = self.total("equal") + self.total("different")
        return self.total("different") / compared if compared else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "mode": self.mode,
            "since": None if self.since is None else self.since.isoformat(),
            "waiting": self.waiting,
            "written": self.total("written"),
            "differing": round(self.differing, 5),
            "doors": list(self.doors),
            "fields": list(self.fields),
            "examples": list(self.examples),
        }

    def lines(self) -> list[str]:
        told = [
            f"{self.group}: {self.mode}; {self.total('written')} writes heard of, {self.total('equal')} equal, "
            f"{self.total('different')} different ({self.differing:.2%}), {self.waiting} waiting"
        ]
        for door in self.doors:
            rest = [f"{door[name]} {text}" for name, text in _REST.items() if door[name]]
            counts = [f"{door['equal']} equal", f"{door['different']} different"] if door["door"] else []
            told.append(f"  {door['door'] or 'no door'}: {', '.join(counts + rest)}")
            told += [f"    {each['field']}: {each['count']}" for each in self.fields if each["door"] == door["door"]]
        told += [f"  {each['door']} {each['field']}, {_whose(each)}: {each['how']}" for each in self.examples[:10]]
        return told


_REST = {
    "not_done": "never answered and not done",
    "unclear": "that cannot be compared",
    "not_played": "not played",
    "unkept": "not kept for want of room",
}


def _whose(example: dict[str, Any]) -> str:
    return f"{example['kind']} {example['key']}".strip() or "nobody"


async def switch(ports: Ports, name: str, *, on: bool, who: str = "operator") -> Switched:
    """Turn the mode on or off; said again it is the same. Conflict names the guard that fails and what to do."""
    doors = tuple(sorted({rule.door for rule in rules_of(ports) if rule.group == name and rule.door in PLAYED}))
    async with ports.db.transaction() as tx:
        group = await _group(tx, name)
        if on and group.mode != "dual":
            await _guard(ports, group, doors)
            if not await dual.begin(tx, name):
                raise Conflict("nothing is followed yet: banyan move prepare", code="guard_stream")
            await log.add(tx, "dual write: on", group=name, who=who, doors=list(doors))
        elif not on and group.mode == "dual":
            await dual.end(tx, name)
            counts = {row["door"] or "none": dict(row) | {"door": None} for row in await dual.counts(tx, name)}
            await log.add(tx, "dual write: off", group=name, who=who, counts=counts)
    ports.due[BELL].ring()
    return Switched(name, "dual" if on else "stream", doors)


async def _guard(ports: Ports, group: Group, doors: tuple[str, ...]) -> None:
    if group.owner == "new":
        raise Conflict(
            f"{group.name} is ours already: there is one side that writes, and the way back tells the legacy shop",
            code="guard_owner",
        )
    if group.state not in _WORTHY:
        raise Conflict(
            f"{group.name} is {group.state.replace('_', ' ')}; there is nothing to compare with before it is in sync: "
            f"banyan move copy {group.name}",
            code="guard_state",
        )
    if not doors:
        raise Conflict(f"no write of {group.name} has a door on our side that could be played", code="guard_doors")
    states = await tables.states(ports.db)
    session = next((name for name in states if name.endswith("session") and not name.endswith("_api_session")), "")
    if states.get(session) != "live":
        raise Conflict(
            "whose a write is says the legacy shop's table of sessions, and it is not copied yet: banyan move copy orders",
            code="guard_sessions",
        )


async def report(ports: Ports, name: str) -> Compared:
    """What was found so far, all of it as of one moment."""
    async with ports.db.transaction() as tx:
        await tx.one_moment()
        return Compared(
            name,
            (await _group(tx, name)).mode,
            await dual.since(tx, name),
            await dual.waiting(tx, name),
            tuple(dict(row) for row in await dual.counts(tx, name)),
            tuple(dict(row) for row in await dual.fields(tx, name)),
            tuple(dict(row) | {"at": row["at"].isoformat()} for row in await dual.examples(tx, name)),
        )


async def hear(ports: Ports, call: TellWritten) -> Noted:
    """Keep what a gateway told of. What is told again is known by its id."""
    async with ports.db.transaction() as tx:
        new = await dual.hear(tx, call.writes)
        if call.unkept:
            await dual.unkept(tx, call.unkept)
    if new:
        ports.due[HEARD].ring()
    return Noted(new=new)


async def _group(db: Any, name: str) -> Group:
    group = await groups.one(db, name)
    if group is None:
        raise NotFound(
            f"there is no group {name} that was prepared: banyan move prepare all, and banyan move status shows them"
        )
    return group

"""The end of a move: a group that stays with us for good, or one that stays with the legacy shop after all."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from banyan.kernel.refusals import Conflict
from banyan.move.cutover import gates
from banyan.move.cutover.attempt import fence_of, set_tenure
from banyan.move.cutover.reconcile import PATIENCE, finish
from banyan.move.source import Connection, SqlError
from banyan.move.storage import back, groups, hands, log
from banyan.move.way_back.ground import Ground

MOVED = "banyan_moved_"
"""What the legacy tables' names begin with once the last group has been finalized. Nothing is ever dropped."""
BEFORE = ("planned", "prepared", "copying", "catching_up", "in_sync", "verified", "aborted")


@dataclass(frozen=True, slots=True)
class Ended:
    """`renamed`: legacy tables that have another name now, old → new."""

    group: str
    state: str
    said: str
    renamed: dict[str, str] = field(default_factory=dict)
    next_steps: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "state": self.state,
            "said": self.said,
            "renamed": self.renamed,
            "next_steps": list(self.next_steps),
        }

    def lines(self) -> list[str]:
        renamed = [f"{old} is {new} now" for old, new in self.renamed.items()]
        return [f"{self.group}: {self.said}", *renamed, *(f"next: {each}" for each in self.next_steps)]


async def finalize(ground: Ground, group: str, *, typed: str = "", who: str = "operator") -> Ended:
    """Our side keeps the group, and there is no way back from here on. The legacy tables stay, fenced.

    Conflict `window` while there is a way back, unless the group's name is typed. With the last group the legacy tables
    get other names; they are never dropped.
    """
    db = ground.ports.db
    row = await gates.group_named(ground, group)
    times = await hands.times(db, group)
    left = times["window"] if times else None
    if row.state != "finalized":
        if row.state != "new_primary" or row.attempt is not None:
            raise Conflict(f"{group} is {row.state}: only what our side owns can be finalized", code="state")
        if left is not None and left > 0 and typed != group:
            raise Conflict(
                f"{group} can still go back for {left / 86_400:.1f} days, and could not any more; type its name to end "
                f"that: banyan move finalize {group} --name {group}",
                code="window",
            )
        lag = await back.lag(db, group)
        async with db.transaction() as tx:
            await back.forget(tx, group)
            await log.add(tx, "finalized", group=group, who=who, not_back=lag.due, flagged=lag.flagged)
        if not await hands.ended(db, group):
            raise Conflict(f"{group} changed meanwhile; look at banyan move status", code="under_way")
    row = await gates.group_named(ground, group)
    await set_tenure(ground, group, None, row.epoch, PATIENCE)
    others = [each for each in (await groups.read(db)).values() if each.state != "finalized"]
    if others:
        names = ", ".join(each.name for each in others)
        return Ended(group, "finalized", f"ours for good; its legacy tables stay fenced. Still to move: {names}")
    renamed = await asyncio.to_thread(_rename, ground)
    return Ended(
        group, "finalized", "ours for good; all groups have moved, and the legacy shop can be shut down", renamed
    )


async def abort(ground: Ground, group: str, *, who: str = "operator") -> Ended:
    """Call a group's move off, in any state before the commit point. A cutover that is under way goes back first."""
    db = ground.ports.db
    row = await gates.group_named(ground, group)
    if row.owner == "new":
        raise Conflict(f"our side owns {group}: banyan move revert {group} gives it back", code="state")
    if row.state == "cutting_over":
        if row.attempt is not None and not await hands.give_up(db, group, row.attempt):
            raise Conflict(f"{group} has just been decided; look at banyan move status", code="under_way")
        await finish(ground, group)
        said = "the cutover went back; the group is followed as before"
        return Ended(
            group, "in_sync", said, next_steps=(f"banyan move abort {group} (again: to end the move as a whole)",)
        )
    if not await hands.aborted(db, group, BEFORE):
        raise Conflict(f"{group} changed meanwhile; look at banyan move status", code="under_way")
    async with db.transaction() as tx:
        await log.add(tx, "aborted", group=group, who=who, was=row.state)
    fence = fence_of(ground, group)
    try:
        await fence.take_hand()
        await fence.open(row.epoch + 1)
        await fence.remove()
    finally:
        await fence.drop_hand()
    return Ended(
        group,
        "aborted",
        "the legacy shop keeps it; nothing there was changed",
        next_steps=(f"banyan move prepare {group}",),
    )


def _rename(ground: Ground) -> dict[str, str]:
    """All of them in one statement, or none: the legacy shop is never left with half its tables."""
    mine = sorted({each.name for each in ground.mirrors if each.use.views or each.use.fenced})
    with ground.source.connect(lock_wait_timeout=10) as con:
        there = {(name or b"").decode() for [name] in con.query("SHOW TABLES")}
        wanted = {name: MOVED + name for name in mine if name in there and MOVED + name not in there}
        wanted = {old: new for old, new in wanted.items() if len(new) <= 64}
        if wanted:
            pairs = ", ".join(f"`{_quoted(old)}` TO `{_quoted(new)}`" for old, new in wanted.items())
            con.execute(f"RENAME TABLE {pairs}")
            _without_triggers(con, wanted.values())
    return wanted


def _without_triggers(con: Connection, names: Iterable[str]) -> None:
    """Our triggers name the fence's row; under the new names nobody writes, and they need not stand."""
    rows = con.query(
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() "
        "AND TRIGGER_NAME LIKE 'banyan\\_%%' AND EVENT_OBJECT_TABLE IN %s",
        sorted(names),
    )
    for [name] in rows:
        try:
            con.execute(f"DROP TRIGGER IF EXISTS `{_quoted((name or b'').decode())}`")
        except SqlError:
            return  # a trigger that stays refuses writers: no harm


def _quoted(name: str) -> str:
    return name.replace("`", "``")

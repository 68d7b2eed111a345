"""Fences, tenures and holds follow from the group's row: what a crash left half done is finished, whoever finds it.

Before the commit point an attempt goes back, after it forward; each part may be done any number of times.
"""

import logging
from collections.abc import Callable
from typing import Any

from banyan.kernel.refusals import Refusal
from banyan.move.cutover.attempt import BELL, fence_of, set_tenure, words
from banyan.move.cutover.fence import Fence
from banyan.move.source import SqlError
from banyan.move.storage import back, groups, hands, log
from banyan.move.storage.groups import Group
from banyan.move.way_back.ground import Ground

PATIENCE = 5.0  # seconds for a service to hear of its tenure
OWNED = ("prepared", "copying", "catching_up", "in_sync", "verified")
_log = logging.getLogger(__name__)


async def reconcile(ground: Ground, crossed: Callable[[str], None] = lambda step: None) -> list[str]:
    """Finish what is late or half done, then make fences and tenures what the rows say; what was done, in words."""
    told = []
    for name in await hands.overdue(ground.ports.db):
        told += await finish(ground, name, crossed)
    for group in (await groups.read(ground.ports.db)).values():
        if group.step is None and group.attempt is None:
            told += await _settle(ground, group)
    return told


async def finish(ground: Ground, name: str, crossed: Callable[[str], None] = lambda step: None) -> list[str]:
    """Take a late or half-done change of hands to its end."""
    db = ground.ports.db
    await hands.give_up(db, name)
    group = await groups.one(db, name)
    if group is None or group.step is None:
        return []
    if group.step == hands.BACK:
        await go_back(ground, group, crossed)
        return [f"{name}: an attempt that did not end was taken back"]
    if group.step in hands.FORWARD:
        await go_forward(ground, group, crossed)
        return [f"{name}: a change of hands that was decided was finished"]
    return []


async def go_back(ground: Ground, group: Group, crossed: Callable[[str], None] = lambda step: None) -> None:
    """Open the side that owns the group, then let the gateways go on."""
    crossed(hands.BACK)
    if group.owner == "legacy":
        await _open(ground, group)
        state = "in_sync"
    else:
        await set_tenure(ground, group.name, "new", group.epoch, PATIENCE)
        state = "new_primary"
    crossed("opened")
    if await hands.gone_back(ground.ports.db, group.name, state, "went back", **_of(group), state=state):
        ground.ports.due[BELL].ring()
        crossed("gone back")
    if group.owner == "legacy":
        await _remove(ground, group.name)


async def go_forward(
    ground: Ground, group: Group, crossed: Callable[[str], None] = lambda step: None, fence: Fence | None = None
) -> None:
    """C12 and C13, or R12 and R13. `fence`: one that is in our hand already."""
    db, name = ground.ports.db, group.name
    if group.step == "C12":
        crossed("C12")
        await set_tenure(ground, name, "new", group.epoch, PATIENCE)
        await hands.release(db, name, "C12", "C13")
        ground.ports.due[BELL].ring()
    if group.step == "R12":
        crossed("R12")
        if fence is not None and fence.in_hand:
            await fence.open(group.epoch)
        else:
            await _open(ground, group)
        await hands.release(db, name, "R12", "R13")  # our side's tenure ended before; only its epoch is yet to rise
        ground.ports.due[BELL].ring()
    if group.step in ("C12", "C13"):
        crossed("C13")
        if await hands.finish(db, name, "C13", "new_primary", "our side owns it", **_of(group), epoch=group.epoch):
            ground.ports.due[BELL].ring()
        await _count_hits(ground, name)
    else:
        crossed("R13")
        await set_tenure(ground, name, "legacy", group.epoch, PATIENCE)
        async with db.transaction() as tx:
            left = await back.forget(tx, name)
        told = "the legacy shop owns it"
        if await hands.finish(db, name, "R13", "in_sync", told, **_of(group), epoch=group.epoch, not_back=left):
            ground.ports.due[BELL].ring()
        await _remove(ground, name)


async def _settle(ground: Ground, group: Group) -> list[str]:
    """A group at rest: its fence and its tenure as its row says. Nothing is asked of the source where all is well."""
    told = []
    if group.state in OWNED or group.state == "new_primary":
        await set_tenure(ground, group.name, group.owner, group.epoch, PATIENCE)
    if group.state == "finalized":
        await set_tenure(ground, group.name, None, group.epoch, PATIENCE)
    if group.state == "new_primary":
        fence = fence_of(ground, group.name)
        if not await fence.closed():
            told.append(f"{group.name}: the fence on the legacy tables was not whole, and was mended")
            await _close(ground, group)
            await _tell(ground, group, "the fence was not whole, and was mended")
        elif not await fence.closed(counting=True):  # its process ended before that
            await _count_hits(ground, group.name)
    return told


async def _open(ground: Ground, group: Group) -> None:
    fence = fence_of(ground, group.name)
    await fence.take_hand()
    try:
        await fence.open(group.epoch)
    finally:
        await fence.drop_hand()
    ground.ports.due[BELL].ring()


async def _close(ground: Ground, group: Group) -> None:
    fence = fence_of(ground, group.name)
    await fence.take_hand()
    try:
        await fence.stand()
        await fence.close(group.epoch)
        await fence.stand(counting=True)
    finally:
        await fence.drop_hand()


async def _count_hits(ground: Ground, group: str) -> None:
    """From now on it is written down who is refused; where that cannot be, nothing is lost but the list."""
    fence = fence_of(ground, group)
    try:
        await fence.take_hand()
        await fence.stand(counting=True)
    except (Refusal, SqlError) as error:
        _log.warning("refused writers are not counted", extra={"group": group, "why": words(error)})
    finally:
        await fence.drop_hand()


async def _remove(ground: Ground, group: str) -> None:
    """The open fence's triggers are in nobody's way; they go when they can."""
    fence = fence_of(ground, group)
    try:
        await fence.take_hand()
        await fence.remove()
    except (Refusal, SqlError) as error:
        _log.warning("an open fence stays", extra={"group": group, "why": words(error)})
    finally:
        await fence.drop_hand()


async def _tell(ground: Ground, group: Group, what: str, **numbers: Any) -> None:
    async with ground.ports.db.transaction() as tx:
        await log.add(tx, what, group=group.name, **_of(group), **numbers)
    ground.ports.due[BELL].ring()


def _of(group: Group) -> dict[str, Any]:
    return {"step": group.step, "attempt": group.attempt}

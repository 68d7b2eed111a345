"""The revert, R0 … R13: a group's writes go back to the legacy shop with everything that was written here, or nothing changes."""

from collections.abc import Mapping
from functools import partial

from banyan.kernel.refusals import Conflict
from banyan.move.cutover import counting, gates
from banyan.move.cutover.attempt import Attempt, Crossed, Over
from banyan.move.cutover.driving import PATIENCE, SETTLE, come_near, drive, end
from banyan.move.cutover.owned import kinds
from banyan.move.cutover.protocol import PAUSE
from banyan.move.cutover.turn import Turn
from banyan.move.storage import back, hands
from banyan.move.way_back.carts import all_heard
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.hearing import heard_all, put_mark, seconds_behind

_LOOK = 0.01
_NAMING = 0.2  # seconds of a pause in which an order that is half done would not get through what follows either


async def revert(
    ground: Ground,
    group: str,
    *,
    max_pause: float = PAUSE,
    patience: float = PATIENCE,
    overrides: Mapping[str, str] | None = None,
    dry_run: bool = False,
    who: str = "operator",
    crossed: Crossed = lambda step: None,
) -> Turn:
    """Give a group's writes back. The way back has to be at work meanwhile; `max_pause` as in `cutover`, `patience`: seconds
    that it may take to come near before writes are held at all."""
    if not 0.05 <= max_pause <= 60:
        raise Conflict("the longest pause lies between 0.05 and 60 seconds", code="pause")
    turn = Turn(group, "revert")
    crossed("R0")
    row = await gates.group_named(ground, group)
    found = await gates.before_revert(ground, row)
    turn.overridden = await gates.pass_gates(ground, group, "revert", found, overrides or {}, who)
    if dry_run:
        turn.outcome, turn.next_steps = "dry_run", [f"banyan move revert {group}"]
        return turn
    attempt = Attempt(ground, group, turn, max_pause, crossed)
    done = await drive(attempt, ("new_primary",), "reverting", "legacy", partial(_until_commit, patience=patience))
    await end(attempt, who, done=done)
    turn.next_steps = [f"banyan move cutover {group}" if done else f"banyan move revert {group} (again, at once)"]
    return turn


async def _until_commit(attempt: Attempt, patience: float) -> None:
    """R1 … R11. The legacy fence stays closed all the while; ours is the tenure, set when no order is half done."""
    ground, group = attempt.ground, attempt.group
    attempt.at("R1")
    await attempt.prepare()  # from here on refused writers do not wait for each other
    await ground.ports.clock.sleep(SETTLE)
    await come_near(attempt, patience, partial(_behind, attempt))
    await attempt.hold("R2")
    await _drain(attempt)
    epoch = await attempt.rise("R3")
    await attempt.tenure("legacy", epoch, attempt.left)
    await attempt.step("R4")
    while any(held.unsent for held in await attempt.tenure("legacy", epoch, attempt.left)):
        await ground.ports.clock.sleep(_LOOK)
    await _must_be_settled(attempt)
    attempt.at("R5")
    await put_mark(ground.ports, group, attempt.services, epoch)
    await attempt.step("R7")
    carts = "cart" in kinds(ground.adapter, group)
    while not await heard_all(ground.ports, attempt.services, epoch) or (
        carts and not await all_heard(ground, group, epoch)
    ):
        attempt.waits_for = "not every fact of ours was heard by the way back"
        _ = attempt.left
        await ground.ports.clock.sleep(_LOOK)
    while (lag := await back.lag(ground.ports.db, group)).due:
        attempt.waits_for = f"{lag.due} records were not yet written back"
        _ = attempt.left
        await ground.ports.clock.sleep(_LOOK)
    attempt.waits_for = ""
    await attempt.step("R8")
    if lag.flagged and "unwritable" not in attempt.turn.overridden:
        raise Conflict(
            f"{lag.flagged} records cannot be held by the legacy shop: banyan move quarantine list {group}",
            code="unwritable",
        )
    await attempt.step("R9")
    await counting.raise_theirs(ground, attempt.fence.holdings, attempt.con)
    _ = attempt.left
    await attempt.step("R11")
    committed = await hands.commit_back(ground.ports.db, group, attempt.id)
    if committed is None:
        raise Over("its deadline passed before it could be committed")
    attempt.epoch = committed


async def _behind(attempt: Attempt, near: float) -> str:
    """The way back has hurried since R1: how far it is behind, if that is too far."""
    behind = await seconds_behind(attempt.ground.ports, attempt.group, attempt.services)
    return f"the way back is {behind:.1f} s behind" if behind > near else ""


async def _drain(attempt: Attempt) -> None:
    """New orders are held at the gateways now: wait for the last that is under way, as no fact of it could go back later.

    Shut, with how many are left, when the pause is over before that.
    """
    if "settled" in attempt.turn.overridden:
        return
    hurry, reserve = True, min(_NAMING, attempt.left / 4)
    attempt.waits_for = "settled: services did not say whether orders are under way"
    while (gate := (await gates.settled(attempt.ground, attempt.group, hurry=hurry))[0]) and not gate.open:
        attempt.waits_for = f"settled: {gate.said}"
        if attempt.left <= reserve:  # it is said while there is time for it
            raise gates.Shut("revert", attempt.group, [gate])
        hurry = False
        await attempt.ground.ports.clock.sleep(_LOOK)
    attempt.waits_for = ""


async def _must_be_settled(attempt: Attempt) -> None:
    """One that began past the gateways, between the last look and our fence. Shut."""
    gate, _ = await gates.settled(attempt.ground, attempt.group)
    if gate is not None and not gate.open and "settled" not in attempt.turn.overridden:
        raise gates.Shut("revert", attempt.group, [gate])

"""The cutover, C0 … C13: a group's writes go from the legacy shop to our side, or nothing changes.

What can take long is done before anybody waits. From C2 on writes are held; what is not committed at C11 when the time is
over goes back, and the held writes go to the legacy shop. `trial/cutover_model` is this protocol's specification.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from banyan.kernel.refusals import Conflict
from banyan.move.cutover import counting, gates, proving
from banyan.move.cutover.attempt import Attempt, Crossed, Over
from banyan.move.cutover.driving import PATIENCE, SETTLE, come_near, drive, end
from banyan.move.cutover.turn import Turn
from banyan.move.rows import Position
from banyan.move.source import file_number, log_end
from banyan.move.storage import checkpoints, due, hands
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.hearing import place

PAUSE = 0.5  # seconds, if nobody says otherwise
_LOOK = 0.01
_WHOLE_SECONDS = 1.0  # in which a binlog says when something was committed
WINDOW = 14 * 86_400.0  # seconds for which there is a way back


async def cutover(
    ground: Ground,
    group: str,
    *,
    max_pause: float = PAUSE,
    patience: float = PATIENCE,
    window: float = WINDOW,
    overrides: Mapping[str, str] | None = None,
    rehearsal: bool = False,
    dry_run: bool = False,
    who: str = "operator",
    crossed: Crossed = lambda step: None,
) -> Turn:
    """Take a group's writes over. `max_pause`: seconds from the hold to the commit, after which it goes back by itself;
    `patience`: seconds that the stream may take to come near before writes are held at all.

    Shut when a gate is shut and not overridden by its name; `rehearsal` asks for one of the last seven days.
    """
    if not 0.05 <= max_pause <= 60:
        raise Conflict("the longest pause lies between 0.05 and 60 seconds", code="pause")
    turn = Turn(group, "cutover")
    crossed("C0")
    row = await gates.group_named(ground, group)
    found = await gates.before_cutover(ground, row, rehearsal=rehearsal)
    turn.overridden = await gates.pass_gates(ground, group, "cutover", found, overrides or {}, who)
    if dry_run:
        turn.outcome, turn.next_steps = "dry_run", [f"banyan move cutover {group}"]
        return turn
    attempt = Attempt(ground, group, turn, max_pause, crossed)
    done = await drive(
        attempt,
        ("in_sync", "verified"),
        "cutting_over",
        "new",
        partial(_until_commit, patience=patience, window=window),
    )
    await end(attempt, who, done=done)
    turn.next_steps = (
        [f"banyan move status {group}", f"banyan move revert {group} (there is a way back)"]
        if done
        else [f"banyan move cutover {group} (it may be tried again at once)"]
    )
    return turn


async def _until_commit(attempt: Attempt, patience: float, window: float) -> None:
    """C1 … C11."""
    ground, group, fence = attempt.ground, attempt.group, attempt.fence
    attempt.at("C1")
    await attempt.prepare()
    await ground.ports.clock.sleep(SETTLE)
    await come_near(attempt, patience, partial(_behind, attempt))
    await attempt.hold("C2")
    await attempt.step("C3")
    await fence.lock(attempt.left)
    await attempt.step("C4")
    head = await fence.position()
    at = Position(ground.row.lineage, head.number, head.offset)
    await attempt.step("C5", fence_at=at.at)
    await fence.close(attempt.epoch)
    attempt.at("C6")
    await fence.unlock()
    attempt.turn.position = f"{at} {head.gtid}".strip()
    await attempt.step("C7")
    if not await ground.reached(group, at.at, attempt.left):
        raise Over("the stream did not come to the last legacy write in time, or records of it are not taken yet")
    await attempt.step("C8")
    whole = "coverage" not in attempt.turn.overridden
    if wrong := await proving.differences(ground, group, attempt.con, whole=whole):
        raise Conflict(f"{len(wrong)} rows are not equal: {', '.join(wrong[:5])}", code="not_equal")
    _ = attempt.left
    await attempt.step("C9")
    await counting.raise_ours(ground, fence.holdings, attempt.con)
    attempt.at("C10")
    beginning = await place(ground.ports, attempt.services)
    await attempt.step("C11", way_back_from=beginning)
    epoch = await hands.commit(ground.ports.db, group, attempt.id, window)
    if epoch is None:
        raise Over("its deadline passed before it could be committed")
    attempt.epoch = epoch


async def _behind(attempt: Attempt, near: float) -> str:
    """Whether the stream would take longer to the log's end, as it is now."""
    ground, began = attempt.ground, attempt.now
    file, offset = await asyncio.to_thread(log_end, attempt.con)
    end = Position(ground.row.lineage, file_number(file), offset).at
    while (there := await checkpoints.read(ground.ports.db)) is None or there.at < end:
        if attempt.now - began > near:
            return "the stream is behind the last legacy write"
        await ground.ports.clock.sleep(_LOOK)
    if await due.unsettled(ground.ports.db, attempt.group, older_than=near + _WHOLE_SECONDS):
        return "records of the stream are not taken yet"
    return ""

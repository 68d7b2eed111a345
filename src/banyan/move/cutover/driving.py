"""An attempt from its intent to its end: forward once it is committed, back when anything before that fails."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from banyan.kernel.refusals import Refusal, Unavailable
from banyan.move.cutover import gates
from banyan.move.cutover.attempt import Attempt, Over, changed_meanwhile, words
from banyan.move.cutover.reconcile import finish, go_forward
from banyan.move.source import SqlError
from banyan.move.storage import groups, hands, log, workers

PREPARING = 60.0  # seconds for what is done before anybody waits
NEAR = 0.4  # of the time from hold to commit: writes are held only once what is to be caught up with takes no longer
PATIENCE = 20.0  # seconds for it to come so near, while nobody waits
SETTLE = 0.15  # seconds between the intent and the hold: gateways listen closely from then on
_LOOK = 0.01
_FINISHING = 20.0  # seconds for which what was decided is tried again here, before it is left to whoever works
_EXPECTED = (Refusal, SqlError, TimeoutError)
_KEPT = ("why", "epoch", "position", "pause_ms", "steps", "overridden")


async def drive(
    attempt: Attempt, was: tuple[str, ...], state: str, owner: str, until_commit: Callable[[Attempt], Awaitable[None]]
) -> bool:
    """Whether the group is `owner`'s at the end. Conflict when another attempt is under way: then nothing was done."""
    ground, group, db = attempt.ground, attempt.group, attempt.ground.ports.db
    first = "C1" if owner == "new" else "R1"
    async with hands.alive(db, group) as alone:
        if not alone or not await hands.begin(db, group, attempt.id, was, state, first, PREPARING):
            raise changed_meanwhile(await gates.group_named(ground, group))
        try:
            async with asyncio.timeout(None) as attempt.timer:
                await until_commit(attempt)
        except Exception as error:
            attempt.turn.why = attempt.late if attempt.timer and attempt.timer.expired() else words(error)
            await attempt.let_go()
            await hands.give_up(db, group, attempt.id)
            await _patiently(attempt, partial(_finish, attempt))
            row = await groups.one(db, group)
            if row is None or row.owner != owner:  # else only the commit's answer was lost
                if not isinstance(error, _EXPECTED):
                    raise
                return False
        else:
            await _patiently(attempt, partial(_forward, attempt))
        finally:
            await attempt.let_go()
        return True


async def come_near(attempt: Attempt, patience: float, behind: Callable[[float], Awaitable[str]]) -> None:
    """Before anybody waits: what the pause will wait for must take no longer, as things are, than fits into it.

    `behind` tells what takes longer than so many seconds, "" when nothing does; writes under way at the gateways are looked at
    here. Over when it does not come so near: then no write was held.
    """
    ground, until = attempt.ground, attempt.now + patience
    near = attempt.budget * NEAR
    while what := await _under_way(attempt, near) or await behind(near):
        if attempt.now > until:
            raise Over(
                f"{what}, and that did not come within {near:.2f} s for {patience:.0f} s, so no write was held: wait until "
                "fewer writes come, or allow a longer --max-pause"
            )
        await ground.ports.clock.sleep(_LOOK)


async def _under_way(attempt: Attempt, near: float) -> str:
    slowest = await workers.slowest(attempt.ground.ports.db, attempt.group)
    return f"writes take up to {slowest:.2f} s just now" if slowest > near else ""


async def end(attempt: Attempt, who: str, *, done: bool) -> None:
    """Tell how it went, and keep it in the log."""
    turn = attempt.turn
    row = await gates.group_named(attempt.ground, attempt.group)
    turn.outcome, turn.epoch = ("done" if done else "aborted"), row.epoch
    turn.why = "" if done else turn.why
    turn.pause = 0.0 if attempt.held_at is None else (attempt.released_at or attempt.now) - attempt.held_at
    said = turn.as_json()
    async with attempt.ground.ports.db.transaction() as tx:
        await log.add(
            tx, f"{turn.what}: {turn.outcome}", group=attempt.group, who=who, **{name: said[name] for name in _KEPT}
        )


async def _finish(attempt: Attempt) -> None:
    await finish(attempt.ground, attempt.group, attempt.at)


async def _forward(attempt: Attempt) -> None:
    row = await gates.group_named(attempt.ground, attempt.group)
    if row.step in hands.FORWARD:
        try:
            await go_forward(attempt.ground, row, attempt.at, attempt.fence)
        finally:
            await attempt.let_go()


async def _patiently(attempt: Attempt, act: Callable[[], Awaitable[None]]) -> None:
    """What is decided is done, and tried again where a part of the shop does not answer."""
    until = attempt.now + _FINISHING
    while True:
        try:
            return await act()
        except _EXPECTED as error:
            if attempt.now > until:
                raise Unavailable(
                    f"it is decided, and the mover goes on finishing it: {words(error)}; see banyan move status"
                ) from error
        await attempt.ground.ports.clock.sleep(0.1)

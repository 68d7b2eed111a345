"""How a group changes hands: each step is one conditional update of its row, so that no two parties can both take one.

The attempt that began holds the row by its name. Whoever finds it late, before the commit point, takes the attempt's name
away with the decision to go back; from then on nothing the attempt still does there takes effect.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from banyan.foundation.db import Db, Row, Tx
from banyan.move.storage import log

BACK = "back"
"""The step of an attempt that was given up: only going back is left to do."""
FORWARD = ("C12", "C13", "R12", "R13")
"""Steps after the commit point: only going on is left to do."""
_LOCK = 7069
_ALIVE = f"""EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = {_LOCK}
    AND objid = hashtext(groups.name)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_MINE = "name = $1 AND attempt = $2 AND (deadline > shop_now() OR step = ANY('{C12,C13,R12,R13}'))"


@asynccontextmanager
async def alive(db: Db, group: str) -> AsyncIterator[bool]:
    """Show, as long as this process lives, that an attempt of this group is under way. False when another one is."""
    async with db.own() as con:
        yield bool(await con.fetchval(f"SELECT pg_try_advisory_lock({_LOCK}, hashtext($1))", group))


async def begin(db: Db, group: str, attempt: str, was: tuple[str, ...], state: str, step: str, seconds: float) -> bool:
    """Write the intent down. False when the group is in none of these states, or somebody else was quicker."""
    return await _done(
        db,
        """UPDATE groups SET state = $4, step = $5, attempt = $2, changed_at = shop_now(), fence_at = NULL,
               deadline = shop_now() + make_interval(secs => $6)
           WHERE name = $1 AND state = ANY($3) AND attempt IS NULL""",
        group,
        attempt,
        list(was),
        state,
        step,
        seconds,
    )


async def step(db: Db, group: str, attempt: str, to: str, **also: Any) -> bool:
    """Go to a step, and keep what belongs to it (`fence_at`, `way_back_from`). False: the attempt is over."""
    sets = "".join(f", {name} = ${number}" for number, name in enumerate(also, 4))
    return await _done(
        db,
        f"UPDATE groups SET step = $3, changed_at = shop_now(){sets} WHERE {_MINE}",
        group,
        attempt,
        to,
        *also.values(),
    )


async def hold(db: Db, group: str, attempt: str, to: str, seconds: float) -> int | None:
    """Gateways are to hold new writes; the pause ends after so many seconds. The epoch of this hold, None: it is over."""
    epoch: int | None = await _value(
        db,
        f"""UPDATE groups SET step = $3, holding = true, epoch = epoch + 1, changed_at = shop_now(),
                deadline = shop_now() + make_interval(secs => $4) WHERE {_MINE} RETURNING epoch""",
        group,
        attempt,
        to,
        seconds,
    )
    return epoch


async def rise(db: Db, group: str, attempt: str, to: str) -> int | None:
    """Go to a step with a new epoch, whose word no older one can undo; None: the attempt is over."""
    epoch: int | None = await _value(
        db,
        f"UPDATE groups SET step = $3, epoch = epoch + 1, changed_at = shop_now() WHERE {_MINE} RETURNING epoch",
        group,
        attempt,
        to,
    )
    return epoch


async def commit(db: Db, group: str, attempt: str, window: float) -> int | None:
    """C11: the group is ours, from now on and whatever happens; there is a way back for `window` seconds. The epoch."""
    epoch: int | None = await _value(
        db,
        """UPDATE groups SET owner = 'new', step = 'C12', epoch = epoch + 1, changed_at = shop_now(),
               owned_since = shop_now(), way_back_until = shop_now() + make_interval(secs => $3), weight = 0,
               weight_goal = 0, shadow = 0
           WHERE name = $1 AND attempt = $2 AND step = 'C11' AND way_back_from IS NOT NULL AND deadline > shop_now()
           RETURNING epoch""",
        group,
        attempt,
        window,
    )
    return epoch


async def commit_back(db: Db, group: str, attempt: str) -> int | None:
    """R11: the group is the legacy shop's again, from now on and whatever happens. The epoch."""
    epoch: int | None = await _value(
        db,
        """UPDATE groups SET owner = 'legacy', step = 'R12', epoch = epoch + 1, changed_at = shop_now(),
               owned_since = shop_now(), way_back_from = NULL
           WHERE name = $1 AND attempt = $2 AND step = 'R11' AND deadline > shop_now() RETURNING epoch""",
        group,
        attempt,
    )
    return epoch


async def release(db: Db, group: str, was: str, to: str) -> bool:
    """The side that owns the group is open: gateways go on."""
    return await _done(
        db,
        "UPDATE groups SET step = $3, holding = false, changed_at = shop_now() WHERE name = $1 AND step = $2",
        group,
        was,
        to,
    )


async def finish(db: Db, group: str, was: str, state: str, what: str, /, **numbers: Any) -> bool:
    """It is over, as it was meant to be, and the log says so."""
    async with db.transaction() as tx:
        done = await tx.execute(
            """UPDATE groups SET state = $3, step = NULL, attempt = NULL, deadline = NULL, holding = false,
                   changed_at = shop_now() WHERE name = $1 AND step = $2""",
            group,
            was,
            state,
        )
        if done:
            await log.add(tx, what, group=group, **numbers)
    return bool(done)


async def give_up(db: Db, group: str, attempt: str | None = None) -> bool:
    """Decide that an attempt goes back: by itself, or by whoever finds it late or its process dead (without `attempt`).

    False when it has committed, or is under way and in time.
    """
    return await _done(
        db,
        f"""UPDATE groups SET step = 'back', attempt = NULL, epoch = epoch + 1, changed_at = shop_now()
           WHERE name = $1 AND state IN ('cutting_over', 'reverting')
             AND step <> ALL('{{C12,C13,R12,R13,back}}')
             AND CASE WHEN $2::text IS NULL THEN deadline < shop_now() OR NOT {_ALIVE} ELSE attempt = $2 END""",
        group,
        attempt,
    )


async def gone_back(db: Db, group: str, state: str, what: str, /, **numbers: Any) -> bool:
    """Everything is as it was before the attempt, and the log says so."""
    async with db.transaction() as tx:
        done = await tx.execute(
            """UPDATE groups SET state = $2, step = NULL, attempt = NULL, deadline = NULL, holding = false,
                   way_back_from = CASE WHEN owner = 'legacy' THEN NULL ELSE way_back_from END, changed_at = shop_now()
               WHERE name = $1 AND step = 'back'""",
            group,
            state,
        )
        if done:
            await log.add(tx, what, group=group, **numbers)
    return bool(done)


async def overdue(db: Db) -> list[str]:
    """Groups with something to finish that nobody is at: the process is dead, or so late that it must be stalled."""
    rows = await db.fetch(
        f"""SELECT name FROM groups WHERE state IN ('cutting_over', 'reverting')
             AND (deadline < shop_now() - interval '500 ms' OR NOT {_ALIVE}) ORDER BY name"""
    )
    return [row["name"] for row in rows]


async def ended(db: Db, group: str) -> bool:
    """Our side keeps the group for good: nothing goes back any more."""
    return await _done(
        db,
        """UPDATE groups SET state = 'finalized', epoch = epoch + 1, way_back_from = NULL, way_back_until = NULL,
               changed_at = shop_now()
           WHERE name = $1 AND state = 'new_primary' AND attempt IS NULL""",
        group,
    )


async def aborted(db: Db, group: str, was: tuple[str, ...]) -> bool:
    """The move of this group is called off; the legacy shop keeps it."""
    return await _done(
        db,
        """UPDATE groups SET state = 'aborted', weight = 0, weight_goal = 0, shadow = 0, changed_at = shop_now()
           WHERE name = $1 AND state = ANY($2) AND owner = 'legacy' AND attempt IS NULL""",
        group,
        list(was),
    )


async def rehearsed(db: Db, group: str) -> None:
    await _done(db, "UPDATE groups SET rehearsed_at = shop_now() WHERE name = $1", group)


async def lateness(db: Db | Tx, group: str) -> float:
    """Seconds that are left of an attempt's deadline; below zero when it is over."""
    left: float | None = await db.fetchval(
        "SELECT extract(epoch FROM deadline - shop_now())::float FROM groups WHERE name = $1", group
    )
    return -1.0 if left is None else left


async def times(db: Db, group: str) -> Row | None:
    """`rehearsed` and `window`: seconds since the last rehearsal, and until the way back may be ended."""
    return await db.fetchrow(
        """SELECT extract(epoch FROM shop_now() - rehearsed_at)::float AS rehearsed,
               extract(epoch FROM way_back_until - shop_now())::float AS window FROM groups WHERE name = $1""",
        group,
    )


async def _done(db: Db, sql: str, *values: Any) -> bool:
    async with db.transaction() as tx:
        return bool(await tx.execute(sql, *values))


async def _value(db: Db, sql: str, *values: Any) -> Any:
    async with db.transaction() as tx:
        return await tx.fetchval(sql, *values)

"""A shop moves to another bus: its facts are held back while the old bus is emptied, and then all go to the new one.

Each service's database says which bus its facts go to (outbox.claim). While it says neither, relays send nothing: shoppers
go on buying, and what follows from it waits in the outboxes. What a relay had under way when it was stopped counts as not
sent, and goes to the new bus as well; consumers tell by the event's id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from banyan.foundation.bus import Bus, OtherBus
from banyan.foundation.db import Db
from banyan.foundation.inbox import Inbox
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unavailable

_LOOK = 0.1  # seconds
_HOLD = """
UPDATE relay_position SET bus = $2 WHERE the_one AND coalesce(bus, $1) IN ($1, $2) RETURNING bus"""
_TURN = "UPDATE relay_position SET bus = $2 WHERE the_one AND bus = $1"
# The relay that runs holds this lock for as long as its connection lives (running._relay): it is to look again whose it is.
_DISMISS = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid, objid) = (0, 7067)
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_UNSENT = "SELECT count(*) FROM {source} WHERE (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one)"


@dataclass(frozen=True, slots=True)
class Part:
    """A service with what it keeps and, where it reacts to anything, its consumer."""

    name: str
    db: Db
    source: str  # the table its relay reads
    inbox: Inbox | None


@dataclass(frozen=True, slots=True)
class Stand:
    """How one service stands: the bus its facts go to, how many wait to be sent, and to be handled by it."""

    service: str
    bus: str | None
    unsent: int
    unhandled: int


async def stand(part: Part, bus: Bus) -> Stand:
    """As far as this bus knows."""
    known = await part.db.fetchval("SELECT bus FROM relay_position WHERE the_one")
    unsent = await part.db.fetchval(_UNSENT.format(source=part.source))
    return Stand(part.name, known, unsent, await _unhandled(part, bus))


async def move(
    parts: list[Part], old: Bus, new: Bus, *, clock: Clock, seconds: float, look: Callable[[Mapping[str, int]], None]
) -> None:
    """Empty the old bus and have all facts go to the new one from then on. To be repeated where it was interrupted.

    `look` is told what each service has still to handle. OtherBus when some service's facts go to neither; Unavailable,
    with everything as it was, when the old bus is not empty after so many seconds.
    """
    if old.name == new.name:
        raise OtherBus(f"this is one and the same bus: {old.name}")
    for part in parts:  # before anything is held back: its topics are made, and we are let in
        await _unhandled(part, new)
    try:
        for part in parts:
            await _hold(part, old.name, new.name)
        await _empty(parts, old, clock, clock.monotonic() + seconds, look)
    except BaseException:
        await stay(parts, old, new)
        raise
    for part in parts:
        await part.db.execute(_TURN, _between(old.name, new.name), new.name)


async def stay(parts: list[Part], old: Bus, new: Bus) -> None:
    """Give up a move that was begun: facts go to the old bus again, where they do not go to the new one yet."""
    for part in parts:
        await part.db.execute(_TURN, _between(old.name, new.name), old.name)


async def _hold(part: Part, old: str, new: str) -> None:
    if await part.db.fetchval(_HOLD, old, _between(old, new)) is None:
        known = await part.db.fetchval("SELECT bus FROM relay_position WHERE the_one")
        if known != new:
            raise OtherBus(f"the facts of {part.name} go to {known}, and neither to {old} nor to {new}")
    await part.db.fetch(_DISMISS)


async def _empty(
    parts: list[Part], old: Bus, clock: Clock, deadline: float, look: Callable[[Mapping[str, int]], None]
) -> None:
    """Until everybody has handled everything. Where nobody is at work we handle it."""
    before: dict[str, int] = {}
    while True:
        left = {part.name: await _unhandled(part, old) for part in parts}
        look(left)
        if not any(left.values()):
            return
        if clock.monotonic() > deadline:
            waiting = ", ".join(f"{name} {count}" for name, count in left.items() if count)
            raise Unavailable(f"the old bus is not empty yet ({waiting}): nothing has changed, try again")
        for part in parts:
            if part.inbox is not None and left[part.name] and left[part.name] == before.get(part.name):
                await old.deliver(part.inbox.consumer, part.inbox.topics, part.inbox.take)
        before = left
        await clock.sleep(_LOOK)


async def _unhandled(part: Part, bus: Bus) -> int:
    return 0 if part.inbox is None else await bus.lag(part.inbox.consumer, part.inbox.topics)


def _between(old: str, new: str) -> str:
    """What a database says while its facts go nowhere."""
    return f"{old} > {new}"

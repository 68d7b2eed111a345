"""Our facts, followed on the bus from the place that was written down before our side could write: what they make due.

A mark of the mover's own on each service's stream tells that everything before it was heard.
"""

from collections.abc import Sequence
from datetime import datetime

from banyan.foundation.envelope import Envelope
from banyan.foundation.service import Ports
from banyan.move.storage import back
from banyan.move.way_back.touched import touched

MARK = "WayBackMark"
"""The mark's type, after its service's name. No service knows it, and so none reacts to it."""


async def hear(ports: Ports, group: str, after: str, services: Sequence[str], kinds: frozenset[str]) -> str:
    """Take in the next facts of these services; the place reached, the same where there was nothing new.

    Overtaken when another process follows for this group.
    """
    taken: list[Envelope] = []

    async def take(batch: Sequence[Envelope]) -> None:
        taken.extend(batch)

    reached = await ports.bus.follow(frozenset(services), after, take)
    if reached == after:
        return after
    marks: dict[tuple[str, str], datetime] = {}
    tenures: dict[str, int] = {}
    for envelope in taken:
        if envelope.type == f"{envelope.owner}.{MARK}":
            tenures[envelope.owner] = max(tenures.get(envelope.owner, 0), int(envelope.data["epoch"]))
            continue
        for kind, id_ in touched(envelope.owner, envelope.data):
            if kind in kinds:
                marks.setdefault((kind, id_), envelope.time)
    async with ports.db.transaction() as tx:
        await back.heard(tx, group, after, reached, marks, tenures)
    return reached


async def place(ports: Ports, services: Sequence[str]) -> str:
    """Where our facts end now, or a little before: facts from here on are those that can be new."""

    async def take(_: Sequence[Envelope]) -> None: ...

    return await ports.bus.follow(frozenset(services), None, take)


async def put_mark(ports: Ports, group: str, services: Sequence[str], epoch: int) -> None:
    """Mark the end of these services' facts. To be done when all that they told is on the bus."""
    await ports.bus.publish(
        [
            Envelope(
                id=ports.ids.new("evt"),
                type=f"{service}.{MARK}",
                key=group,
                time=ports.clock.now(),
                data={"group": group, "epoch": epoch},
            )
            for service in services
        ]
    )


async def heard_all(ports: Ports, services: Sequence[str], epoch: int) -> bool:
    """Whether everything up to the mark of this epoch was heard, of each of these services."""
    tenures = await back.tenures(ports.db)
    return all(tenures.get(service, 0) >= epoch for service in services)


async def seconds_behind(ports: Ports, group: str, services: Sequence[str]) -> float:
    """The age of the oldest change of ours that is not back yet, whether it was heard of or not; 0 when all are."""
    oldest: list[datetime] = []

    async def take(batch: Sequence[Envelope]) -> None:
        oldest.append(min(envelope.time for envelope in batch))

    place = await back.place(ports.db, group)
    if place is not None:
        await ports.bus.follow(frozenset(services), place, take)
    lag = await back.lag(ports.db, group)
    return max(lag.oldest_seconds, *((ports.clock.now() - time).total_seconds() for time in oldest), 0.0)

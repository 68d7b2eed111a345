"""The search index is kept current from the catalogue's own facts: what changed is read again, whole, and put anew.

An index of this process alone is kept by a follower. One that all processes share is kept by one of them at a time
(`keep`): whoever holds its lock in the database.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from banyan.catalog.storage import documents
from banyan.foundation.db import Connection
from banyan.foundation.envelope import Envelope
from banyan.foundation.running import GATHER
from banyan.foundation.search import Document, WritesLost
from banyan.foundation.service import Ports
from banyan.foundation.wake import Wake
from banyan.kernel.refusals import Unavailable

_log = logging.getLogger(__name__)

TOPICS = frozenset({"catalog"})
"""What inventory tells reaches the index as ProductChanged, told when the database has it."""
BATCH = 500
MOST_UNPUBLISHED = 2_000
"""Products put and not to be found yet, while more facts are waiting."""
_FORGOTTEN = 6 * 86_400  # seconds: the bus keeps facts a week, and a place older than that may lie before a gap
_TIME = "@"
TAKE_OVER = 2.0  # seconds between looks whether somebody keeps the index that all share
_NOT_SHARED = 3600.0
_IDLE = 1.0


async def begin(ports: Ports) -> str | None:
    """The bus position to follow from. Without a usable one the index is filled from the database first.

    Where another process keeps the index there is nothing to do but to hear of what it does.
    """
    return await _resume(ports) if _own(ports) else None


def _own(ports: Ports) -> bool:
    return ports.search.keeps and not ports.search.common


async def _resume(ports: Ports) -> str:
    position, _, noted = (await ports.search.position() or "").partition(_TIME)
    # The shop may have moved to another bus since.
    known = ports.bus.knows(position) and noted.isdigit() and _now(ports) - int(noted) < _FORGOTTEN
    if known and (await ports.search.count() or not await documents.any_published(ports.db)):
        return position
    return await rebuild(ports)


async def rebuild(ports: Ports) -> str:
    """Fill the index from the database, in batches; the position from which to follow."""
    # Taken before reading: what changes meanwhile is read twice, and nothing is missed.
    position = await ports.bus.follow(TOPICS, None, _nothing)
    await ports.search.clear()
    after, total = "", 0
    while rows := await documents.published(ports.db, ports.settings.currency, after=after, limit=BATCH):
        await ports.search.put([_document(row) for row in rows])
        after, total = rows[-1]["id"], total + len(rows)
    await ports.search.commit(_mark(ports, position))
    _log.info("search index filled", extra={"products": total})
    return position


class Keeper:
    """Takes facts as they come, and publishes what it put when no more are waiting, or after so many.

    To publish costs as much as to put hundreds: during an import the index would fall behind for it.
    """

    def __init__(self) -> None:
        self._unpublished = 0

    async def take(self, ports: Ports, batch: Sequence[Envelope]) -> None:
        """Read again what these facts are about and put it, or take it out where shoppers no longer see it."""
        if _own(ports):
            await self.put(ports, batch)

    async def reached(self, ports: Ports, position: str) -> None:
        """Publish, and keep how far the index is."""
        if not _own(ports):
            return
        try:
            await self.publish(ports, position)
        except WritesLost:
            _log.exception("the search index lost what was put and is filled anew")
            await rebuild(ports)

    async def put(self, ports: Ports, batch: Sequence[Envelope]) -> None:
        changed = {str(each.data["product_id"]) for each in batch if "product_id" in each.data}
        moved = {str(each.data["category_id"]) for each in batch if "category_id" in each.data}
        if changed:
            self._unpublished += await _put_anew(ports, changed)
        after = ""
        while moved and (ids := await documents.ids_below(ports.db, moved, after=after, limit=BATCH)):
            self._unpublished += await _put_anew(ports, ids)
            after = ids[-1]

    async def publish(self, ports: Ports, position: str) -> None:
        if self._unpublished < MOST_UNPUBLISHED and await _more_waits(ports, position):
            return
        self._unpublished = 0
        await ports.search.commit(_mark(ports, position))


class SharedKeeper:
    """Keeps the index that all processes share, while no other does. Whatever goes wrong, it begins at the position."""

    def __init__(self) -> None:
        self._bell: Wake | None = None

    async def keep(self, ports: Ports) -> float:
        """Keep it for as long as that goes well; seconds until the next look where another keeps it."""
        if not ports.search.common:
            return _NOT_SHARED
        # The bus remembers each bell it is asked for: this one is for all tries.
        self._bell = self._bell or ports.bus.bell(TOPICS)
        async with ports.db.own() as con:
            if not await documents.hold(con, ports.search.common):
                return TAKE_OVER
            await self._follow(ports, con, self._bell)
        return TAKE_OVER

    async def _follow(self, ports: Ports, con: Connection, bell: Wake) -> None:
        keeper = Keeper()

        async def put(batch: Sequence[Envelope]) -> None:
            await keeper.put(ports, batch)

        position = await _resume(ports)
        # The lock goes with the connection: without it another may keep the index already.
        while await documents.still_there(con):
            reached = await ports.bus.follow(TOPICS, position, put)
            if reached != position:
                position = reached
                await keeper.publish(ports, position)
                await ports.clock.sleep(GATHER)
            await bell.wait(_IDLE)


async def _more_waits(ports: Ports, position: str) -> bool:
    try:
        return await ports.bus.follow(TOPICS, position, _nothing) != position
    except Unavailable:
        return False


async def _put_anew(ports: Ports, ids: Iterable[str]) -> int:
    """How many products that were."""
    asked = set(ids)
    rows = await documents.of(ports.db, ports.settings.currency, sorted(asked))
    if rows:
        await ports.search.put([_document(row) for row in rows])
    if gone := asked - {row["id"] for row in rows}:
        await ports.search.remove(sorted(gone))
    return len(asked)


def _document(row: Any) -> Document:
    """What search sees of a product. Its price is the lowest in the shop's currency."""
    return Document(
        id=row["id"],
        name=row["name"],
        brand=row["brand"] or "",
        categories=tuple(row["categories"]),
        description=row["description"],
        keywords=row["keywords"],
        price=row["price"],
        popularity=row["popularity"],
        created=int(row["created_at"].timestamp()),
        available=row["available"],
    )


def _mark(ports: Ports, position: str) -> str:
    return f"{position}{_TIME}{_now(ports)}"


def _now(ports: Ports) -> int:
    return int(ports.clock.now().timestamp())


async def _nothing(_: object) -> None: ...

"""What verification found is mended: rows are read from the source again, records are told to their services again.

A row is read as of a place in the log that is known before: all of the log up to there is visible to the SELECT, and whatever
the stream brings from beyond it is newer and wins. A place read afterwards would make a row that was changed between the two
seem newer than its own change, and the mirror would never hear of that. A row that the mirror lacks is only put there while
the stream has not passed that place: it may have brought the row's end meanwhile, of which nothing is left to compare with.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from banyan.move.legacy import views
from banyan.move.mover import Mover
from banyan.move.rows import Row, unpack
from banyan.move.storage import checkpoints, checks, due, log, mirror
from banyan.move.storage.mirror import Writes
from banyan.move.storage.tables import Mirrored
from banyan.move.verify.against_source import Comparing

AT_ONCE = 100  # rows: few enough that the stream seldom passes while they are read
TRIES = 20
_PATIENCE = 10.0  # seconds for the stream to come to where the log ended when mending began


async def nothing() -> None:
    """What happens between reading and writing, unless a test has something in mind."""


class Mending:
    """Mends what is open of one group. `between` runs after rows were read and before they are written."""

    def __init__(self, mover: Mover, *, between: Callable[[], Awaitable[None]] = nothing) -> None:
        self._mover, self._between = mover, between
        self._db = mover.ports.db

    async def group(self, group: str, kinds: Sequence[str], *, who: str) -> int:
        """How many rows and records of these kinds were mended; what the stream would not stand still for stays open."""
        found = await checks.open_findings(self._db, group)
        if not found:
            return 0
        # Beyond whatever was mended before: a record is told as newer than the last that was.
        await self._mover.reached(group, await self._mover.head(), _PATIENCE)
        mended = 0
        for each in self._mover.mirrors:
            rows = [row for row in found if row["table_name"] == each.name]
            for begin in range(0, len(rows), AT_ONCE):
                mended += await self._rows(each, rows[begin : begin + AT_ONCE], who)
        for kind in kinds:
            rows = [row for row in found if row["kind"] == kind and not row["table_name"]]
            if rows:
                mended += await self._records(kind, group, rows, who)
        return mended

    async def _rows(self, each: Mirrored, found: Sequence[Any], who: str) -> int:
        source = await checkpoints.source(self._db)
        comparing = Comparing(
            self._db, self._mover.source, self._mover.ports.clock, each, source.lineage if source else 1
        )
        open_, mended = list(found), 0
        for _ in range(TRIES):
            if not open_:
                break
            theirs, at = await comparing.as_of([row["row_key"] for row in open_ if row["row_key"] is not None])
            await self._between()
            late = await self._put(each, open_, theirs, at, who)
            mended += len(open_) - len(late)
            open_ = late
        return mended

    async def _put(self, each: Mirrored, found: Sequence[Any], theirs: Any, at: int, who: str) -> list[Any]:
        """Put the source's rows over the mirror's, the stream standing still; those that are to be read again."""
        upserts, deletes, refs, late = Writes(), Writes(), set(), []
        async with self._db.transaction(seconds=60) as tx:
            await checkpoints.stand(tx)
            checkpoint = await checkpoints.read(tx)
            assert checkpoint is not None
            ours = await checks.rows_of(
                tx, each.number, [row["row_key"] for row in found if row["row_key"] is not None]
            )
            for row in found:
                key, image = row["row_key"], theirs.get(row["row_key"])
                if image is not None and key not in ours and checkpoint.at > at:
                    late.append(row)
                    continue
                known = image if image is not None else ours[key]["image"] if key in ours else None
                if known is None:
                    continue
                values = Row(each.table, unpack(known))
                refs |= {(view.kind, views.key_of(view, values), view.group) for view in each.use.views}
                (upserts if image is not None else deletes).put(key, views.parent(each.use, values), image, at)
            if upserts.keys:
                await mirror.upsert(tx, each.number, upserts)
            if deletes.keys:
                await mirror.delete(tx, each.number, deletes)
            # Newer than all that was told, and older than all that is yet to come.
            version = checkpoint.at + 1
            await due.mark(tx, {(kind, key): (group, version, None) for kind, key, group in refs if key is not None})
            done = [row["number"] for row in found if row not in late]
            await checks.repaired(tx, done, f"read from the source again by {who}")
            if done:
                await log.add(tx, "rows were read from the source again", group=each.group, who=who, rows=len(done))
        return late

    async def _records(self, kind: str, group: str, found: Sequence[Any], who: str) -> int:
        """Offer the records again, as newer than what was taken."""
        async with self._db.transaction(seconds=60) as tx:
            await checkpoints.stand(tx)
            checkpoint = await checkpoints.read(tx)
            assert checkpoint is not None
            await due.mark(tx, {(kind, row["key"]): (group, checkpoint.at + 1, None) for row in found})
            await checks.repaired(tx, [row["number"] for row in found], f"told to its service again by {who}")
            await log.add(tx, "records are told again", group=group, who=who, kind=kind, records=len(found))
        return len(found)

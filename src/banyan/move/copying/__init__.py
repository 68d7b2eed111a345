"""Bulk copy: a table read by keyset chunks, straight from the wire into its partition; each chunk commits with its place.

A thread reads and frames rows; the loop feeds PostgreSQL's binary COPY. What is on its way is bounded, whatever the rows.
"""

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from banyan.foundation.db import Db
from banyan.kernel.ids import Ids
from banyan.move.copying.chunks import quoted
from banyan.move.copying.reading import CHUNK_SECONDS, FIRST_CHUNK, ChunkEnd, Reader
from banyan.move.source import Connection, Source
from banyan.move.storage import mirror, quarantine, tables
from banyan.move.storage.checkpoints import Overtaken
from banyan.move.storage.tables import Mirrored


@dataclass(slots=True)
class Copy:
    """One table's copy. `con` is its own while it runs, and lost when it is broken off."""

    db: Db
    ids: Ids
    con: Connection
    mirrored: Mirrored
    free: threading.Event
    seconds: Callable[[], float] = lambda: CHUNK_SECONDS  # how long a chunk may take
    first: int = FIRST_CHUNK  # rows of the first chunk
    told: Callable[[], None] = lambda: None  # when rows were put into quarantine
    _to: bytes | None = None

    async def run(self) -> None:
        """From where it stands to its end. Overtaken when another worker copies this table too; Unavailable, SqlError."""
        self._to = self.mirrored.copied_to
        reader = Reader(self.con, self.mirrored, self.free, self._to, self.seconds, self.first)
        reader.start()
        try:
            while await self._chunk(reader):
                pass
        finally:
            await reader.stop()

    async def finish(self, at: int) -> None:
        """Every chunk is in, and the source's log ended at `at` after the last one was read."""
        number = self.mirrored.number
        async with self.db.transaction(seconds=3600) as tx:
            await mirror.index_parents(tx, number)
            await tables.full(tx, number, self.mirrored.copy_round, at)
        self.mirrored.full_at = at

    async def _chunk(self, reader: Reader) -> bool:
        """Take one chunk in, whole; whether there are more."""
        first = await reader.get()
        end: ChunkEnd | None = first if isinstance(first, ChunkEnd) else None
        rows = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal end
            yield mirror.COPY_HEAD
            item: bytes | ChunkEnd = first
            while not isinstance(item, ChunkEnd):
                yield item
                item = await reader.get()
            end = item
            yield mirror.COPY_TAIL

        async with self.db.transaction(seconds=600) as tx:
            if end is None:
                rows = await mirror.copy_in(tx, self.mirrored.number, pieces())
            assert end is not None
            to = end.last or self._to
            mirrored, taken = self.mirrored, (rows, end.left)
            if not await tables.copied(tx, mirrored.number, mirrored.copy_round, taken, self._to, to):
                raise Overtaken(f"{mirrored.name} is copied by another worker too; this one leaves it")
            if end.odd:
                await quarantine.put(tx, self._cases(end.odd))
        self._to = to
        if end.odd:
            self.told()
        return end.more

    def _cases(self, odd: Sequence[tuple[str, str, bytes]]) -> list[quarantine.Case]:
        new, at = self.ids.new, self.mirrored.copy_from or 0
        group, name = self.mirrored.group, self.mirrored.name
        return [quarantine.Case(new("qua"), "row", key, group, why, at, name, image) for key, why, image in odd]


async def count(db: Db, source: Source, mirrored: Mirrored) -> None:
    """How many rows there are to copy: what progress is measured by. Counted once, before the first chunk."""
    rows = int((await source.query(f"SELECT COUNT(*) FROM {quoted(mirrored.name).decode()}"))[0][0] or 0)
    async with db.transaction() as tx:
        await tables.expect(tx, mirrored.number, rows)
    mirrored.rows_expected = rows

"""The mirror against the source, row by row, while both go on changing. What differs is looked at again before it is said.

Bytes are compared with bytes: nothing that could be swapped, cut, recoded or rounded without being seen, and no checksum that
two differences could cancel in. A row is only said to differ when the stream has passed the moment it was read, the mirror has
not changed it since, and it differed several times with pauses between: the log may be ahead of what SELECT sees.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from banyan.foundation.db import Db
from banyan.kernel.clock import Clock
from banyan.move.copying.chunks import by_chunks, chunk_sql
from banyan.move.legacy import views
from banyan.move.rows import Position, Table, Values, unpack
from banyan.move.source import Connection, Source, file_number, log_end, select, watermark, where
from banyan.move.storage import checkpoints, checks, mirror
from banyan.move.storage.checks import Finding
from banyan.move.storage.mirror import words
from banyan.move.storage.tables import Mirrored

PAGE = 500
CHUNK = 5_000
AT_ONCE = 200  # keys in a statement
LOOKS = 4
PAUSE = 0.25  # seconds between two looks at a row that differed
_LOOK_PATIENCE = 10.0  # seconds for the stream to come to where a row was read
HOT = 20
"""Times a row may have changed between looks before it is left for the next pass."""


@dataclass(slots=True)
class Looked:
    """What a comparison came to."""

    equal: int = 0
    hot: int = 0  # changed each time it was looked at: neither equal nor different yet
    lost: int = 0  # rows of the source that the mirror does not have
    findings: list[Finding] = field(default_factory=list)

    def __iadd__(self, other: "Looked") -> "Looked":
        self.equal += other.equal
        self.hot += other.hot
        self.lost += other.lost
        self.findings += other.findings
        return self


@dataclass(slots=True)
class Comparing:
    """One table's mirror against its source."""

    db: Db
    source: Source
    clock: Clock
    mirrored: Mirrored
    lineage: int

    async def whole(self, progress: Callable[[int], None] = lambda _: None) -> Looked:
        """Every row, both ways. At its end rows that did not change since it began are verified."""
        async with self.db.transaction(seconds=600) as tx:
            await checks.begin(tx, self.mirrored.number)
        began = await self._stream_at()
        looked, theirs = Looked(), 0
        place: Values | None = None
        while True:
            chunk, read, place = await asyncio.to_thread(self._chunk, place)
            if chunk:
                looked += await self._compare(chunk)
                theirs += len(chunk)
                progress(theirs)
            if read < CHUNK or not by_chunks(self.mirrored.table):
                break
        # Rows that only the mirror has can be there only if it has more than were met.
        if await checks.count(self.db, self.mirrored.number) > theirs - looked.lost:
            looked += await self._left_over()
        if not looked.hot:
            async with self.db.transaction() as tx:
                await checks.passed(tx, self.mirrored.number, began)
        return looked

    async def _compare(self, theirs: Mapping[bytes, bytes]) -> Looked:
        """A chunk of the source's rows. One that is equal is so as of the mirror's last change; others are looked into."""
        ours = await checks.rows_of(self.db, self.mirrored.number, list(theirs))
        odd = [key for key, image in theirs.items() if key not in ours or ours[key]["image"] != image]
        looked = await self.rows(odd) if odd else Looked()
        looked.equal += len(theirs) - len(odd)
        return looked

    async def _left_over(self) -> Looked:
        """Rows of the mirror that the source does not have."""
        looked, after = Looked(), b""
        while page := await mirror.page(self.db, self.mirrored.number, after, PAGE):
            keys = [row["key"] for row in page]
            have, _ = await self.read(keys)
            if gone := [key for key in keys if key not in have]:
                looked += await self.rows(gone)
            after = keys[-1]
        return looked

    async def changed(self, limit: int = PAGE) -> Looked:
        """Rows that changed since they were last compared, the oldest change first."""
        rows = await checks.unverified(self.db, self.mirrored.number, limit)
        return await self.rows([row["key"] for row in rows]) if rows else Looked()

    async def rows(self, keys: Sequence[bytes]) -> Looked:
        """Compare these rows; equal ones are verified as of their last change."""
        looked, open_ = Looked(), dict.fromkeys(keys)
        odd: dict[bytes, tuple[int | None, int]] = {}  # key → the change that differed, and how often
        for look in range(HOT):
            if not open_:
                break
            if look:
                await self.clock.sleep(PAUSE)
            theirs, until = await self.read(list(open_))
            await self._wait(until)
            ours = await checks.rows_of(self.db, self.mirrored.number, list(open_))
            equal: list[tuple[bytes, int]] = []
            for key in list(open_):
                row = ours.get(key)
                if theirs.get(key) == (row["image"] if row else None):
                    del open_[key]
                    looked.equal += 1
                    if row:
                        equal.append((key, row["at"]))
                    continue
                at = row["at"] if row else None
                seen, times = odd.get(key, (at, 0))
                odd[key] = (at, times + 1 if seen == at else 1)
                if odd[key][1] >= LOOKS:
                    del open_[key]
                    looked.lost += row is None
                    looked.findings.append(self._finding(key, theirs.get(key), row["image"] if row else None))
            if equal:
                async with self.db.transaction() as tx:
                    await checks.checked(tx, self.mirrored.number, equal)
        looked.hot += len(open_)
        return looked

    def _chunk(self, after: Values | None) -> tuple[dict[bytes, bytes], int, Values | None]:
        """The source's next rows in its own order, by key; how many were read, and the last one's key. In a thread."""
        table = self.mirrored.table
        limit = CHUNK if by_chunks(table) else None
        with self.source.connect() as con:
            found = [image for images in con.images(chunk_sql(table, after, limit)) for image in images]
        rows = [unpack(image) for image in found]
        kept = {
            table.key_of(row): bytes(image)
            for row, image in zip(rows, found, strict=True)
            if views.kept(self.mirrored.use, table, row)
        }
        return kept, len(rows), unpack(table.key_of(rows[-1])) if rows else after

    async def read(self, keys: Sequence[bytes]) -> tuple[Mapping[bytes, bytes], int]:
        """The source's rows with these keys, and where its log ended after they were read."""
        return await asyncio.to_thread(self._read, keys)

    def _read(self, keys: Sequence[bytes]) -> tuple[Mapping[bytes, bytes], int]:
        table = self.mirrored.table
        with self.source.connect() as con:
            found = _with_keys(con, table, keys)
            file, offset = log_end(con)
        rows = {key: image for key, image in found.items() if views.kept(self.mirrored.use, table, unpack(image))}
        return rows, Position(self.lineage, file_number(file), offset).at

    async def as_of(self, keys: Sequence[bytes]) -> tuple[Mapping[bytes, bytes], int]:
        """The source's rows with these keys, none of them older than the place in its log that is given with them."""
        return await asyncio.to_thread(self._as_of, keys)

    def _as_of(self, keys: Sequence[bytes]) -> tuple[Mapping[bytes, bytes], int]:
        table = self.mirrored.table
        with self.source.connect() as con:
            file, offset = log_end(con)
            watermark.mark(con)  # what was in the log before is visible to a SELECT only after a commit of ours
            found = _with_keys(con, table, keys)
        rows = {key: image for key, image in found.items() if views.kept(self.mirrored.use, table, unpack(image))}
        return rows, Position(self.lineage, file_number(file), offset).at

    async def _wait(self, until: int) -> None:
        """Until the stream has taken in all there was when the rows were read, or for a while."""
        deadline = self.clock.monotonic() + _LOOK_PATIENCE
        while await self._stream_at() < until and self.clock.monotonic() < deadline:
            await self.clock.sleep(0.02)

    async def _stream_at(self) -> int:
        checkpoint = await checkpoints.read(self.db)
        return checkpoint.at if checkpoint else 0

    def _finding(self, key: bytes, theirs: bytes | None, ours: bytes | None) -> Finding:
        table = self.mirrored.table
        if ours is None:
            what = "the legacy shop has this row and the mirror does not"
        elif theirs is None:
            what = "the mirror has this row and the legacy shop does not"
        else:
            pairs = zip(table.columns, unpack(theirs), unpack(ours), strict=True)
            what = "differs in " + ", ".join(column.name for column, one, other in pairs if one != other)
        return Finding(self.mirrored.group, "row", words(key), what, self.mirrored.name, key)


def _with_keys(con: Connection, table: Table, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for begin in range(0, len(keys), AT_ONCE):
        either = b" OR ".join(b"(" + where(table, unpack(key)) + b")" for key in keys[begin : begin + AT_ONCE])
        sql = b"SELECT %s FROM %s WHERE %s" % (select(table).encode(), _quoted(table.name), either)
        found |= {table.key_of(unpack(image)): bytes(image) for images in con.images(sql) for image in images}
    return found


def _quoted(name: str) -> bytes:
    return b"`" + name.replace("`", "``").encode() + b"`"

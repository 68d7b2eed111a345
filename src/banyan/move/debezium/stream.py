"""Follows Debezium's messages as `binlog.Follower` follows the log: whole transactions, each once, until a Halt."""

import asyncio
from contextlib import suppress
from time import monotonic

from banyan.foundation.db import Db
from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import Halt, Start
from banyan.move.debezium import exact
from banyan.move.debezium.assembly import Assembly, Held, Watch
from banyan.move.debezium.envelope import Reader, Written
from banyan.move.debezium.exact import Image
from banyan.move.debezium.feed import Feed
from banyan.move.rows import Change, Position, Table, Transaction
from banyan.move.source import Connection, Source, SqlError, file_number
from banyan.move.storage import feeds

_PATIENCE = 10.0  # seconds that a transaction may lack events before it is said
_AGAIN = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_AT_ONCE = 1_000  # changes
_KEEP = 1.0  # seconds between two writings of the feed's places while nothing is given


class Stream:
    """Transactions after `start`, in order, each once, until a Halt. A feed or a source that is away is tried again.

    Asking for more says that what was given before was taken in: only then are the feed's places kept, and only if
    the checkpoint in the same database says so too.
    """

    def __init__(self, feed: Feed, db: Db, source: Source, start: Start, watch: Watch) -> None:
        self.trouble = ""
        """Why nothing comes just now; '' while all is well."""
        self._feed, self._db, self._source, self._start, self._watch = feed, db, source, start, watch
        self._assembly: Assembly | None = None
        self._readers: dict[str, Reader] = {}
        self._con: Connection | None = None
        self._reached = Position(start.lineage, file_number(start.file), start.offset).at  # of what was given
        self._given = False
        self._pieces: dict[str, float] = {}  # transactions told in pieces, and since when they are over
        self._kept: dict[str, int] = {}
        self._kept_since = float("-inf")
        self._end: Halt | None = None
        self._tries = 0
        self._waiting_since: float | None = None

    async def next(self) -> list[Transaction]:
        """All transactions that are ready; waits for one. Halt, each time again, once all before it were given."""
        while True:
            if self._end is not None:
                raise self._end
            try:
                found = await self._once()
            except Halt as halt:
                self._end = halt
                raise
            except (Unavailable, SqlError) as error:
                self.trouble = error.detail if isinstance(error, Unavailable) else str(error)
                await asyncio.sleep(_AGAIN[min(self._tries, len(_AGAIN) - 1)])
                self._tries += 1
            else:
                self._tries = 0
                if found:
                    return found

    async def close(self) -> None:
        """Hang up, the feed's places being kept if all that was given was taken in."""
        if self._assembly is not None:
            with suppress(Exception):
                await feeds.keep(self._db, self._start.lineage, self._reached, self._assembly.places)
        await self._feed.close()
        con, self._con = self._con, None
        if con is not None:
            con.wire.break_off()

    async def _once(self) -> list[Transaction]:
        assembly = self._assembly or await self._open()
        await self._keep(assembly)
        await self._settle(assembly)
        ready = assembly.ready()
        if not ready:
            for message in await self._feed.next():
                assembly.feed(message)
            ready = assembly.ready()
        self._say(assembly)
        if not ready:
            return []
        found = await asyncio.to_thread(self._transactions, ready)
        for held in ready[: len(found)]:
            assembly.done(held)
        self._reached, self._given = found[-1].position.at, True
        return found

    async def _settle(self, assembly: Assembly) -> None:
        """Say of transactions that were told in pieces up to where the feed is to be read before they are whole."""
        for held in assembly.unsettled:
            since = self._pieces.setdefault(held.id, monotonic())
            if monotonic() - since >= self._feed.settling:
                held.until = await self._feed.ends()
                del self._pieces[held.id]

    async def _keep(self, assembly: Assembly) -> None:
        places = assembly.places
        if places == self._kept or not (self._given or monotonic() - self._kept_since > _KEEP):
            return
        await feeds.keep(self._db, self._start.lineage, self._reached, places)
        self._kept, self._kept_since, self._given = places, monotonic(), False

    async def _open(self) -> Assembly:
        start = self._start
        kept = await feeds.kept(self._db, start.lineage)
        await self._feed.open(kept)
        after = Position(start.lineage, file_number(start.file), start.offset)
        self._assembly = Assembly(self._source.database, self._watch, start.lineage, after, start.gtid, anew=not kept)
        return self._assembly

    def _say(self, assembly: Assembly) -> None:
        waits = assembly.waits
        self._waiting_since = (self._waiting_since or monotonic()) if waits else None
        late = self._waiting_since is not None and monotonic() - self._waiting_since > _PATIENCE
        self.trouble = waits if late else ""

    def _transactions(self, ready: list[Held]) -> list[Transaction]:
        """Decode them, as far as there is nothing wrong. In a thread: it asks the source."""
        found: list[Transaction] = []
        images: list[Image] = []
        shapes: list[list[tuple[Table, Image | None, Image | None]]] = []
        size = 0
        for held in ready:
            try:
                shape = self._changes(held)
            except Halt as halt:
                if not shapes:
                    raise
                self._end = halt
                break
            shapes.append(shape)
            images += [after for _, _, after in shape if after is not None]
            size += len(shape)
            if size >= _AT_ONCE:
                break
        if any(image.unsure for image in images):
            exact.complete(self._open_source(), images)
        for held, shape in zip(ready, shapes, strict=False):
            found.append(self._transaction(held, shape))
        last = ready[len(found) - 1].last
        end = exact.end_of(self._open_source(), last.file, last.point[1])
        if end is not None:
            found[-1].position = Position(self._start.lineage, last.point[0], end)
        return found

    def _open_source(self) -> Connection:
        if self._con is None or not self._con.wire.open:
            self._con = self._source.connect()
        return self._con

    def _changes(self, held: Held) -> list[tuple[Table, Image | None, Image | None]]:
        found: list[tuple[Table, Image | None, Image | None]] = []
        for event in held.in_order():
            table = self._watch(event.table) if event.database == self._source.database else None
            if table is None:
                continue
            reader = self._reader(table, event)
            before = None if event.before is None else Image(table, *reader.read(event.before))
            after = None if event.after is None else Image(table, *reader.read(event.after))
            found.append((table, before, after))
        return found

    def _reader(self, table: Table, event: Written) -> Reader:
        reader = self._readers.get(table.name)
        if reader is None or reader.table is not table or reader.fields != event.fields:
            reader = self._readers[table.name] = Reader(table, event.fields)
        return reader

    def _transaction(self, held: Held, shape: list[tuple[Table, Image | None, Image | None]]) -> Transaction:
        seen: dict[str, int] = {}
        for event in held.events.values():
            if event.database == self._source.database:
                seen[event.table] = seen.get(event.table, 0) + 1
        last = held.last
        changes = []
        for table, before, after in shape:
            for place in before.unsure if before is not None else ():
                # What the event does not tell of both is taken for unchanged: only what a change concerns hangs on it.
                before.values[place] = after.values[place] if after is not None else None  # type: ignore[union-attr]
            was, now = (None if image is None else tuple(image.values) for image in (before, after))
            changes.append(Change(table, was, now))
        position = Position(self._start.lineage, *last.point)
        return Transaction(position, last.gtid, last.at, last.server_id, changes, seen)

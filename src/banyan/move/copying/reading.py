"""The thread that reads a table chunk by chunk and frames its rows; what it is ahead of the database is bounded."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from banyan.move.copying.chunks import by_chunks, chunk_sql, next_limit
from banyan.move.copying.framing import Framing
from banyan.move.rows import unpack
from banyan.move.source import Connection
from banyan.move.storage.tables import Mirrored

CHUNK_SECONDS = 0.2
FIRST_CHUNK = 1_000  # rows
PIECE = 1 << 18  # bytes handed over at a time
ON_THE_WAY = 6  # pieces
_POLL = 0.1


@dataclass(slots=True)
class ChunkEnd:
    """The last item of a chunk."""

    read: int  # rows that the source gave
    last: bytes | None  # the last row's key; None for a chunk without rows
    odd: list[tuple[str, str, bytes]]
    left: int = 0  # of the rows read, those that are not mirrored by rule
    more: bool = False


@dataclass(slots=True)
class Reader:
    """The thread that reads one table. `free` is set while it may start a chunk; it is asked before each."""

    con: Connection
    mirrored: Mirrored
    free: threading.Event
    after: bytes | None  # the last key that was copied
    seconds: Callable[[], float] = lambda: CHUNK_SECONDS  # how long a chunk may take
    first: int = FIRST_CHUNK
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _items: "asyncio.Queue[bytes | ChunkEnd | BaseException]" = field(default_factory=asyncio.Queue)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(ON_THE_WAY))
    _stopped: threading.Event = field(default_factory=threading.Event)
    _ended: bool = False  # nothing of the source is on its way any more
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"copy {self.mirrored.name}", daemon=True)
        self._thread.start()

    async def get(self) -> bytes | ChunkEnd:
        """The next piece, or a chunk's end. Raises what the thread stumbled over."""
        item = await self._items.get()
        self._room.release()
        if isinstance(item, BaseException):
            raise item
        return item

    async def stop(self) -> None:
        """End the thread, wherever it is; a connection in the middle of an answer is lost."""
        self._stopped.set()
        if self._thread is None:
            return
        if self._ended:
            self._thread.join()
        else:
            self.con.wire.break_off()
            await asyncio.to_thread(self._thread.join, 10)

    def _hand_over(self, item: "bytes | ChunkEnd | BaseException") -> None:
        while not self._room.acquire(timeout=_POLL):
            if self._stopped.is_set():
                raise _Stopped
        self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    def _run(self) -> None:
        try:
            self._read(self.con)
        except _Stopped:
            return
        except BaseException as error:
            if not self._stopped.is_set():
                try:
                    self._hand_over(error)
                except (_Stopped, RuntimeError):
                    return

    def _read(self, con: Connection) -> None:
        framing, table = Framing(self.mirrored), self.mirrored.table
        after, limit = self.after, self.first
        chunked = by_chunks(table)
        if not chunked and after is not None:  # read in one go, and it was
            self._ended = True
            self._hand_over(ChunkEnd(0, None, []))
            return
        while True:
            while not self.free.wait(_POLL):
                if self._stopped.is_set():
                    raise _Stopped
            if self._stopped.is_set():
                raise _Stopped
            began = monotonic()
            place = None if after is None else unpack(after)
            end = self._chunk(con, framing, chunk_sql(table, place, limit if chunked else None))
            end.more = chunked and end.read >= limit
            self._ended = not end.more
            self._hand_over(end)
            if not end.more:
                return
            after = end.last
            limit = next_limit(limit, monotonic() - began, self.seconds())

    def _chunk(self, con: Connection, framing: Framing, sql: bytes) -> ChunkEnd:
        read, left, last = 0, 0, None
        odd: list[tuple[str, str, bytes]] = []
        pieces: list[bytes] = []
        size = 0
        for images in con.images(sql):
            if self._stopped.is_set():
                raise _Stopped
            framed = framing.frame(images)
            read += len(images)
            odd += framed.odd
            left += framed.left
            last = images[-1]
            pieces.append(framed.piece)
            size += len(framed.piece)
            if size >= PIECE:
                self._hand_over(b"".join(pieces))
                pieces, size = [], 0
        if pieces:
            self._hand_over(b"".join(pieces))
        return ChunkEnd(read, None if last is None else framing.key(last), odd, left)


class _Stopped(Exception):
    """The reader was told to end."""

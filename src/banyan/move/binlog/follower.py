"""Follows a source's binlog in a thread of its own and hands whole transactions to the event loop, a bounded amount at a time."""

import asyncio
import logging
import threading
from contextlib import suppress
from dataclasses import replace

from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import dump
from banyan.move.binlog.assembly import Assembly, Place
from banyan.move.binlog.dump import Start
from banyan.move.binlog.halts import Halt
from banyan.move.binlog.held import Held
from banyan.move.binlog.looking_back import find_prepared
from banyan.move.binlog.maps import Watch
from banyan.move.rows import Transaction
from banyan.move.source import Connection, Source, SqlError

_log = logging.getLogger(__name__)
READY_BYTES = 4 << 20  # of row events that may wait to be taken
READY_TRANSACTIONS = 10_000
_SILENCE = dump.HEARTBEAT * 3.0  # seconds without even a heartbeat: the line is lost
_PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between attempts to connect again


class Follower:
    """Transactions after `start`, in order, each once, until a Halt. A lost connection is taken up again where it broke.

    `watch` says which tables matter, with their columns: it is asked from the thread, by the table's name in the source's
    database, for each table map. `server_id` is ours among the source's replicas: no other may have it.

    Every transaction comes, even one that touched no watched table, and now and then an empty one that only moves the
    position on. A large one is kept in a nameless temporary file (`held.SPOOL_AT`), and its `changes` are decoded as they
    are gone through; memory is bounded by READY_BYTES of row events, some ten times that as Python values.
    """

    def __init__(self, source: Source, start: Start, watch: Watch, *, server_id: int) -> None:
        self.source = source
        self.start = start
        self.trouble = ""
        """Why there is no connection just now; '' while there is."""
        self.connections = 0
        self._watch = watch
        self._server_id = server_id
        self._lock = threading.Condition()
        self._ready: list[Transaction] = []
        self._weight = 0
        self._end: Exception | None = None
        self._closing = threading.Event()
        self._con: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._thread: threading.Thread | None = None

    async def next(self) -> list[Transaction]:
        """All transactions that are ready; waits for one. Halt, each time again, once all before it were given."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._run, name=f"binlog of {self.source.name}", daemon=True)
            self._thread.start()
        while True:
            with self._lock:
                if self._ready:
                    ready, self._ready, self._weight = self._ready, [], 0
                    self._lock.notify_all()
                    return ready
                if self._end is not None:
                    raise self._end
                self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Hang up and end the thread."""
        self._closing.set()
        with self._lock:
            self._lock.notify_all()
        con = self._con
        if con is not None:
            con.wire.break_off()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 10)
        self._finish(Unavailable("the follower was closed"))

    def _run(self) -> None:
        try:
            self._follow()
        except (Halt, Unavailable) as error:
            self._finish(error)
        except Exception as error:
            _log.exception("the binlog's reader failed")
            self._finish(Halt(f"the binlog could not be read: {type(error).__name__}: {error}"))

    def _follow(self) -> None:
        """Read until closed, connecting again and again; only a Halt ends it otherwise."""
        start, tries = self.start, 0
        prepared: dict[str, Held] = {}
        while not self._closing.is_set():
            try:
                con = self._con = self.source.connect()
                with con:
                    start = dump.same_log(con, start)
                    assembly = self._assembly(con, start)
                    assembly.prepared = prepared
                    dump.begin(con, start, self._server_id)
                    con.wire.limit(_SILENCE)
                    self.connections, self.trouble, tries = self.connections + 1, "", 0
                    try:
                        self._read(con, assembly, start)
                    finally:
                        place = assembly.place
                        start = replace(start, file=place.file, offset=place.offset, gtid=place.gtid)
            except SqlError as error:
                self.trouble = str(error)
            except Unavailable as error:
                self.trouble = error.detail
            finally:
                self._con = None
            self._closing.wait(_PATIENCE[min(tries, len(_PATIENCE) - 1)])
            tries += 1

    def _assembly(self, con: Connection, start: Start) -> Assembly:
        charsets, own_types = dump.charsets(con), con.wire.is_mariadb

        def look_back(name: str) -> Held | None:
            fresh = Place("log.0", 0)
            other = Assembly(self.source.database, self._watch, charsets, fresh, 0, own_types=own_types)
            with self.source.connect() as past:
                return find_prepared(past, other, name, assembly.place, self._server_id)

        assembly = Assembly(
            self.source.database,
            self._watch,
            charsets,
            Place(start.file, start.offset, start.gtid),
            start.lineage,
            own_types=own_types,
            look_back=look_back if own_types else None,
        )
        return assembly

    def _read(self, con: Connection, assembly: Assembly, start: Start) -> None:
        receive, feed = con.wire.receive, assembly.feed
        try:
            while not self._closing.is_set():
                for packet in receive():
                    if packet[0] == 0:
                        feed(packet)
                    elif packet[0] == 0xFF:
                        raise dump.explained(con, packet, start)
                    else:
                        raise Unavailable(f"{con.wire.name} ended its log")
                    if assembly.bytes > READY_BYTES // 4:
                        self._hand_over(assembly)
                self._hand_over(assembly)
        finally:
            self._hand_over(assembly)

    def _hand_over(self, assembly: Assembly) -> None:
        done = assembly.done
        if not done:
            return
        with self._lock:
            while self._weight > READY_BYTES or len(self._ready) > READY_TRANSACTIONS:
                if self._closing.is_set():
                    return
                self._lock.wait(1)
            self._ready += done
            self._weight += assembly.bytes
        assembly.done, assembly.bytes = [], 0
        self._ring()

    def _finish(self, why: Exception) -> None:
        with self._lock:
            self._end = self._end or why
        self._ring()

    def _ring(self) -> None:
        if self._loop is not None and not self._news.is_set():
            with suppress(RuntimeError):  # the loop is gone: nobody waits
                self._loop.call_soon_threadsafe(self._news.set)

"""The mover: one legacy shop's tables followed, copied and delivered, by whoever holds the lease on the move database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from banyan.foundation.service import Ports
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Conflict, Unavailable
from banyan.move import legacy
from banyan.move.delivering import Delivery
from banyan.move.delivering.lookups import Lookups
from banyan.move.legacy import Adapter, Ref, Rows, Stock
from banyan.move.mover import preparing
from banyan.move.mover.copies import Copies, end_of_log
from banyan.move.mover.following import Following
from banyan.move.mover.looking import Looking
from banyan.move.mover.preparing import Prepared, Resumed
from banyan.move.rows import Table
from banyan.move.source import Source, read_tables
from banyan.move.storage import checkpoints, due, tables
from banyan.move.storage.tables import Mirrors
from banyan.move.throttle import Throttle

LEASE = 7068  # the advisory lock of the one who works
AGAIN = 1.0  # seconds before a part that failed is begun again
POLL = 0.02
_log = logging.getLogger(__name__)

Besides = Callable[["Mover"], Awaitable[None]]
"""More work of the one who holds the lease (the way back, reconciliation): until cancelled."""


@dataclass(slots=True)
class Mover:
    """`tables`: by name without the shop's prefix, as recorded where they are, else as the source has them.

    `mirrors` are those recorded; `stock` is what the adapter looks things up in.
    """

    ports: Ports
    source: Source
    adapter: Adapter
    tables: dict[str, Table]
    prefix: str
    mirrors: Mirrors
    lookups: Lookups
    besides: dict[str, Besides] = field(default_factory=dict)
    following: Following | None = None  # while this one works
    throttle: Throttle | None = None

    @classmethod
    async def open(cls, ports: Ports, adapter: Adapter | None = None) -> "Mover":
        """The shop of BANYAN_LEGACY_URL. WrongSettings when none is set; Unavailable when its tables were never recorded
        and it does not answer."""
        url = ports.settings.legacy_url.get_secret_value()
        if not url:
            raise WrongSettings("no legacy shop is set: BANYAN_LEGACY_URL=mysql://user:password@host:port/database")
        source = Source(url)
        adapter = adapter or legacy.adapter(ports.settings.legacy_shop)
        mirrors = await tables.read(ports.db, adapter)
        settings = {"time_zone": ports.settings.legacy_time_zone, "http": ports.settings.legacy_http}
        lookups = Lookups(ports.db, ports.ids, adapter, mirrors, settings)
        mover = cls(ports, source, adapter, {}, "", mirrors, lookups)
        await mover.read_tables(anew=not mirrors.by_name)
        return mover

    @property
    def stock(self) -> Stock:
        return self.lookups.stock

    async def read_tables(self, *, anew: bool = True) -> None:
        """Look again at what tables there are: those recorded, and with `anew` those of the source that are not."""
        await tables.refresh(self.ports.db, self.mirrors, self.adapter)
        found = {each.name: each.table for each in self.mirrors}
        if anew:
            found = await asyncio.to_thread(self._found) | found
        try:
            self.prefix = self.adapter.prefix(list(found)) if found else ""
        except ValueError as error:
            raise Conflict(
                f"{self.source.name}: {error}. Choose another kind of shop with --shop (BANYAN_LEGACY_SHOP), or another "
                "database with --source (BANYAN_LEGACY_URL)",
                code="another_shop",
            ) from None
        self.tables = {name.removeprefix(self.prefix): table for name, table in found.items()}

    def _found(self) -> dict[str, Table]:
        with self.source.connect() as con:
            return read_tables(con)

    async def prepare(self, groups: Sequence[str] | None = None, *, who: str = "operator") -> Prepared:
        """Write down the groups (all: none named), their tables, and where the source's log ends. See `preparing`."""
        return await preparing.prepare(self, groups, who=who)

    async def copy(self, groups: Sequence[str] | None = None, *, who: str = "operator") -> list[str]:
        """These prepared groups are to be copied by whoever works."""
        return await preparing.copy(self, groups, who=who)

    async def copied(
        self, groups: Sequence[str] | None = None, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> None:
        """Wait until these groups are in sync; `progress` is told rows copied, and of how many."""
        await preparing.copied(self, groups, progress)

    async def resume(self, *, table: str | None = None, again: bool = False, who: str = "operator") -> Resumed:
        """Go on after a halt, or with a table that stands still. See `preparing`."""
        return await preparing.resume(self, table=table, again=again, who=who)

    async def load(self, ref: Ref) -> Rows:
        """The aggregate's rows from the mirror. Unreadable words of a row come as Conflict."""
        rows = (await self.lookups.rows([ref]))[ref]
        if isinstance(rows, str):
            raise Conflict(rows)
        return rows

    async def head(self) -> int:
        """Where the source's log ends now, something of ours being the last in it: `reached` gets there."""
        row = await checkpoints.source(self.ports.db)
        return await asyncio.to_thread(self._head, row.lineage if row else 1)

    def _head(self, lineage: int) -> int:
        with self.source.connect() as con:
            return end_of_log(con, lineage)

    async def reached(self, group: str, at: int, seconds: float) -> bool:
        """Whether, within so many seconds, the stream is at `at` and nothing of the group is yet to be told."""
        until = self.ports.clock.now().timestamp() + seconds
        while True:
            checkpoint = await checkpoints.read(self.ports.db)
            if checkpoint is not None and checkpoint.at >= at and not await due.unsettled(self.ports.db, group):
                return True
            if self.ports.clock.now().timestamp() >= until:
                return False
            await self.ports.clock.sleep(POLL)

    async def work(self) -> None:
        """Follow, copy what is wanted and deliver, once the lease is ours; until cancelled or the lease is lost."""
        async with self.ports.db.own() as con:
            while not await con.fetchval("SELECT pg_try_advisory_lock($1)", LEASE):
                await self.ports.clock.sleep(AGAIN)
            row = await checkpoints.source(self.ports.db)
            while row is None:
                await self.ports.clock.sleep(AGAIN)
                row = await checkpoints.source(self.ports.db)
            await tables.refresh(self.ports.db, self.mirrors, self.adapter)
            delivery = Delivery(self.ports, self.adapter, self.mirrors, self.lookups)
            throttle = self.throttle = Throttle(self.ports, self.source)
            following = self.following = Following(self.ports, self.source, self.adapter, self.mirrors, row, delivery)
            copies = Copies(self.ports, self.source, self.adapter, self.mirrors, following, throttle)
            looking = Looking(self.ports, self.source, self.adapter, self.mirrors, following, throttle)
            parts: dict[str, Callable[[], Awaitable[None]]] = {
                "stream": following.run,
                "copy": copies.run,
                "delivery": delivery.run,
                "throttle": throttle.run,
                "looking": looking.run,
                **{name: _bound(besides, self) for name, besides in self.besides.items()},
            }
            try:
                async with asyncio.TaskGroup() as group:
                    for name, part in parts.items():
                        group.create_task(self._keep(name, part), name=f"move {name}")
                    group.create_task(self._hold(con), name="move lease")
            finally:
                self.following = self.throttle = None

    async def _keep(self, name: str, part: Callable[[], Awaitable[None]]) -> None:
        """A part that fails is begun again from what is written down; the others go on."""
        while True:
            try:
                await part()
            except Exception as error:
                why = error.detail if isinstance(error, Unavailable) else f"{type(error).__name__}: {error}"
                _log.warning("a part of the move failed and goes on", extra={"part": name, "why": why[:300]})
            await self.ports.clock.sleep(AGAIN)

    async def _hold(self, con: Any) -> None:
        """The lease is ours for as long as its connection lives."""
        while True:
            await con.fetchval("SELECT true")
            await self.ports.clock.sleep(AGAIN)

    @asynccontextmanager
    async def working(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Work in here while nobody else does."""
        task = asyncio.create_task(self.work(), name="move")
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


def _bound(besides: Besides, mover: Mover) -> Callable[[], Awaitable[None]]:
    return lambda: besides(mover)

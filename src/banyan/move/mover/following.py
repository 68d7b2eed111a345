"""The stream's loop: one follower of the source's log at a time, its transactions applied; tables join it, go live and stop
between two batches, so that what is followed and what is written down never disagree.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.wake import Wake
from banyan.move.binlog import Emptied, Follower, Halt, SchemaChanged, Start
from banyan.move.debezium import Stream, feed
from banyan.move.delivering import Delivery
from banyan.move.legacy import Adapter
from banyan.move.rows import Position, Table, Transaction
from banyan.move.source import Source, file_name
from banyan.move.storage import checkpoints, due, groups, log, mirror, quarantine, tables
from banyan.move.storage.checkpoints import BINLOG, Checkpoint, SourceRow
from banyan.move.storage.tables import Mirrored, Mirrors
from banyan.move.streaming import Applier, batches

GATHER = 0.02  # seconds between two batches: many small commits of the source make one of ours
LOOK = 0.5  # seconds between looks at what else there is to do
RECENT = 2_000  # batches whose times are remembered
NOT_BEGUN = ("planned", "prepared", "aborted")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Following:
    """`wanted` is rung when tables may have to join or go live, `changed` by us when a table changed its state."""

    ports: Ports
    source: Source
    adapter: Adapter
    mirrors: Mirrors
    row: SourceRow
    delivery: Delivery
    wanted: Wake = field(default_factory=Wake)
    changed: Wake = field(default_factory=Wake)
    checkpoint: Checkpoint | None = None
    trouble: str = ""  # why the source's log does not come just now
    times: "deque[float]" = field(default_factory=lambda: deque(maxlen=RECENT))  # seconds from arrival to commit

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.once()
            except SchemaChanged as change:
                await self.stop(change.table, change.reason, change)
            except Halt as halt:
                await self.halt(halt.reason)

    async def once(self) -> None:
        """Follow from what is written down until something about the tables changes."""
        db = self.ports.db
        self.checkpoint = await checkpoints.read(db)
        if self.checkpoint is None or self.checkpoint.halted is not None:
            await self.ports.clock.sleep(LOOK)
            return
        row = await checkpoints.source(db)
        assert row is not None
        self.row = row
        await tables.refresh(db, self.mirrors, self.adapter)
        await self._join()
        applier = Applier(db, self.ports.ids, self.mirrors, row.way_back_id)
        applier.odd = set(await quarantine.open_rows(db))
        at = self.checkpoint
        start = Start(at.file, Position.of(at.at).offset, row.lineage, row.server_id, at.gtid)
        follower = self._follower(start, row)
        try:
            await self._follow(follower, applier)
        finally:
            await follower.close()

    def _follower(self, start: Start, row: SourceRow) -> Follower | Stream:
        url = self.ports.settings.legacy_stream
        if url:
            return Stream(feed(url), self.ports.db, self.source, start, self._watch)
        return Follower(self.source, start, self._watch, server_id=row.way_back_id + 1)

    def _watch(self, name: str) -> Table | None:
        mirrored = self.mirrors.by_name.get(name)
        return mirrored.table if mirrored is not None and mirrored.watched else None

    async def _follow(self, follower: Follower | Stream, applier: Applier) -> None:
        coming = asyncio.ensure_future(follower.next())
        ringing = asyncio.ensure_future(self.wanted.wait(LOOK))
        try:
            while True:
                await asyncio.wait({coming, ringing}, return_when=asyncio.FIRST_COMPLETED)
                self.trouble = follower.trouble
                if ringing.done():
                    ringing = asyncio.ensure_future(self.wanted.wait(LOOK))
                    await tables.refresh(self.ports.db, self.mirrors, self.adapter)
                    applier.odd = set(await quarantine.open_rows(self.ports.db))
                    if await self._waiting():
                        return
                if coming.done():
                    ready = coming.result()
                    coming = asyncio.ensure_future(follower.next())
                    await self._take(applier, ready)
                await self._go_live()
        finally:
            for each in (coming, ringing):
                each.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await each

    async def _take(self, applier: Applier, ready: Sequence[Transaction]) -> None:
        arrived = monotonic()
        for run in batches(ready):
            assert self.checkpoint is not None
            file = file_name(self.checkpoint.file, run[-1].position.file)
            self.checkpoint = await applier.apply(self.checkpoint, run, file)
            self.times.append(monotonic() - arrived)
            self.delivery.bell.ring()
        rest = GATHER - (monotonic() - arrived)
        if rest > 0:
            await self.ports.clock.sleep(rest)

    async def _waiting(self) -> list[Mirrored]:
        """Tables that wait for their copy and whose group wants it."""
        waiting = [each for each in self.mirrors if each.state == "waiting"]
        if not waiting:
            return []
        known = await groups.read(self.ports.db)
        begun = [name for name, group in known.items() if group.state not in NOT_BEGUN]
        needed = {each.name for name in begun for each in self.mirrors.of_group(name)}
        return [each for each in waiting if each.name in needed]

    async def _join(self) -> None:
        """From the checkpoint on these tables are followed; only now may their rows be read."""
        waiting = await self._waiting()
        if not waiting:
            return
        assert self.checkpoint is not None
        at = self.checkpoint.at
        async with self.ports.db.transaction(seconds=3600) as tx:
            await checkpoints.hold(tx, BINLOG, at)
            for each in waiting:
                if each.copy_round:
                    await due.mark_known(tx, each, at)
                    await mirror.empty(tx, each.number)
            await tables.begin_copy(tx, [each.number for each in waiting], at)
            await log.add(tx, "copy: begun", tables=[each.name for each in waiting], position=str(Position.of(at)))
        await tables.refresh(self.ports.db, self.mirrors, self.adapter)
        self.changed.ring()

    async def _go_live(self) -> None:
        """A table whose chunks are all in, and whose changes up to its last chunk were seen, becomes what the source is."""
        assert self.checkpoint is not None
        at = self.checkpoint.at
        for each in self.mirrors:
            if each.state != "copying" or each.full_at is None or each.full_at > at:
                continue
            async with self.ports.db.transaction(seconds=3600) as tx:
                await checkpoints.hold(tx, BINLOG, at)
                await mirror.lay_over(tx, each.number)
                rows = await tables.live(tx, each.number)
                for kind in self._completed_by(each):
                    await due.mark_kind(tx, self.mirrors, kind, at)
                await log.add(tx, "copy: a table is whole", group=each.group, table=each.name, rows=rows)
            each.state = "live"
            self.delivery.loaded &= not each.use.reference
            self.delivery.bell.ring()
            self.changed.ring()

    def _completed_by(self, last: Mirrored) -> list[str]:
        """The kinds whose records can be made once this table is there too."""
        was, last.state = last.state, "live"
        try:
            kinds = self.mirrors.kinds() if last.use.reference else last.kinds
            return sorted(kind for kind in kinds if self.mirrors.ready(kind))
        finally:
            last.state = was

    async def stop(self, table: str, reason: str, change: SchemaChanged | None = None) -> None:
        """One table stands still; all others go on, from after the statement that changed it."""
        mirrored = self.mirrors.by_name.get(table)
        if mirrored is None or self.checkpoint is None:
            return await self.halt(reason)
        at = self.checkpoint.at
        async with self.ports.db.transaction(seconds=3600) as tx:
            await checkpoints.hold(tx, BINLOG, at)
            after = change.after if change is not None else None
            if isinstance(change, Emptied) and after is not None:
                await self._empty(tx, mirrored, after)
            else:
                await self._stand_still(tx, mirrored, reason)
            if change is not None and after is not None and after.at > at:
                gtid = self.checkpoint.gtid if not change.file else ""
                await checkpoints.advance(tx, BINLOG, at, after.at, gtid=gtid, file=change.file, committed_at=None)
        _log.warning("a table stands still", extra={"table": mirrored.name, "why": reason})
        await tables.refresh(self.ports.db, self.mirrors, self.adapter)
        self.delivery.loaded = False
        self.delivery.bell.ring()
        self.changed.ring()

    async def stand_still(self, mirrored: Mirrored, reason: str) -> None:
        """One table cannot be copied as it is."""
        async with self.ports.db.transaction() as tx:
            await self._stand_still(tx, mirrored, reason)
        self.wanted.ring()

    async def _empty(self, tx: Tx, mirrored: Mirrored, after: Position) -> None:
        """The source emptied the table: what is live loses its rows; what is being copied begins anew."""
        if mirrored.state == "live":
            for kind in mirrored.kinds:
                await due.mark_rows(tx, mirrored, kind, after.at)
            await mirror.forget(tx, mirrored.number)
            if mirrored.use.reference:
                await due.references_changed(tx, [mirrored.name], after.at)
        else:
            await tables.begin_again(tx, [mirrored.number])
        await log.add(tx, "stream: the source emptied a table", group=mirrored.group, table=mirrored.name)

    async def _stand_still(self, tx: Tx, mirrored: Mirrored, reason: str) -> None:
        why = f"{reason.rstrip('.')}. Its records wait; when it is settled: banyan move resume --table {mirrored.name}"
        if await tables.stop(tx, mirrored.number, why):
            for group in sorted(mirrored.groups):
                await groups.step(tx, group, ["verified"], "in_sync")
            await log.add(tx, "stream: a table stands still", group=mirrored.group, table=mirrored.name, why=reason)

    async def halt(self, reason: str) -> None:
        """Nothing goes on until somebody acts."""
        said = f"{reason.rstrip('.')}. When it is settled: banyan move resume"
        async with self.ports.db.transaction() as tx:
            if await checkpoints.halt(tx, BINLOG, said):
                await log.add(tx, "stream: halted", why=reason)
        _log.error("the stream stands still", extra={"why": reason})

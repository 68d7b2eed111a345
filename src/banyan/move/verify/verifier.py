"""Verification of a group: whole on demand, and going on by itself with what changes; what differs is written down, and mended
when somebody asks for it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from banyan.kernel.refusals import Conflict
from banyan.move.delivering import Delivery
from banyan.move.mover import Mover
from banyan.move.mover.preparing import known_groups
from banyan.move.source import SqlError
from banyan.move.storage import checkpoints, checks, groups, log, tables
from banyan.move.storage.checks import Coverage, Finding
from banyan.move.storage.tables import Mirrored
from banyan.move.verify.against_services import Records, RecordsLooked
from banyan.move.verify.against_source import Comparing, Looked
from banyan.move.verify.mending import Mending

AT_ONCE = 4  # tables
STEP_EVERY = 1.0  # seconds between looks at whether a group is verified: its coverage is counted for that
EVERY = 0.5  # seconds between looks at what changed, where nothing did
QUIET = 20.0  # seconds after which a table is looked through all the same, though the stream saw nothing of it
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Verdict:
    """What a verification of one group came to."""

    group: str
    rows: int = 0
    records: int = 0
    waiting: int = 0
    hot: int = 0
    findings: list[Finding] = field(default_factory=list)
    repaired: int = 0
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0))
    books: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not self.findings and not self.books

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "rows": self.rows,
            "records": self.records,
            "waiting": self.waiting,
            "hot": self.hot,
            "findings": [
                {"kind": each.kind, "key": each.key, "table": each.table, "what": each.what} for each in self.findings
            ],
            "repaired": self.repaired,
            "coverage": {
                "percent": self.coverage.percent,
                "rows": self.coverage.rows,
                "unverified": self.coverage.unverified,
                "oldest_seconds": self.coverage.oldest_seconds,
            },
            "books_that_differ": self.books,
            "next_steps": self._next(),
        }

    def lines(self) -> list[str]:
        told = [
            f"{self.group}: {self.rows} rows equal the source's, {self.records} records equal what the services hold",
            f"{self.coverage.words()}",
        ]
        if self.waiting:
            told.append(f"{self.waiting} records wait to be told, or in quarantine: they were not compared")
        told += [f"{each.table or each.kind} {each.key}: {each.what}" for each in self.findings[:50]]
        if len(self.findings) > 50:
            told.append(f"… and {len(self.findings) - 50} more; --json has them all")
        for kind, sums in self.books.items():
            told += [f"{kind} {name}: {theirs} there, {ours} here" for name, (theirs, ours) in list(sums.items())[:20]]
        if self.repaired:
            told.append(f"{self.repaired} mended; what was done is in the log")
        return [*told, *self._next()]

    def _next(self) -> list[str]:
        if self.findings and not self.repaired:
            return [f"next: banyan move verify {self.group} --repair"]
        if self.clean and self.coverage.unverified == 0:
            return [f"next: banyan move route {self.group} --weight 5, or banyan move cutover {self.group}"]
        return []


class Verifier:
    """Compares one shop's groups, for a command or as the work of whoever holds the lease."""

    def __init__(self, mover: Mover) -> None:
        self._mover = mover
        self._ports = mover.ports
        self._step_at = 0.0
        self._quiet: dict[int, tuple[int, float]] = {}  # table → changes seen when all of it was compared, and when

    async def whole(
        self,
        group: str,
        *,
        repair: bool = False,
        who: str = "operator",
        progress: Callable[[int], None] = lambda _: None,
    ) -> Verdict:
        """Every row and every record of a group. Conflict for a group that is not copied yet."""
        mover = self._mover
        [group] = known_groups(mover.adapter, [group])
        await mover.read_tables(anew=False)
        here = await groups.one(self._ports.db, group)
        if here is None or here.state in ("planned", "prepared", "copying", "aborted"):
            raise Conflict(f"{group} is not copied yet: banyan move copy {group}")
        verdict, done = Verdict(group), 0
        for each in mover.mirrors.of_group(group):
            compared = await (await self._comparing(each)).whole(lambda count, base=done: progress(base + count))  # type: ignore[misc]
            done += compared.equal
            self._add(verdict, compared)
        for kind in self._kinds(group):
            looked = await (await self._records()).whole(kind, lambda count, base=done: progress(base + count))  # type: ignore[misc]
            done += looked.equal
            self._add_records(verdict, looked)
        await self._write_down(verdict, who)
        if repair and verdict.findings:
            verdict.repaired = await self.repair(group, who=who)
        verdict.coverage = await self.coverage(group)
        return verdict

    async def coverage(self, group: str) -> Coverage:
        """How much of the group's mirror is known to equal the source."""
        numbers = [each.number for each in self._mover.mirrors.of_group(group) if each.table.key]
        return await checks.coverage(self._ports.db, numbers)

    async def run(self) -> None:
        """Go on comparing what changes, and step groups to verified and back. Until cancelled."""
        while True:
            busy = await self.once()
            if not busy:
                await self._ports.clock.sleep(EVERY)

    async def once(self) -> bool:
        """Compare some of what changed in each table that is live; whether there was anything."""
        mover, db = self._mover, self._ports.db
        checkpoint = await checkpoints.read(db)
        if checkpoint is None or checkpoint.halted:
            return False
        async with db.transaction() as tx:
            await checks.moment(tx, checkpoint.at)
        seen = await tables.seen(db)
        live = [each for each in mover.mirrors if each.state == "live" and each.table.key and self._stirs(each, seen)]
        # Several at a time: each waits for the stream to come to where its rows were read.
        turn = asyncio.Semaphore(AT_ONCE)
        busy = any(await asyncio.gather(*(self._in_turn(turn, each, seen[each.number]) for each in live)))
        if self._ports.clock.monotonic() >= self._step_at:
            await self._step()
            self._step_at = self._ports.clock.monotonic() + STEP_EVERY
        return busy

    def _stirs(self, each: Mirrored, seen: Mapping[int, int]) -> bool:
        """Whether anything of a table may have changed since all of it was compared: to look is to read it whole."""
        was, at = self._quiet.get(each.number, (-1, 0.0))
        return each.number in seen and (seen[each.number] != was or self._ports.clock.monotonic() > at + QUIET)

    async def _in_turn(self, turn: asyncio.Semaphore, each: Mirrored, seen: int) -> bool:
        async with turn:
            try:
                busy = await self._table(each)
                if not busy:
                    self._quiet[each.number] = (seen, self._ports.clock.monotonic())
                return busy
            except SqlError as error:
                _log.warning("a table could not be compared", extra={"table": each.name, "why": error.message})
                return False

    async def _table(self, each: Mirrored) -> bool:
        comparing = await self._comparing(each)
        if not await checks.verified_at(self._ports.db, each.number):
            looked = await comparing.whole()  # the first pass makes all that follow small
        else:
            looked = await comparing.changed()
        if looked.findings:
            async with self._ports.db.transaction() as tx:
                await checks.found(tx, looked.findings)
                await log.add(tx, "verification found rows that differ", group=each.group, rows=len(looked.findings))
        return bool(looked.equal or looked.findings)

    async def _step(self) -> None:
        """in_sync → verified when all is covered and nothing is open; back on any difference."""
        db = self._ports.db
        for name, group in (await groups.read(db)).items():
            if group.state not in ("in_sync", "verified"):
                continue
            wrong = await checks.count_open(db, name)
            if group.state == "verified" and wrong:
                await self._go(name, "verified", "in_sync", open_findings=wrong)
            elif group.state == "in_sync" and not wrong and self._whole(name):
                coverage = await self.coverage(name)
                if coverage.rows and coverage.percent >= 99 and coverage.oldest_seconds < 60:
                    await self._go(name, "in_sync", "verified", rows=coverage.rows, unverified=coverage.unverified)

    def _whole(self, group: str) -> bool:
        """Whether none of its tables stands still: of such a one nobody knows what it is now."""
        return all(each.state == "live" for each in self._mover.mirrors.of_group(group))

    async def _go(self, group: str, was: str, state: str, **numbers: Any) -> None:
        async with self._ports.db.transaction() as tx:
            if await groups.step(tx, group, [was], state):
                await log.add(tx, f"group: {state}", group=group, **numbers)

    async def repair(self, group: str, *, who: str) -> int:
        """Mend what is open: how many rows and records. See `mending`."""
        return await Mending(self._mover).group(group, self._kinds(group), who=who)

    async def _comparing(self, each: Mirrored) -> Comparing:
        row = await checkpoints.source(self._ports.db)
        return Comparing(self._ports.db, self._mover.source, self._ports.clock, each, row.lineage if row else 1)

    async def _records(self) -> Records:
        await self._mover.lookups.load_references()
        delivery = Delivery(self._ports, self._mover.adapter, self._mover.mirrors, self._mover.lookups)
        return Records(self._ports, self._mover.mirrors, delivery)

    def _kinds(self, group: str) -> list[str]:
        """The kinds of record whose group this is."""
        named = {view.kind for each in self._mover.mirrors for view in each.use.views if view.group == group}
        return sorted(named)

    def _add(self, verdict: Verdict, looked: Looked) -> None:
        verdict.rows += looked.equal
        verdict.hot += looked.hot
        verdict.findings += looked.findings

    def _add_records(self, verdict: Verdict, looked: RecordsLooked) -> None:
        verdict.records += looked.equal
        verdict.waiting += looked.waiting
        verdict.findings += looked.findings
        if looked.books_differ:
            verdict.books[looked.kind] = looked.books_differ

    async def _write_down(self, verdict: Verdict, who: str) -> None:
        async with self._ports.db.transaction(seconds=60) as tx:
            await checks.found(tx, verdict.findings)
            await log.add(
                tx,
                "verified whole",
                group=verdict.group,
                who=who,
                rows=verdict.rows,
                records=verdict.records,
                findings=len(verdict.findings),
            )


async def beside(mover: Mover) -> None:
    """Verification as part of the mover's work."""
    await asyncio.sleep(0)
    await Verifier(mover).run()

"""Changed aggregates of ours, written to the legacy tables: as they are now, the columns that differ, some in a transaction.

Our transactions carry a server id of their own, by which the stream knows them when they come home, and the pass that the
fence lets through. Each looks, with a lock, whether the fence is still closed and this process still the one that writes:
one that was taken for dead and wakes up writes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from pydantic import ValidationError

from banyan.contracts import Call
from banyan.contracts.legacy import HAND_OVER, KINDS, Handed, Record
from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.delivering.lookups import Missed
from banyan.move.legacy import Adapter, NewRows, Ref, Rows, Stock, Unwritable
from banyan.move.rows import Row, Table, Unreadable, Values, unpack
from banyan.move.source import Connection, SqlError, head
from banyan.move.storage import back, checkpoints, mirror, quarantine
from banyan.move.storage.back import WAY_BACK, Due
from banyan.move.way_back.differing import Owned, statements
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.reading import named, rows_now

T = TypeVar("T")
BATCH = 50  # aggregates looked at in one go
ROW = "banyan_fence"  # made by cutover.fence, which stands above this room
REMEMBERED = 20_000  # carts
LONGEST_PAUSE = 30.0  # seconds until what failed is tried again
# The server, not the value: a lock, a deadlock, a line that broke, a disk that is full, a server that goes down.
_PASSING = {1021, 1040, 1053, 1205, 1213, 1290, 1317, 1836, 1969, 3024}
_ROUNDS = 6
_log = logging.getLogger(__name__)


class Relieved(Conflict):
    """The fence is open, or another process writes now: this one has nothing more to write."""

    code = "relieved"


@dataclass(slots=True)
class Fates:
    """What became of a batch."""

    written: list[Due] = field(default_factory=list)
    flagged: list[tuple[Due, str, bool]] = field(default_factory=list)  # why, and whether the rest was written
    later: list[Due] = field(default_factory=list)


@dataclass(slots=True)
class Work:
    """One aggregate on its way: its rows, what they have to be, and the statements that make them so."""

    due: Due
    record: Record
    ref: Ref
    rows: Rows | None = None
    new: NewRows | None = None
    wanted: list[bytes] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    failed: bool = False


@dataclass(slots=True)
class Writer:
    """Writes one group's aggregates back. `statements` counts what was sent to the legacy database."""

    ground: Ground
    group: str
    owned: Owned
    statements: int = 0
    _token: str = ""
    _con: Connection | None = None
    _homecoming: dict[Ref, int] = field(default_factory=dict)
    _carts: dict[str, Record] = field(default_factory=dict)  # as they were last written: carts are told of repeatedly

    async def take_pen(self) -> None:
        """Be the one who writes. Relieved when the fence is open."""
        self._token = self.ground.ports.ids.new("pen")
        await asyncio.to_thread(self._take_pen)

    async def close(self) -> None:
        con, self._con = self._con, None
        if con is not None:
            await asyncio.to_thread(con.close)

    async def once(self) -> int:
        """Write what is due now; how many aggregates were looked at. Relieved when it is no longer ours to write."""
        db = self.ground.ports.db
        due = await back.next_of(db, self.group, BATCH)
        if not due:
            return 0
        fates = Fates()
        records = await self._hand_over(due)
        todo = [(each, record) for each in due if (record := self._to_write(each, records, fates)) is not None]
        while todo:
            todo = await self._write(todo, fates)
        async with db.transaction() as tx:
            done = [*fates.written, *(each for each, _, _ in fates.flagged)]
            await back.done(tx, done)
            for kind in sorted({each.kind for each in fates.written}):
                await back.solve(tx, kind, [each.id for each in fates.written if each.kind == kind])
            await quarantine.put(tx, [self._case(each, why) for each, why, _ in fates.flagged])
            for each in fates.later:
                await back.later(tx, [each], min(LONGEST_PAUSE, 0.2 * 2.0 ** min(each.tries, 10)))
        return len(due)

    async def _hand_over(self, due: Sequence[Due]) -> dict[tuple[str, str], Record]:
        found: dict[tuple[str, str], Record] = {}
        for kind in sorted({each.kind for each in due}):
            ids = tuple(each.id for each in due if each.kind == kind)
            call: Call[Handed] = HAND_OVER[KINDS[kind]](kind=kind, ids=ids)  # type: ignore[assignment]
            handed = await self.ground.ports.peers.ask(call)
            found |= {(record.kind, record.id): record for record in handed.records}
        return found

    def _to_write(self, due: Due, records: Mapping[tuple[str, str], Record], fates: Fates) -> Record | None:
        record = records.get((due.kind, due.id))
        if record is None or (record.kind == "cart" and self._carts.get(record.id) == record):
            fates.written.append(due)  # it came and went before anyone asked, or is as it was
            return None
        return record

    async def _write(self, todo: Sequence[tuple[Due, Record]], fates: Fates) -> list[tuple[Due, Record]]:
        """Write these, several in one transaction; those whose aggregate another of them changes are left for the next."""
        works, left = await self._works(todo, fates)
        if not works:
            return left
        await self._read(works, fates)
        await self._change([work for work in works if work.rows is not None], fates)
        wanted = [work for work in works if work.wanted]
        await self._send(wanted, fates)
        for work in works:
            if work.new is None or work.failed:
                continue
            if work.lost:
                told = "the legacy shop cannot hold all of it: " + "; ".join(work.lost)
                fates.flagged.append((work.due, told, True))
            else:
                fates.written.append(work.due)
                self._remember(work.record)
        return left

    async def _works(
        self, todo: Sequence[tuple[Due, Record]], fates: Fates
    ) -> tuple[list["Work"], list[tuple[Due, Record]]]:
        works, left, taken = [], [], set()
        refs = await self._settled([partial(self.ground.adapter.ref, record) for _, record in todo])
        for (due, record), ref in zip(todo, refs, strict=True):
            if isinstance(ref, Exception):
                self._failed(due, ref, fates)
            elif ref is None:  # the legacy shop has no place for it
                fates.written.append(due)
            elif ref in taken:
                left.append((due, record))
            else:
                taken.add(ref)
                works.append(Work(due, record, ref))
        return works, left

    async def _read(self, works: Sequence["Work"], fates: Fates) -> None:
        """Each aggregate's rows as they are."""
        known: dict[Ref, dict[str, list[Values]]] = {}
        for work in works:
            try:
                known[work.ref] = await self._hidden(work.ref)
            except Refusal as error:
                self._failed(work.due, error, fates)
                work.failed = True
        open_ = [work for work in works if not work.failed]
        found = await asyncio.to_thread(self._rows_now, [work.ref for work in open_], known)
        for work, rows in zip(open_, found, strict=True):
            if isinstance(rows, Exception):
                self._failed(work.due, rows, fates)
                work.failed = True
            else:
                work.rows = rows

    async def _change(self, works: Sequence["Work"], fates: Fates) -> None:
        """What the rows have to be, and what of the records they cannot say."""
        adapter, tables = self.ground.adapter, self.ground.tables
        made = await self._settled([partial(_rows_of, adapter, work) for work in works])
        for work, new in zip(works, made, strict=True):
            if isinstance(new, Exception):
                self._failed(work.due, new, fates)
                continue
            try:
                work.wanted = list(statements(work.rows or {}, new, tables, self.owned))
            except Unwritable as error:
                self._failed(work.due, error, fates)
                continue
            work.new = new
        done = [work for work in works if work.new is not None]
        lost = await self._settled([partial(_lost_of, adapter, work, tables) for work in done])
        for work, said in zip(done, lost, strict=True):
            if isinstance(said, Exception):
                self._failed(work.due, said, fates)
                work.failed, work.wanted = True, []
            else:
                work.lost = said

    async def _send(self, works: Sequence["Work"], fates: Fates) -> None:
        """All in one transaction; where a statement of it is refused, each by itself."""
        if not works:
            return
        try:
            place = await asyncio.to_thread(self._apply, [each for work in works for each in work.wanted])
        except SqlError as error:
            if len(works) > 1:
                for work in works:
                    await self._send([work], fates)
                return
            self._failed(works[0].due, error, fates)
            works[0].failed = True
        except Relieved:
            raise
        except Refusal as error:
            for work in works:
                self._failed(work.due, error, fates)
                work.failed = True
        else:
            for work in works:
                self._homecoming[work.ref] = place
                self.statements += len(work.wanted)

    def _failed(self, due: Due, error: Exception, fates: Fates) -> None:
        """A record that does not go back: for good, with why, or not just now."""
        if isinstance(error, (Unwritable, Unreadable, ValidationError, ValueError)):
            fates.flagged.append((due, _words(error), False))
        elif isinstance(error, SqlError):
            if error.code in _PASSING:
                fates.later.append(due)
            else:
                fates.flagged.append((due, f"the legacy database refuses it: {error.message} ({error.code})", False))
        elif isinstance(error, Relieved):
            raise error
        elif isinstance(error, Refusal):
            _log.info("a record goes back later", extra={"kind": due.kind, "id": due.id, "why": error.detail})
            fates.later.append(due)
        else:  # one record that an adapter stumbles over must not hold up the others
            _log.warning("a record does not go back", extra={"kind": due.kind, "id": due.id, "why": repr(error)[:300]})
            fates.flagged.append((due, f"it cannot be written back: {error!r}"[:500], False))

    async def _settled(self, works: Sequence[Callable[[Stock], T]]) -> list[T | Exception]:
        """Do these until all they ask for is known; what they miss is provided for all at once."""
        lookups = self.ground.lookups
        made: dict[int, T | Exception] = {}
        for _ in range(_ROUNDS):
            missing = Missed()
            for place, work in enumerate(works):
                if place in made:
                    continue
                try:
                    done, missed = lookups.attempt(work)
                except Exception as error:
                    made[place] = error
                    continue
                if missed:
                    missing.add(missed)
                else:
                    made[place] = done
            if len(made) == len(works):
                break
            await lookups.provide(missing)
        strange = Unreadable("what is asked for is another thing each time")
        return [made.get(place, strange) for place in range(len(works))]

    def _remember(self, record: Record) -> None:
        if record.kind == "cart":
            if len(self._carts) >= REMEMBERED:
                self._carts.clear()
            self._carts[record.id] = record

    async def _hidden(self, ref: Ref) -> dict[str, list[Values]]:
        """Keys of rows that only the mirror can find: once it has heard of what we wrote last."""
        hidden = [each for each in self.ground.mirrors.of_kind(ref.kind) if not named(each, ref.kind)]
        if hidden:
            await self._await_homecoming(ref)
        known: dict[str, list[Values]] = {}
        for each in hidden:
            found = await mirror.of_parents(self.ground.ports.db, each.number, [ref.key])
            images = [unpack(image) for _, image in found]
            known[each.use.table] = [tuple(image[place] for place in each.table.key_places) for image in images]
        return known

    async def _await_homecoming(self, ref: Ref) -> None:
        wanted = self._homecoming.get(ref, 0)
        for _ in range(100):
            checkpoint = await checkpoints.read(self.ground.ports.db)
            if checkpoint is None or checkpoint.at >= wanted:
                self._homecoming.pop(ref, None)
                return
            await self.ground.ports.clock.sleep(0.02)
        raise Conflict("the stream has not yet heard of what was written last", code="stream_behind")

    # ---- in a thread ---------------------------------------------------------------------------------------------

    def _open(self) -> Connection:
        if self._con is None or not self._con.wire.open:
            row = self.ground.row
            self._con = self.ground.source.connect(
                **{"server_id": row.way_back_id, "@banyan_pass": row.pass_, "innodb_lock_wait_timeout": 5}
            )
        return self._con

    def _take_pen(self) -> None:
        con = self._open()
        changed = con.execute(f"UPDATE {ROW} SET writer = %s WHERE group_name = %s AND closed", self._token, self.group)
        if not changed:
            raise Relieved(f"the fence of {self.group} is open: nothing goes back")

    def _rows_now(
        self, refs: Sequence[Ref], known: Mapping[Ref, Mapping[str, Sequence[Values]]]
    ) -> list[Rows | Exception]:
        found: list[Rows | Exception] = []
        for ref in refs:
            try:
                found.append(rows_now(self._open(), self.ground.mirrors.of_kind(ref.kind), ref, known[ref]))
            except (SqlError, Refusal, Unreadable) as error:
                found.append(error)
        return found

    def _apply(self, wanted: Sequence[bytes]) -> int:
        """One transaction; where the log ended after it. Nothing of it is done where a statement is refused."""
        con = self._open()
        con.execute("START TRANSACTION")
        try:
            found = con.query(f"SELECT closed, writer FROM {ROW} WHERE group_name = %s LOCK IN SHARE MODE", self.group)
            if found != [(b"1", self._token.encode())]:
                raise Relieved(f"another process writes {self.group} back, or its fence is open")
            for statement in wanted:
                con.execute(statement)
            con.execute("COMMIT")
        except BaseException:
            with suppress(Exception):
                con.execute("ROLLBACK")
            raise
        place = head(con)
        return self.ground.row.lineage << 56 | place.number << 36 | place.offset

    def _case(self, due: Due, why: str) -> quarantine.Case:
        id_ = self.ground.ports.ids.new("qua")
        return quarantine.Case(id_, due.kind, due.id, self.group, why.replace("\x00", " "), 0, WAY_BACK)


def _rows_of(adapter: Adapter, work: Work, stock: Stock) -> NewRows:
    return adapter.rows(work.ref, work.record, work.rows or {}, stock)


def _lost_of(adapter: Adapter, work: Work, tables: Mapping[str, Table], stock: Stock) -> tuple[str, ...]:
    """Asked of the rows as they will be: an adapter that takes and lets go of names then sees one state, not two."""
    then = {name: [Row(tables[name], values) for values in found] for name, found in (work.new or {}).items()}
    return adapter.lost(work.ref, work.record, then, stock)


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
    return str(error)[:500]

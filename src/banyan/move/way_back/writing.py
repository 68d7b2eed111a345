"""Changed aggregates of ours, written to the legacy tables: as they are now, the columns that differ, some in a transaction."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from banyan.contracts import Call
from banyan.contracts.legacy import HAND_OVER, KINDS, Handed, ProductRecord, Record
from banyan.foundation.db import Tx
from banyan.kernel.refusals import Refusal
from banyan.move.delivering.lookups import Missed
from banyan.move.legacy import Adapter, NewRows, Ref, Stock, Unwritable
from banyan.move.rows import Row, Table, Unreadable
from banyan.move.source import SqlError
from banyan.move.storage import back, groups
from banyan.move.storage.back import Due
from banyan.move.way_back.differing import Owned, statements
from banyan.move.way_back.fates import Fates, Work
from banyan.move.way_back.first import early
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.homecoming import Homecoming
from banyan.move.way_back.pen import Pen, Relieved
from banyan.move.way_back.reading import Known

__all__ = ["Relieved", "Writer"]

T = TypeVar("T")
BATCH = 100  # aggregates looked at in one go
_BREATH = 10  # of them worked on before others get a turn
REMEMBERED = 20_000  # carts
_ROUNDS = 6
Todo = Sequence[tuple[Due, Record]]


@dataclass(slots=True)
class Writer:
    """Writes one group's aggregates back. `statements` counts what was sent to the legacy database."""

    ground: Ground
    group: str
    owned: Owned
    statements: int = 0
    _pen: Pen = field(init=False)
    _home: Homecoming = field(init=False)
    _begun: set[str] = field(default_factory=set)  # SKUs of products of which something is new there
    _carts: dict[str, Record] = field(default_factory=dict)  # as they were last written: carts are told of repeatedly

    def __post_init__(self) -> None:
        self._pen = Pen(self.ground, self.group, self.ground.ports.ids.new("pen"))
        self._home = Homecoming(self.ground)

    async def take_pen(self) -> None:
        """Be the one who writes. Relieved when the fence is open."""
        self._home.begin(await asyncio.to_thread(self._pen.take))

    async def close(self) -> None:
        await asyncio.to_thread(self._pen.close)

    async def once(self) -> int:
        """Write what is due now; how many aggregates were looked at. Relieved when it is no longer ours to write."""
        ports = self.ground.ports
        due = await back.next_of(ports.db, self.group, BATCH)
        if not due:
            return 0
        fates = Fates()
        records = await self._hand_over(due)
        todo: Todo = [(each, record) for each in due if (record := self._to_write(each, records, fates)) is not None]
        waiting = await early(self.ground, todo)
        fates.later += [each for each, record in todo if record.id in waiting]
        todo = [each for each in todo if each[1].id not in waiting]
        while todo:
            todo = await self._write(todo, fates)
        try:
            await self._home.looked_up()  # other groups' writers look it up as well
        except Refusal:
            fates.later, fates.written = [*fates.later, *fates.written], []
        async with ports.db.transaction() as tx:
            await fates.keep(tx, self.group, ports.ids.new)
            if fates.written:
                await self._mark_stock(tx)
        if fates.written:
            self._begun.clear()
        return len(due)

    async def _mark_stock(self, tx: Tx) -> None:
        """Of a product that is new there nobody could write down what lies on the shelf before; now its SKUs have a place."""
        whose = {view.group for use in self.ground.adapter.uses.values() for view in use.views if view.kind == "stock"}
        now = self.ground.ports.clock.now()
        for name in sorted(whose) if self._begun else ():
            group = await groups.one(tx, name)
            if group is not None and group.owner == "new" and group.way_back_from is not None:
                await back.mark(tx, name, {("stock", sku): now for sku in self._begun})

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

    async def _write(self, todo: Todo, fates: Fates) -> Todo:
        """Write these, several in one transaction. Left for the next: those whose aggregate another of them changes, and
        what looks up what is written now."""
        try:
            await self._home.looked_up()
        except Refusal as error:
            for due, _ in todo:
                fates.failed(due, error)
            return ()
        now, left = self._first(todo)
        works, again = await self._works(now, fates)
        await self._read(works, fates)
        await self._change([work for work in works if not work.failed], fates)
        await self._send([work for work in works if work.wanted], fates)
        done = [work for work in works if not work.failed]
        fates.ended(done)
        for work in done:
            if not work.lost:
                self._remember(work.record)
            if isinstance(work.record, ProductRecord) and _has_more(work):
                self._begun |= {each.sku for each in work.record.variants}
        return [*again, *left]

    def _first(self, todo: Todo) -> tuple[Todo, Todo]:
        """What others look up goes before them: categories and brands, and of categories those above."""
        adapter = self.ground.adapter
        kinds = {view.kind for use in adapter.uses.values() if use.reference for view in use.views}
        ids = {record.id for _, record in todo}
        looked_up = [each for each in todo if each[1].kind in kinds]
        first = [each for each in looked_up if getattr(each[1], "parent_id", None) not in ids] or looked_up
        return (first, [each for each in todo if each not in first]) if first else (todo, ())

    async def _works(self, todo: Todo, fates: Fates) -> tuple[list[Work], Todo]:
        works, left, taken = [], [], set()
        refs = await self._settled([partial(self.ground.adapter.ref, record) for _, record in todo])
        for (due, record), ref in zip(todo, refs, strict=True):
            if isinstance(ref, Exception):
                fates.failed(due, ref)
            elif ref is None:  # the legacy shop has no place for it
                fates.written.append(due)
            elif ref in taken:
                left.append((due, record))
            else:
                taken.add(ref)
                works.append(Work(due, record, ref))
        return works, left

    async def _read(self, works: Sequence[Work], fates: Fates) -> None:
        """Each aggregate's rows as they are."""
        told = await self._home.hidden([work.ref for work in works])
        known: dict[Ref, Known] = {}
        for work in works:
            found = told[work.ref]
            if isinstance(found, Refusal):
                fates.over(work, found)
            else:
                known[work.ref] = found
        open_ = [work for work in works if not work.failed]
        read = await asyncio.to_thread(self._pen.read, [work.ref for work in open_], known)
        for work, rows in zip(open_, read, strict=True):
            if isinstance(rows, Exception):
                fates.over(work, rows)
            else:
                work.rows = rows

    async def _change(self, works: Sequence[Work], fates: Fates) -> None:
        """What the rows have to be, and what of the records they cannot say."""
        adapter, tables = self.ground.adapter, self.ground.tables
        made = await self._settled([partial(_rows_of, adapter, work) for work in works])
        for work, new in zip(works, made, strict=True):
            if isinstance(new, Exception):
                fates.over(work, new)
                continue
            try:
                work.wanted = list(statements(work.rows or {}, new, tables, self.owned))
            except Unwritable as error:
                fates.over(work, error)
            else:
                work.new = new
        done = [work for work in works if work.new is not None]
        lost = await self._settled([partial(_lost_of, adapter, work, tables) for work in done])
        for work, said in zip(done, lost, strict=True):
            if isinstance(said, Exception):
                fates.over(work, said)
            else:
                work.lost = said

    async def _send(self, works: Sequence[Work], fates: Fates) -> None:
        """All in one transaction; where a statement of it is refused, each by itself."""
        if not works:
            return
        try:
            place = await asyncio.to_thread(self._pen.write, [each for work in works for each in work.wanted])
        except SqlError as error:
            if len(works) > 1:
                for work in works:
                    await self._send([work], fates)
            else:
                fates.over(works[0], error)
        except Refusal as error:
            for work in works:
                fates.over(work, error)
        else:
            self._home.wrote(works, place)
            self.statements += sum(len(work.wanted) for work in works)

    async def _settled(self, works: Sequence[Callable[[Stock], T]]) -> list[T | Exception]:
        """Do these until all they ask for is known; what they miss is provided for all at once."""
        lookups = self.ground.lookups
        made: dict[int, T | Exception] = {}
        for _ in range(_ROUNDS):
            missing = Missed()
            for place, work in enumerate(works):
                if place in made:
                    continue
                if place % _BREATH == _BREATH - 1:
                    await asyncio.sleep(0)
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


def _has_more(work: Work) -> bool:
    """Whether something of it is new there, as a variant may be."""
    was = work.rows or {}
    return any(len(found) > len(was.get(name, ())) for name, found in (work.new or {}).items())


def _rows_of(adapter: Adapter, work: Work, stock: Stock) -> NewRows:
    return adapter.rows(work.ref, work.record, work.rows or {}, stock)


def _lost_of(adapter: Adapter, work: Work, tables: Mapping[str, Table], stock: Stock) -> tuple[str, ...]:
    """Asked of the rows as they will be: an adapter that takes and lets go of names then sees one state, not two."""
    then = {name: [Row(tables[name], values) for values in found] for name, found in (work.new or {}).items()}
    return adapter.lost(work.ref, work.record, then, stock)

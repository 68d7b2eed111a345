"""Changed aggregates of ours, written to the legacy tables: as they are now, the columns that differ, in one transaction each.

Our transactions carry a server id of their own, by which the stream knows them when they come home, and the pass that the
fence lets through. Each looks, with a lock, whether the fence is still closed and this process still the one that writes:
one that was taken for dead and wakes up writes nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import ValidationError

from banyan.contracts import Call
from banyan.contracts.legacy import HAND_OVER, KINDS, Handed, Record
from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.legacy import Ref, Rows, Unwritable
from banyan.move.rows import Row, Unreadable, Values, unpack
from banyan.move.source import Connection, SqlError, head
from banyan.move.storage import back, checkpoints, mirror, quarantine
from banyan.move.storage.back import WAY_BACK, Due
from banyan.move.way_back.differing import Owned, statements
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.reading import named, rows_now

BATCH = 50  # aggregates looked at in one go
ROW = "banyan_fence"  # made by cutover.fence, which stands above this room
REMEMBERED = 20_000  # carts
LONGEST_PAUSE = 30.0  # seconds until what failed is tried again
# The server, not the value: a lock, a deadlock, a line that broke, a disk that is full, a server that goes down.
_PASSING = {1021, 1040, 1053, 1205, 1213, 1290, 1317, 1836, 1969, 3024}
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
        for each in due:
            await self._one(each, records.get((each.kind, each.id)), fates)
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

    async def _one(self, due: Due, record: Record | None, fates: Fates) -> None:
        if record is None:  # nobody ever knew it: it came and went before anyone asked
            fates.written.append(due)
            return
        if record.kind == "cart" and self._carts.get(record.id) == record:
            fates.written.append(due)
            return
        try:
            lost = await self._write(record)
        except (Unwritable, Unreadable, ValidationError, ValueError) as error:
            fates.flagged.append((due, _words(error), False))
        except SqlError as error:
            if error.code in _PASSING:
                fates.later.append(due)
            else:
                fates.flagged.append((due, f"the legacy database refuses it: {error.message} ({error.code})", False))
        except Relieved:
            raise
        except Refusal as error:
            _log.info("a record goes back later", extra={"kind": due.kind, "id": due.id, "why": error.detail})
            fates.later.append(due)
        except Exception as error:  # one record that an adapter stumbles over must not hold up the others
            _log.warning("a record does not go back", extra={"kind": due.kind, "id": due.id, "why": repr(error)[:300]})
            fates.flagged.append((due, f"it cannot be written back: {error!r}"[:500], False))
        else:
            if lost:
                fates.flagged.append((due, "the legacy shop cannot hold all of it: " + "; ".join(lost), True))
            else:
                fates.written.append(due)
                self._remember(record)

    def _remember(self, record: Record) -> None:
        if record.kind == "cart":
            if len(self._carts) >= REMEMBERED:
                self._carts.clear()
            self._carts[record.id] = record

    async def _write(self, record: Record) -> tuple[str, ...]:
        """Write one record; what of it has no place there."""
        ground = self.ground
        ref = await ground.lookups.settled(lambda stock: ground.adapter.ref(record, stock))
        if ref is None:
            return ()
        rows = await self._rows_now(ref)

        new = await ground.lookups.settled(lambda stock: ground.adapter.rows(ref, record, rows, stock))
        # Asked of the rows as they will be: an adapter that takes and lets go of names then sees one state, not two.
        then = {name: [Row(ground.tables[name], values) for values in found] for name, found in new.items()}
        lost = await ground.lookups.settled(lambda stock: ground.adapter.lost(ref, record, then, stock))
        wanted = list(statements(rows, new, ground.tables, self.owned))
        if wanted:
            self._homecoming[ref] = await asyncio.to_thread(self._apply, wanted)
            self.statements += len(wanted)
        return lost

    async def _rows_now(self, ref: Ref) -> Rows:
        """The aggregate's rows. Those that only the mirror can find: once it has heard of what we wrote last."""
        tables = self.ground.mirrors.of_kind(ref.kind)
        hidden = [each for each in tables if not named(each, ref.kind)]
        known: dict[str, list[Values]] = {}
        if hidden:
            await self._await_homecoming(ref)
        for each in hidden:
            found = await mirror.of_parents(self.ground.ports.db, each.number, [ref.key])
            images = [unpack(image) for _, image in found]
            known[each.use.table] = [tuple(image[place] for place in each.table.key_places) for image in images]
        return await asyncio.to_thread(lambda: rows_now(self._open(), tables, ref, known))

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

    def _apply(self, wanted: Sequence[bytes]) -> int:
        """One transaction; where the log ended after it."""
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


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
    return str(error)[:500]

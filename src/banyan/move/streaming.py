"""The stream: whole source transactions onto the mirror, with what they make due, the counters and the checkpoint in one
transaction. Nothing is read again because its event arrived: the row images are what counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from banyan.foundation.db import Db, Tx
from banyan.kernel.ids import Ids
from banyan.move.legacy import views
from banyan.move.rows import Change, Row, Transaction, Unreadable, Values, pack
from banyan.move.storage import checkpoints, dual, due, mirror, quarantine, tables
from banyan.move.storage.checkpoints import Checkpoint
from banyan.move.storage.mirror import Writes, too_long, words
from banyan.move.storage.tables import Counts, Mirrored, Mirrors

BATCH = 1_000  # changes
BATCH_BYTES = 8 << 20  # of row values held at a time


class Fate(Enum):
    """How a change counts. One that is APPLIED but not the last of its row in a batch is coalesced."""

    APPLIED = 1
    FILTERED = 2
    QUARANTINED = 3


@dataclass(frozen=True, slots=True)
class Write:
    """The last state of a key so far; no values: it is gone. `number` is that of the change which said so."""

    parent: str | None
    values: Values | None
    at: int
    number: int


@dataclass(slots=True)
class Slice:
    """What some changes come to."""

    writes: dict[int, dict[bytes, Write]] = field(default_factory=dict)
    fates: list[tuple[int, Fate]] = field(default_factory=list)  # of each change: its table, and how it counts
    due: dict[tuple[str, str], tuple[str, int, datetime | None]] = field(default_factory=dict)
    cases: dict[tuple[str, str], quarantine.Case] = field(default_factory=dict)
    solved: set[tuple[str, str]] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    kept: list[dual.Kept] = field(default_factory=list)  # changes of groups in dual mode, to look back at
    size: int = 0  # bytes of row values

    @property
    def full(self) -> bool:
        return len(self.fates) >= BATCH or self.size >= BATCH_BYTES

    def put(self, number: int, key: bytes, write: Write) -> None:
        self.writes.setdefault(number, {})[key] = write

    def counts(self) -> dict[int, Counts]:
        """seen = applied + coalesced + filtered + quarantined, by table."""
        last = {write.number for writes in self.writes.values() for write in writes.values()}
        found: dict[int, Counts] = {}
        for number, (table, fate) in enumerate(self.fates):
            counts = found.setdefault(table, Counts())
            counts.seen += 1
            if fate is Fate.QUARANTINED:
                counts.quarantined += 1
            elif fate is Fate.FILTERED:
                counts.filtered += 1
            elif number in last:
                counts.applied += 1
            else:
                counts.coalesced += 1
        return found


@dataclass(slots=True)
class Applier:
    """Applies transactions. `odd` are (table, key in words) of rows in quarantine: what comes for them may solve it."""

    db: Db
    ids: Ids
    mirrors: Mirrors
    way_back_id: int
    stream: str = checkpoints.BINLOG
    odd: set[tuple[str, str]] = field(default_factory=set)
    looked_back: frozenset[str] = frozenset()  # groups whose changes are kept, to look back at

    async def apply(self, was: Checkpoint, transactions: Sequence[Transaction], file: str) -> Checkpoint:
        """Apply whole transactions, those past `was`, in one of ours; the checkpoint it ends at.

        `file` is the name of the log's file the last one ends in. Overtaken when another worker moved the checkpoint.
        """
        new = [each for each in transactions if each.position.at > was.at]
        if not new:
            return was
        last = new[-1]
        when = datetime.fromtimestamp(last.at, UTC) if last.at else None
        at = last.position.at
        odd: set[tuple[str, str]] = set()
        async with self.db.transaction(seconds=3600) as tx:
            # First, so that a second worker waits here, and then finds that it was overtaken.
            await checkpoints.advance(tx, self.stream, was.at, at, gtid=last.gtid, file=file, committed_at=when)
            self.looked_back = await dual.kept_groups(tx)
            counts: dict[int, Counts] = {}
            for piece in self._slices(new):
                await self._write(tx, piece)
                _add(counts, piece.counts())
                odd |= set(piece.cases)
            if counts:
                await tables.count(tx, counts)
        self.odd |= odd
        return Checkpoint(at, last.gtid, file, when or was.committed_at, was.applied_at, None)

    def _slices(self, transactions: Iterable[Transaction]) -> Iterator[Slice]:
        """A transaction of a million rows is taken in pieces too: into one transaction of ours, never whole in memory."""
        piece = Slice()
        for transaction in transactions:
            for change in transaction.changes:
                mirrored = self.mirrors.by_name.get(change.table.name)
                if mirrored is None or not mirrored.watched:
                    continue
                piece.fates.append((mirrored.number, self._take(piece, transaction, mirrored, change)))
                if piece.full:
                    yield piece
                    piece = Slice()
        if piece.fates:
            yield piece

    def _take(self, piece: Slice, transaction: Transaction, mirrored: Mirrored, change: Change) -> Fate:
        if mirrored.use.keeps is not None:
            change = _without_secrets(mirrored, change)
            if change.before is None and change.after is None:
                return Fate.FILTERED
        number, at, table = len(piece.fates), transaction.position.at, mirrored.table
        before, after = change.before, change.after
        piece.size += sum(len(value) for value in after or () if value is not None)
        fate, parent = Fate.APPLIED, None
        new = None if after is None else table.key_of(after)
        old = new if before is None else table.key_of(before)
        try:
            if new is not None and len(new) > mirror.LONGEST_KEY:
                raise Unreadable(too_long(table.name, new))
            if after is not None and mirrored.use.views:
                parent = views.parent(mirrored.use, Row(table, after))
            if self._concern(piece, transaction, mirrored, change):
                fate = Fate.FILTERED
        except Unreadable as error:
            fate = self._put_aside(piece, mirrored, change, new or b"", str(error), at)
        else:
            self._solve(piece, mirrored, old, new)
        if old is not None and old != new and len(old) <= mirror.LONGEST_KEY:
            piece.put(mirrored.number, old, Write(None, None, at, number))
        if new is not None and len(new) <= mirror.LONGEST_KEY:
            piece.put(mirrored.number, new, Write(parent, after, at, number))
        elif new is None and old is not None and len(old) > mirror.LONGEST_KEY:
            fate = Fate.QUARANTINED  # it was never in the mirror
        return fate

    def _concern(self, piece: Slice, transaction: Transaction, mirrored: Mirrored, change: Change) -> bool:
        """Note whom a change concerns; True where it is noise, and concerns nobody by rule."""
        use, table = mirrored.use, mirrored.table
        if use.noise and views.is_noise(use, table, change.before, change.after):
            return True
        if transaction.server_id == self.way_back_id:  # our own way back: what we know need not be told
            return False
        at = transaction.position.at
        when = datetime.fromtimestamp(transaction.at, UTC) if transaction.at else None
        for kind, key, group in views.concerned(use, table, change.before, change.after):
            known = piece.due.get((kind, key))
            piece.due[kind, key] = (group, at, known[2] if known else when)
            if group in self.looked_back:
                piece.kept += _kept(kind, key, at, mirrored, change)
        if use.reference:
            piece.references.add(mirrored.name)
        return False

    def _put_aside(self, piece: Slice, mirrored: Mirrored, change: Change, key: bytes, why: str, at: int) -> Fate:
        place = (mirrored.name, words(key))
        image = None if change.after is None else pack(change.after)
        piece.solved.discard(place)
        piece.cases[place] = quarantine.Case(
            self.ids.new("qua"), "row", place[1], mirrored.group, why, at, mirrored.name, image
        )
        return Fate.QUARANTINED

    def _solve(self, piece: Slice, mirrored: Mirrored, *keys: bytes | None) -> None:
        if not self.odd and not piece.cases:
            return
        for key in keys:
            place = (mirrored.name, words(key or b""))
            if key is not None and (place in self.odd or place in piece.cases):
                piece.cases.pop(place, None)
                piece.solved.add(place)

    async def _write(self, tx: Tx, piece: Slice) -> None:
        """Everything of one slice; in the same order everywhere, so that two of us never wait for each other."""
        by_number = {each.number: each for each in self.mirrors}
        for number in sorted(piece.writes):
            await _write_rows(tx, by_number[number], piece.writes[number])
        if piece.due:
            await due.mark(tx, piece.due)
        if piece.kept:
            await dual.keep(tx, piece.kept)
        if piece.references:
            await due.references_changed(tx, piece.references, max(at for at in _ats(piece)))
        for table in {name for name, _ in piece.solved}:
            await quarantine.solve_rows(tx, table, [key for name, key in piece.solved if name == table])
        if piece.cases:
            await quarantine.put(tx, list(piece.cases.values()))


def _without_secrets(mirrored: Mirrored, change: Change) -> Change:
    """Rows that are not mirrored are none to us: one that becomes such a row is gone, one that was one is new."""
    before, after = (
        each if each is not None and views.kept(mirrored.use, mirrored.table, each) else None
        for each in (change.before, change.after)
    )
    return Change(change.table, before, after)


def _kept(kind: str, key: str, at: int, mirrored: Mirrored, change: Change) -> Iterator[dual.Kept]:
    """A change of a row's key is one that goes and one that comes."""
    before, after = change.before, change.after
    old = None if before is None else mirrored.table.key_of(before)
    new = None if after is None else mirrored.table.key_of(after)
    pieces = [(old, before, after)] if old == new else [(old, before, None), (new, None, after)]
    for row_key, *images in pieces:
        if row_key is not None:
            packed = (None if each is None else pack(each) for each in images)
            yield dual.Kept(kind, key, at, mirrored.use.table, row_key, *packed)


async def _write_rows(tx: Tx, mirrored: Mirrored, writes: dict[bytes, Write]) -> None:
    there, gone = Writes(), Writes()
    for key in sorted(writes):
        write = writes[key]
        if write.values is not None:
            there.put(key, write.parent, pack(write.values), write.at)
        elif mirrored.state == "live":
            gone.put(key, None, None, write.at)
        else:
            there.put(key, None, None, write.at)
    if mirrored.state != "live":
        return await mirror.hold(tx, mirrored.number, there)
    if gone.keys:
        await mirror.delete(tx, mirrored.number, gone)
    if there.keys:
        await mirror.upsert(tx, mirrored.number, there)


def _ats(piece: Slice) -> Iterator[int]:
    return (write.at for writes in piece.writes.values() for write in writes.values())


def _add(total: dict[int, Counts], more: dict[int, Counts]) -> None:
    for number, counts in more.items():
        sum_ = total.setdefault(number, Counts())
        for name in Counts.__slots__:
            setattr(sum_, name, getattr(sum_, name) + getattr(counts, name))


def batches(transactions: Sequence[Transaction]) -> Iterator[list[Transaction]]:
    """Transactions in runs of about BATCH changes, cut only between them."""
    run: list[Transaction] = []
    size = 0
    for transaction in transactions:
        run.append(transaction)
        size += 1 + len(transaction.changes)
        if size >= BATCH:
            yield run
            run, size = [], 0
    if run:
        yield run

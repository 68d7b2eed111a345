"""The tables that the log names, and the rows that follow them. Whoever watches a table gets every row of it whole, or a Halt."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from banyan.move.binlog import plans, table_map
from banyan.move.binlog.halts import Halt, SchemaChanged
from banyan.move.binlog.held import UPDATE, Event, Held, Plan
from banyan.move.binlog.likeness import difference
from banyan.move.binlog.table_map import Mapped, TableMap, UnknownType
from banyan.move.rows import Table
from banyan.move.source.wire import counted

Watch = Callable[[str], Table | None]
"""A table by its name in the source's database, if it matters."""
_NOT_TRANSACTIONAL = frozenset(("myisam", "aria", "memory", "mrg_myisam", "archive", "csv"))
_DUMMY_TABLE = b"\xff\xff\xff\x00\x00\x00"  # ends a statement whose rows nobody has
_KNOWN = 5000


@dataclass(slots=True)
class Known:
    """What is known of a table map: how to read its rows in full, or that nobody watches it."""

    table: Table | None = None
    plan: Plan | None = None
    map: TableMap | None = None
    name: str = ""  # of the table if it is of our database
    counts: dict[bytes, plans.Count | None] = field(default_factory=dict)


class Maps:
    """`here` says in words where the log is read."""

    def __init__(
        self, database: str, watch: Watch, charsets: Mapping[int, str], own_types: bool, here: Callable[[], str]
    ) -> None:
        self._database, self._watch, self._charsets = database.lower(), watch, charsets
        self._own_types, self._here = own_types, here
        self._known: dict[bytes, Known] = {}  # by the map's bytes
        self._by_number: dict[bytes, Known] = {}

    def forget_numbers(self) -> None:
        """A new file: the server may have been started anew, and count its tables from one."""
        self._by_number.clear()

    def learn(self, number: bytes, body: bytes) -> None:
        """Take in a table map. SchemaChanged when a watched table is not what it was."""
        known = self._known.get(body)
        if known is None or (known.name and known.table is not self._watch(known.name)):
            if len(self._known) > _KNOWN:
                self._known.clear()
            known = self._known[body] = self._learn(body)
        self._by_number[number] = known

    def rows(self, held: Held, number: bytes, kind: int, packet: bytes, at: int, end: int, packed: bool) -> None:
        """Add the rows of an event to what the transaction did; `at` is where its number of columns stands."""
        known = self._by_number.get(number)
        if known is None:
            if number == _DUMMY_TABLE:
                return None
            raise Halt(f"the log has rows at {self._here()} of a table that it did not name before")
        if not known.name:
            return None
        count = packet[at]
        if count < 0xFB:
            at += 1
        else:
            count, at = counted(packet, at)
        size = (count + 7) // 8
        present = after = packet[at : at + size]
        at += size
        if kind == UPDATE:
            after = packet[at : at + size]
            at += size
        if packed:
            packet, at = inflated(packet, at, end), 0
            end = len(packet)
        if known.plan is None:
            return _count(known, held, kind, present, after, packet, at, end)
        everything = (1 << count) - 1
        if int.from_bytes(present, "little") & everything != everything or after != present:
            raise Halt(
                f"rows of {known.name} at {self._here()} are not whole: SET GLOBAL binlog_row_image='FULL' (and for "
                "sessions that set their own), and copy that table afresh"
            )
        held.add(Event(known.plan, kind, packet, at, end))

    def _learn(self, body: bytes) -> Known:
        schema, name = table_map.names(body)
        if schema.lower() != self._database:
            return Known()
        table = self._watch(name)
        try:
            found = table_map.read(body, own_types=self._own_types)
        except UnknownType as error:
            if table is None:
                return Known(name=name)
            raise Halt(f"rows of {name} at {self._here()} cannot be read: {error}") from None
        if table is None:
            return Known(None, None, found, name)
        if not found.named:
            raise Halt(
                f"the log does not name the columns of {name} at {self._here()}: SET GLOBAL binlog_row_metadata='FULL', "
                "and go on from the position after that"
            )
        why = difference(found, table, self._charsets)
        if why:
            raise SchemaChanged(name, f"{name} {why} (at {self._here()})")
        return Known(table, self._plan(found.columns, table), found, name)

    def _plan(self, mapped: tuple[Mapped, ...], table: Table) -> Plan:
        columns = {column.name: column for column in table.columns}
        try:
            pieces = plans.pieces_of(mapped, columns)
        except UnknownType as error:
            raise Halt(f"rows of {table.name} at {self._here()} cannot be read: {error}") from None
        transactional = table.engine.lower() not in _NOT_TRANSACTIONAL
        return Plan(table, plans.reader(pieces), plans.counter(pieces), transactional)


def _count(known: Known, held: Held, kind: int, present: bytes, after: bytes, packet: bytes, at: int, end: int) -> None:
    """Rows of a table nobody watches are counted where that can be done."""
    if present != after or known.map is None:
        return
    if present not in known.counts:
        bits = int.from_bytes(present, "little")
        there = [column for place, column in enumerate(known.map.columns) if bits >> place & 1]
        try:
            known.counts[present] = plans.counter([plans.read_piece(column, None) for column in there])
        except UnknownType:
            known.counts[present] = None
    count = known.counts[present]
    if count is not None:
        held.count(known.name, count(packet, at, end) // (2 if kind == UPDATE else 1))


def inflated(packet: bytes, at: int, end: int) -> bytes:
    """What MariaDB compressed: a byte that says how, the size, highest byte first, and zlib's bytes."""
    how = packet[at]
    if how & 0xF0 != 0x80:
        raise Halt("the log has a compressed event whose method is not known")
    try:
        return zlib.decompress(packet[at + 1 + (how & 7) : end])
    except zlib.error as error:
        raise Halt(f"the log has a compressed event that cannot be read: {error}") from None

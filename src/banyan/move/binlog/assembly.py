"""From the log's events to whole transactions: what was committed comes out, in order; what was not, does not.

Positions are counted here, event by event: MariaDB 11.4 and later write none inside a transaction. An event nobody has told
us of, a statement that may have changed watched rows, an incomplete row: each is a Halt, none is passed over.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from banyan.move.binlog import statements
from banyan.move.binlog.halts import Emptied, Halt, LogGone, SchemaChanged
from banyan.move.binlog.held import DELETE, UPDATE, WRITE, Held
from banyan.move.binlog.maps import Maps, Watch, inflated
from banyan.move.binlog.statements import Deed, Statement
from banyan.move.rows import Position, Transaction
from banyan.move.source import file_number

LookBack = Callable[[str], Held | None]
"""Finds what an XA transaction did that was prepared before the stream began."""
_header = Struct("<IBIIIH").unpack_from  # time, type, server, size, position after it, flags
BODY = 20  # where an event's body begins in its packet: after a byte for OK and its header
_ARTIFICIAL, _M32 = 0x20, 0xFFFFFFFF
_STANDALONE = 1  # a flag of MariaDB's Gtid event: one statement, no COMMIT follows


def _before_zero() -> int:
    """The checksum after which a zero byte gives the checksum of nothing: so an event is checked with its OK byte, uncut."""
    for low in range(256):
        turned = 0xFFFFFFFF ^ zlib.crc32(bytes((low,)), 0xFFFFFFFF) ^ 0xFFFFFFFF
        if not turned >> 24:
            return (turned << 8 | low) ^ 0xFFFFFFFF
    raise AssertionError("unreachable: some low byte gives a high byte of zero")


_BEFORE = _before_zero()
_RESIDUE = 0x2144DF1C  # of any message followed by its own CRC-32


@dataclass(slots=True)
class Place:
    """Where one could go on: the end of the last transaction, or a place between two."""

    file: str
    offset: int
    gtid: str = ""


class Assembly:
    """Feed it packets of a binlog dump; take the transactions it has `done`.

    `after` is where the stream was asked to begin; transactions up to there are not given again. `prepared`: XA
    transactions between their PREPARE and their COMMIT, by name.
    """

    def __init__(
        self,
        database: str,
        watch: Watch,
        charsets: Mapping[int, str],
        after: Place,
        lineage: int,
        *,
        own_types: bool = True,
        look_back: LookBack | None = None,
    ) -> None:
        self.database, self.watch, self.lineage, self._look_back = database, watch, lineage, look_back
        self.place = after  # the end of the last thing that was done
        self.done: list[Transaction] = []
        self.bytes = 0  # of the row events of what is done
        self.prepared: dict[str, Held] = {}  # XA transactions between PREPARE and COMMIT
        self.checksums = False
        self._begun = False  # whether the file's description has come
        self.file, self.number, self.offset = after.file, file_number(after.file), after.offset
        self._from = (self.number, after.offset)
        self._named_in = re.compile(rf"(?<![\w$])`?{re.escape(database)}`?\s*\.", re.IGNORECASE).search
        self._held: Held | None = None  # of the transaction under way
        self._standalone = False
        self._gtid = after.gtid
        self._time = self._server = 0
        self._maps = Maps(database, watch, charsets, own_types, self._here)
        self._handlers = self._all_handlers()

    def feed(self, packet: bytes) -> None:
        """Take in one event."""
        time, kind, server, size, after, flags = _header(packet, 1)
        end = len(packet)
        if self.checksums or not self._begun:
            end = self._checked(packet, kind)
        if kind not in (27, 41) and not flags & _ARTIFICIAL and (after or kind != 15):
            offset = self.offset + size
            self.offset = offset if not after or after == offset & _M32 else self._real(after)
        handler = self._handlers.get(kind)
        if handler is None:
            raise Halt(f"the binlog has an event of type {kind} at {self._here()}, which is not known to the mover")
        self._time, self._server = time, server
        handler(packet, end)

    def _checked(self, packet: bytes, kind: int) -> int:
        """Where the event ends before its checksum."""
        fits = zlib.crc32(packet, _BEFORE) == _RESIDUE
        if not self._begun and kind == 15:
            self.checksums = packet[-5] == 1
            return len(packet) - 5
        if not fits and self.checksums:
            raise Halt(f"an event of the binlog at {self._here()} arrived damaged: its checksum is wrong")
        return len(packet) - 4 if fits else len(packet)

    def _real(self, after: int) -> int:
        """The position the server says: 32 bits of it, and something that is not sent may lie between."""
        offset = self.offset & ~_M32 | after
        if offset < self.offset:
            offset += 1 << 32
        if offset - self.offset > 1 << 31:
            raise Halt(f"the binlog's positions go back from {self._here()} to {after}")
        return offset

    def _here(self) -> str:
        return f"{self.file}:{self.offset}"

    def _position(self) -> Position:
        return Position(self.lineage, self.number, self.offset)

    def _all_handlers(self) -> dict[int, Callable[[bytes, int], None]]:
        def nothing(packet: bytes, end: int) -> None: ...

        def rows(kind: int, extra: bool, packed: bool = False) -> Callable[[bytes, int], None]:
            return lambda packet, end: self._rows(packet, end, kind, extra, packed)

        handlers: dict[int, Callable[[bytes, int], None]] = dict.fromkeys(
            # STOP INTVAR RAND USER_VAR, parts of LOAD DATA, HEARTBEAT IGNORABLE ROWS_QUERY HEARTBEAT_2 ANNOTATE START_ENCRYPTION
            (3, 5, 13, 14, 9, 11, 17, 27, 28, 29, 41, 160, 164),
            nothing,
        )
        handlers |= dict.fromkeys((35, 161, 163), self._between)  # PREVIOUS_GTIDS BINLOG_CHECKPOINT GTID_LIST
        handlers |= {2: self._query, 4: self._rotate, 15: self._description, 16: self._xid, 18: self._load}
        handlers |= {
            19: self._table_map,
            26: self._incident,
            33: self._gtid_mysql,
            34: self._gtid_mysql,
            38: self._prepare,
        }
        handlers |= {162: self._gtid_mariadb, 165: self._query_compressed, 40: self._payload}
        for first, extra, packed in ((23, False, False), (30, True, False), (166, False, True), (169, True, True)):
            for kind in (WRITE, UPDATE, DELETE):
                handlers[first + kind] = rows(kind, extra, packed)
        return handlers

    # Files

    def _rotate(self, packet: bytes, end: int) -> None:
        self._abandon()
        self.offset = int.from_bytes(packet[BODY : BODY + 8], "little")
        self.file = packet[BODY + 8 : end].decode()
        try:
            self.number = file_number(self.file)
        except ValueError:
            raise Halt(f"the binlog goes on in a file named {self.file}, which has no number") from None
        self._maps.forget_numbers()  # the server may have been started anew, and count its tables from one

    def _description(self, packet: bytes, end: int) -> None:
        self._begun = True
        self.checksums = packet[-5] == 1
        self._maps.forget_numbers()
        self._between(packet, end)

    def _between(self, packet: bytes, end: int) -> None:
        """Nothing happened but that the log is further on; what waits for a position should know."""
        if self._held is None:
            self._finish([], {})

    def _abandon(self) -> None:
        """The server died inside a transaction: what can be rolled back was, the rest was done."""
        held, self._held = self._held, None
        if held is not None:
            held.roll_back()
            if held.events:
                raise Halt(
                    f"the server stopped in the middle of a statement on {held.events[0].plan.table.name} (MyISAM) at "
                    f"{self._here()}: which of its rows were written, the binlog does not say. Copy that table afresh"
                )

    # Bounds of transactions

    def _gtid_mariadb(self, packet: bytes, end: int) -> None:
        number, domain, flags = (
            int.from_bytes(packet[20:28], "little"),
            int.from_bytes(packet[28:32], "little"),
            packet[32],
        )
        self._gtid = f"{domain}-{self._server}-{number}"
        self._standalone = bool(flags & _STANDALONE)
        self._held = Held()

    def _gtid_mysql(self, packet: bytes, end: int) -> None:
        server, number = packet[21:37].hex(), int.from_bytes(packet[37:45], "little")
        if number:
            self._gtid = f"{server[:8]}-{server[8:12]}-{server[12:16]}-{server[16:20]}-{server[20:]}:{number}"
        self._standalone = True  # until BEGIN says otherwise
        self._held = Held()

    def _xid(self, packet: bytes, end: int) -> None:
        self._commit()

    def _commit(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return self._finish([], {})
        self.bytes += held.size
        changes, seen = held.changes()
        self._finish(changes, seen)

    def _finish(self, changes: object, seen: dict[str, int]) -> None:
        self._held = None
        place = self.place
        if (self.number, self.offset) <= self._from:
            return
        place.file, place.offset, place.gtid = self.file, self.offset, self._gtid
        position = Position(self.lineage, self.number, self.offset)
        self.done.append(Transaction(position, self._gtid, self._time, self._server, changes, seen))  # type: ignore[arg-type]

    def _prepare(self, packet: bytes, end: int) -> None:
        held, self._held = self._held or Held(), None
        form, first, second = (int.from_bytes(packet[at : at + 4], "little") for at in (21, 25, 29))
        branch, rest = packet[33 : 33 + first].hex(), packet[33 + first : 33 + first + second].hex()
        if packet[BODY]:  # ONE PHASE
            self._held = held
            return self._commit()
        self.prepared[_xa_name(f"X'{branch}',X'{rest}',{form}")] = held
        self._finish([], {})

    def _decide(self, name: str, commit: bool) -> None:
        key = _xa_name(name)
        held = self.prepared.pop(key, None)
        if held is None and commit and self._look_back is not None:
            held = self._look_back(key)
        if held is None and commit:
            raise Halt(
                f"at {self._here()} the XA transaction {name} was committed, and where it was prepared is no longer in the "
                "log: copy the tables afresh"
            )
        self._held = held if commit else None
        self._commit()

    # Statements

    def _query(self, packet: bytes, end: int) -> None:
        size, variables = packet[BODY + 8], int.from_bytes(packet[BODY + 11 : BODY + 13], "little")
        at = BODY + 13 + variables
        self._statement(packet[at : at + size].decode("utf-8", "replace"), packet[at + size + 1 : end])

    def _query_compressed(self, packet: bytes, end: int) -> None:
        size, variables = packet[BODY + 8], int.from_bytes(packet[BODY + 11 : BODY + 13], "little")
        at = BODY + 13 + variables
        self._statement(packet[at : at + size].decode("utf-8", "replace"), inflated(packet, at + size + 1, end))

    def _statement(self, database: str, text: bytes) -> None:
        if text == b"COMMIT":
            return self._commit()
        if text == b"BEGIN":
            self._standalone = False
            self._held = self._held or Held()
            return None
        statement = statements.read(text.decode("utf-8", "surrogateescape"), database)
        if not self._bounds(statement):
            self._must_be_harmless(statement, database, text)
            if self._held is None or self._standalone:
                self._finish([], {})

    def _bounds(self, statement: Statement) -> bool:
        """Do what a statement says about the transaction; False when it is about something else."""
        deed, held = statement.deed, self._held
        if deed is Deed.COMMIT:
            self._commit()
        elif deed is Deed.ROLLBACK:
            if held is not None:
                held.roll_back()
            self._commit()
        elif deed in (Deed.XA_COMMIT, Deed.XA_ROLLBACK):
            self._decide(statement.what, deed is Deed.XA_COMMIT)
        elif deed is Deed.BEGIN or deed is Deed.XA_OTHER:
            self._standalone = False
            self._held = held or Held()
        elif deed is Deed.SAVEPOINT and held is not None:
            held.savepoint(statement.what)
        elif deed is Deed.ROLLBACK_TO and held is not None:
            held.roll_back(statement.what)
        else:
            return deed in (Deed.SAVEPOINT, Deed.ROLLBACK_TO)
        return True

    def _must_be_harmless(self, statement: Statement, database: str, text: bytes) -> None:
        deed = statement.deed
        if deed is Deed.NOTHING:
            return
        said = " ".join(text[:200].decode("utf-8", "replace").split())
        after = self._position() if self._held is None or self._standalone else None
        if deed is Deed.DROP_DATABASE and statement.what == self.database:
            raise LogGone(f"the database {self.database} was dropped at {self._here()}")
        for schema, name in statement.tables:
            table = self.watch(name) or self.watch(name.lower()) if schema.lower() == self.database.lower() else None
            if table is not None and deed is Deed.EMPTY:
                raise Emptied(table.name, f"{table.name} was emptied at {self._here()}: {said}", after, self.file)
            if table is not None:
                raise SchemaChanged(table.name, f"{table.name} was changed at {self._here()}: {said}", after, self.file)
        if deed in (Deed.ROWS, Deed.UNKNOWN) and self._concerns(database, text):
            raise Halt(
                f"at {self._here()} the log has a statement where it should have rows: {said} — set "
                "binlog_format=ROW for everybody (SET GLOBAL binlog_format='ROW'; sessions that are open keep theirs), "
                "and copy the tables it changed afresh"
            )

    def _concerns(self, database: str, text: bytes) -> bool:
        return database.lower() == self.database.lower() or bool(self._named_in(text.decode("utf-8", "replace")))

    def _load(self, packet: bytes, end: int) -> None:
        size, variables = packet[BODY + 8], int.from_bytes(packet[BODY + 11 : BODY + 13], "little")
        at = BODY + 13 + 13 + variables  # after the file's number, two places and what to do with duplicates
        database = packet[at : at + size].decode("utf-8", "replace")
        self._must_be_harmless(Statement(Deed.ROWS), database, packet[at + size + 1 : end])

    def _incident(self, packet: bytes, end: int) -> None:
        size = packet[BODY + 2] if end > BODY + 2 else 0
        said = packet[BODY + 3 : BODY + 3 + size].decode("utf-8", "replace")
        raise Halt(f"the server noted at {self._here()} that its log is incomplete ({said}): copy the tables afresh")

    def _payload(self, packet: bytes, end: int) -> None:
        raise Halt(
            f"the log has a compressed transaction at {self._here()}: SET GLOBAL binlog_transaction_compression=OFF, and "
            "copy the tables afresh"
        )

    # Rows

    def _table_map(self, packet: bytes, end: int) -> None:
        self._maps.learn(packet[BODY : BODY + 6], packet[BODY + 8 : end])

    def _rows(self, packet: bytes, end: int, kind: int, extra: bool, packed: bool) -> None:
        held = self._held
        if held is None:
            raise Halt(f"the log has rows at {self._here()} outside of any transaction")
        at = BODY + 8
        if extra:
            at += int.from_bytes(packet[at : at + 2], "little")
        self._maps.rows(held, packet[BODY : BODY + 6], kind, packet, at, end, packed)


def _xa_name(said: str) -> str:
    """`X'31',X'',1` whatever the case."""
    return said.replace(" ", "").lower()

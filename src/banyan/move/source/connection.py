"""One connection to a legacy database whose answers are exact: raw column bytes, times in UTC, no date refused or mended."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from banyan.kernel.refusals import Unavailable
from banyan.move.rows import Values, pack, unpack
from banyan.move.source.address import Address
from banyan.move.source.wire import SqlError, Wire, column_name, column_type, counted, is_end, refusal

_QUERY, _OPTION = 3, 27
_SEVERAL_ON = b"\x00\x00"  # the option by which a command may hold several statements
_MORE = 8  # in a result's status: another one follows
_AT_ONCE = 1 << 19  # bytes of statements in one command
_FLOATS = (4, 5)  # the types FLOAT and DOUBLE
# Zero and partial dates can be read and written; what would be cut short on writing is refused.
MODE = "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION"
_SESSION: dict[str, object] = {"character_set_results": None, "time_zone": "+00:00", "sql_mode": MODE}

Argument = None | bool | int | float | Decimal | str | bytes | tuple["Argument", ...] | list["Argument"]


class Connection:
    """Blocking: to be used in a thread, by one at a time. SqlError when a statement is refused, Unavailable when lost.

    It commits each statement by itself until `START TRANSACTION`. `session` are system variables, and user variables by
    their name with `@`.
    """

    def __init__(self, address: Address, session: Mapping[str, object] | None = None, *, seconds: float = 10.0) -> None:
        self.wire = Wire(address, seconds)
        self.columns: tuple[str, ...] = ()
        """Names of the last result's columns."""
        self.insert_id = 0
        self.warnings = 0
        self._reading = False
        self._several: bool | None = None  # whether the server takes several statements at once; None: not asked yet
        try:
            self.set({**_SESSION, **(session or {})})
        except BaseException:
            self.wire.break_off()
            raise

    def set(self, session: Mapping[str, object]) -> None:
        """Set session variables."""
        parts = [
            f"{name if name[0] == '@' else f'SESSION {name}'}={argument(value)}" for name, value in session.items()
        ]
        self.execute("SET " + ", ".join(parts))

    def query(self, sql: str, *args: object) -> list[Values]:
        """All rows of a SELECT or SHOW; `%s` in it stand for the arguments, `%%` for a percent sign if there are any.

        Values are as `rows` has them; FLOAT is exact only if selected AS DOUBLE (see `select`).
        """
        return [unpack(row) for rows in self.images(_filled(sql, args)) for row in rows]

    def execute(self, sql: str | bytes, *args: object) -> int:
        """Run a statement that answers no rows; how many rows it changed."""
        first = self._ask(_filled(sql, args) if isinstance(sql, str) else sql)
        if first[0][0] != 0:
            self.wire.break_off()
            raise ValueError("a statement that answers rows is asked by query()")
        return self._done(first[0])

    def images(self, sql: str | bytes) -> Iterator[list[bytes]]:
        """A SELECT's rows as packed images, in lists, straight from the wire; nothing is kept here.

        Whoever stops before the end closes the connection: what is still on its way cannot be called back.
        """
        packets = self._ask(sql)
        if packets[0][0] == 0 and len(packets[0]) > 1:
            self.columns = ()
            self._done(packets[0])
            return
        self._reading = True
        places, packets = self._described(packets)
        try:
            while True:
                if packets:
                    last = packets[-1]
                    if is_end(last):
                        packets.pop()
                        self._reading = False
                    elif last[0] == 0xFF:
                        self._reading = False
                        raise refusal(last)
                    if packets:
                        yield [_respelt(row, places) for row in packets] if places else packets
                    if not self._reading:
                        return
                packets = self.wire.receive()
        finally:
            if self._reading:
                self._reading = False
                self.wire.break_off()

    def several(self, statements: Sequence[bytes]) -> list[list[Values]]:
        """Run these one after the other, on one way there and back where they fit; the rows of each.

        SqlError for the first that is refused: none of those behind it is run.
        """
        if self._several is None:
            self._several = self._may_send_several()
        if not self._several:
            return [[unpack(row) for rows in self.images(each) for row in rows] for each in statements]
        found: list[list[Values]] = []
        for some in _commands(statements):
            found += self._answers(self._ask(b";".join(some)), len(some))
        return found

    def close(self) -> None:
        self.wire.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, sql: str | bytes) -> list[bytes]:
        if self._reading:
            raise Unavailable("the connection to the legacy database still has rows to give")
        statement = sql.encode() if isinstance(sql, str) else sql
        if statement.lstrip()[:4].upper() == b"CALL":  # it may answer many times, and the end of that looks like a row
            raise ValueError("procedures are not called here")
        self.wire.send(_QUERY, statement)
        packets = self.wire.receive()
        if packets[0][0] == 0xFF:
            raise refusal(packets[0])
        if packets[0][0] == 0xFB:
            self.wire.break_off()
            raise SyntaxError("LOAD DATA LOCAL is not for a mover")
        return packets

    def _may_send_several(self) -> bool:
        self.wire.send(_OPTION, _SEVERAL_ON)
        with suppress(SqlError):  # something between us and the server that knows of no such thing
            first = self.wire.receive()[0]
            if first[0] == 0xFF:
                raise refusal(first)
            return True
        return False

    def _answers(self, here: list[bytes], count: int) -> list[list[Values]]:
        """The rows of each of so many statements; `here` are the first packets of their answers."""
        self._reading = True
        packets = self._following(here)
        found: list[list[Values]] = []
        more = True
        while more:
            rows, status = self._answer(packets)
            found.append(rows)
            more = bool(status & _MORE)
        self._reading = False
        if len(found) != count:
            self.wire.break_off()
            raise ValueError(f"{count} statements were sent, and {len(found)} were answered")
        return found

    def _answer(self, packets: Iterator[bytes]) -> tuple[list[Values], int]:
        """One statement's rows and its status."""
        first = next(packets)
        if first[0] == 0xFF:
            self._reading = False  # nothing comes after a refusal
            raise refusal(first)
        if first[0] == 0:
            self._done(first)
            _, at = counted(first, 1)
            _, at = counted(first, at)
            return [], int.from_bytes(first[at : at + 2], "little")
        defined = [next(packets) for _ in range(counted(first, 0)[0] + 1)][:-1]
        places = tuple(place for place, packet in enumerate(defined) if column_type(packet) in _FLOATS)
        rows: list[Values] = []
        for packet in packets:
            if is_end(packet):
                return rows, int.from_bytes(packet[3:5], "little")
            if packet[0] == 0xFF:
                self._reading = False
                raise refusal(packet)
            rows.append(unpack(_respelt(packet, places) if places else packet))
        raise AssertionError("packets end with the line")

    def _following(self, here: list[bytes]) -> Iterator[bytes]:
        while True:
            yield from here
            here = self.wire.receive()

    def _described(self, packets: list[bytes]) -> tuple[tuple[int, ...], list[bytes]]:
        """Read the column definitions: where FLOATs and DOUBLEs stand, and the packets that came after."""
        count, _ = counted(packets[0], 0)
        while len(packets) < count + 2:
            packets += self.wire.receive()
        defined = packets[1 : count + 1]
        self.columns = tuple(column_name(packet) for packet in defined)
        places = tuple(place for place, packet in enumerate(defined) if column_type(packet) in _FLOATS)
        return places, packets[count + 2 :]

    def _done(self, ok: bytes) -> int:
        changed, at = counted(ok, 1)
        self.insert_id, at = counted(ok, at)
        self.warnings = int.from_bytes(ok[at + 2 : at + 4], "little")
        return changed


def _commands(statements: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Statements in runs that fit into a command."""
    run: list[bytes] = []
    size = 0
    for each in statements:
        if run and size + len(each) > _AT_ONCE:
            yield run
            run, size = [], 0
        run.append(each)
        size += len(each) + 1
    if run:
        yield run


def _respelt(row: bytes, places: tuple[int, ...]) -> bytes:
    values = list(unpack(row))
    for place in places:
        value = values[place]
        if value is not None:
            values[place] = repr(float(value)).encode()
    return pack(values)


def _filled(sql: str, args: tuple[object, ...]) -> str:
    return sql % tuple(argument(arg) for arg in args) if args else sql


def argument(value: object) -> str:
    """A Python value as SQL. Text and bytes go as hexadecimal digits, so that nothing in them is read as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}e0" if "e" not in repr(value) else repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        if value.isascii() and value.replace("_", "").replace("+", "").replace(":", "").replace(",", "").isalnum():
            return f"'{value}'"
        return f"_utf8mb4 x'{value.encode().hex()}'"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(argument(one) for one in value) + ")"
    raise TypeError(f"a {type(value).__name__} cannot be sent to the legacy database")

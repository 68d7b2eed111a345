"""A legacy row as it is: for each column the exact bytes that MySQL's text protocol would send, or None for NULL.

Nothing is interpreted here, so nothing can be lost: `0000-00-00`, `YEAR 0000`, invalid UTF-8 and NUL are bytes like others.
Copy and binlog give the same bytes for the same value; FLOAT and DOUBLE are spelt as Python's `repr` spells the exact double.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property

Values = tuple[bytes | None, ...]

# MySQL's charset names → Python codecs. latin1 is Windows-1252 there, with the five holes kept as they are.
CODECS = {
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "utf8": "utf-8",
    "latin1": "cp1252",
    "ascii": "ascii",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "koi8r": "koi8-r",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "big5": "big5",
    "sjis": "shift_jis",
    "ujis": "euc_jp",
    "euckr": "euc_kr",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
}


class Unreadable(Exception):
    """A value cannot be taken for what its column should hold; the text says which column, and why, for people."""


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is the type's name in lower case (`int`, `varchar`); `full` all of it (`int(10) unsigned`)."""

    name: str
    type: str
    full: str
    charset: str | None  # None for what holds no characters
    collation: str | None
    nullable: bool
    default: bytes | None = None
    generated: bool = False

    @property
    def unsigned(self) -> bool:
        return "unsigned" in self.full


@dataclass(frozen=True)
class Table:
    """A legacy table as it was found. `key`: the columns of its primary key, or of a unique key of NOT NULL columns."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    engine: str = "InnoDB"
    auto_increment: str | None = None  # that column's name
    computed: frozenset[str] = frozenset()  # names of columns computed on reading (VIRTUAL): no image has them

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Column → its index."""
        return {column.name: index for index, column in enumerate(self.columns)}

    @cached_property
    def key_places(self) -> tuple[int, ...]:
        return tuple(self.place[name] for name in self.key)

    def key_of(self, values: Sequence[bytes | None]) -> bytes:
        """The row's key as one byte string: the packed key columns."""
        return pack([values[place] for place in self.key_places])


@dataclass(frozen=True)
class Row:
    """A row with its table: values by column name, read as what they should be. Unreadable names the column."""

    table: Table
    values: Values

    def __getitem__(self, column: str) -> bytes | None:
        return self.values[self.table.place[column]]

    def __contains__(self, column: str) -> bool:
        return column in self.table.place

    def text(self, column: str) -> str:
        """Characters; NULL is ''."""
        place = self.table.place[column]
        value = self.values[place]
        if value is None:
            return ""
        charset = self.table.columns[place].charset or "utf8mb4"
        codec = CODECS.get(charset)
        if codec is None:
            raise Unreadable(f"{self.table.name}.{column}: the character set {charset} is not known")
        try:
            return value.decode(codec)
        except UnicodeDecodeError as error:
            raise Unreadable(f"{self.table.name}.{column}: not valid {charset} at byte {error.start}") from None

    def int(self, column: str) -> int:
        """A whole number; NULL and '' are 0."""
        value = self[column]
        if not value:
            return 0
        try:
            return int(value)
        except ValueError:
            raise Unreadable(f"{self.table.name}.{column}: {value[:40]!r} is no whole number") from None

    def decimal(self, column: str) -> Decimal:
        """An exact number; NULL and '' are 0."""
        value = self[column]
        if not value:
            return Decimal(0)
        try:
            return Decimal(value.decode("ascii"))
        except (InvalidOperation, UnicodeDecodeError):
            raise Unreadable(f"{self.table.name}.{column}: {value[:40]!r} is no number") from None

    def day(self, column: str) -> date | None:
        """A date; NULL and `0000-00-00` are None. A date that no calendar has is Unreadable."""
        value = self[column]
        if value is None or value[:10] == b"0000-00-00":
            return None
        try:
            return date.fromisoformat(value[:10].decode("ascii"))
        except ValueError:
            raise Unreadable(f"{self.table.name}.{column}: {value[:20]!r} is on no calendar") from None

    def moment(self, column: str) -> datetime | None:
        """Wall-clock time as the shop wrote it, without a zone; NULL and zero are None."""
        value = self[column]
        if value is None or value[:10] == b"0000-00-00":
            return None
        try:
            return datetime.fromisoformat(value.decode("ascii"))
        except ValueError:
            raise Unreadable(f"{self.table.name}.{column}: {value[:30]!r} is no time") from None


@dataclass(frozen=True, slots=True)
class Change:
    """One row written on the legacy side: `before` is None for an insert, `after` for a delete."""

    table: Table
    before: Values | None
    after: Values | None


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """The end of a transaction in the binlog. `lineage` rises when the source is another server than before."""

    lineage: int
    file: int  # the number in the file's name
    offset: int  # bytes

    @property
    def at(self) -> int:
        """As one number that orders like the position itself; fits PostgreSQL's bigint."""
        return self.lineage << 56 | self.file << 36 | self.offset

    @classmethod
    def of(cls, at: int) -> "Position":
        return cls(at >> 56, at >> 36 & (1 << 20) - 1, at & (1 << 36) - 1)

    def __str__(self) -> str:
        return f"{self.file:06d}:{self.offset}"


@dataclass(slots=True)
class Transaction:
    """What one commit of the source changed, whole and in order."""

    position: Position
    gtid: str
    at: int  # seconds since 1970 when it was committed, by the source's clock
    server_id: int  # who wrote it: our own way back has an id of its own
    # A list, or for a large one something that reads them from a file each time it is gone through: never whole in memory.
    changes: Collection[Change] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)  # row changes by table, those of unwatched tables too


def pack(values: Sequence[bytes | None]) -> bytes:
    """Values as MySQL's text protocol frames a row: each length-encoded, NULL as 0xFB. Distinct rows have distinct bytes."""
    parts: list[bytes] = []
    for value in values:
        if value is None:
            parts.append(b"\xfb")
            continue
        size = len(value)
        if size < 251:
            parts.append(bytes((size,)))
        elif size < 1 << 16:
            parts.append(b"\xfc" + size.to_bytes(2, "little"))
        elif size < 1 << 24:
            parts.append(b"\xfd" + size.to_bytes(3, "little"))
        else:
            parts.append(b"\xfe" + size.to_bytes(8, "little"))
        parts.append(value)
    return b"".join(parts)


def unpack(image: bytes) -> Values:
    """The values of a packed row."""
    return tuple(_values(image))


def _values(image: bytes) -> Iterator[bytes | None]:
    at, end = 0, len(image)
    while at < end:
        size = image[at]
        at += 1
        if size == 0xFB:
            yield None
            continue
        if size > 0xFB:
            width = 2 if size == 0xFC else 3 if size == 0xFD else 8
            size = int.from_bytes(image[at : at + width], "little")
            at += width
        yield image[at : at + size]
        at += size

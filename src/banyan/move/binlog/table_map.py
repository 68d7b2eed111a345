"""A table-map event: which table the rows that follow are of, and what its columns were at that moment.

Layout: MySQL's `rows_event.h` (Table_map_event) with the optional metadata of `binlog_row_metadata=FULL`; MariaDB's is
the same but for a few types of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from banyan.move.source.wire import counted

# Bytes of metadata by type; a type that is not here is not known.
_METADATA = {
    **dict.fromkeys((1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14), 0),
    **dict.fromkeys((4, 5, 17, 18, 19, 140, 242, 245, 249, 250, 251, 252, 255), 1),
    **dict.fromkeys((15, 16, 141, 246, 247, 248, 253, 254), 2),
}
ENUM, SET, STRING, YEAR, GEOMETRY = 247, 248, 254, 13, 255
_NUMBERS = frozenset((1, 2, 3, 4, 5, 8, 9, 246))
_CHARACTERS = frozenset((15, 140, 141, 252, 253, 254))
_NAMES = 4


class UnknownType(Exception):
    """The map names a type of column that this reader does not know."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column as the log describes it. `a` and `b` are its type's metadata: lengths, digits."""

    code: int
    a: int
    b: int
    name: str = ""
    unsigned: bool = False
    collation: int = 0  # the server's number of it; 0 where there are no characters
    labels: tuple[bytes, ...] = ()  # of ENUM and SET, in the column's own character set


@dataclass(frozen=True, slots=True)
class TableMap:
    schema: str
    table: str
    columns: tuple[Mapped, ...]
    named: bool  # whether the log has the columns' names: binlog_row_metadata=FULL


def names(body: bytes) -> tuple[str, str]:
    """Schema and table."""
    size = body[0]
    at = size + 2
    return body[1 : size + 1].decode("utf-8", "replace"), body[at + 1 : at + 1 + body[at]].decode("utf-8", "replace")


def read(body: bytes, *, own_types: bool = True) -> TableMap:
    """The event's body after the table's number and flags. UnknownType for a column nobody has told us how to read.

    MariaDB counts YEAR as a number and GEOMETRY as characters in the metadata (`own_types`); MySQL does not.
    """
    schema, table = names(body)
    at = body[0] + 2
    at += body[at] + 2
    count, at = counted(body, at)
    codes = body[at : at + count]
    size, at = counted(body, at + count)
    columns = _with_lengths(codes, body[at : at + size])
    at += size + (count + 7) // 8
    more: dict[int, bytes] = {}
    while at < len(body):
        kind = body[at]
        size, at = counted(body, at + 1)
        more[kind] = body[at : at + size]
        at += size
    return TableMap(schema, table, _described(columns, more, own_types), _NAMES in more)


def _with_lengths(codes: bytes, metadata: bytes) -> list[Mapped]:
    columns, at = [], 0
    for code in codes:
        size = _METADATA.get(code)
        if size is None:
            raise UnknownType(f"a column has the type {code}, which is not known")
        given = metadata[at : at + size]
        at += size
        a, b = given[0] if size else 0, given[1] if size == 2 else 0
        if code in (15, 141, 253):
            a, b = a | b << 8, 0
        elif code == STRING:
            if a in (ENUM, SET):
                code = a
            else:  # lengths over 255 have two bits among those of the type
                a, b = b | (((a & 0x30) ^ 0x30) << 4), 0
        columns.append(Mapped(code, a, b))
    return columns


def _described(columns: list[Mapped], more: Mapping[int, bytes], own_types: bool) -> tuple[Mapped, ...]:
    numbers = _NUMBERS | {YEAR} if own_types else _NUMBERS
    characters = _CHARACTERS | {GEOMETRY} if own_types else _CHARACTERS
    of_numbers = [place for place, column in enumerate(columns) if column.code in numbers]
    of_characters = [place for place, column in enumerate(columns) if column.code in characters]
    of_labels = [place for place, column in enumerate(columns) if column.code in (ENUM, SET)]
    signs = more.get(1, b"")
    for order, place in enumerate(of_numbers):
        if order // 8 < len(signs) and signs[order // 8] >> (7 - order % 8) & 1:
            columns[place] = replace(columns[place], unsigned=True)
    for places, default, each in ((of_characters, 2, 3), (of_labels, 10, 11)):
        for place, collation in zip(places, _collations(more, default, each, len(places)), strict=False):
            columns[place] = replace(columns[place], collation=collation)
    for code, kind in ((SET, 5), (ENUM, 6)):
        places = [place for place in of_labels if columns[place].code == code]
        for place, labels in zip(places, _label_lists(more.get(kind, b"")), strict=False):
            columns[place] = replace(columns[place], labels=labels)
    for place, name in enumerate(_texts(more.get(_NAMES, b""))):
        columns[place] = replace(columns[place], name=name.decode("utf-8", "replace"))
    return tuple(columns)


def _collations(more: Mapping[int, bytes], default: int, each: int, count: int) -> list[int]:
    """Either one for all with its exceptions by place, or one for each."""
    if each in more:
        return _numbers(more[each])
    given = _numbers(more.get(default, b""))
    if not given:
        return []
    collations = [given[0]] * count
    for place, collation in zip(given[1::2], given[2::2], strict=False):
        collations[place : place + 1] = [collation]
    return collations


def _numbers(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        number, at = counted(data, at)
        found.append(number)
    return found


def _texts(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size, at = counted(data, at)
        found.append(data[at : at + size])
        at += size
    return found


def _label_lists(data: bytes) -> list[tuple[bytes, ...]]:
    lists, at = [], 0
    while at < len(data):
        count, at = counted(data, at)
        labels = []
        for _ in range(count):
            size, at = counted(data, at)
            labels.append(data[at : at + size])
            at += size
        lists.append(tuple(labels))
    return lists

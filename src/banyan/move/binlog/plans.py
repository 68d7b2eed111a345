"""How the rows of one table map are read: code made for just these columns, compiled once and used for every row.

A row's fixed parts between two texts are taken apart by one `struct`; numbers are written out, prices and times looked up in
a memo; a row without NULLs has a branch of its own. All names in the code are ours, none comes from the log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from struct import Struct
from typing import Any

from banyan.move.binlog import values
from banyan.move.binlog.table_map import ENUM, SET, STRING, Mapped, UnknownType
from banyan.move.rows import Column, Values

Read = Callable[[bytes, int, int], list[Values]]
"""Rows between two places of an event. ValueError or IndexError when they do not end where they should."""
Count = Callable[[bytes, int, int], int]

_INTEGERS = {1: ("b", "B"), 2: ("h", "H"), 3: ("i", "I"), 8: ("q", "Q")}
_WIDTHS = {1: 3, 2: 5, 9: 8, 3: 10, 8: 20}  # digits of an unsigned one, filled with zeros
_U4 = Struct("<I").unpack_from


@dataclass(slots=True)
class Piece:
    """One column. `form`: its struct format when it has one size, else `prefix` bytes say how long it is.

    `spelt` makes the text of the raw value `{v}`; `{m}` is the piece's own `memo`, a thing it needs for that.
    """

    form: str = ""
    prefix: int = 0
    spelt: str = "{v}"
    memo: Any = None
    wanted: bool = True  # False: only walked over


def read_piece(mapped: Mapped, column: Column | None) -> Piece:
    """How to read a column; without `column` it is only walked over. UnknownType where that is not known."""
    piece = _piece(mapped, column)
    piece.wanted = column is not None
    return piece


def _piece(mapped: Mapped, column: Column | None) -> Piece:
    code, a, b = mapped.code, mapped.a, mapped.b
    full = column.full if column else ""
    filled = "zerofill" in full
    if code in _INTEGERS or code == 9:
        return _integer(code, mapped.unsigned, _width(full, code) if filled else 0)
    if code == 246:
        size = values.decimal_bytes(a, b)
        return _known(size, partial(values.decimal, precision=a, scale=b, zerofill=filled))
    if code in (4, 5):
        return Piece("f" if code == 4 else "d", spelt="repr({v}).encode()")
    if code == 13:
        return Piece("B", spelt="{m}[{v}]", memo=values.years(2 if full.startswith("year(2)") else 4))
    if code == 16:
        return Piece(f"{b + (a > 0)}s")
    if code == ENUM:
        return Piece("B" if b == 1 else "H", spelt="{m}[{v}]", memo=(b"", *mapped.labels))
    if code == SET:
        return _known(b, partial(values.members, labels=mapped.labels))
    if code in (7, 10, 11, 12, 14, 17, 18, 19):
        return _time(code, a, column)
    return _text(code, a, b, column)


def _known(size: int, spell: Callable[[bytes], bytes]) -> Piece:
    return Piece(f"{size}s", spelt="{m}[{v}]", memo=values.Memo(spell))


def _integer(code: int, unsigned: bool, width: int) -> Piece:
    spelt = f'b"%0{width}d" % ' if width else 'b"%d" % '
    if code == 9:
        return Piece("3s", spelt=spelt + f'int.from_bytes({{v}}, "little", signed={not unsigned})')
    if code == 1 and not width:  # few enough to know them all
        known = tuple(b"%d" % (byte if unsigned or byte < 128 else byte - 256) for byte in range(256))
        return Piece("B", spelt="{m}[{v}]", memo=known)
    return Piece(_INTEGERS[code][unsigned], spelt=spelt + "{v}")


def _width(full: str, code: int) -> int:
    digits = full.partition("(")[2].partition(")")[0]
    return int(digits) if digits.isdigit() else _WIDTHS[code]


def _time(code: int, digits: int, column: Column | None) -> Piece:
    if code in (10, 14):
        return _known(3, values.date)
    if code in (17, 18, 19):
        size = {17: 4, 18: 5, 19: 3}[code] + values.fraction_bytes(digits)
        spell = {17: values.timestamp2, 18: values.datetime2, 19: values.time2}[code]
        return _known(size, partial(spell, digits=digits))
    inside = column.full.partition("(")[2].partition(")")[0] if column else ""
    if column is None:
        raise UnknownType("a time of an old kind, whose size the log does not say")
    if inside in ("", "0"):
        return _known(*{7: (4, values.old_timestamp), 11: (3, values.old_time), 12: (8, values.old_datetime)}[code])
    fraction = int(inside)
    if code == 7:
        return _known(4 + values.fraction_bytes(fraction), partial(values.hires_timestamp, digits=fraction))
    if code == 11:
        return _known(values.HIRES_TIME_BYTES[fraction], partial(values.hires_time, digits=fraction))
    return _known(values.HIRES_DATETIME_BYTES[fraction], partial(values.hires_datetime, digits=fraction))


def _text(code: int, a: int, b: int, column: Column | None) -> Piece:
    if code in (15, 253):
        return Piece(prefix=1 if a < 256 else 2)
    if code == 141:
        return Piece(prefix=1 if a < 256 else 2, spelt="inflated({v})")
    if code == 140:
        return Piece(prefix=a, spelt="inflated({v})")
    if code in (252, 255, 249, 250, 251):
        return Piece(prefix=a)
    if code != STRING:
        raise UnknownType(f"a column has the type {code}, which this reader cannot read")
    prefix = 1 if a < 256 else 2
    own = {"uuid": values.uuid, "inet4": values.inet4, "inet6": values.inet6}.get(column.type if column else "")
    if own:
        return Piece(prefix=prefix, spelt="{m}({v})", memo=own)
    if column is not None and column.type == "binary":  # zeros at its end are not in the log
        return Piece(prefix=prefix, spelt=f'{{v}}.ljust({a}, b"\\0")')
    return Piece(prefix=prefix)


@dataclass(slots=True)
class _Code:
    """Lines of Python, and what they name."""

    lines: list[str] = field(default_factory=list)
    named: dict[str, Any] = field(default_factory=dict)

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def name(self, thing: Any, kind: str) -> str:
        name = f"{kind}{len(self.named)}"
        self.named[name] = thing
        return name

    def compile(self) -> Any:
        scope = {"u4": _U4, "inflated": values.inflated, **self.named}
        exec(compile("\n".join(self.lines), "<rows>", "exec"), scope)  # noqa: S102 - ours from end to end
        return scope["read"]


def reader(pieces: list[Piece]) -> Read:
    """Code that reads rows of these columns into tuples of texts."""
    code = _Code()
    code.add(0, "def read(b, p, end):")
    code.add(1, "rows = []")
    code.add(1, "while p < end:")
    _nulls(code, len(pieces))
    names = [f"v{place}" for place in range(len(pieces))]
    memos = {place: code.name(piece.memo, "m") for place, piece in enumerate(pieces) if piece.memo is not None}
    spelt = {place: piece.spelt.format(v=names[place], m=memos.get(place, "")) for place, piece in enumerate(pieces)}
    _whole_rows(code, pieces, names)
    code.add(3, f"rows.append(({''.join(f'{spelt[place]}, ' for place, piece in enumerate(pieces) if piece.wanted)}))")
    code.add(2, "else:")
    for place, piece in enumerate(pieces):
        code.add(3, f"if bits & {1 << place}:")
        code.add(4, f"{names[place]} = None")
        code.add(3, "else:")
        _take(code, 4, piece, names[place])
        if piece.wanted and spelt[place] != names[place]:
            code.add(4, f"{names[place]} = {spelt[place]}")
    code.add(3, f"rows.append(({''.join(f'{names[place]}, ' for place, piece in enumerate(pieces) if piece.wanted)}))")
    code.add(1, "if p != end:")
    code.add(2, 'raise ValueError("the rows do not end where the event does")')
    code.add(1, "return rows")
    made: Read = code.compile()
    return made


def counter(pieces: list[Piece]) -> Count:
    """Code that walks over rows of these columns and counts them."""
    code = _Code()
    code.add(0, "def read(b, p, end):")
    code.add(1, "count = 0")
    code.add(1, "while p < end:")
    _nulls(code, len(pieces))
    _walk(code, pieces)
    code.add(2, "else:")
    for place, piece in enumerate(pieces):
        code.add(3, f"if not bits & {1 << place}:")
        _walk(code, [piece], 4)
    code.add(2, "count += 1")
    code.add(1, "if p != end:")
    code.add(2, 'raise ValueError("the rows do not end where the event does")')
    code.add(1, "return count")
    made: Count = code.compile()
    return made


def _nulls(code: _Code, columns: int) -> None:
    size = (columns + 7) // 8
    code.add(2, f'bits = int.from_bytes(b[p : p + {size}], "little") & {(1 << columns) - 1}')
    code.add(2, f"p += {size}")
    code.add(2, "if not bits:")


def _whole_rows(code: _Code, pieces: list[Piece], names: list[str]) -> None:
    """Raw values of a row without NULLs: neighbours of fixed size together."""
    run: list[int] = []
    for place in range(len(pieces) + 1):
        if place < len(pieces) and pieces[place].form:
            run.append(place)
            continue
        if run:
            form = Struct("<" + "".join(pieces[each].form for each in run))
            unpack = code.name(form.unpack_from, "s")
            code.add(3, f"{', '.join(names[each] for each in run)}, = {unpack}(b, p)")
            code.add(3, f"p += {form.size}")
            run = []
        if place < len(pieces):
            _take(code, 3, pieces[place], names[place])


_LENGTH = {1: "b[p]", 2: "b[p] | b[p + 1] << 8", 3: 'int.from_bytes(b[p : p + 3], "little")', 4: "u4(b, p)[0]"}


def _take(code: _Code, depth: int, piece: Piece, name: str) -> None:
    """One raw value."""
    if piece.form:
        form = Struct("<" + piece.form)
        unpack = code.name(form.unpack_from, "s")
        code.add(depth, f"{name}, = {unpack}(b, p)")
        code.add(depth, f"p += {form.size}")
        return
    code.add(depth, f"q = p + {piece.prefix} + ({_LENGTH[piece.prefix]})")
    code.add(depth, f"{name} = b[p + {piece.prefix} : q]")
    code.add(depth, "p = q")


def _walk(code: _Code, pieces: list[Piece], depth: int = 3) -> None:
    fixed = 0
    for piece in pieces:
        if piece.form:
            fixed += Struct("<" + piece.form).size
            continue
        if fixed:
            code.add(depth, f"p += {fixed}")
            fixed = 0
        code.add(depth, f"p += {piece.prefix} + ({_LENGTH[piece.prefix]})")
    if fixed or not pieces:
        code.add(depth, f"p += {fixed}")


def pieces_of(mapped: tuple[Mapped, ...], columns: Mapping[str, Column]) -> list[Piece]:
    """Pieces for a whole row; columns that are not named in `columns` are only walked over."""
    return [read_piece(each, columns.get(each.name)) for each in mapped]

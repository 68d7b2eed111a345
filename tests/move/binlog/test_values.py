"""Numbers and times as the log packs them come out as the text protocol spells them, over their whole range."""

from datetime import datetime, timedelta
from decimal import Decimal
from struct import pack as packed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.binlog import plans, values
from banyan.move.binlog.table_map import SET, Mapped, UnknownType
from banyan.move.rows import Column


def encoded(digits: int, precision: int, scale: int) -> bytes:
    """`digits` / 10**scale as MySQL stores it, written the other way round than `values.decimal` reads it."""
    text = f"{abs(digits):0{precision}d}"
    whole, part = text[: precision - scale], text[precision - scale :]
    raw = b""
    first = len(whole) % 9
    for group in [whole[:first], *(whole[at : at + 9] for at in range(first, len(whole), 9))]:
        raw += int(group or 0).to_bytes((0, 1, 1, 2, 2, 3, 3, 4, 4, 4)[len(group)], "big")
    for at in range(0, len(part), 9):
        group = part[at : at + 9]
        raw += int(group).to_bytes((0, 1, 1, 2, 2, 3, 3, 4, 4, 4)[len(group)], "big")
    if digits < 0:
        raw = bytes(byte ^ 0xFF for byte in raw)
    return bytes((raw[0] ^ 0x80,)) + raw[1:]


@given(st.data(), st.integers(1, 65), st.integers(0, 30))
def test_decimals_of_any_size(data: st.DataObject, precision: int, scale: int) -> None:
    scale = min(scale, precision)
    digits = data.draw(st.integers(-(10**precision) + 1, 10**precision - 1))
    raw = encoded(digits, precision, scale)
    assert len(raw) == values.decimal_bytes(precision, scale)
    text = values.decimal(raw, precision, scale).decode()
    assert Decimal(text) == Decimal(f"{digits}E-{scale}")
    assert len(text.partition(".")[2]) == scale


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), st.integers(0, 6))
def test_datetimes_of_any_moment(moment: datetime, digits: int) -> None:
    part = moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits)
    number = (moment.year * 13 + moment.month) << 22 | moment.day << 17
    number |= moment.hour << 12 | moment.minute << 6 | moment.second
    size = values.fraction_bytes(digits)
    raw = (number + 0x8000000000).to_bytes(5, "big") + (part // 10 ** (6 - 2 * size)).to_bytes(size, "big")
    told = moment.replace(microsecond=part, tzinfo=None).isoformat(" ", "microseconds")
    assert values.datetime2(raw, digits).decode() == (told[:19] + told[19 : 20 + digits] if digits else told[:19])


@given(st.integers(-3_020_399_000_000, 3_020_399_000_000), st.integers(0, 6))
def test_times_of_any_length_either_way(micros: int, digits: int) -> None:
    step = 10 ** (6 - digits)
    micros = abs(micros) // step * step * (-1 if micros < 0 else 1)
    size = values.fraction_bytes(digits)
    seconds, part = divmod(abs(micros), 1_000_000)
    number = (seconds // 3600 << 12 | seconds // 60 % 60 << 6 | seconds % 60) << 8 * size | part // 10 ** (6 - 2 * size)
    raw = ((0x800000 << 8 * size) + (-number if micros < 0 else number)).to_bytes(3 + size, "big")
    sign, _, told = values.time2(raw, digits).decode().rpartition("-")
    hours, minutes, rest = told.split(":")
    length = timedelta(
        hours=int(hours), minutes=int(minutes), seconds=int(rest[:2]), microseconds=int(rest[3:].ljust(6, "0") or 0)
    )
    assert length / timedelta(microseconds=1) == abs(micros)
    assert sign == ""
    assert values.time2(raw, digits).startswith(b"-") == (micros < 0)


def test_a_memo_forgets_when_it_is_full() -> None:
    asked: list[bytes] = []
    memo = values.Memo(lambda raw: asked.append(raw) or raw[::-1], size=3)  # type: ignore[func-returns-value]
    for raw in (b"ab", b"ab", b"cd", b"ef", b"gh", b"ab"):
        assert memo[raw] == raw[::-1]
    assert asked == [b"ab", b"cd", b"ef", b"gh", b"ab"]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-(1 << 31), (1 << 31) - 1), st.none() | st.binary(max_size=300)), max_size=9
    )
)
def test_rows_with_any_nulls_are_read_and_counted(rows: list[tuple[int | None, bytes | None]]) -> None:
    mapped = (Mapped(3, 0, 0, "n"), Mapped(15, 300, 0, "gone"), Mapped(15, 300, 0, "w"), Mapped(1, 0, 0, "k"))
    columns = {name: Column(name, "x", "x", None, None, True) for name in ("n", "w", "k")}
    log = b""
    for number, text in rows:
        log += bytes((0xF0 | (number is None) | (text is None) << 2,))
        log += b"" if number is None else packed("<i", number)
        log += b"\x02\0zz"
        log += b"" if text is None else packed("<H", len(text)) + text
        log += b"\xff"
    pieces = plans.pieces_of(mapped, columns)
    expected = [(None if number is None else str(number).encode(), text, b"-1") for number, text in rows]
    assert plans.reader(pieces)(log, 0, len(log)) == expected
    assert plans.counter(pieces)(log, 0, len(log)) == len(rows)
    if rows:
        for read in (plans.reader(pieces), plans.counter(pieces)):
            with pytest.raises(ValueError, match="end where"):
                read(log, 0, len(log) - 1)


@pytest.mark.parametrize("code", [245, 242])
def test_a_type_nobody_knows_is_said_to_be_unknown(code: int) -> None:
    with pytest.raises(UnknownType):
        plans.read_piece(Mapped(code, 4, 0, "j"), Column("j", "json", "json", None, None, True))


def test_a_set_holds_what_its_bits_say() -> None:
    piece = plans.read_piece(
        Mapped(SET, SET, 2, "s", labels=(b"a", b"b", b"c")), Column("s", "set", "set", None, None, True)
    )
    assert piece.memo[b"\x05\0"] == b"a,c"
    assert piece.memo[b"\0\0"] == b""

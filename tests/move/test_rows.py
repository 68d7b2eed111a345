"""Rows are kept byte for byte, and read as what they should be, or not at all."""

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.rows import Column, Position, Row, Table, Unreadable, pack, unpack

ANY_VALUES = st.lists(
    st.none() | st.binary(max_size=300) | st.integers(0, 3).map(lambda n: b"x" * (249 + n)) | st.just(b"y" * 65_536),
    max_size=12,
)


@given(ANY_VALUES)
def test_packing_loses_nothing(values: list[bytes | None]) -> None:
    assert unpack(pack(values)) == tuple(values)


@given(ANY_VALUES, ANY_VALUES)
def test_distinct_rows_have_distinct_images(one: list[bytes | None], other: list[bytes | None]) -> None:
    assert (pack(one) == pack(other)) == (one == other)


@pytest.mark.parametrize("size", [0, 250, 251, 65_535, 65_536, (1 << 24) - 1, 1 << 24])
def test_lengths_at_the_bounds_of_their_encoding(size: int) -> None:
    assert unpack(pack([None, b"z" * size, b""])) == (None, b"z" * size, b"")


@given(st.integers(1, 127), st.integers(0, (1 << 20) - 1), st.integers(0, (1 << 36) - 1))
def test_a_position_as_a_number_and_back(lineage: int, file: int, offset: int) -> None:
    position = Position(lineage, file, offset)
    assert Position.of(position.at) == position
    assert position.at < 1 << 63


@given(*[st.tuples(st.integers(1, 9), st.integers(0, 99), st.integers(0, 1 << 35))] * 2)
def test_positions_order_as_their_numbers_do(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert (Position(*one) < Position(*other)) == (Position(*one).at < Position(*other).at)


def column(name: str, charset: str | None = None) -> Column:
    return Column(name, "varchar", "varchar(9)", charset, None, True)


TABLE = Table(
    "t", (column("id"), column("utf", "utf8mb4"), column("old", "latin1"), column("odd", "swe7")), ("old", "id")
)


def row(**values: bytes | None) -> Row:
    return Row(TABLE, tuple(values.get(each.name) for each in TABLE.columns))


def test_a_key_is_packed_in_the_order_of_the_key() -> None:
    assert TABLE.key_of((b"1", None, b"\xe9", None)) == pack([b"\xe9", b"1"])


def test_values_are_read_by_the_name_of_their_column() -> None:
    found = row(id=b"12", utf="é".encode(), old=b"\xe9")
    assert (found.int("id"), found.text("utf"), found.text("old"), found.text("odd")) == (12, "é", "é", "")
    assert found.decimal("id") == Decimal(12)
    assert ("id" in found, "none" in found) == (True, False)
    assert row(id=b"").int("id") == 0


def test_times_without_a_day_are_none_and_those_on_no_calendar_are_unreadable() -> None:
    assert row(id=b"0000-00-00").day("id") is row(id=None).moment("id") is None
    assert row(id=b"2024-02-29").day("id") == date(2024, 2, 29)
    assert row(id=b"2024-02-29 01:02:03.5").moment("id") == datetime(2024, 2, 29, 1, 2, 3, 500_000)
    for wrong in (b"2024-02-00", b"2023-02-30", b"soon"):
        with pytest.raises(Unreadable, match=r"t\.id"):
            row(id=wrong).day("id")
        with pytest.raises(Unreadable, match=r"t\.id"):
            row(id=wrong).moment("id")


@given(st.binary(max_size=20))
def test_whatever_bytes_a_value_has_it_is_read_or_called_unreadable(value: bytes) -> None:
    found = row(id=value, utf=value, old=value, odd=value)
    for read in (found.int, found.decimal, found.day, found.moment, found.text):
        for name in TABLE.place:
            with suppress(Unreadable):
                read(name)

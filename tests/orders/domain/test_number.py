"""Order numbers rise, and a slip of the pen is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.orders.domain.number import read, spelled

serials = st.integers(1, 32**6 - 2)


@given(serials)
def test_numbers_rise_as_text(serial: int) -> None:
    assert spelled(serial) < spelled(serial + 1)


@given(serials, st.integers(2, 8), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_any_one_wrong_character_is_noticed(serial: int, place: int, other: str) -> None:
    number = spelled(serial)
    wrong = number[:place] + other + number[place + 1 :]
    assert read(wrong) == (number if wrong == number else None)


@given(serials)
def test_what_people_type_is_understood(serial: int) -> None:
    number = spelled(serial)
    assert read(f" {number.lower()} ") == number
    assert read(number.removeprefix("B-").replace("0", "O").replace("1", "l")) == number


@pytest.mark.parametrize("text", ["", "B-", "B-0000", "\0", "Ünfug", "B-00000000000"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read(text) is None


def test_numbers_end_somewhere() -> None:
    with pytest.raises(ValueError, match="six digits"):
        spelled(32**6)

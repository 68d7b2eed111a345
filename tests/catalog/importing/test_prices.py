"""A price in a file is exact, or it is refused: no cent is made or lost on the way in."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.importing.prices import currency_code, minor_units
from banyan.kernel.money import Money, exponent

amounts = st.integers(1, 10**11)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


@given(amounts, currencies)
def test_what_money_says_in_major_units_is_read_back(amount: int, currency: str) -> None:
    said = Money(amount, currency).major()
    assert minor_units(said, currency) == amount
    assert minor_units(f" {said} ", currency) == amount
    assert minor_units(float(said), currency) == amount
    assert minor_units(Decimal(said), currency) == amount
    assert minor_units({"amount": amount, "currency": currency}, currency) == amount


@given(amounts, st.integers(1, 9))
def test_more_digits_than_the_currency_has_are_refused(amount: int, digit: int) -> None:
    for currency in ("EUR", "JPY", "KWD"):
        text = Money(amount, currency).major()
        with pytest.raises(ValueError, match="digits"):
            minor_units(f"{text}{'' if exponent(currency) else '.'}{digit}", currency)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_noise_of_binary_fractions_is_no_digit(one: int, other: int) -> None:
    """0.1 + 0.2 is 0.30000000000000004 for whoever wrote the file, and thirty cents for us."""
    assert minor_units(one / 100 + other / 100, "EUR") == one + other


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers()), st.binary()))
def test_anything_else_is_refused_and_nothing_breaks(value: Any) -> None:
    with contextlib.suppress(ValueError):
        assert 0 < minor_units(value, "EUR") <= 2**53 - 1


@pytest.mark.parametrize(
    "value",
    [
        *("0", "0.00", "-1", "+1", "1,299.00", "1.299,00", "1e3", "1_000", "٥", "５", "€5", "5 EUR"),
        *("NaN", "inf", "0x10", "", ".5", "5."),
        *(0, -1, 0.001, 4.999, 1e300, float("nan"), float("inf"), True, None, [], 10**30, Decimal("4.999")),
        *({"amount": 1}, {"amount": "1", "currency": "EUR"}, {"amount": 1.0, "currency": "EUR"}),
        *({"amount": 0, "currency": "EUR"}, {"amount": 1, "currency": "USD"}, {"amount": True, "currency": "EUR"}),
    ],
)
def test_what_is_no_price(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        minor_units(value, "EUR")


def test_a_currency_is_three_letters() -> None:
    assert currency_code(" eur ") == "EUR"
    for wrong in ("EURO", "E1R", "", None, 5, "ЕUR"):
        with pytest.raises(ValueError, match="three letters"):
            currency_code(wrong)

"""Amounts go to Stripe as it counts them, and come back as they were; what cannot be is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.money import Money
from banyan.payments.providers.stripe import amounts

PLAIN = ["EUR", "USD", "JPY", "KRW", "HUF", "TWD", "INR", "VND"]


@pytest.mark.parametrize(
    ("amount", "currency", "asked"),
    [
        (1299, "EUR", 1299),
        (1299, "JPY", 1299),  # ¥1299, no minor unit at either
        (5, "ISK", 500),
        (7, "UGX", 700),
        (500, "MGA", 5),
        (5120, "KWD", 5120),
        (100, "HUF", 100),  # two digits in charges, none in payouts
    ],
)
def test_each_currency_is_counted_as_stripe_says(amount: int, currency: str, asked: int) -> None:
    assert amounts.asked(Money(amount, currency)) == asked
    assert amounts.told(asked, currency.lower()) == Money(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency"), [(5124, "KWD"), (1, "BHD"), (550, "MGA"), (1000, "IQD"), (1000, "LYD")]
)
def test_what_stripe_cannot_take_exactly_is_refused(amount: int, currency: str) -> None:
    with pytest.raises(ValueError, match="Stripe"):
        amounts.asked(Money(amount, currency))


@given(st.integers(1, 10**9), st.sampled_from([*PLAIN, "ISK", "UGX", "MGA", "KWD", "TND"]))
def test_what_is_asked_comes_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    try:
        asked = amounts.asked(money)
    except ValueError:
        assert currency not in PLAIN
        return
    assert amounts.told(asked, currency.lower()) == money


def test_a_fraction_of_a_krona_is_no_answer() -> None:
    with pytest.raises(ValueError, match="minor unit"):
        amounts.told(550, "isk")

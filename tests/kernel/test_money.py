"""Money: nothing is lost in sums, shares and text, whatever the currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel import money
from banyan.kernel.money import Money

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "GBP"])
AMOUNTS = st.integers(-(10**12), 10**12)


@given(AMOUNTS, CURRENCIES)
def test_what_is_printed_is_read_back_the_same(amount: int, currency: str) -> None:
    value = Money(amount, currency)
    assert money.parse(value.major(), currency) == value


@given(AMOUNTS, CURRENCIES, st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_add_up_to_the_whole_and_none_is_off_by_more_than_one(
    amount: int, currency: str, weights: list[int]
) -> None:
    shares = money.share(Money(amount, currency), weights)
    assert money.total(shares, currency) == Money(amount, currency)
    whole = sum(weights) or len(weights)
    for share, weight in zip(shares, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(share.amount - amount * weight / whole) <= 1


@given(st.integers(0, 10**9), st.decimals(0, 1, places=4))
def test_tax_inside_a_gross_amount_is_what_tax_on_the_net_would_be(gross: int, rate: Decimal) -> None:
    tax = money.included(Money(gross, "EUR"), rate)
    net = Money(gross, "EUR") - tax
    assert abs(money.portion(net, rate).amount - tax.amount) <= 1
    assert 0 <= tax.amount <= gross


@pytest.mark.parametrize("text", ["", "abc", "1.999", "NaN", "Infinity", "1e30", "12,50", "--1", "0x10"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        money.parse(text, "EUR")


def test_currencies_keep_their_digits() -> None:
    assert money.parse("1500", "JPY") == Money(1500, "JPY")
    assert money.parse("1.234", "KWD") == Money(1234, "KWD")
    with pytest.raises(ValueError, match="0 decimal digits"):
        money.parse("1.5", "JPY")


def test_two_currencies_never_meet() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize("currency", ["eur", "EURO", "E1", "", "€"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError):
        Money(1, currency)

"""Prices add up to the last minor unit, in currencies with no, two and three digits, with tax inside or on top."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.money import Money, included, portion
from banyan.kernel.refusals import Conflict
from banyan.orders.domain import shipping, tax
from banyan.orders.domain.pricing import Goods, Price, price

currencies = st.sampled_from(["JPY", "EUR", "KWD"])
countries = st.sampled_from(["DE", "GB", "US", "JP", "CH", "ZZ", "FI"])
classes = st.sampled_from(["standard", "reduced", "zero", "exempt", "unheard-of"])
baskets = st.lists(st.tuples(st.integers(1, 999), st.integers(0, 10**9), classes), min_size=0, max_size=12)


def priced(
    basket: list[tuple[int, int, str]], currency: str, country: str, tax_included: bool, fee: int, off: int
) -> Price:
    goods = [Goods(units, Money(each, currency), tax_class) for units, each, tax_class in basket]
    return price(
        goods,
        shipping=Money(fee, currency),
        country=country,
        tax_included=tax_included,
        discount=Money(off, currency),
    )


@given(baskets, currencies, countries, st.booleans(), st.integers(0, 10**6), st.integers(0, 10**12))
def test_the_parts_are_the_whole(
    basket: list[tuple[int, int, str]], currency: str, country: str, tax_included: bool, fee: int, off: int
) -> None:
    got = priced(basket, currency, country, tax_included, fee, off)
    assert got.subtotal.amount == sum(units * each for units, each, _ in basket)
    assert 0 <= got.discount.amount <= got.subtotal.amount
    on_top = 0 if tax_included else got.tax.amount
    assert got.total.amount == got.subtotal.amount - got.discount.amount + fee + on_top
    of_shipping = got.tax.amount - sum(line.tax.amount for line in got.lines)
    rate = tax.rate(country, tax.STANDARD)
    assert of_shipping == (included if tax_included else portion)(Money(fee, currency), rate).amount
    assert all(0 <= line.tax.amount <= line.total.amount for line in got.lines)


@given(baskets, currencies, countries)
def test_tax_inside_and_tax_on_top_agree_to_a_unit_a_line(
    basket: list[tuple[int, int, str]], currency: str, country: str
) -> None:
    on_top = priced(basket, currency, country, False, 0, 0)
    for (_, _, tax_class), line in zip(basket, on_top.lines, strict=True):
        back = included(line.total + line.tax, tax.rate(country, tax_class))
        assert abs(back.amount - line.tax.amount) <= 1


@given(baskets, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_sum(basket: list[tuple[int, int, str]], chance: object) -> None:
    shuffled = list(basket)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (priced(each, "EUR", "DE", True, 490, 0) for each in (basket, shuffled))
    assert (one.total, one.tax) == (other.total, other.tax)


def test_a_known_basket() -> None:
    got = priced([(2, 1290, "standard"), (1, 2500, "reduced")], "EUR", "DE", True, 490, 0)
    assert [line.tax.amount for line in got.lines] == [412, 164]
    assert (got.tax.amount, got.total.amount) == (412 + 164 + 78, 5570)
    assert priced([(1, 1000, "standard")], "JPY", "JP", False, 490, 0).total == Money(1639, "JPY")


def test_half_a_unit_is_rounded_up_once_a_line() -> None:
    got = priced([(1, 50, "standard")] * 3, "EUR", "AU", False, 0, 0)  # 10 % of 50 is 5
    assert got.tax.amount == 15
    assert priced([(1, 5, "standard")] * 3, "EUR", "AU", False, 0, 0).tax.amount == 3  # 0.5 → 1, three times


def test_what_cannot_be_charged_is_refused() -> None:
    with pytest.raises(Conflict, match="more than can be charged"):
        priced([(999, 2**53 - 1, "standard")], "EUR", "DE", True, 0, 0)


def test_rates_are_fractions_of_one() -> None:
    assert tax.rate("DE", "standard") == Decimal("0.19")
    assert tax.rate("FI", "standard") == Decimal("0.255")
    assert tax.rate("US", "standard") == 0
    assert tax.likely_country("XYZ") == "DE"


@given(currencies, countries, st.integers(0, 10**9))
def test_there_is_always_a_way_to_send_it(currency: str, country: str, goods: int) -> None:
    offered = shipping.options(country, Money(goods, currency))
    assert [each.id for each in offered] == ["standard", "express", "pickup"]
    assert all(each.price.currency == currency and each.price.amount >= 0 for each in offered)
    assert shipping.option("express", country, Money(goods, currency)) == offered[1]
    assert shipping.option("drone", country, Money(goods, currency)) is None


def test_standard_is_free_from_a_sum_on() -> None:
    assert shipping.options("DE", Money(4999, "EUR"))[0].price.amount == 490
    assert shipping.options("DE", Money(5000, "EUR"))[0].price.amount == 0
    assert shipping.options("DE", Money(4999, "JPY"))[0].price.amount == 490
    assert shipping.options("DE", Money(49_999, "KWD"))[0].price.amount == 4900

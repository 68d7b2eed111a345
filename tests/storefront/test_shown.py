"""How things are written."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.money import Money, exponent, parse
from banyan.storefront import countries, shown, story
from banyan.storefront.shop_api.shapes import Order, OrderEvent


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (4990, "EUR", "€49.90"),
        (129900, "USD", "$1,299.00"),
        (1299, "JPY", "¥1,299"),
        (1234567, "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
        (-490, "GBP", "\N{MINUS SIGN}£4.90"),
        (5, "EUR", "€0.05"),
    ],
)
def test_money_is_written_as_people_read_it(amount: int, currency: str, text: str) -> None:
    assert shown.money(Money(amount, currency)) == text


@given(st.integers(0, 2**53 - 1), st.sampled_from(["EUR", "JPY", "KWD", "CHF"]))
def test_no_unit_is_lost_in_writing(amount: int, currency: str) -> None:
    text = shown.money(Money(amount, currency))
    digits = "".join(each for each in text if each.isdigit() or each == ".")
    assert parse(digits, currency).amount == amount
    assert exponent(currency) == len(digits.partition(".")[2])


def test_round_prices_are_written_round() -> None:
    assert [shown.round_money(minor, "EUR") for minor in (5000, 1250, 0)] == ["€50", "€12.50", "€0"]
    assert shown.round_money(5000, "JPY") == "¥5,000"


@pytest.mark.parametrize(
    ("name", "value", "unit", "fact"),
    [
        ("water_column_mm", 3000, "", ("Water column", "3,000\N{NO-BREAK SPACE}mm")),
        ("Weight", 360, "g", ("Weight", "360\N{NO-BREAK SPACE}g")),
        ("vegan", True, "", ("Vegan", "Yes")),
        ("sole", "rubber", "", ("Sole", "Rubber")),
        ("empty", "", "", None),
        ("none", None, "", None),
    ],
)
def test_attributes_are_written_as_facts(name: str, value: object, unit: str, fact: tuple[str, str] | None) -> None:
    assert shown.named(name, value, unit) == fact


def test_devices_are_called_as_people_call_them() -> None:
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"
    assert shown.device(iphone) == "Safari on iPhone"
    assert shown.device("curl/8") == "Another device"


def test_counts_agree_with_their_words() -> None:
    assert [shown.counted(n, "product") for n in (0, 1, 2104)] == ["0 products", "1 product", "2,104 products"]


@pytest.mark.parametrize(
    ("language", "currency", "country"),
    [("de-AT,de;q=0.9", "EUR", "AT"), ("en-GB", "EUR", "GB"), ("en-US,en", "EUR", "DE"), ("en", "USD", "US"),
        ("xx-ZZ", "EUR", "DE"), ("", "XXX", "DE")],
)  # fmt: skip
def test_the_likely_country_comes_first(language: str, currency: str, country: str) -> None:
    assert countries.likely(language, currency) == country


def test_countries_have_names_and_two_letters() -> None:
    assert len(countries.COUNTRIES) > 240
    assert all(len(code) == 2 and code.isupper() and name for code, name in countries.COUNTRIES.items())
    assert set(countries.COUNTRIES) >= countries.WITHOUT_POSTAL_CODES


def order(status: str, reason: str | None = None) -> Order:
    nothing = Money(0, "EUR")
    sums = dict.fromkeys(("subtotal", "discount", "shipping", "tax", "total"), nothing)
    return Order.model_validate(
        {"id": "o", "status": status, "reason": reason, "placed_at": datetime(2026, 1, 1, tzinfo=UTC), **sums}
    )


@pytest.mark.parametrize(
    "status", ["processing", "confirmed", "fulfilled", "payment_failed", "rejected", "cancelled", "new"]
)
def test_every_status_has_words(status: str) -> None:
    standing = story.standing(order(status))
    assert standing.title
    assert standing.text
    assert story.label(status)[0]


def test_a_reason_is_told_in_words_and_a_code_never() -> None:
    assert "declined the card" in story.standing(order("payment_failed", "card_declined")).title
    assert "x_y" not in story.standing(order("payment_failed", "x_y")).title


def test_only_facts_a_shopper_cares_for_are_told() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = [
        OrderEvent(type="orders.OrderPlaced", at=at),
        OrderEvent(type="OrderCompensated", at=at),
        OrderEvent(
            type="OrderRefunded", at=at, data={"amount": {"amount": 500, "currency": "EUR"}, "reason": "too_big"}
        ),
        OrderEvent(type="OrderFulfilled", at=at, data={"tracking": "XY1", "amount": "hostile"}),
    ]
    steps = story.steps(told)
    assert [step.title for step in steps] == ["Order placed", "Money sent back", "A parcel has left"]
    assert [step.text for step in steps] == ["", "€5.00 · Too big", "Tracking XY1"]

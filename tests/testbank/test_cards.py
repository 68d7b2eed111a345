"""A card is known by a token, its brand and its last digits, and by nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.testbank import domain
from banyan.testbank.domain import TOKENS
from tests.testbank.conftest import Desk

CARD = {"number": "5555555555554444", "exp_month": 1, "exp_year": 2026, "cvc": "123"}


async def test_a_card_is_kept_as_token_brand_and_last_digits(desk: Desk) -> None:
    first, second = [(await desk.http("POST", "/tokens", CARD)).json() for _ in range(2)]
    assert (first["brand"], first["last4"]) == ("mastercard", "4444")
    assert first["token"] != second["token"]
    rows = await desk.ports.db.fetch("SELECT * FROM card")
    assert "5555555555554444" not in str(rows)
    assert rows[0]["digest"] == rows[1]["digest"], "the same card is known again, by a keyed digest"
    assert (await desk.charge("by_card", first["token"])).json()["state"] == "authorized"


async def test_a_test_card_behaves_as_its_number_says(desk: Desk) -> None:
    poor = (await desk.http("POST", "/tokens", CARD | {"number": "4000000000009995"})).json()
    assert (await desk.charge("poor", poor["token"])).json()["reason"] == "insufficient_funds"


@pytest.mark.parametrize(
    "wrong", [{"number": "5555555555554445"}, {"exp_year": 2025}, {"cvc": "1"}, {"number": "x"}, {"exp_month": 0}]
)
async def test_a_card_that_cannot_be_is_refused(desk: Desk, wrong: dict[str, object]) -> None:
    answer = await desk.http("POST", "/tokens", CARD | wrong)
    assert answer.status == 422
    assert b"5555" not in answer.body


@given(st.from_regex("[0-9]{11,18}", fullmatch=True))
def test_exactly_one_check_digit_fits(digits: str) -> None:
    assert [domain.luhn(digits + check) for check in "0123456789"].count(True) == 1


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"),
        ("2221000000000009", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
        ("000000000000", "card"),
    ],
)
def test_the_first_digits_tell_the_brand(number: str, brand: str) -> None:
    assert domain.brand(number) == brand


def test_a_card_is_good_until_its_month_is_over() -> None:
    assert not domain.expired(2026, 1, date(2026, 1, 31))
    assert domain.expired(2026, 1, date(2026, 2, 1))


@given(st.sampled_from(["charge", "capture", "void", "refund"]), st.integers(1, 2**53 - 1), st.integers(1, 2**53 - 1))
def test_every_movement_balances(step: domain.Step, one: int, other: int) -> None:
    moved = domain.movements(step, min(one, other), max(one, other))
    assert sum(moved.values()) == 0
    assert all(moved.values())


def test_every_card_behaves_like_a_known_token() -> None:
    assert set(domain.CARDS.values()) <= TOKENS.keys()

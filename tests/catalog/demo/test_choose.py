"""The seeded chooser and the prices made with it."""

from collections import Counter

import pytest

from banyan.catalog.demo.choose import between, fraction, in_turn, pick, shuffled
from banyan.catalog.demo.prices import priced


def test_the_same_words_give_the_same_choice() -> None:
    assert pick("abcdef", "brand", 7) == pick("abcdef", "brand", 7)
    assert [pick(range(1000), "brand", i) for i in range(5)] == [45, 918, 51, 317, 163]


def test_words_are_kept_apart() -> None:
    assert fraction("ab", "c") != fraction("a", "bc")


def test_every_option_comes_up_about_as_often() -> None:
    counts = Counter(pick("abcd", "fair", i) for i in range(4000))
    assert set(counts) == set("abcd")
    assert min(counts.values()) > 880


def test_both_ends_are_included() -> None:
    assert {between(1, 3, i) for i in range(50)} == {1, 2, 3}


def test_shuffling_loses_and_invents_nothing() -> None:
    assert sorted(shuffled(range(40), "deck")) == list(range(40))
    assert shuffled(range(40), "deck") != list(range(40))


def test_in_turn_every_option_comes_up_before_one_comes_up_again() -> None:
    for lap in range(5):
        assert {in_turn("abcd", lap * 4 + seat, "row") for seat in range(4)} == set("abcd")


def test_choosing_from_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        pick((), "brand")


@pytest.mark.parametrize("euros", [1, 7.3, 19.99, 20, 64, 99.9, 100, 251, 590, 1204])
def test_a_price_stays_close_to_what_was_meant(euros: float) -> None:
    for word in range(20):
        price = priced(euros, word)
        assert abs(float(price) - euros) <= max(1.0, euros * 0.05)
        assert price[-3:] in {".00", ".50", ".90", ".95"}

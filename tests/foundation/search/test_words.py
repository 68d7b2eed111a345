"""Texts become words the same way for products and queries, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation.search.words import (
    LONGEST_WORD,
    MOST_WORDS,
    body_words,
    chunks,
    edits,
    edits_allowed,
    fold,
    guessable,
    halves,
    is_mark,
    name_words,
    query_chunks,
)

ANY_TEXT = st.text(st.characters(), max_size=300)
WORD = st.text("abcde", max_size=8)


def words(text: str) -> list[str]:
    return [word for chunk in chunks(text) for word in chunk.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Galaxy S7 4G-LTE", ["galaxy", "s7", "4g", "lte"]),
        ("$1,299.99, 4.5-inch", ["1299.99", "4.5", "inch"]),
        ("802.11ac 3.5mm", ["802.11ac", "3.5mm"]),
        ("Men’s & Kid's", ["mens", "kids"]),
        ("Insignia™ Apple®", ["insignia", "apple"]),
        ("Crème BRÛLÉE Straße İzmir", ["creme", "brulee", "strasse", "izmir"]),
        ("日本 テレビtv", ["日", "本", "テ", "レ", "ビ", "tv"]),
        ("a\0b \ud800c", ["a", "b", "c"]),
        ("— … ⁂", []),
    ],
)
def test_words_are_what_a_shopper_would_type(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("iphone6s", ("iphone", "6s")), ("16gb", ("16", "gb")), ("gb20", ("gb", "20")), ("4g", None), ("case", None)],
)
def test_a_model_code_is_cut_where_letters_meet_digits(word: str, expected: tuple[str, str] | None) -> None:
    assert halves(word) == expected


@pytest.mark.parametrize(
    ("text", "joined"),
    [("Wi-Fi", "wifi"), ("AT&T", "att"), ("A/C", "ac"), ("black/white", None), ("555-1234", None), ("日本", None)],
)
def test_what_a_dash_parts_may_be_written_as_one_but_lists_are_lists(text: str, joined: str | None) -> None:
    assert chunks(text)[0].joined == joined


@given(ANY_TEXT)
def test_no_text_is_a_fault_and_every_word_is_short_plain_and_whole(text: str) -> None:
    for word in (*body_words(text), *words(text)):
        assert 0 < len(word) <= LONGEST_WORD
        assert not any(map(str.isspace, word))
        assert word.encode()
        assert not is_mark(word)


@given(ANY_TEXT)
def test_case_and_accents_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.upper().lower().upper())
    assert words(text) == words(" " + text + "\u0301 ")


@given(ANY_TEXT)
def test_words_written_out_are_read_as_the_same_words(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once


@given(st.text(st.characters(), max_size=2_000))
def test_a_query_is_cut_to_a_bounded_number_of_words(text: str) -> None:
    assert sum(len(chunk.words) for chunk in query_chunks(text)) <= MOST_WORDS


def test_a_long_query_keeps_its_first_words() -> None:
    kept = [word for chunk in query_chunks("one two-three " * 9) for word in chunk.words]
    assert kept == ["one", "two", "three"] * 5 + ["one"]


def test_a_name_is_marked_at_both_ends() -> None:
    assert name_words("Wi-Fi Router") == ["^wi", "wi", "fi", "router", "router$", "wifi"]
    assert name_words("…") == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("samsung", "samsung", 0), ("samsung", "samsnug", 1), ("samsung", "smsung", 1), ("samsung", "samsungg", 1),
        ("samsung", "tamsung", 1), ("headphones", "haedphonse", 2), ("", "abc", 3), ("ab", "ba", 1),
    ],
)  # fmt: skip
def test_edits_count_typing_errors(one: str, other: str, expected: int) -> None:
    assert edits(one, other) == expected


@given(WORD, WORD)
def test_edits_are_the_same_in_both_directions_and_never_more_than_the_longer_word(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one) <= max(len(one), len(other))
    assert (edits(one, other) == 0) == (one == other)


def test_short_words_allow_no_error_and_long_ones_two() -> None:
    assert [edits_allowed("x" * length) for length in (3, 4, 7, 8, 20)] == [0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("phone", True), ("iphone6s", True), ("kb100001", False), ("12345", False), ("tv", False), ("^apple", False)],
)
def test_codes_and_marks_are_no_guesses(word: str, expected: bool) -> None:
    assert guessable(word) is expected

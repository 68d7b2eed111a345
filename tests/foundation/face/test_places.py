"""Addresses: no text leads to another place than the one that was meant."""

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from banyan.foundation.face.places import segment, with_query
from banyan.kernel.refusals import NotFound


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_one_segment_of_a_path_also_over_the_wire(text: str) -> None:
    if not text.strip("."):
        with pytest.raises(NotFound):
            segment(text)
        return
    assert unquote(segment(text)) == text
    asked = URL(f"http://catalog/v1/products/{segment(text)}/prices")
    assert asked.raw_path.count("/") == 4
    assert asked.path_safe.startswith("/v1/products/")
    assert not asked.query_string
    assert not asked.fragment


@pytest.mark.parametrize("text", ["", ".", "..", "..."])
def test_what_would_mean_another_path_is_nowhere(text: str) -> None:
    with pytest.raises(NotFound):
        segment(text)


def test_half_a_character_is_a_segment_that_nobody_has() -> None:
    assert segment("\ud800") == "%3F"
    assert with_query("/x", a="\ud800") == "/x?a=%3F"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=6))
def test_a_query_comes_back_as_it_went(pairs: list[tuple[str, str]]) -> None:
    pairs = [(a.encode("utf-8", "ignore").decode(), b.encode("utf-8", "ignore").decode()) for a, b in pairs]
    pairs = [(name, value) for name, value in pairs if value]
    assert parse_qsl(with_query("/x", pairs).partition("?")[2], keep_blank_values=True) == pairs


def test_a_query_leaves_out_what_is_empty() -> None:
    assert with_query("/x", [("a", "1"), ("b", "")], c="ü&") == "/x?a=1&c=%C3%BC%26"
    assert with_query("/x") == "/x"

"""Attributes take values of their kind and nothing else; what nobody declared is taken for what it looks like."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.domain.attributes import Attribute, Kind, accepted, choices_fit, inferred

values = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=600))


@given(st.sampled_from(Kind), values)
def test_what_is_accepted_is_of_the_kind_and_accepted_again(kind: Kind, value: Any) -> None:
    attribute = Attribute("a", "A", kind, choices=("x", "1") if kind is Kind.CHOICE else ())
    try:
        kept = attribute.accept(value)
    except ValueError:
        return
    assert attribute.accept(kept) == kept
    expected: Any = {Kind.NUMBER: (int, float), Kind.BOOLEAN: bool}.get(kind, str)
    assert isinstance(kept, expected)
    assert kind is not Kind.NUMBER or not isinstance(kept, bool)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (Kind.NUMBER, "12.50", 12.5),
        (Kind.NUMBER, " 7 ", 7),
        (Kind.BOOLEAN, "Yes", True),
        (Kind.BOOLEAN, "0", False),
        (Kind.DATE, "2026-02-28", "2026-02-28"),
        (Kind.TEXT, 5, "5"),
        (Kind.TEXT, True, "true"),
        (Kind.TEXT, " moss ", "moss"),
    ],
)
def test_text_is_read_as_the_kind_asks(kind: Kind, value: Any, kept: Any) -> None:
    assert Attribute("a", "A", kind).accept(value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NUMBER, "about 5"),
        (Kind.NUMBER, "1e5"),
        (Kind.NUMBER, float("nan")),
        (Kind.NUMBER, 10**16),
        (Kind.NUMBER, True),
        (Kind.BOOLEAN, 1),
        (Kind.BOOLEAN, "perhaps"),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "28.02.2026"),
        (Kind.TEXT, "two\nlines"),
        (Kind.TEXT, ""),
        (Kind.TEXT, "x" * 501),
    ],
)
def test_what_does_not_fit_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^a is"):
        Attribute("a", "A", kind).accept(value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("weight_g", 900, Attribute("weight_g", "Weight", Kind.NUMBER, "g")),
        ("battery_mah", 900, Attribute("battery_mah", "Battery", Kind.NUMBER, "mAh")),
        ("size_m", "M", Attribute("size_m", "Size m", Kind.TEXT)),
        ("water_proof", True, Attribute("water_proof", "Water proof", Kind.BOOLEAN)),
        ("Screen size", 4.5, Attribute("screen_size", "Screen size", Kind.NUMBER)),
    ],
)
def test_an_attribute_nobody_declared_is_taken_for_what_it_looks_like(
    name: str, value: Any, expected: Attribute
) -> None:
    assert inferred(name, value) == expected


def test_an_attribute_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no attribute b"):
        accepted({"b": 1}, {"a": Attribute("a", "A", Kind.NUMBER)})


def test_only_a_choice_has_choices_and_each_once() -> None:
    assert choices_fit(Kind.CHOICE, ["a", "b"])
    assert choices_fit(Kind.TEXT, [])
    assert not choices_fit(Kind.CHOICE, [])
    assert not choices_fit(Kind.CHOICE, ["a", "a"])
    assert not choices_fit(Kind.NUMBER, ["a"])

"""Slugs, keys, codes and SKUs: stable, harmless in a URL, the same for what people take to be the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.domain import naming
from banyan.catalog.domain.options import option_key

texts = st.text(max_size=150)


@given(texts, texts)
def test_a_slug_is_a_slug_of_itself_and_fits(name: str, other: str) -> None:
    for slug in naming.slugs_for(name, other):
        assert re.fullmatch(naming.SLUG, slug)
        assert naming.slug_of(slug) == slug
        assert len(slug) <= naming.LONGEST_SLUG
    assert naming.slugs_for(name, other) == naming.slugs_for(name, other)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("AT&T GoPhone - 4G", "at-t-gophone-4g"),
        ("Crème Brûlée", "creme-brulee"),
        ("Straße Øre Łódź", "strasse-ore-lodz"),
        ("L'Atelier", "latelier"),
        ("ｆｕｌｌ　width", "full-width"),
        ("茶", ""),
        ("🍵 --", ""),
    ],
)
def test_names_are_spelled_in_ascii(name: str, slug: str) -> None:
    assert naming.slug_of(name) == slug


def test_a_name_without_letters_of_ours_still_gets_a_slug_of_its_own() -> None:
    assert naming.slugs_for("茶")[0] != naming.slugs_for("酒")[0]


@given(texts)
def test_a_key_is_a_key_of_itself_and_knows_no_case_or_spaces(name: str) -> None:
    key = naming.key_of(name)
    assert naming.key_of(f"  {name}  ") == key
    assert " ".join(key.split()) == key


@given(texts)
def test_a_code_is_a_code_of_itself(name: str) -> None:
    code = naming.code_of(name)
    assert re.fullmatch(naming.CODE, code)
    assert naming.code_of(code) == code


@given(texts, texts, texts)
def test_a_derived_sku_can_be_a_sku_and_is_the_same_each_time(name: str, brand: str, image: str) -> None:
    sku = naming.derived_sku(name, brand, "", image)
    assert naming.is_sku(sku)
    assert sku == naming.derived_sku(f" {name.upper().lower()} " if name.isascii() else name, brand, "", image)
    assert sku != naming.derived_sku(name, brand, "", image + "2")


@given(texts)
def test_what_can_be_a_sku_can_stand_in_a_path(text: str) -> None:
    if naming.is_sku(text):
        assert not set(text) & set("/\\?#%\0\n")
        assert text == text.strip()
        assert text not in (".", "..")
        text.encode()


@pytest.mark.parametrize(
    "text", ["", " a", "a ", "a/b", "a\\b", "a?", "a#", "50%", ".", "..", "a\nb", "a\0", "\ud800", "x" * 65]
)
def test_what_cannot(text: str) -> None:
    assert not naming.is_sku(text)


@pytest.mark.parametrize("text", ["a", "BAN-1", "y & z", "Größe 42", "a.b_c", "x" * 64, "'=1+1"])
def test_what_can(text: str) -> None:
    assert naming.is_sku(text)


def test_marks_of_another_encoding_are_mended() -> None:
    assert naming.mended("Insignia\x99 \x96 5\x80 \x81") == "Insignia™ – 5€ "


def test_options_are_compared_without_order_case_or_spacing() -> None:
    assert option_key({"Colour": "Moss", "Size": "M"}) == option_key({"size": " m", "COLOUR": "moss"})
    assert option_key({"a": "b c"}) != option_key({"a b": "c"})
    assert option_key({}) == ""

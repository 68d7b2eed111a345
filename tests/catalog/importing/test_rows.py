"""A row is read into clean values or refused with the reason; no row is too strange to be read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.catalog.domain.naming import is_line, is_prose, is_sku
from banyan.catalog.domain.product import Status
from banyan.catalog.importing.cells import FIELDS
from banyan.catalog.importing.rows import Row, read

FULL: dict[str, Any] = {
    "product": "tent",
    "sku": "TNT-1",
    "name": " Kestrel Tent ",
    "slug": "kestrel-tent",
    "description": "Two lines,\nof text.",
    "brand": "Lomvik",
    "categories": ["Outdoor", "Tents"],
    "price": "249.00",
    "currency": "EUR",
    "prices": {"USD": 279, "GBP": {"amount": 21900, "currency": "GBP"}},
    "options": {"Colour": "Moss", "Persons": 2},
    "attributes": {"weight_g": 1800, "waterproof": True, "poles": ["steel", "wood"]},
    "image": "media:demo/tent.svg",
    "images": ["media:demo/tent.svg", "https://example.com/t.jpg"],
    "stock": "7",
    "low_stock_at": 2,
    "backorder": "yes",
    "popularity": 12.0,
    "status": "Draft",
    "tax_class": "reduced",
}


def test_a_full_row_is_read_field_by_field() -> None:
    assert read(3, FULL, "EUR") == Row(
        number=3,
        sku="TNT-1",
        product="tent",
        name="Kestrel Tent",
        slug="kestrel-tent",
        description="Two lines,\nof text.",
        brand="Lomvik",
        categories=("Outdoor", "Tents"),
        prices={"USD": 27900, "GBP": 21900, "EUR": 24900},
        options={"Colour": "Moss", "Persons": "2"},
        attributes={"weight_g": 1800, "waterproof": True, "poles": "steel, wood"},
        images=("demo/tent.svg", "https://example.com/t.jpg"),
        stock=7,
        low_stock_at=2,
        backorder=True,
        popularity=12,
        status=Status.DRAFT,
        tax_class="reduced",
        weight_g=1800,
    )


def test_what_a_row_does_not_say_is_not_said() -> None:
    empty: dict[str, Any] = dict.fromkeys(FIELDS - {"sku"}, "") | {"images": [], "options": {}, "brand": None}
    assert read(1, {"sku": "a"} | empty, "EUR") == Row(number=1, sku="a")


def test_rows_without_a_sku_get_the_same_one_each_time_and_namesakes_different_ones() -> None:
    row = {"name": "Tzumi - PocketJuice", "brand": "Tzumi", "image": "https://example.com/1.jpg"}
    sku = read(1, row, "EUR").sku
    assert read(9, row | {"price": 5, "description": "other"}, "EUR").sku == sku
    assert sku.startswith("tzumi-pocketjuice-")
    for other in ({"image": "https://example.com/2.jpg"}, {"brand": "Other"}, {"options": {"Colour": "Red"}}):
        assert read(1, row | other, "EUR").sku != sku


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("Home > Lamps >  Desk", ("Home", "Lamps", "Desk")),
        ("Home", ("Home",)),
        (["A > B"], ("A > B",)),
        ("TV/Video", ("TV/Video",)),
    ],
)
def test_a_category_path_is_a_list_or_steps(said: Any, path: tuple[str, ...]) -> None:
    assert read(1, {"sku": "a", "categories": said}, "EUR").categories == path


BAD: list[tuple[dict[str, Any], str]] = [
    ({"sku": None}, "a sku or a name"),
    ({"sku": "a/b"}, "no slash"),
    ({"sku": 1.5}, "sku: a text"),
    ({"name": "a\0b"}, "name: a text in one line"),
    ({"name": "\udcff"}, "UTF-8"),
    ({"name": "x" * 301}, "at most 300"),
    ({"description": 5}, "description"),
    ({"description": "x" * 20_001}, "at most 20000"),
    ({"categories": ["a", ""]}, "categories: a name"),
    ({"categories": ["a"] * 11}, "categories: a path"),
    ({"categories": {"a": 1}}, "categories: a path"),
    ({"price": "1,00"}, "price: '1,00' is not a price"),
    ({"price": "1.00", "prices": {"EUR": "2.00"}}, "different things"),
    ({"prices": {"EUR": "2.00", "eur": "3.00"}}, "twice"),
    ({"prices": {"EURO": 1}}, "three letters"),
    ({"prices": "5"}, "prices by currency"),
    ({"currency": "euros", "price": 5}, "three letters"),
    ({"options": ["a"]}, "options"),
    ({"options": {"a": "1", " A ": "2"}}, "a name of its own"),
    ({"options": {"": "1"}}, "name of its own"),
    ({"attributes": {"a": {"b": 1}}}, "attributes"),
    ({"attributes": {"a": float("inf")}}, "15 digits"),
    ({"image": "javascript:alert(1)"}, "no http"),
    ({"image": "file:///etc/passwd"}, "no http"),
    ({"image": "//example.com/x.png"}, "no http"),
    ({"image": "https://user:pw@example.com/x.png"}, "no http"),
    ({"image": 'https://example.com/"onload='}, "no http"),
    ({"image": "https://[::1"}, "no http"),
    ({"image": "media:../../etc/passwd"}, "no path below"),
    ({"image": "media:/etc/passwd"}, "no path below"),
    ({"image": "media:"}, "no path below"),
    ({"stock": -1}, "stock: a whole number"),
    ({"stock": 1.5}, "stock: a whole number"),
    ({"stock": "many"}, "stock: a whole number"),
    ({"stock": True}, "stock: a whole number"),
    ({"stock": 10**10}, "stock: a whole number"),
    ({"popularity": 2**31}, "popularity"),
    ({"status": "sold"}, "draft, published or archived"),
    ({"backorder": "perhaps"}, "true or false"),
    ({"tax_class": "a b"}, "tax_class"),
    ({"slug": "Not A Slug"}, "not-a-slug"),
]


@pytest.mark.parametrize(("said", "reason"), BAD, ids=[f"{n} {next(iter(said))}" for n, (said, _) in enumerate(BAD)])
def test_a_wrong_row_is_refused_with_the_reason(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read(1, {"sku": "a"} | said, "EUR")
    assert reason in str(refused.value)


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30))
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), anything, max_size=8), st.booleans())
def test_no_row_is_too_strange_and_what_is_taken_can_be_kept(raw: dict[str, Any], with_sku: bool) -> None:
    try:
        row = read(1, raw | ({"sku": "a"} if with_sku else {}), "EUR")
    except ValueError:
        return
    assert is_sku(row.sku)
    lines = [row.name, row.brand, row.product, *(row.categories or ()), *(row.options or {}), *(row.images or ())]
    assert all(is_line(text) and text for text in lines if text is not None)
    assert is_prose(row.description or "")
    assert all(0 < amount < 2**53 for amount in row.prices.values())
    assert all(0 <= (number or 0) < 2**31 for number in (row.stock, row.popularity, row.weight_g))

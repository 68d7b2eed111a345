"""A variant that a product of the legacy shop gets with us is a value more of its options there; the others stay as they were."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import ProductRecord, StockRecord, VariantRecord
from banyan.kernel.money import Money
from banyan.move.legacy import Ref
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf
from tests.move.legacy.test_new_variants import SIZES, by_id, made, reread, shelf, written

__all__ = ["shelf"]  # the fixture
Rows = dict[str, tuple[Row, ...]]
OPTIONS = ("product_option", "product_option_value", "option", "option_description", "option_value")


def more(name: str, options: dict[str, str], price: int, grams: int = 100) -> VariantRecord:
    """As the catalogue tells of one that is new."""
    return VariantRecord(
        id=f"var_{name}", sku=name.upper(), options=options, prices=(Money(price, "USD"),), weight_g=grams
    )


def with_more(record: ProductRecord, *variants: VariantRecord, **changes: Any) -> ProductRecord:
    return record.model_copy(update={"variants": (*record.variants, *variants), **changes})


def whole(rows: Rows, after: Rows) -> Rows:
    """The rows as the mirror has them afterwards, the shop's own options apart."""
    return {**rows, **after}


def test_a_size_more_is_a_value_more_and_the_others_keep_theirs(shelf: Shelf) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    wider = with_more(record, more("size-xl", {"Fit": "XL"}, 1200, 220), name="Wide tee")
    after = whole(rows, shelf.write(ref, wider, rows))
    again = reread(shelf, ref, after)
    assert again.name == "Wide tee"
    assert by_id(again) == by_id(wider)
    assert shelf.adapter.lost(ref, wider, after, shelf.stock) == ()
    kept = len(rows["product_option_value"])
    assert after["product_option_value"][:kept] == rows["product_option_value"]
    assert after["product_option"] == rows["product_option"]
    assert [(row["price"], row["quantity"], row["subtract"]) for row in after["product_option_value"][kept:]] == [
        (b"3.0000", b"0", b"1")
    ]
    assert {row["name"] for row in after["option_value_description"]} >= {b"XL"}
    assert shelf.write(ref, again, after) == after  # and read again nothing changes


def test_its_price_may_change_with_the_others_and_its_units_are_counted_there(shelf: Shelf) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    dearer = tuple(
        each.model_copy(update={"prices": (Money(each.prices[0].amount + 100, "USD"),)}) for each in record.variants
    )
    wider = with_more(record.model_copy(update={"variants": dearer}), more("dear-xl", {"Fit": "XL"}, 1300))
    after = whole(rows, shelf.write(ref, wider, rows))
    assert by_id(reread(shelf, ref, after)) == by_id(wider)
    counted = StockRecord(id="DEAR-XL", version=1, on_hand=7)
    assert shelf.adapter.ref(counted, shelf.stock) == Ref("stock", ref.key)
    after = whole(after, shelf.write(Ref("stock", ref.key), counted, after))
    found = shelf.adapter.record(Ref("stock", ref.key), after, shelf.stock, 1)
    assert isinstance(found, tuple)
    assert {each.id: each.on_hand for each in found if isinstance(each, StockRecord)}["DEAR-XL"] == 7


def test_a_product_without_options_gets_one_that_need_not_be_chosen(shelf: Shelf) -> None:
    record = made(({}, 2000, 300))
    ref, rows = written(shelf, record)
    wider = with_more(record, more("box", {"Packed": "Box"}, 2300, 400), more("crate", {"Packed": "Crate"}, 3200, 900))
    after = whole(rows, shelf.write(ref, wider, rows))
    assert by_id(reread(shelf, ref, after)) == by_id(wider)
    assert [row["required"] for row in after["product_option"]] == [b"0"]


def test_the_shops_own_products_get_values_too(shelf: Shelf) -> None:
    grown = 0
    for ref in shelf.refs("product"):
        rows = {name: tuple(found) for name, found in shelf.rows(ref).items()}
        record = reread(shelf, ref, rows)
        names = {name for each in record.variants for name in each.options}
        if len(names) != 1 or not all(each.prices for each in record.variants):
            continue
        (name,) = names
        price = record.variants[0].prices[0].amount + 500
        wider = with_more(record, more(f"own-{ref.key}", {name: "Banyan"}, price, record.variants[0].weight_g))
        after = whole(rows, shelf.write(ref, wider, rows))
        said = shelf.adapter.lost(ref, wider, after, shelf.stock)
        assert not any(each.startswith("variants") for each in said), said
        assert all(row in after["product_option_value"] for row in rows["product_option_value"])
        grown += 1
    assert grown


@pytest.mark.parametrize(
    ("variants", "why"),
    [
        ((more("odd", {"Fit": "Small", "Color": "Red"}, 900),), "one colour of one size alone"),
        ((more("red", {"Color": "Red"}, 900),), "no size"),
        ((more("free", {"Fit": "XL"}, 900).model_copy(update={"prices": ()}),), "no price"),
    ],
)
def test_what_opencart_cannot_sell_is_listed_and_the_rest_goes_back(
    shelf: Shelf, variants: tuple[VariantRecord, ...], why: str
) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    wider = with_more(record, *variants, name="Wide tee")
    after = shelf.write(ref, wider, rows)
    assert reread(shelf, ref, after).name == "Wide tee", why
    assert all(after.get(table, ()) == rows.get(table, ()) for table in OPTIONS[:2])
    assert any(each.startswith("variants") for each in shelf.adapter.lost(ref, wider, after, shelf.stock))


PRICES = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 5_000), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=PRICES, second=PRICES, optional=st.booleans(), new=PRICES, base=st.integers(6_000, 10**6))
def test_whatever_grid_is_grown_it_is_read_as_it_is(
    shelf: Shelf, first: dict[str, int], second: dict[str, int], optional: bool, new: dict[str, int], base: int
) -> None:
    """Two options, the second perhaps not to be chosen; then the first gets more values."""

    def grid(values: dict[str, int]) -> list[tuple[dict[str, str], int, int]]:
        others: list[tuple[dict[str, str], int]] = [({"Tone": name}, price) for name, price in second.items()]
        others += [({}, 0)] if optional else []
        return [
            ({"Cut": name, **also}, base + price + plus, 100) for name, price in values.items() for also, plus in others
        ]

    record = made(*grid(first))
    ref, rows = written(shelf, record)
    grown = {name: price for name, price in new.items() if name not in first}
    also = made(*grid(grown)) if grown else None
    wider = with_more(record, *(also.variants if also else ()))
    after = whole(rows, shelf.write(ref, wider, rows))
    assert by_id(reread(shelf, ref, after)) == by_id(wider)
    kept = len(rows["product_option_value"])
    assert after["product_option_value"][:kept] == rows["product_option_value"]

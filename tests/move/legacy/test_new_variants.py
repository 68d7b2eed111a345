"""A product of several variants that began with us is one with options in OpenCart, and read again it is the same."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import ProductRecord, StockRecord, VariantRecord
from banyan.kernel.money import Money
from banyan.move.legacy import Ref, Unwritable
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
Rows = dict[str, tuple[Row, ...]]
_number = count(1)


@pytest.fixture(scope="module", params=["installed4", "installed3"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found: Shelf = request.getfixturevalue(request.param)
    found.deliver()
    return found


def made(*variants: tuple[dict[str, str], int, int], **more: Any) -> ProductRecord:
    """A product of these variants: options, price in cents, grams."""
    number = next(_number)
    every = tuple(
        VariantRecord(
            id=f"var_{number}_{place}",
            sku=f"TEE{number}-{place}",
            options=options,
            prices=(Money(price, "USD"),),
            weight_g=grams,
        )
        for place, (options, price, grams) in enumerate(variants)
    )
    said = {"id": f"prd_{number}", "version": 1, "name": "Tee", "slug": f"tee-{number}", "variants": every}
    return ProductRecord.model_validate({"created_at": WHEN, **said, **more})


def written(shelf: Shelf, record: ProductRecord, rows: Rows | None = None) -> tuple[Ref, Rows]:
    ref = shelf.adapter.ref(record, shelf.stock)
    assert ref is not None
    return ref, shelf.write(ref, record, rows or {})


def reread(shelf: Shelf, ref: Ref, rows: Rows) -> ProductRecord:
    found = shelf.adapter.record(ref, rows, shelf.stock, 1)
    assert isinstance(found, tuple), found
    assert isinstance(found[0], ProductRecord)
    return found[0]


def by_id(record: ProductRecord) -> dict[str, tuple[str, dict[str, str], Money, int]]:
    """What is sold; prices in other currencies than the shop's follow its rates there."""
    return {each.id: (each.sku, each.options, each.prices[0], each.weight_g) for each in record.variants}


SIZES = [({"Fit": "Small"}, 900, 150), ({"Fit": "Medium & up"}, 1000, 160), ({"Fit": "L"}, 850, 175)]


def test_each_variant_is_a_value_of_an_option_of_its_own(shelf: Shelf) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    assert shelf.adapter.lost(ref, record, rows, shelf.stock) == ()
    assert by_id(reread(shelf, ref, rows)) == by_id(record)
    [option] = rows["option"]
    assert (option["type"], [row["name"] for row in rows["option_description"]][:1]) == (b"select", [b"Fit"])
    assert b"Medium &amp; up" in {row["name"] for row in rows["option_value_description"]}
    assert [(row["price"], row["price_prefix"]) for row in rows["product_option_value"]] == [
        (b"0.0000", b"+"),
        (b"1.0000", b"+"),
        (b"0.5000", b"-"),
    ]
    assert {(row["quantity"], row["subtract"]) for row in rows["product_option_value"]} == {(b"0", b"1")}
    assert rows["product"][0]["model"] == record.variants[0].sku.partition("-")[0].encode()


def test_an_option_that_the_shop_has_is_used_and_gets_what_it_lacks(shelf: Shelf) -> None:
    have = {row.text("name") for row in shelf.all["option_value_description"]}
    assert {"Red", "Blue"} <= have
    record = made(({"Select": "Blue"}, 900, 0), ({"Select": "Red"}, 900, 0), ({"Select": "Teal"}, 900, 0))
    ref, rows = written(shelf, record)
    assert by_id(reread(shelf, ref, rows)) == by_id(record)
    assert "option" not in rows
    assert {row["name"] for row in rows["option_value_description"]} == {b"Teal"}
    [red] = [row for row in shelf.all["option_value_description"] if row["name"] == b"Red"]
    assert red["option_value_id"] in {row["option_value_id"] for row in rows["product_option_value"]}


def test_two_options_are_every_combination_and_one_that_need_not_be_chosen_has_none_of_it(shelf: Shelf) -> None:
    more = {"Oak": 0, "Ash": 500}
    boxes: dict[str | None, int] = {None: 0, "Box": 300, "Crate": 1200}
    record = made(
        *(
            ({"Wood": wood} | ({"Packed": box} if box else {}), 4000 + more[wood] + boxes[box], 100)
            for wood, box in product(more, boxes)
        )
    )
    ref, rows = written(shelf, record)
    assert shelf.adapter.lost(ref, record, rows, shelf.stock) == ()
    assert by_id(reread(shelf, ref, rows)) == by_id(record)
    assert [row["required"] for row in rows["product_option"]] == [b"1", b"0"]


def test_written_again_it_has_the_same_numbers_and_read_back_nothing_changes(shelf: Shelf) -> None:
    record = made(*SIZES, slug=None)
    ref, rows = written(shelf, record)
    assert written(shelf, record)[1] == rows  # its process died before the first time came to anything
    same = reread(shelf, ref, rows)
    assert shelf.write(ref, same, rows) == rows


def test_a_price_that_changes_afterwards_goes_to_its_value(shelf: Shelf) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    dearer = tuple(
        each.model_copy(update={"prices": (Money(each.prices[0].amount + (250 if place == 1 else 0), "USD"),)})
        for place, each in enumerate(record.variants)
    )
    changed = record.model_copy(update={"variants": dearer})
    after = shelf.write(ref, changed, rows)
    assert by_id(reread(shelf, ref, after)) == by_id(changed)
    assert after["product"] == rows["product"]


def test_its_units_are_counted_at_the_value(shelf: Shelf) -> None:
    record = made(*SIZES)
    ref, rows = written(shelf, record)
    for place, each in enumerate(record.variants):
        counted = StockRecord(id=each.sku, version=1, on_hand=5 + place)
        assert shelf.adapter.ref(counted, shelf.stock) == Ref("stock", ref.key)
        rows = shelf.write(Ref("stock", ref.key), counted, rows)
    found = shelf.adapter.record(Ref("stock", ref.key), rows, shelf.stock, 1)
    assert isinstance(found, tuple)
    assert {each.id: each.on_hand for each in found if isinstance(each, StockRecord)} == {
        each.sku: 5 + place for place, each in enumerate(record.variants)
    }
    assert rows["product"][0]["quantity"] == b"18"


GRID = [({"Size": size, "Color": color}, 900, 100) for size in "SM" for color in ("Red", "Blue")]


@pytest.mark.parametrize(
    ("variants", "why"),
    [
        (GRID[:3], "3 variants of the 4 combinations"),
        ([*GRID[:3], (GRID[3][0], 950, 100)], "no sum of one price and what each value of Size, Color adds"),
        ([({"Size": "S"}, 1, 1), ({"Size": "S"}, 2, 1)], "do not tell them apart"),
        ([({"Size": "S"}, 1, 1), ({"Size": "s"}, 2, 1)], "would be read otherwise"),
        ([({"Size": "x" * 120}, 1, 1), ({"Size": "y"}, 2, 1)], "would be read otherwise"),
        ([], "has no variants"),
    ],
)
def test_what_opencart_cannot_say_is_refused_with_what_to_do(
    shelf: Shelf, variants: list[tuple[dict[str, str], int, int]], why: str
) -> None:
    with pytest.raises(Unwritable, match=why):
        written(shelf, made(*variants))


def test_a_variant_without_a_price_beside_others_with_one_is_refused(shelf: Shelf) -> None:
    record = made(*SIZES)
    without = (record.variants[0].model_copy(update={"prices": ()}), *record.variants[1:])
    with pytest.raises(Unwritable, match=r"has no price in USD"):
        written(shelf, record.model_copy(update={"variants": without}))


def test_weights_that_are_no_sum_are_listed(shelf: Shelf) -> None:
    record = made(*((options, 900, 100 + 7 * place * place) for place, (options, _, _) in enumerate(GRID)))
    ref, rows = written(shelf, record)
    lost = shelf.adapter.lost(ref, record, rows, shelf.stock)
    assert lost
    assert all("weight_g" in each for each in lost)


NAMES = st.text(
    st.characters(codec="utf-8", max_codepoint=0x17F, categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    options=st.dictionaries(
        NAMES, st.lists(st.tuples(NAMES, st.integers(-400, 9_000)), min_size=1, max_size=4), max_size=3
    ),
    base=st.integers(2_000, 10**7),
    grams=st.integers(0, 20_000),
)
def test_whatever_is_written_is_read_as_it_was_or_refused(
    shelf: Shelf, options: dict[str, list[tuple[str, int]]], base: int, grams: int
) -> None:
    every = [dict(zip(options, each, strict=True)) for each in product(*options.values())]
    record = made(
        *(
            ({name: value for name, (value, _) in each.items()}, base + sum(more for _, more in each.values()), grams)
            for each in every
        )
    )
    try:
        ref, rows = written(shelf, record)
    except Unwritable:
        return
    assert by_id(reread(shelf, ref, rows)) == by_id(record)
    assert shelf.adapter.lost(ref, record, rows, shelf.stock) == ()
    assert all(row.decimal("price") >= Decimal(0) for row in rows.get("product_option_value", ()))

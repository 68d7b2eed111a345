"""Rows become products: upserted by SKU, only what differs written and told, each refused row with its reason."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from banyan.catalog import importing
from banyan.contracts.catalog import BrandsChanged, CategoriesChanged, PriceChanged, ProductAdded, ProductChanged
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Unavailable
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import CATALOGUE, Counter

LAMP = {
    "sku": "LMP-1",
    "name": "Desk Lamp",
    "description": "Bends.",
    "brand": "Fennick",
    "categories": ["Home", "Lamps"],
    "price": 49.9,
    "attributes": {"weight_g": 900, "socket": "E27", "dimmable": True},
    "image": "https://example.com/lamp.jpg",
    "popularity": 5,
}
TENT = [
    {"product": "tent", "sku": f"TNT-{colour}", "name": "Tent", "price": 199, "options": {"Colour": colour}, "stock": 3}
    for colour in ("Moss", "Rust", "Sand")
]


@pytest.fixture
async def shop(open_counter: OpenCounter) -> Counter:
    """A shop of its own for each test."""
    return await open_counter()


async def test_a_row_becomes_a_published_product(shop: Counter) -> None:
    report = await shop.take(LAMP)
    assert (report.rows, report.added, report.refused) == (1, 1, 0)
    seen = await shop.json("/v1/products/desk-lamp")
    assert (seen["name"], seen["brand"], seen["price"]) == ("Desk Lamp", "Fennick", {"amount": 4990, "currency": "EUR"})
    assert [step["name"] for step in seen["categories"]] == ["Home", "Lamps"]
    assert {each["code"]: (each["kind"], each["value"], each["unit"]) for each in seen["attributes"]} == {
        "weight_g": ("number", 900, "g"),
        "socket": ("text", "E27", ""),
        "dimmable": ("boolean", True, ""),
    }
    assert (seen["image"], seen["variants"][0]["weight_g"]) == ("https://example.com/lamp.jpg", 900)
    assert await shop.broken() == []


async def test_the_same_rows_again_change_nothing_and_tell_nothing(shop: Counter) -> None:
    await shop.take(LAMP, *TENT)
    before = await shop.rows_of(*CATALOGUE)
    await shop.told()
    report = await shop.take(LAMP, *TENT)
    assert (report.unchanged, report.rows) == (4, 4)
    assert await shop.rows_of(*CATALOGUE) == before
    assert await shop.told() == []


async def test_only_what_differs_is_written_and_told(shop: Counter) -> None:
    await shop.take(LAMP, *TENT)
    await shop.told()
    report = await shop.take({"sku": "LMP-1", "price": "39.90"}, {"sku": "TNT-Rust", "weight_g": 2000}, TENT[0])
    assert (report.changed, report.unchanged) == (2, 1)
    facts = await shop.told()
    assert sorted(fact.slug for fact in facts if isinstance(fact, ProductChanged)) == ["desk-lamp", "tent"]
    [price] = [fact for fact in facts if isinstance(fact, PriceChanged)]
    assert (price.sku, price.before, price.after) == ("LMP-1", Money(4990, "EUR"), Money(3990, "EUR"))
    seen = await shop.json("/v1/products/desk-lamp")
    assert (seen["description"], seen["price"]["amount"], len(seen["categories"])) == ("Bends.", 3990, 2)


@pytest.mark.parametrize(
    "said",
    [
        {"name": "Floor Lamp"},
        {"description": "Stands."},
        {"brand": "Lomvik"},
        {"categories": "Home > Floor"},
        {"attributes": {"socket": "E14"}},
        {"image": "https://example.com/other.jpg"},
        {"popularity": 6},
        {"status": "draft"},
        {"tax_class": "reduced"},
        {"slug": "floor-lamp"},
        {"prices": {"USD": 55}},
        {"options": {"Colour": "Red"}},
        {"weight_g": 1},
    ],
    ids=lambda said: next(iter(said)),
)
async def test_each_field_can_be_changed_and_then_is(counter: Counter, said: dict[str, Any]) -> None:
    field = next(iter(said))
    base = LAMP | {"sku": f"FLD-{field}", "name": f"Lamp {field}"}
    await counter.take(base)
    await counter.told()
    row = base | said | ({"attributes": said["attributes"]} if "attributes" in said else {})
    report = await counter.take(row)
    assert report.changed == 1
    assert len(await counter.told(ProductChanged)) == 1
    assert (await counter.take(row)).unchanged == 1
    assert await counter.broken() == []


async def test_rows_that_say_the_same_product_are_its_variants(shop: Counter) -> None:
    await shop.take(*TENT)
    [added] = await shop.told(ProductAdded)
    assert added.slug == "tent"
    assert [each["options"] for each in (await shop.json("/v1/products/tent"))["variants"]] == [
        {"Colour": colour} for colour in ("Moss", "Rust", "Sand")
    ]
    more = {"product": "tent", "sku": "TNT-Sky", "price": 1, "options": {"Colour": "Sky"}}
    assert (await shop.take(more)).added == 1
    assert len((await shop.json("/v1/products/tent"))["variants"]) == 4
    by_slug = await shop.product("HAND-1", name="Handmade")
    added_by_slug = {"product": by_slug["slug"], "sku": "HAND-2", "price": 1, "options": {"Size": "L"}}
    assert (await shop.take(added_by_slug)).added == 1
    assert len((await shop.json("/v1/products/handmade"))["variants"]) == 2
    # A handle nobody knows means the product that one of its SKUs belongs to.
    new_name = [row | {"product": "tent-2027"} for row in TENT] + [more | {"product": "tent-2027", "sku": "TNT-Ash"}]
    new_name[-1]["options"] = {"Colour": "Ash"}
    assert (await shop.take(*new_name)).added == 1
    assert len((await shop.json("/v1/products/tent"))["variants"]) == 5


async def test_variants_may_swap_their_options_in_one_file(shop: Counter) -> None:
    await shop.take(*TENT)
    moss, rust, _ = TENT
    report = await shop.take(moss | {"options": rust["options"]}, rust | {"options": moss["options"]})
    assert (report.changed, report.refused) == (2, 0)
    assert await shop.broken() == []


async def test_a_row_that_cannot_be_taken_is_refused_and_stops_no_other(shop: Counter) -> None:
    await shop.take(LAMP, *TENT, {"sku": "MUG", "name": "Mug", "price": 5, "attributes": {"size_cm": 9}})
    report = await shop.take(
        {"sku": "OK-1", "name": "Fine", "price": 1},
        {"sku": "BAD-1", "price": 1},
        {"sku": "BAD-2", "name": "No price"},
        {"sku": "BAD-3", "name": "Bad price", "price": "1,00"},
        {"sku": "LMP-1", "product": "tent"},
        {"sku": "BAD-4", "product": "tent", "price": 1, "options": {"colour": " moss"}},
        {"sku": "BAD-5", "name": "Wrong kind", "price": 1, "attributes": {"size_cm": "about nine"}},
        {"sku": "OK-1", "name": "Twice", "price": 2},
        {"sku": "OK-2", "name": "Fine too", "price": 1, "status": "draft"},
    )
    assert report.added == 2
    assert {outcome.row: outcome.reason for outcome in report.refusals} == {
        2: "a new product needs a name",
        3: "a new variant of a published product needs a price",
        4: "price: '1,00' is not a price; write 1234.56, without a currency or separators",
        5: "this SKU belongs to another product, desk-lamp",
        6: "TNT-Moss of the same product has these options",
        7: "size_cm is a number",
        8: "row 1 has this SKU",
    }
    assert [outcome.row for outcome in report.refusals] == sorted(outcome.row for outcome in report.refusals)
    assert (await shop.json("/v1/products/fine"))["price"]["amount"] == 100
    assert await shop.broken() == []


async def test_a_sku_twice_is_the_first_rows_even_far_apart(shop: Counter) -> None:
    """Were it the last one's, every run over the file would change things."""
    rows = [{"sku": f"S-{number}", "name": f"N {number}", "price": 1} for number in range(1100)]
    rows.append({"sku": "S-0", "name": "Other", "price": 2})
    for expected in ("added", "unchanged"):
        report = await shop.take(*rows)
        assert (report.counts[expected], report.refused) == (1100, 1)
        assert report.refusals[0].reason == "row 1 has this SKU"


async def test_a_dry_run_says_the_same_and_writes_nothing(shop: Counter) -> None:
    await shop.take(LAMP)
    rows: list[dict[str, Any]] = [
        LAMP | {"price": 1},
        *TENT,
        {"sku": "BAD"},
        LAMP | {"sku": "LMP-2", "categories": ["New"], "brand": "New"},
    ]
    before, told = await shop.rows_of(*CATALOGUE, "outbox", "import_run", "import_claim"), await shop.told()
    rehearsed = await shop.take(*rows, dry_run=True)
    assert await shop.rows_of(*CATALOGUE, "outbox", "import_run", "import_claim") == before
    assert told
    assert shop.storeroom.asked == 0
    real = await shop.take(*rows)
    assert rehearsed.dry_run
    assert (rehearsed.counts, rehearsed.refusals) == (real.counts, real.refusals)


async def test_brands_and_categories_are_made_once_whatever_their_spelling(shop: Counter) -> None:
    spelled = [("SanDisk", "Home > Lamps"), ("Sandisk ", "home>LAMPS"), ("ＳａｎＤｉｓｋ", ["Home", "lamps "])]
    await shop.take(
        *({"sku": f"B-{n}", "name": "B", "price": 1, "brand": b, "categories": c} for n, (b, c) in enumerate(spelled))
    )
    assert [(each["name"], each["count"]) for each in (await shop.json("/v1/brands"))["items"]] == [("SanDisk", 3)]
    [home] = (await shop.json("/v1/categories"))["items"]
    assert [(each["name"], each["count"]) for each in home["children"]] == [("Lamps", 3)]
    told = await shop.told(BrandsChanged, CategoriesChanged)
    assert sorted(type(each).__name__ for each in told) == ["BrandsChanged", "CategoriesChanged", "CategoriesChanged"]


async def test_stock_is_told_to_inventory_after_the_products_are_there(shop: Counter) -> None:
    report = await shop.take(*TENT, LAMP, {"sku": "BAD", "stock": 9}, stock_default=40)
    assert report.refused == 1
    assert {sku: count.on_hand for sku, count in shop.storeroom.counts.items()} == {
        "TNT-Moss": 3,
        "TNT-Rust": 3,
        "TNT-Sand": 3,
        "LMP-1": 40,
    }
    shop.storeroom.counts.clear()
    await shop.take(*TENT, LAMP, stock_default=40)
    assert set(shop.storeroom.counts) == {"TNT-Moss", "TNT-Rust", "TNT-Sand"}


async def test_what_inventory_refuses_is_said_beside_the_row_and_stops_nothing(shop: Counter, tmp_path: Path) -> None:
    shop.storeroom.refuses = {"TNT-Rust"}
    file = tmp_path / "tents.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, TENT)))
    report = await importing.import_file(shop.ports, file, report_path=tmp_path / "report")
    assert (report.added, report.stock_refused) == (3, 1)
    assert set(shop.storeroom.counts) == {"TNT-Moss", "TNT-Sand"}
    told = [orjson.loads(line) for line in (tmp_path / "report").read_bytes().splitlines()]
    assert told[1] == {
        "row": 2,
        "sku": "TNT-Rust",
        "outcome": "added",
        "reason": "its stock: less than what is reserved",
    }


async def test_stock_that_inventory_has_not_heard_is_told_when_the_import_goes_on(
    shop: Counter, tmp_path: Path
) -> None:
    file = tmp_path / "tents.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, TENT)))
    shop.storeroom.closed = Unavailable("inventory is away")
    with pytest.raises(Unavailable):
        await importing.import_file(shop.ports, file)
    shop.storeroom.closed = None
    report = await importing.import_file(shop.ports, file)
    assert (report.resumed_at, report.rows, report.added) == (3, 3, 3)
    assert len(shop.storeroom.counts) == 3


async def test_namesakes_are_different_products(shop: Counter) -> None:
    rows = [
        {"name": "Charger", "brand": "Tzumi", "image": f"https://example.com/{n}.jpg", "price": n + 1} for n in range(3)
    ]
    assert (await shop.take(*rows)).added == 3
    slugs = [each["slug"] for each in (await shop.json("/v1/products"))["items"]]
    assert slugs[0] == "charger"
    assert len(set(slugs)) == 3
    assert (await shop.take(*reversed(rows))).unchanged == 3


async def test_pictures_of_a_product_are_those_of_its_rows_in_order(shop: Counter) -> None:
    rows = [row | {"image": f"media:demo/{n}.svg"} for n, row in enumerate(TENT)]
    await shop.take(*rows)
    seen = await shop.json("/v1/products/tent")
    assert [each["url"] for each in seen["images"]] == [f"/media/demo/{n}.svg" for n in range(3)]
    await shop.take(TENT[0] | {"images": "media:demo/2.svg|https://example.com/x.png media:demo/0.svg"})
    again = await shop.json("/v1/products/tent")
    assert [each["url"] for each in again["images"]] == [
        "/media/demo/2.svg",
        "https://example.com/x.png",
        "/media/demo/0.svg",
    ]
    assert again["images"][0]["id"] == seen["images"][2]["id"]


async def test_a_slug_that_is_anothers_is_not_taken(shop: Counter) -> None:
    await shop.take({"sku": "A", "name": "First", "slug": "best", "price": 1})
    row = {"sku": "B", "name": "Second", "slug": "best", "price": 1}
    assert (await shop.take(row)).added == 1
    assert (await shop.take(row)).unchanged == 1
    assert {each["slug"] for each in (await shop.json("/v1/products"))["items"]} == {"best", "second"}
    assert (await shop.take(row | {"slug": "other"})).changed == 1
    assert (await shop.json("/v1/products/second"))["slug"] == "other"


async def test_imports_at_the_same_time_lose_nothing(shop: Counter) -> None:
    """The same new brands, categories, attributes and SKUs from four sides, and an operator among them."""
    rows = [
        LAMP | {"sku": f"C-{n}", "name": f"C {n}", "brand": f"Brand {n % 7}", "categories": ["Top", f"Mid {n % 5}"]}
        for n in range(200)
    ]
    reports = await asyncio.gather(
        shop.take(*rows), shop.take(*reversed(rows)), shop.take(*rows[::2]), shop.take(*rows[100:], *rows[:100])
    )
    assert sum(report.added for report in reports) + sum(report.refused for report in reports) >= 200
    assert (await shop.take(*rows)).unchanged == 200
    assert len((await shop.json("/v1/brands"))["items"]) == 7
    assert await shop.broken() == []


async def test_a_price_an_operator_changes_meanwhile_is_not_lost_silently(shop: Counter) -> None:
    """Each product is changed whole by one or the other: its version counts both."""
    await shop.take(*TENT)
    for round_ in range(5):
        await asyncio.gather(
            shop.take(*(row | {"price": 100 + round_} for row in TENT)),
            shop.send("PUT", "/v1/products/tent/variants/TNT-Rust/prices/USD", {"amount": 5 + round_}),
        )
    prices = {
        each["sku"]: {price["currency"]: price["amount"] for price in each["prices"]}
        for each in (await shop.json("/v1/products/tent"))["variants"]
    }
    assert prices["TNT-Rust"] == {"EUR": 10400, "USD": 9}
    assert prices["TNT-Sand"] == {"EUR": 10400}


async def test_lists_show_products_in_the_order_of_the_file(shop: Counter) -> None:
    names = [f"Number {number:03}" for number in range(90)]
    await shop.take(*({"name": name, "price": 1} for name in names))
    assert [each["name"] for each in (await shop.json("/v1/products?limit=100"))["items"]] == names


async def test_a_file_is_imported_by_one_at_a_time(shop: Counter, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(orjson.dumps(LAMP))
    answers = await asyncio.gather(*(importing.import_file(shop.ports, file) for _ in range(2)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [refusal.code for refusal in refused] in ([], ["import_running"])
    assert (await importing.import_file(shop.ports, file)).unchanged == 1

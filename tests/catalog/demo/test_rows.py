"""The demo rows: enough of them, well-formed, and the same every time."""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import groupby
from typing import Any

import pytest

from banyan.catalog.demo import rows
from banyan.catalog.demo.brands import BRANDS
from banyan.catalog.demo.colours import NAMED
from banyan.catalog.demo.drawings import DRAWINGS
from banyan.catalog.demo.kinds import KINDS

Row = dict[str, Any]
FIELDS = {
    *("product", "sku", "name", "description", "brand", "categories", "price", "currency", "prices", "options"),
    *("attributes", "image", "images", "popularity", "stock", "low_stock_at", "tax_class"),
}
SHARED = ("name", "description", "brand", "categories", "attributes", "image", "images", "popularity")


@pytest.fixture(scope="module")
def shop() -> list[Row]:
    return list(rows())


@pytest.fixture(scope="module")
def by_product(shop: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in shop:
        found[row["product"]].append(row)
    return found


def test_the_shop_is_big_enough_to_look_real(shop: list[Row], by_product: dict[str, list[Row]]) -> None:
    assert len(by_product) >= 600
    assert len({tuple(row["categories"]) for row in shop}) >= 24
    assert len({row["categories"][0] for row in shop}) >= 8
    assert 30 <= len({row["brand"] for row in shop}) <= 40


def test_every_row_has_every_field(shop: list[Row]) -> None:
    assert all(row.keys() == FIELDS for row in shop)


def test_the_rows_are_the_same_each_time(shop: list[Row]) -> None:
    assert list(rows()) == shop


def test_the_rows_are_the_same_in_another_process(shop: list[Row]) -> None:
    told = "import sys, json; from banyan.catalog.demo import rows; json.dump(list(rows()), sys.stdout)"
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", told], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert json.loads(run.stdout) == shop


def test_changing_a_row_does_not_change_the_next_reading(shop: list[Row]) -> None:
    first: Row = next(rows())
    first["options"]["Colour"] = "Invisible"
    first["categories"].append("Nowhere")
    assert next(rows()) == shop[0]


def test_rows_of_a_product_are_neighbours_and_agree(shop: list[Row]) -> None:
    runs = [(handle, list(run)) for handle, run in groupby(shop, key=lambda row: row["product"])]
    assert len(runs) == len({handle for handle, _ in runs})
    for _, run in runs:
        assert all(row[field] == run[0][field] for row in run for field in SHARED)


def test_variants_of_a_product_differ_in_their_options(by_product: dict[str, list[Row]]) -> None:
    for handle, variants in by_product.items():
        assert 1 <= len(variants) <= 12, handle
        assert len({tuple(row["options"].items()) for row in variants}) == len(variants), handle
        assert len({tuple(row["options"]) for row in variants}) == 1, handle


def test_skus_are_unique_and_plain(shop: list[Row]) -> None:
    assert len({row["sku"] for row in shop}) == len(shop)
    assert all(re.fullmatch(r"BAN-[A-Z0-9-]{1,28}", row["sku"]) for row in shop)


def test_no_two_products_share_a_name_and_handles_are_slugs(by_product: dict[str, list[Row]]) -> None:
    assert len({variants[0]["name"].lower() for variants in by_product.values()}) == len(by_product)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", handle) for handle in by_product)


def test_descriptions_are_two_to_four_whole_sentences(by_product: dict[str, list[Row]]) -> None:
    for handle, (row, *_) in by_product.items():
        text = row["description"]
        assert "{" not in text, handle
        assert text[0].isupper(), handle
        assert text.endswith("."), handle
        assert 60 < len(text) < 600, handle
        assert "lorem" not in text.lower()
    assert len({row["description"] for (row, *_) in by_product.values()}) == len(by_product)


def test_prices_are_such_as_a_shop_would_print(shop: list[Row]) -> None:
    for row in shop:
        assert row["currency"] == "EUR"
        assert row["prices"].keys() == {"USD", "GBP"}
        for price in (row["price"], *row["prices"].values()):
            assert re.fullmatch(r"[1-9]\d{0,3}\.(00|50|90|95)", price), row["sku"]
        assert float(row["prices"]["GBP"]) < float(row["price"]) <= float(row["prices"]["USD"])


def test_most_is_in_stock_and_a_little_is_sold_out(shop: list[Row]) -> None:
    units = [row["stock"] for row in shop]
    assert all(count >= 0 for count in units)
    assert 0.01 < units.count(0) / len(units) < 0.1
    assert sum(1 <= count <= 120 for count in units) / len(units) > 0.8


def test_categories_form_a_tree(shop: list[Row]) -> None:
    leaves = {tuple(row["categories"]) for row in shop}
    inner = {leaf[:depth] for leaf in leaves for depth in range(1, len(leaf))}
    assert all(2 <= len(leaf) <= 3 for leaf in leaves)
    assert not leaves & inner, "a category holds either products or categories"


def test_every_category_has_enough_to_browse(by_product: dict[str, list[Row]]) -> None:
    counts = Counter(tuple(variants[0]["categories"]) for variants in by_product.values())
    assert min(counts.values()) >= 10


def test_attributes_are_typed_and_every_product_has_a_weight(shop: list[Row]) -> None:
    for row in shop:
        assert type(row["attributes"]["weight_g"]) is int
        assert row["attributes"]["weight_g"] > 0
        assert all(isinstance(value, str | int | float | bool) for value in row["attributes"].values())


def test_the_tables_name_only_what_there_is() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert kind.drawing in DRAWINGS
        assert set(kind.colours) <= NAMED.keys()
        assert len(kind.models) >= len(kind.makes) * kind.each, kind.code
        assert any(kind.path[0] in brand.roots for brand in BRANDS)
    assert all(set(brand.trims) <= NAMED.keys() for brand in BRANDS)

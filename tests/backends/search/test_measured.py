"""How well every search backend finds what shoppers look for, on a real catalogue."""

import gzip
import json
import random
from pathlib import Path

import pytest

from banyan.foundation.search import Document, Search
from banyan.foundation.search.measure import answered, known_items
from banyan.foundation.search.opensearch import OpenSearchSearch
from tests.backends.search.shelves import Open, fill

SHELF = Path(__file__).parents[4] / "shared" / "data"  # beside the checkout, where there is one


@pytest.fixture(scope="module")
async def shop(new: Open) -> tuple[Search, list[dict[str, object]]]:
    if not (SHELF / "products.jsonl.gz").exists():
        pytest.skip(f"{SHELF}/products.jsonl.gz, the real catalogue this is measured on, is not on this machine")
    with gzip.open(SHELF / "products.jsonl.gz", "rt") as file:
        products = [json.loads(line) for line in file]
    search = new()
    await fill(search, (product(at, it) for at, it in enumerate(products)))
    return search, products


def product(at: int, it: dict[str, object]) -> Document:
    return Document(
        f"{at:05}",
        str(it["name"]),
        str(it["brand"] or ""),
        tuple(it["categories"]),  # type: ignore[arg-type]
        str(it["description"] or ""),
        price=round(float(it["price"] or 0) * 100),  # type: ignore[arg-type]
        popularity=int(it["popularity"] or 0),  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(("typing_error", "least"), [(False, 0.92), (True, 0.85)])
async def test_the_first_words_of_a_name_bring_the_product(
    shop: tuple[Search, list[dict[str, object]]], typing_error: bool, least: float
) -> None:
    search, products = shop
    pairs = [(f"{at:05}", str(it["name"])) for at, it in enumerate(products)]
    # Of names that begin alike, luck decides which ten come first: 1,000 rather than 300 keep it below a percent.
    # A server takes milliseconds for what is done in one within the process: it is asked fewer, and luck given more.
    sample, luck = (200, 0.04) if isinstance(search, OpenSearchSearch) else (1_000, 0.02)
    found = await known_items(search, pairs, random.Random(1), sample=sample, typing_error=typing_error)
    assert found.asked == sample
    assert found.share >= least, found.missed
    assert found.share >= found.ceiling - luck, found.missed


async def test_shoppers_queries_are_answered_and_those_for_goods_we_have_find_some(
    shop: tuple[Search, list[dict[str, object]]],
) -> None:
    search, products = shop
    queries = [json.loads(line) for line in (SHELF / "search-queries.jsonl").read_text().splitlines()]
    here = {category for it in products for category in it["categories"]}  # type: ignore[attr-defined]
    if not isinstance(search, OpenSearchSearch):  # fewer, as above
        assert (await answered(search, [it["query"] for it in queries])).asked == 1060
    expected = await answered(search, [it["query"] for it in queries if here & set(it["categories"])])
    assert (expected.asked, expected.missed) == (161, ())

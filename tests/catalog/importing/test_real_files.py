"""The real products and the demo catalogue go in whole, twice, and are found."""

from pathlib import Path

import pytest

from banyan.catalog import demo, importing, indexing
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import CATALOGUE

PRODUCTS = (
    Path(__file__).parents[4] / "shared" / "data" / "products.jsonl.gz"
)  # beside the checkout, where there is one


@pytest.mark.skipif(not PRODUCTS.exists(), reason=f"{PRODUCTS} is not on this machine")
async def test_3291_real_products_go_in_and_again_change_nothing(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    report = await importing.import_file(counter.ports, PRODUCTS)
    assert (report.added, report.refused, report.ignored) == (3291, 0, [])
    assert await counter.broken() == []
    before = await counter.rows_of(*CATALOGUE)
    again = await importing.import_file(counter.ports, PRODUCTS)
    assert (again.unchanged, again.rows) == (3291, 3291)
    assert await counter.rows_of(*CATALOGUE) == before
    # Fifty names occur twice or more: they are different products.
    names = await counter.ports.db.fetchval(
        "SELECT count(*) FROM (SELECT FROM product GROUP BY name HAVING count(*) > 1) AS n"
    )
    assert names == 50
    await indexing.rebuild(counter.ports)
    assert await counter.ports.search.count() == 3291
    found = await counter.json("/v1/search?q=samsung+galxy&limit=5")
    assert "amsung" in found["items"][0]["name"]
    assert found["corrected"] == "samsung galaxy"
    [root, *_] = (await counter.json("/v1/categories"))["items"]
    assert (root["name"], root["count"]) == ("Cell Phones", 3291)


async def test_the_demo_catalogue_goes_in_with_its_pictures(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    report = await importing.import_demo(counter.ports)
    rows = list(demo.rows())
    assert (report.added, report.refused) == (len(rows), 0), report.refusals
    assert len(shelf := counter.storeroom.counts) == len(rows)
    assert all(shelf[str(row["sku"])].on_hand == row["stock"] for row in rows)
    products = (await counter.json("/v1/products?limit=100"))["items"]
    for product in products:
        picture = await counter.get(product["image"])
        assert (picture.status, picture.header("content-type")) == (200, "image/svg+xml")
    assert (await importing.import_demo(counter.ports)).unchanged == len(rows)
    assert await counter.broken() == []

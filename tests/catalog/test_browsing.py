"""Shoppers browse: lists that neither skip nor repeat, a tree with counts, brands; each in a statement or two."""

from typing import Any

import pytest

from banyan.foundation import web
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import Counter


class Counting:
    """The database, and how many statements it was asked."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        self.statements += name in ("fetch", "fetchrow", "fetchval", "transaction")
        return getattr(self._db, name)


@pytest.fixture(scope="module")
async def shop(open_counter: OpenCounter) -> Counter:
    """Twelve products: lamps and kettles, of two brands."""
    counter = await open_counter()
    for name, parent in (("Home", None), ("Lamps", "home"), ("Desk Lamps", "lamps"), ("Kettles", "home")):
        await counter.made("/v1/categories", {"name": name, "parent": parent})
    for number in range(12):
        category = ("lamps", "desk-lamps", "kettles")[number % 3]
        brand = ("Fennick", "Lomvik")[number % 2]
        await counter.product(f"P-{number:02}", category=category, brand=brand)
    return counter


async def listed(counter: Counter, query: str = "") -> list[str]:
    """Names of all pages, in order."""
    found, cursor = [], ""
    while True:
        page = await counter.json(f"/v1/products?limit=5{query}{cursor}")
        found += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_pages_hold_every_product_once_in_order(shop: Counter) -> None:
    assert await listed(shop) == [f"P-{number:02}" for number in range(12)]


async def test_a_product_added_between_pages_moves_nothing(shop: Counter) -> None:
    first = await shop.json("/v1/products?limit=5")
    await shop.product("P-99")
    second = await shop.json(f"/v1/products?limit=5&cursor={first['next_cursor']}")
    assert [each["name"] for each in second["items"]] == [f"P-{number:02}" for number in range(5, 10)]
    assert (await shop.send("DELETE", "/v1/products/p-99")).status == 204


async def test_a_category_holds_what_is_below_it(shop: Counter) -> None:
    assert len(await listed(shop, "&category=home")) == 12
    assert await listed(shop, "&category=lamps") == [f"P-{n:02}" for n in range(12) if n % 3 < 2]
    assert await listed(shop, "&category=desk-lamps") == ["P-01", "P-04", "P-07", "P-10"]
    assert await listed(shop, "&category=nowhere") == []
    [home] = await shop.json("/v1/categories") and (await shop.json("/v1/categories"))["items"]
    assert len(await listed(shop, f"&category={home['id']}")) == 12


async def test_an_empty_filter_narrows_nothing(shop: Counter) -> None:
    assert len(await listed(shop, "&category=&brand=&sku=")) == 12


@pytest.mark.parametrize("brand", ["Fennick", "fennick", "FENNICK", "%20Fennick"])
async def test_a_brand_is_named_as_people_spell_it(shop: Counter, brand: str) -> None:
    assert await listed(shop, f"&brand={brand}") == [f"P-{n:02}" for n in range(0, 12, 2)]
    assert await listed(shop, f"&brand={brand}&category=kettles") == ["P-02", "P-08"]


async def test_the_tree_counts_what_is_here_and_below(shop: Counter) -> None:
    [home] = (await shop.json("/v1/categories"))["items"]
    assert (home["slug"], home["count"]) == ("home", 12)
    assert [(each["slug"], each["count"]) for each in home["children"]] == [("kettles", 4), ("lamps", 8)]
    lamps = await shop.json("/v1/categories/lamps")
    assert [step["slug"] for step in lamps["trail"]] == ["home"]
    assert [each["slug"] for each in lamps["children"]] == ["desk-lamps"]
    assert (await shop.get("/v1/categories/nowhere")).status == 404


async def test_brands_come_by_name_with_their_counts(shop: Counter) -> None:
    first = await shop.json("/v1/brands?limit=1")
    assert [(each["name"], each["count"]) for each in first["items"]] == [("Fennick", 6)]
    second = await shop.json(f"/v1/brands?limit=1&cursor={first['next_cursor']}")
    assert ([each["name"] for each in second["items"]], second["next_cursor"]) == (["Lomvik"], None)


async def test_a_read_is_one_statement_and_one_more_the_first_time(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    made = await counter.product("COUNT-1")
    db = counter.ports.db = Counting(counter.ports.db)  # type: ignore[assignment]
    for path in ("/v1/products", f"/v1/products/{made['slug']}"):
        for expected in (2, 1, 1):
            db.statements = 0
            await counter.json(path)
            assert db.statements == expected, path
    for path in ("/v1/categories", "/v1/brands", "/v1/attributes"):
        db.statements = 0
        await counter.json(path)
        assert db.statements == 1, path


async def test_what_was_rendered_before_is_never_shown_after_a_change(shop: Counter) -> None:
    async def seen() -> list[tuple[Any, ...]]:
        items = (await shop.json("/v1/products?limit=100"))["items"]
        return [(each["name"], each["price"]["amount"], each["variants"][0]["available"]) for each in items[:2]]

    before = await seen()
    await shop.inventory_tells("P-00", True)
    await shop.send("PUT", "/v1/products/p-01/variants/P-01/prices/EUR", {"amount": 77})
    assert before == [("P-00", 1000, False), ("P-01", 1000, False)]
    assert await seen() == [("P-00", 1000, True), ("P-01", 77, False)]
    await shop.send("PATCH", "/v1/categories/lamps", {"name": "Lights"})
    assert [each["name"] for each in (await shop.json("/v1/products/p-01"))["categories"]] == [
        "Home",
        "Lights",
        "Desk Lamps",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "currency=eur",
        "currency=EURO",
        "status=sold",
        "category=%00",
        "brand=%00",
        "sku=%0A",
        "cursor=nonsense",
        "cursor=" + web.cursor(5),
        "cursor=" + web.cursor("a\0b"),
        "cursor=" + web.cursor("a", "b"),
        "category=" + "x" * 201,
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(shop: Counter, query: str) -> None:
    assert (await shop.get(f"/v1/products?{query}")).status in (400, 422)

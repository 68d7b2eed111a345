"""Lists: what narrows them is in the address, each narrowing can be taken back, and no address is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.foundation.face.forms import Form
from banyan.storefront.pages import listing
from tests.storefront.browser import Browser, Element, query_of
from tests.storefront.fake_shop import FakeShop


def facet(browser: Browser, word: str) -> Element:
    found = [each for each in browser.page.first(id="filters").all("a") if word in each.text]
    assert found, word
    return found[0]


async def test_a_brand_narrows_the_list_and_is_taken_back(browser: Browser, shop: FakeShop) -> None:
    page = await browser.get("/c/outdoor")
    brands = [each["brand"] for each in shop.products.values() if each["categories"][0]["name"] == "Outdoor"]
    brand = brands[0]
    link = facet(browser, brand)
    page = await browser.get(link.attributes["href"])
    assert page.first("p", class_="count").text.startswith(f"{brands.count(brand)} ")
    chip = page.first("ul", class_="chips").first("a")
    assert brand in chip.text
    assert chip.attributes["href"] == "/c/outdoor"
    assert facet(browser, brand).attributes["aria-current"] == "true"


async def test_two_brands_are_either_of_them(browser: Browser, shop: FakeShop) -> None:
    brands = sorted({each["brand"] for each in shop.products.values()})[:2]
    await browser.get(f"/search?brand={brands[0]}&brand={brands[1]}")
    wanted = [each for each in shop.products.values() if each["brand"] in brands]
    assert browser.page.first("p", class_="count").text.startswith(f"{len(wanted)} ")


async def test_a_price_band_becomes_a_range_that_can_be_typed_over(browser: Browser, shop: FakeShop) -> None:
    await browser.get("/search")
    href = facet(browser, "€50 – €100").attributes["href"]
    assert query_of(href) == [("min", "50"), ("max", "99.99")]
    page = await browser.get(href)
    assert page.first("input", id="min").attributes["value"] == "50"
    asked = next(path for method, path, _ in reversed(shop.asked) if path == "/v1/search")
    assert asked
    assert all(5000 <= shop.products[slug]["price"]["amount"] <= 9999 for slug in shown(browser))


def shown(browser: Browser) -> list[str]:
    return [
        card.first("a").attributes["href"].removeprefix("/p/") for card in browser.page.all("li", class_="good-card")
    ]


async def test_pages_follow_one_another_without_gap_or_repeat(browser: Browser, shop: FakeShop) -> None:
    seen: list[str] = []
    await browser.get("/search?sort=name&available=1")
    for _ in range(10):
        seen += shown(browser)
        following = [each for each in browser.page.all("a") if each.attributes.get("rel", "").startswith("next")]
        if not following:
            break
        assert dict(query_of(following[0].attributes["href"]))["sort"] == "name"
        await browser.get(following[0].attributes["href"])
    assert len(seen) == len(set(seen)) == len(shop.products)
    await browser.get(facet_link(browser, "first page"))
    assert shown(browser) == seen[: listing.PAGE]


def facet_link(browser: Browser, word: str) -> str:
    return next(each.attributes["href"] for each in browser.page.all("a") if word in each.text)


async def test_sorting_keeps_what_narrows(browser: Browser) -> None:
    page = await browser.get("/search?q=tent&brand=Lomvik&max=500")
    form = page.first("form", class_="sorter")
    kept = {each.attributes["name"]: each.attributes["value"] for each in form.all("input")}
    assert kept == {"q": "tent", "brand": "Lomvik", "max": "500"}


async def test_nothing_found_offers_other_ways(browser: Browser) -> None:
    page = await browser.get("/search?q=nothingfitsthis")
    assert page.status == 200
    assert "nothingfitsthis" in page.text
    assert page.all("li", class_="good-card")
    page = await browser.get("/search?q=tent&max=0.01")
    assert "Take the filters off" in page.text


def notices(browser: Browser) -> list[str]:
    """What is said about the whole search, to those who listen to the page as well."""
    return [each.text for each in browser.page.all("p", class_="note", role="status") if "limited" in each.text]


async def test_a_search_without_its_index_says_that_it_is_limited_and_still_lists(
    browser: Browser, shop: FakeShop
) -> None:
    whole = await browser.get("/search?q=tent")
    before = shown(browser)
    assert notices(browser) == []
    shop.indexed = False
    page = await browser.get("/search?q=tent")
    [notice] = notices(browser)
    assert notice.startswith("Search is limited at the moment: ")
    assert shown(browser) == before != []
    assert len(page.all("script")) == len(whole.all("script"))
    shop.indexed = True
    await browser.get("/search?q=tent")
    assert notices(browser) == []


async def test_an_aisle_without_the_index_says_what_is_missing_and_shows_all_it_has(
    browser: Browser, shop: FakeShop
) -> None:
    await browser.get("/c/tents")
    before = shown(browser)
    assert notices(browser) == []
    shop.indexed = False
    await browser.get("/c/tents")
    [notice] = notices(browser)
    assert "all things of this aisle are here" in notice
    assert sorted(shown(browser)) == sorted(before) != []


async def test_a_search_without_its_index_that_finds_nothing_does_not_say_that_there_is_nothing(
    browser: Browser, shop: FakeShop
) -> None:
    shop.indexed = False
    page = await browser.get("/search?q=mgu")
    assert len(notices(browser)) == 1
    assert page.first("div", class_="empty").first("h2").text == "We could not look on every shelf."


async def test_a_category_names_the_way_to_it(browser: Browser) -> None:
    page = await browser.get("/c/tents")
    crumbs = [each.text for each in page.first("nav", class_="crumbs").all("li")]
    assert crumbs == ["Home", "Outdoor", "Camping", "Tents"]


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "brand", "min", "max", "sort", "available", "cursor", "category", "x"]), st.text()
        ),
        max_size=8,
    )
)
def test_any_address_can_be_read_and_says_the_same_when_read_again(pairs: list[tuple[str, str]]) -> None:
    asked = listing.read("/search", Form(pairs), "EUR")
    again = listing.read("/search", Form([*asked.pairs, ("cursor", asked.cursor)]), "EUR")
    assert again == asked
    assert len(asked.brands) <= listing.MOST_BRANDS
    for name, value in asked.api("EUR"):
        assert name != "price_min" or value == "" or int(value) >= 0


@pytest.mark.parametrize(
    "query",
    ["min=abc&max=-5", "sort=evil", "brand=%00", "cursor=%ff", "q=" + "x" * 3000, "min=1e99", "min=NaN&max=Infinity"],
)
async def test_no_address_is_refused(browser: Browser, query: str) -> None:
    cursor = "cursor" in query
    page = await browser.get(f"/search?{query}") if not cursor else await browser.get("/search?q=%ff%fe")
    assert page.status == 200

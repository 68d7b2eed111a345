"""Every page: well made, told in words, safe to look at, and the same without script or cookies."""

import re
from typing import Any

import pytest

from tests.storefront.browser import Browser, Page
from tests.storefront.fake_shop import FakeShop

HOSTILE = "\"><script>alert(1)</script>'{{7*7}}<img src=x onerror=alert(1)>"


def well_made(page: Page) -> None:
    """What holds of every page."""
    assert page.first("html").attributes["lang"] == "en"
    assert len(page.first("title").text) > 5
    assert len(page.all("h1")) == 1
    assert page.first("h1").text
    assert page.first("main").attributes["id"] == "main"
    assert page.first("a", class_="skip").attributes["href"] == "#main"
    labelled = {each.attributes.get("for") for each in page.all("label")}
    wrapped = [field for label in page.all("label") for field in label.all("input")]
    for field in page.all("input", "select"):
        if field.attributes.get("type") == "hidden" or field.attributes.get("aria-hidden"):
            continue
        assert field.attributes.get("id") in labelled or any(field is each for each in wrapped), field
    for image in page.all("img"):
        assert {"alt", "width", "height"} <= image.attributes.keys()
    for button in page.all("button"):
        assert button.text or button.attributes.get("aria-label"), button
    for link in page.all("a"):
        assert (
            link.text
            or link.attributes.get("aria-label")
            or link.attributes.get("aria-hidden")
            or list(link.all("img"))
        )
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    nothing_inline(page)


def nothing_inline(page: Page) -> None:
    for script in page.all("script"):
        assert "src" in script.attributes or script.attributes["type"] == "application/ld+json"
    assert not page.all("style")
    for each in page.all():
        assert not any(name == "style" or name.startswith("on") for name in each.attributes), each


def locked(page: Page) -> None:
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) == 24
    for script in page.all("script"):
        assert "src" not in script.attributes or script.attributes["nonce"] == nonce
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_every_page_of_a_guest_is_well_made_and_locked(browser: Browser, shop: FakeShop) -> None:
    product = shop.choosy()["slug"]
    for path in (
        "/", "/c/camping", "/search?q=tent", "/search?q=nothingfitsthis", f"/p/{product}", "/cart",
        "/sign-in", "/sign-in?token=ml_x", "/sign-up", "/nowhere", "/c/nowhere", "/p/nowhere", "/orders/nowhere",
    ):  # fmt: skip
        page = await browser.get(path)
        well_made(page)
        locked(page)


async def test_every_page_of_a_member_is_well_made(member: Browser, shop: FakeShop) -> None:
    for path in (
        "/account", "/account/orders", "/account/addresses", "/account/addresses/new", "/account/payment",
        "/account/security", "/sign-out",
    ):  # fmt: skip
        page = await member.get(path)
        assert page.status == 200, path
        well_made(page)
        assert page.headers["cache-control"] == "no-store"


async def test_the_window_shows_aisles_with_pictures_and_products(browser: Browser, shop: FakeShop) -> None:
    page = await browser.get("/")
    assert {each.attributes["href"] for each in page.all("a", class_="tile")} == {f"/c/{r['slug']}" for r in shop.roots}
    assert page.all("li", class_="good-card")


async def test_home_asks_three_times_and_then_not_at_all_for_a_while(browser: Browser, shop: FakeShop) -> None:
    await browser.get("/")
    assert len(shop.asked) == 3
    await browser.get("/")
    assert len(shop.asked) == 3


async def test_names_from_an_import_are_text_and_nothing_else(browser: Browser, shop: FakeShop) -> None:
    product = shop.shelve(
        {
            "product": "hostile", "sku": 'X"><b>', "name": HOSTILE, "description": HOSTILE, "brand": HOSTILE,
            "categories": [HOSTILE], "price": "10.00", "options": {HOSTILE: HOSTILE}, "stock": 3,
            "attributes": {HOSTILE: HOSTILE}, "images": ["javascript:alert(1)"], "popularity": 9**9,
        }
    )  # fmt: skip
    shop.shelve({**product, **_row(HOSTILE + "2")})
    for path in ("/", "/search?q=alert", "/p/hostile", "/search?q=" + "%22%3E%3Cscript%3E"):
        page = await browser.get(path)
        assert page.status == 200
        nothing_inline(page)
        assert "<script>alert" not in page.html
        assert "javascript:" not in page.html
        assert "49" not in page.first("h1").text
    page = await browser.get("/p/hostile")
    assert page.first("h1").text == " ".join(HOSTILE.split())
    chosen = {f"option.{HOSTILE}": HOSTILE}
    form = {each.attributes["name"]: each.attributes.get("value", "") for each in page.form("/cart/lines").all("input")}
    await browser.post("/cart/lines", {**form, **chosen, "quantity": "1"}, follow=True)
    nothing_inline(browser.page)
    assert "<script>alert" not in browser.page.html


def _row(option: str) -> dict[str, Any]:
    return {
        "product": "hostile", "sku": "X2", "name": HOSTILE, "description": "", "brand": HOSTILE, "categories": [HOSTILE],
        "price": "11.00", "options": {HOSTILE: option}, "stock": 3, "attributes": {}, "images": [], "popularity": 1,
    }  # fmt: skip


async def test_a_search_is_shown_as_text(browser: Browser) -> None:
    page = await browser.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.first("input", id="q").attributes["value"] == "<script>alert(1)</script>"
    nothing_inline(page)


async def test_a_typo_is_corrected_and_said_so(browser: Browser) -> None:
    page = await browser.get("/search?q=mgu")
    assert page.first("h1").text == "“mug”"
    assert "mgu" in page.text


async def test_a_page_that_is_not_there_says_so_kindly(browser: Browser) -> None:
    for path in ("/nowhere", "/c/nowhere", "/p/nowhere", "/orders/nowhere", "/a/b/c"):
        page = await browser.get(path)
        assert page.status == 404
        assert page.all("a", class_="button")


async def test_browsing_needs_no_cookies(app: Any, shop: FakeShop) -> None:
    for path in ("/", "/c/camping", "/search?q=tent", f"/p/{shop.choosy()['slug']}", "/cart", "/sign-in"):
        assert (await Browser(app).get(path)).status == 200


async def test_without_cookies_a_form_does_nothing_and_says_why(app: Any, shop: FakeShop) -> None:
    browser = Browser(app)
    await browser.get(f"/p/{shop.plain()['slug']}")
    browser.cookies.clear()
    page = await browser.submit("/cart/lines")
    assert page.status == 403
    assert "cookies" in page.first("h1").text
    assert not shop.carts


async def test_linked_data_names_every_offer(browser: Browser, shop: FakeShop) -> None:
    import orjson

    product = shop.choosy()
    page = await browser.get(f"/p/{product['slug']}")
    data = orjson.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page.html, re.S)[1])  # type: ignore[index]
    assert {offer["sku"] for offer in data["offers"]} == {each["sku"] for each in product["variants"]}
    assert data["offers"][0]["price"] == f"{product['variants'][0]['price']['amount'] / 100:.2f}"
    assert {data["url"], *(offer["url"] for offer in data["offers"])} == {f"http://shop.test/p/{product['slug']}"}


async def test_an_old_slug_leads_to_the_present_one(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    shop.products["old-name"] = product
    page = await browser.get("/p/old-name", follow=False)
    assert (page.status, page.to) == (301, f"/p/{product['slug']}")


@pytest.mark.parametrize("path", ["/", "/search?q=tent", "/cart"])
async def test_pages_are_compressed_for_who_takes_it(browser: Browser, path: str) -> None:
    page = await browser.request("GET", path, headers={})
    assert "content-encoding" not in page.headers
    from banyan.foundation import loopback

    answer = await loopback.request(browser.app, "GET", path, headers={"accept-encoding": "gzip"})
    assert answer.header("content-encoding") == "gzip"


async def test_static_files_are_kept_for_ever_and_small(browser: Browser) -> None:
    page = await browser.get("/")
    addresses = [each.attributes["href"] for each in page.all("link") if each.attributes["rel"] != "canonical"]
    addresses += [each.attributes["src"] for each in page.all("script") if "src" in each.attributes]
    from banyan.foundation import loopback

    for address in addresses:
        assert re.fullmatch(r"/static/[a-z]+\.[0-9a-f]{10}\.[a-z]+", address)
        answer = await loopback.request(browser.app, "GET", address, headers={"accept-encoding": "gzip"})
        assert answer.status == 200
        assert "immutable" in (answer.header("cache-control") or "")
        assert len(answer.body) < 12_000
    assert (await browser.get("/static/shop.0000000000.css")).status == 404


HOSTILE_TEXTS = (
    "..", ".", "%00", "%0d%0aset-cookie:a=b", "%ff%fe", "'%22%3E%3Chostile%3E", "%F0%9F%8C%B3", "a" * 3000, "%25",
    "{{7*7}}", "%E2%80%AE",
)  # fmt: skip
PLACES = (
    "/c/{}", "/p/{}", "/search?q={}", "/search?brand={}&sort={}&min={}&max={}&cursor=", "/orders/{}?access={}&look={}",
    "/sign-in?next={}", "/sign-in?token={}", "/sign-up?next={}", "/p/x?sku={}", "/static/{}", "/{}",
    "/account/addresses/{}",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
async def test_no_address_breaks_a_page(member: Browser, text: str) -> None:
    for place in PLACES:
        page = await member.get(place.replace("{}", text))
        assert page.status < 500, place
        assert "set-cookie:a" not in str(page.headers)
        assert not page.all("hostile")
        if page.status != 303:
            well_made(page)


async def test_robots_and_icons_are_answered(browser: Browser) -> None:
    page = await browser.get("/robots.txt")
    assert page.status == 200
    assert (await browser.get("/favicon.ico", follow=False)).to.startswith("/static/favicon.")

"""The storefront over the real services: what it relies on is what they answer."""

import asyncio
from typing import Any

import orjson
import pytest

from banyan import topology
from banyan.catalog import importing
from banyan.foundation import loopback
from banyan.foundation.running import Shop
from banyan.storefront.app import face
from tests.conftest import OpenShop
from tests.storefront.browser import Browser, fields
from tests.storefront.test_checkout import ADA, CARD
from tests.storefront.test_pages import well_made

ROW = {
    "product": "oak-stool",
    "name": "Oak Stool",
    "brand": "Hallow",
    "description": "Stands.",
    "categories": ["Home", "Stools"],
    "currency": "EUR",
    "attributes": {"weight_g": 3200, "material": "oak"},
    "images": ["https://pictures.test/stool.jpg"],
}
SMALL = {**ROW, "sku": "STOOL-S", "price": "49.90", "options": {"Height": "Low"}, "stock": 50}
TALL = {**ROW, "sku": "STOOL-T", "price": "59.90", "options": {"Height": "Tall"}, "stock": 0}


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(*map(topology.service, topology.SERVICES), work=True, origin="http://shop.test")


@pytest.fixture(scope="module")
async def typed(shop: Shop) -> dict[str, str]:
    """What a browser sends of a card that was typed into the bank's fields."""
    card = {"number": "4242424242424242", "exp_month": 8, "exp_year": 2035, "cvc": "123"}
    got = await shop.peers.http(
        "payments", "POST", "/v1/vault/cards", headers={"content-type": "application/json"}, body=orjson.dumps(card)
    )
    return {**CARD, "card_token": got.json()["token"]}


@pytest.fixture(scope="module")
async def real(shop: Shop) -> Any:
    """The storefront's application, once the stool can be found and bought."""
    await importing.import_rows(shop.ports["catalog"], [SMALL, TALL])
    app = await face(shop)
    for _ in range(200):
        answer = await loopback.request(app, "GET", "/search?q=stool&available=1", headers={})
        if b"oak-stool" in answer.body:
            return app
        await asyncio.sleep(0.05)
    raise AssertionError("the stool was never found")


async def fill(browser: Browser) -> None:
    page = await browser.get("/p/oak-stool")
    well_made(page)
    page = await browser.submit("/cart/lines", quantity="2")
    assert page.path == "/cart"
    assert "€99.80" in page.text


async def until(browser: Browser, path: str, word: str) -> None:
    for _ in range(100):
        if word in (await browser.get(path)).first("h1").text:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(browser.page.text)


async def test_a_guest_finds_chooses_pays_and_reads_the_order(real: Any, typed: dict[str, str]) -> None:
    browser = Browser(real)
    page = await browser.get("/search?q=oka+stool")
    assert page.all("li", class_="good-card")
    page = await browser.get("/c/stools")
    assert page.first("h1").text == "Stools"
    await fill(browser)
    page = await browser.get("/checkout/delivery")
    page = await browser.submit("/checkout/delivery", **{**ADA, "email": "no address"})
    assert page.error("email")
    page = await browser.submit("/checkout/delivery", **ADA)
    assert page.path == "/checkout/payment", page.text
    sent = {**fields(page.form("/checkout/place")), **typed}
    page = await browser.post("/checkout/place", sent, follow=True)
    place = page.path
    assert "access=" in place
    await until(browser, place, "confirmed")
    assert "Confirmed" in browser.page.first("ol", class_="timeline").text
    assert (await browser.post("/checkout/place", sent)).to.startswith(place.partition("?")[0])
    stranger = Browser(real)
    assert (await stranger.get(place.partition("?")[0])).status == 404
    assert (await stranger.get(place)).status == 200


async def test_a_declined_card_leaves_the_cart_to_be_paid_otherwise(real: Any) -> None:
    browser = Browser(real)
    await fill(browser)
    await browser.get("/checkout/delivery")
    await browser.submit("/checkout/delivery", **ADA)
    page = await browser.submit("/checkout/place", way="test:tok_declined")
    await until(browser, page.path, "did not go through")
    await browser.get("/checkout/payment")
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    await until(browser, page.path, "confirmed")


async def test_a_member_buys_with_one_click_and_calls_it_off(real: Any, typed: dict[str, str]) -> None:
    browser = Browser(real)
    await fill(browser)
    await browser.get("/sign-up?next=/cart")
    page = await browser.submit(
        "/sign-up", name="Ada Lovelace", email="ada@example.com", password="four words in a row"
    )
    assert page.path == "/cart"
    assert "€99.80" in page.text
    await browser.get("/account/addresses/new")
    page = await browser.submit("/account/addresses/new", **{k: v for k, v in ADA.items() if k != "email"})
    assert "Unter den Linden" in page.text
    await browser.get("/account/payment")
    page = await browser.submit("/account/payment", **{k: v for k, v in typed.items() if k != "way"})
    assert "ending in 4242" in page.text
    page = await browser.get("/p/oak-stool")
    page = await browser.post("/buy-now", {**fields(page.form("/cart/lines")), "quantity": "1"}, follow=True)
    order = page.path
    await until(browser, order, "confirmed")
    assert order in [each.attributes.get("href") for each in (await browser.get("/account/orders")).all("a")]
    await browser.get(order)
    page = await browser.submit(f"{order}/cancel")
    assert "cancelled" in page.first("h1").text
    for path in ("/account", "/account/security", "/account/addresses", "/checkout/delivery"):
        page = await browser.get(path)
        assert page.status == 200
        well_made(page)
    browser.cookies.pop("banyan_access")
    assert (await browser.get("/account")).first("h1").text == "Hello, Ada."

"""Stripe's own card fields on our pages: who may load what, and which token is paid with."""

from typing import Any

import pytest

from banyan.foundation.settings import Settings
from banyan.storefront.pages import hosted
from tests.storefront.browser import Browser, Page, fields
from tests.storefront.conftest import OpenFront
from tests.storefront.fake_shop import FakeShop
from tests.storefront.test_checkout import TOKEN, VAULT, at_payment
from tests.storefront.test_pages import locked, well_made

OPTION: dict[str, Any] = {"vault_cards": False, "public": {}, "available": True, "token": ""}
STRIPE = {**OPTION, "provider": "stripe", "method": "card", "public": {"publishable_key": "pk_test_1"}}
TEST_BANK = {**OPTION, "provider": "testbank", "method": "card"}
PAYPAL = {**OPTION, "provider": "paypal", "method": "paypal", "token": "paypal"}
TYPED = {"way": hosted.WAY, "stripe_token": "pm_1Abc", "stripe_brand": "visa", "stripe_last4": "4242"}


@pytest.fixture(autouse=True)
def offered(shop: FakeShop) -> None:
    shop.options = [STRIPE, TEST_BANK, PAYPAL]


def ways(page: Page) -> list[str]:
    found = [each.attributes["value"] for each in page.all("input", name="way")]
    return [each for each in found if not each.startswith("test:")]


def policy(page: Page) -> dict[str, str]:
    """By directive."""
    told = page.headers["content-security-policy"].split("; ")
    return {name: rest for name, _, rest in (each.partition(" ") for each in told)}


async def test_each_provider_that_takes_typed_cards_is_a_choice_that_says_whose_it_is(
    browser: Browser, shop: FakeShop
) -> None:
    page = await at_payment(browser, shop)
    assert ways(page) == ["card:stripe", "card", "at:paypal/paypal"]
    assert "by Stripe" in page.text
    assert "Card of the test bank" in page.text
    well_made(page)
    locked(page)
    shop.options = [TEST_BANK]
    page = await browser.get("/checkout/payment")
    assert (ways(page), "Stripe" in page.text, "of the test bank" in page.text) == (["card"], False, False)


async def test_its_script_gets_what_it_needs_and_without_scripts_it_says_so(browser: Browser, shop: FakeShop) -> None:
    assert shop.options
    shop.options[0] = STRIPE | {"public": {"publishable_key": "pk_test_1", "account": "acct_1"}}
    page = await at_payment(browser, shop)
    box = page.first("div", class_="stripe-box")
    told = {name: value for name, value in box.attributes.items() if name.startswith("data-")}
    [cart] = shop.carts.values()
    assert told == {
        "data-stripe": "https://js.stripe.com/endive/stripe.js",
        "data-key": "pk_test_1",
        "data-account": "acct_1",
        "data-currency": "eur",
        "data-amount": str(shop.seen(cart)["total"]["amount"]),
    }
    assert "need JavaScript" in box.first("noscript").text
    scripts = [each.attributes["src"].partition(".")[0] for each in page.all("script")]
    assert scripts.index("/static/stripe-fields") < scripts.index("/static/shop"), "a form without a token is not sent"


async def test_only_the_pages_with_its_fields_let_stripe_in_and_no_further_than_stripe_says(
    browser: Browser, shop: FakeShop
) -> None:
    page = await at_payment(browser, shop)
    usual = policy(await browser.get("/cart"))
    here = policy(page)
    assert here["frame-src"] == "'self' https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
    assert here["connect-src"] == "'self' https://api.stripe.com"
    assert (usual["frame-src"], usual["connect-src"]) == ("'self'", "'self'")
    changed = {name for name in here if here[name] != usual[name]}
    assert changed == {"frame-src", "connect-src", "script-src"}  # of which the last has the page's nonce
    shop.options = [TEST_BANK]
    assert policy(await browser.get("/checkout/payment"))["frame-src"] == "'self'"


def test_a_script_from_elsewhere_on_a_laptop_brings_its_own_origin_and_none_of_stripes() -> None:
    settings = Settings(stripe_js_url="http://127.0.0.1:12111/v3/stripe.js")
    assert hosted.sources(settings) == (("http://127.0.0.1:12111",),) * 2


async def test_a_token_of_stripes_pays_at_stripe(browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", **TYPED)
    assert "confirmed" in page.first("h1").text
    assert next(iter(shop.orders.values()))["paid_by"] == {"provider": "stripe", "token": "pm_1Abc"}


@pytest.mark.parametrize("token", ["", TOKEN, "4242424242424242", "pm_", "pm_1Abc 4242", "tok_visa"])
async def test_what_is_no_token_of_stripes_is_typed_again(browser: Browser, shop: FakeShop, token: str) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", **{**TYPED, "stripe_token": token})
    assert (page.status, len(shop.orders)) == (422, 0)
    assert page.first(id="e-stripe").text == "Please type your card."
    assert "data-stripe" in page.first("div", class_="stripe-box").attributes


async def test_a_card_that_is_typed_stays_ready_while_the_total_is_looked_over(
    browser: Browser, shop: FakeShop
) -> None:
    page = await at_payment(browser, shop)
    page = await browser.post("/checkout/place", fields(page.form("/checkout/place")) | TYPED | {"total": "1"})
    assert (page.status, len(shop.orders)) == (409, 0)
    assert "Visa ending in 4242 is ready" in page.first("div", class_="stripe-box").text
    assert policy(page)["frame-src"] == "'self'"
    page = await browser.submit("/checkout/place")
    assert next(iter(shop.orders.values()))["paid_with"] == "pm_1Abc"


@pytest.mark.parametrize("option", [STRIPE | {"available": False}, STRIPE | {"public": {}}])
async def test_where_stripe_is_away_or_has_no_publishable_key_its_fields_are_not_offered(
    browser: Browser, shop: FakeShop, option: dict[str, Any]
) -> None:
    shop.options = [option, PAYPAL]
    page = await at_payment(browser, shop)
    assert ways(page) == ["at:paypal/paypal"]


async def test_who_has_a_page_of_its_own_is_a_choice_that_leads_there_and_brings_nothing_onto_ours(
    browser: Browser, shop: FakeShop
) -> None:
    shop.options = [{**OPTION, "provider": "razorpay", "method": "upi", "token": "razorpay"}, PAYPAL]
    page = await at_payment(browser, shop)
    assert ways(page) == ["at:razorpay/upi", "at:paypal/paypal"]
    assert "You pay at Razorpay" in page.text
    assert policy(page)["frame-src"] == "'self'"
    await browser.submit("/checkout/place", way="at:razorpay/upi")
    assert next(iter(shop.orders.values()))["paid_by"] == {"provider": "razorpay", "token": "razorpay"}


async def test_a_page_without_any_way_to_pay_says_so(open_front: OpenFront, shop: FakeShop) -> None:
    shop.options = []
    page = await at_payment(Browser(await open_front(environment="production")), shop)
    assert "No way to pay can be offered just now" in page.text


async def test_with_a_vault_of_our_own_cards_are_typed_there(open_front: OpenFront, shop: FakeShop) -> None:
    shop.options = [STRIPE | {"vault_cards": True}]
    page = await at_payment(Browser(await open_front(**VAULT)), shop)
    assert ways(page) == ["card"]
    assert policy(page)["frame-src"] == "http://cards.test"


async def test_a_card_is_added_to_the_account_by_stripe(member: Browser, shop: FakeShop) -> None:
    page = await member.get("/account/payment")
    well_made(page)
    assert ways(page) == ["card:stripe", "card"]
    assert page.first("div", class_="stripe-box").attributes["data-amount"] == "0"
    assert "https://js.stripe.com" in policy(page)["frame-src"]
    page = await member.submit("/account/payment", **(TYPED | {"stripe_token": "1"}))
    assert (page.status, page.first(id="e-stripe").text) == (422, "Please type your card.")
    page = await member.submit("/account/payment", **(TYPED | {"stripe_token": "pm_refused"}))
    assert (page.status, page.first(id="e-stripe").text, shop.methods) == (422, "Stripe does not take this card", [])
    page = await member.submit("/account/payment", **TYPED)
    assert "ending in 4242" in page.text
    assert {name: shop.methods[0][name] for name in ("provider", "token")} == {"provider": "stripe", "token": "pm_1Abc"}
    shop.options = [STRIPE]
    page = await member.get("/account/payment")
    assert [each.attributes["type"] for each in page.all("input", name="way")] == ["hidden"]

"""The checkout: two pages, at most eight fields, faults beside their fields, and one order however often it is sent."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from banyan.storefront import story
from banyan.storefront.shop_api.shapes import OrderEvent, VaultCard
from banyan.storefront.vaulted import VaultedCards
from tests.storefront.browser import Browser, Page, fields
from tests.storefront.conftest import OpenFront
from tests.storefront.fake_shop import FakeShop
from tests.storefront.test_cart import put_in
from tests.storefront.test_pages import locked, well_made

ADA = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 6",
    "city": "Berlin",
    "postal_code": "10117",
    "country": "DE",
}
TOKEN, REFERENCE = "tok_card_" + "0" * 25 + "1", "ref_" + "a" * 36
CARD = {"way": "card", "card_token": TOKEN, "card_brand": "visa", "card_last4": "4242"}
VAULT = {"card_fields": "vault", "vault_origin": "http://cards.test"}


async def at_payment(browser: Browser, shop: FakeShop, **other: str) -> Page:
    """Somebody with something in the cart who has said where it goes."""
    await put_in(browser, shop.plain(), 2)
    await browser.get("/checkout/delivery")
    page = await browser.submit("/checkout/delivery", **{**ADA, **other})
    assert page.path == "/checkout/payment", page.text
    return page


def typed_fields(page: Page) -> list[str]:
    """Text fields that are in sight: not those behind `Add flat, state or phone`."""
    hidden = [each for details in page.all("details") for each in details.all("input")]
    return [
        each.attributes["name"]
        for each in page.first("main").all("input")
        if each.attributes.get("type") in ("text", "email", "tel") and not any(each is other for other in hidden)
    ]


async def test_a_guest_types_at_most_eight_fields_on_two_pages(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    page = await browser.get("/checkout/delivery")
    well_made(page)
    locked(page)
    first = typed_fields(page)
    page = await browser.submit("/checkout/delivery", **ADA)
    well_made(page)
    assert len(first + typed_fields(page)) <= 8
    page = await browser.submit("/checkout/place", **CARD)
    assert page.path.startswith("/orders/")
    well_made(page)
    locked(page)


async def test_fields_tell_browsers_what_fills_them(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    page = await browser.get("/checkout/delivery")
    told = {
        each.attributes["name"]: each.attributes.get("autocomplete")
        for each in page.all("input", "select")
        if "name" in each.attributes
    }
    assert told["email"] == "email"
    assert told["postal_code"] == "shipping postal-code"
    assert told["country"] == "shipping country"
    page = await browser.submit("/checkout/delivery", **ADA)
    assert not [each for each in page.all("input") if "cc-" in each.attributes.get("autocomplete", "")]


async def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_stays(
    browser: Browser, shop: FakeShop
) -> None:
    await put_in(browser, shop.plain())
    await browser.get("/checkout/delivery")
    page = await browser.submit("/checkout/delivery", **{**ADA, "city": "", "email": ""})
    assert page.status == 422
    assert page.error("city")
    assert page.error("email")
    assert page.first("input", id="f-city").attributes["aria-invalid"] == "true"
    assert page.first("input", id="f-name").attributes["value"] == "Ada Lovelace"


async def test_what_the_service_refuses_is_said_beside_its_field(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    await browser.get("/checkout/delivery")
    page = await browser.submit("/checkout/delivery", **{**ADA, "city": "x" * 60, "email": "no address"})
    assert page.status == 422
    assert page.error("city") == "This is too long"
    assert page.error("email") == "This does not look right"


async def test_another_country_shows_its_prices_before_anything_is_kept(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    page = await browser.get("/checkout/delivery")
    assert "€4.90" in page.first(id="options").text
    page = await browser.submit("/checkout/delivery", **{**ADA, "country": "US", "do": "options"})
    assert page.status == 200
    assert "€9.90" in page.first(id="options").text
    assert shop.count("PUT", "/v1/carts") == 0


async def test_nobody_pays_without_delivery_or_goods(browser: Browser, shop: FakeShop) -> None:
    assert (await browser.get("/checkout/delivery")).path == "/cart"
    assert (await browser.get("/checkout/payment")).path == "/cart"
    await put_in(browser, shop.plain())
    assert (await browser.get("/checkout/payment")).path == "/checkout/delivery"


async def test_an_order_is_placed_paid_and_told(browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    [order] = shop.orders.values()
    assert page.path == f"/orders/{order['id']}?access=open-{order['id']}"
    assert "confirmed" in page.first("h1").text
    steps = [each.text for each in page.first("ol", class_="timeline").all("b")]
    assert steps == ["Order placed", "Confirmed"]
    assert "banyan_count" not in browser.cookies


async def test_a_double_click_orders_once(browser: Browser, shop: FakeShop) -> None:
    page = await at_payment(browser, shop)
    sent = {**fields(page.form("/checkout/place")), **CARD}
    other = Browser(browser.app)
    other.cookies = dict(browser.cookies)
    pages = await asyncio.gather(browser.post("/checkout/place", sent), other.post("/checkout/place", sent))
    assert {page.status for page in pages} == {303}
    assert len({page.to for page in pages}) == 1
    assert len(shop.orders) == 1


async def test_a_form_sent_again_much_later_leads_to_the_same_order(browser: Browser, shop: FakeShop) -> None:
    page = await at_payment(browser, shop)
    sent = {**fields(page.form("/checkout/place")), "way": "test:tok_ok"}
    first = await browser.post("/checkout/place", sent)
    again = await browser.post("/checkout/place", sent)
    assert again.to == first.to
    assert len(shop.orders) == 1


async def test_an_old_form_leaves_the_next_cart_alone(browser: Browser, shop: FakeShop) -> None:
    page = await at_payment(browser, shop)
    sent = {**fields(page.form("/checkout/place")), "way": "test:tok_ok"}
    await browser.post("/checkout/place", sent)
    await put_in(browser, shop.plain())
    await browser.post("/checkout/place", sent)
    assert len(shop.orders) == 1
    assert (await browser.get("/cart")).first("span", class_="badge").text == "1"


async def test_a_form_that_two_storefronts_get_is_one_order(open_front: OpenFront, shop: FakeShop) -> None:
    one = Browser(await open_front(peer_secret="shared"))
    two = Browser(await open_front(peer_secret="shared"))
    page = await at_payment(one, shop)
    sent = {**fields(page.form("/checkout/place")), **CARD}
    two.cookies = dict(one.cookies)
    first, second = await one.post("/checkout/place", sent), await two.post("/checkout/place", sent)
    assert len(shop.orders) == 1
    assert first.to == second.to


async def test_a_total_that_changed_is_shown_before_it_is_paid(browser: Browser, shop: FakeShop) -> None:
    page = await at_payment(browser, shop)
    sent = {**fields(page.form("/checkout/place")), "way": "test:tok_ok"}
    [line] = next(iter(shop.carts.values()))["lines"]
    found = shop.variant(line["sku"])
    assert found
    found[1]["price"] = {"amount": line["price"] + 100, "currency": "EUR"}
    page = await browser.post("/checkout/place", sent)
    assert page.status == 409
    assert "went from" in page.text
    assert not shop.orders
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    assert len(shop.orders) == 1


async def test_a_declined_payment_keeps_the_cart_and_can_be_tried_again(browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_declined")
    assert "did not go through" in page.first("h1").text
    again = next(each for each in page.all("a", class_="button") if "Try another" in each.text)
    page = await browser.get(again.attributes["href"])
    assert page.path == "/checkout/payment"
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    assert "confirmed" in page.first("h1").text


async def test_ways_to_pay_are_those_that_payments_offers_just_now(browser: Browser, shop: FakeShop) -> None:
    option = {"vault_cards": False, "public": {}, "available": True, "token": ""}
    shop.options = [
        {**option, "provider": "paypal", "method": "paypal", "token": "paypal"},
        {**option, "provider": "bank", "method": "cod", "token": "cod", "available": False},
        {**option, "provider": "stripe", "method": "card"},
    ]
    page = await at_payment(browser, shop)
    ways = [each.attributes["value"] for each in page.all("input", name="way")]
    assert [each for each in ways if not each.startswith("test:")] == ["at:paypal/paypal"]
    page = await browser.submit("/checkout/place", way="at:bank/other")
    assert (page.status, "not offered" in page.text) == (422, True)
    page = await browser.submit("/checkout/place", way="at:paypal/paypal")
    assert "confirmed" in page.first("h1").text
    assert [order["paid_with"] for order in shop.orders.values()] == ["paypal"]


async def test_a_payment_to_be_confirmed_leads_to_the_bank_by_itself_once(browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_3ds")
    assert page.first("meta", **{"http-equiv": "refresh"}).attributes["content"] == "0;url=https://bank.test/3ds"
    assert page.path.endswith("&go=1")
    page = await browser.get(page.path.replace("&go=1", ""))
    assert "bank.test" not in page.first("meta", **{"http-equiv": "refresh"}).attributes["content"]
    assert "https://bank.test/3ds" in [each.attributes.get("href") for each in page.all("a", class_="button")]
    page = await browser.get("/checkout/payment")
    assert page.path.startswith("/orders/"), "who goes back finds the order that waits, and no empty cart"


async def test_an_order_that_is_still_moving_looks_again_by_itself_and_not_for_ever(
    browser: Browser, shop: FakeShop
) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_timeout")
    [order] = shop.orders.values()
    assert page.first("meta", **{"http-equiv": "refresh"}).attributes["content"].startswith("1;url=/orders/")
    assert not (await browser.get(f"/orders/{order['id']}?look=60")).all("meta", **{"http-equiv": "refresh"})
    order["status"] = "confirmed"
    assert not (await browser.get(f"/orders/{order['id']}")).all("meta", **{"http-equiv": "refresh"})


async def test_an_order_is_opened_by_its_link_and_by_nothing_less(app: Any, browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    stranger = Browser(app)
    assert (await stranger.get(page.path)).status == 200
    for path in (page.path.partition("?")[0], page.path + "x"):
        refused = await stranger.get(path)
        assert refused.status == 404
        assert "Ada" not in refused.text


async def test_an_order_can_be_called_off(browser: Browser, shop: FakeShop) -> None:
    await at_payment(browser, shop)
    await browser.submit("/checkout/place", way="test:tok_ok")
    [order] = shop.orders.values()
    page = await browser.submit(f"/orders/{order['id']}/cancel")
    assert "cancelled" in page.first("h1").text
    order["status"] = "fulfilled"
    assert not [each for each in (await browser.get(page.path)).all("form") if "cancel" in each.attributes["action"]]


@pytest.mark.parametrize("token", ["", "tok_ok", "4242 4242 4242 4242", "card_" + "0" * 27, f"{TOKEN}\n"])
async def test_what_is_no_card_of_a_vault_is_not_paid_with(browser: Browser, shop: FakeShop, token: str) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", **{**CARD, "card_token": token.replace("\n", "x")})
    assert page.status == 422
    assert page.first(id="e-card").text == "Please type your card."
    assert not shop.orders


async def test_a_card_number_has_no_field_here_and_one_that_is_sent_goes_nowhere(
    browser: Browser, shop: FakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    page = await at_payment(browser, shop)
    assert page.first("div", class_="card-box").attributes["data-card"] == "/bank/cards/fields"
    assert "frame-src 'self'" in str(page.headers)
    page = await browser.submit("/checkout/place", **CARD, number="4242424242424242", cvc="987")
    assert page.path.startswith("/orders/")
    assert "4242424242424242" not in page.html + str(browser.cookies) + str(page.headers) + caplog.text + str(
        shop.orders
    )
    assert next(iter(shop.orders.values()))["paid_with"] == TOKEN


async def test_without_scripts_the_vaults_own_page_leads_back_with_a_reference_for_one_use(
    open_front: OpenFront, shop: FakeShop
) -> None:
    browser = Browser(await open_front(**VAULT))
    page = await at_payment(browser, shop)
    assert page.first("div", class_="card-box").attributes["data-card"] == "http://cards.test/fields"
    assert page.first("noscript").first("a").attributes["href"] == "http://cards.test/card?return=/checkout/payment"
    assert "frame-src http://cards.test" in str(page.headers)
    shop.typed[REFERENCE] = {"token": "card_" + "0" * 26, "brand": "visa", "last4": "4242"}
    page = await browser.get(f"/checkout/payment?card={REFERENCE}")
    assert "is ready" in page.first("div", class_="card-box").text
    assert "card" in [
        each.attributes["value"] for each in page.all("input", name="way") if "checked" in each.attributes
    ]
    sent = fields(page.form("/checkout/place")) | {"way": "card"}
    first = await browser.post("/checkout/place", sent)
    again = await browser.post("/checkout/place", sent)
    assert first.to == again.to
    assert next(iter(shop.orders.values()))["paid_with"] == "card_" + "0" * 26


async def test_a_reference_that_is_used_up_is_told_and_the_card_typed_again(
    open_front: OpenFront, shop: FakeShop
) -> None:
    browser = Browser(await open_front(**VAULT))
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="card", card_reference=REFERENCE)
    assert (page.status, len(shop.orders)) == (422, 0)
    assert "type your card again" in page.first(id="e-card").text
    assert "data-card" in page.first("div", class_="card-box").attributes


async def test_test_payments_are_for_laptops_only(open_front: OpenFront, shop: FakeShop) -> None:
    browser = Browser(await open_front(environment="production"))
    page = await at_payment(browser, shop)
    assert "Test bank" not in page.text
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    assert page.status == 422
    assert not shop.orders


async def test_a_member_chooses_a_saved_address_and_card(member: Browser, shop: FakeShop) -> None:
    user = shop.users["ada@example.com"]
    user["addresses"].append({**ADA, "id": "adr_1", "version": 1, "is_default": True})
    shop.methods.append({"id": "pm_1", "token": "tok_saved", "provider": "testbank", "brand": "visa", "last4": "4242"})
    await put_in(member, shop.plain())
    await member.get("/checkout/delivery")
    page = await member.submit("/checkout/delivery")
    assert page.path == "/checkout/payment"
    page = await member.submit("/checkout/place")
    [order] = shop.orders.values()
    assert page.path == f"/orders/{order['id']}"
    assert (order["paid_with"], order["address"]["city"]) == ("tok_saved", "Berlin")


async def test_a_saved_card_whose_provider_is_away_comes_last_and_says_so(member: Browser, shop: FakeShop) -> None:
    shop.methods += [
        {"id": "pm_1", "token": "pm_card_visa", "provider": "stripe", "brand": "visa", "last4": "4242"},
        {"id": "pm_2", "token": "card_01", "provider": "stripe", "brand": "amex", "last4": "0005"},
    ]
    shop.options = [
        {"provider": "testbank", "method": "card", "vault_cards": True, "available": True},
        {"provider": "stripe", "method": "card", "vault_cards": True, "available": False},
    ]
    page = await at_payment(member, shop)
    text = page.text
    assert text.index("Amex ending in 0005") < text.index("Credit or debit card") < text.index("Visa ending in 4242")
    assert text.count("Not available just now") == 1, "a card of the vault is good with another provider"
    assert page.first(name="way", checked="").attributes["value"] == "saved:pm_2"
    shop.options[1]["available"] = True
    page = await member.get("/checkout/payment")
    assert "Not available" not in page.text
    assert page.first(name="way", checked="").attributes["value"] == "saved:pm_1"


async def test_a_saved_card_of_somebody_else_is_none(member: Browser, shop: FakeShop) -> None:
    await at_payment(member, shop)
    page = await member.submit("/checkout/place", way="saved:pm_other")
    assert page.status == 422
    assert not shop.orders


async def test_a_member_saves_a_new_address_on_the_way(member: Browser, shop: FakeShop) -> None:
    await at_payment(member, shop, save="1")
    assert [each["city"] for each in shop.users["ada@example.com"]["addresses"]] == ["Berlin"]


async def test_the_vault_is_asked_once_by_form_and_again_after_a_refusal() -> None:
    cards, asked = VaultedCards(), list[str]()

    async def vault() -> VaultCard:
        asked.append("once")
        await asyncio.sleep(0)
        if len(asked) == 1:
            raise ValueError("refused")
        return VaultCard(token=f"tok_{len(asked)}")

    both = await asyncio.gather(cards.once("k", vault), cards.once("k", vault), return_exceptions=True)
    assert all(isinstance(each, ValueError) for each in both)
    first, second = await asyncio.gather(cards.once("k", vault), cards.once("k", vault))
    assert first == second == await cards.once("k", vault)
    assert (await cards.once("other", vault)).token == "tok_3"


async def test_an_order_that_was_taken_over_is_told_without_links_that_lead_nowhere(
    browser: Browser, shop: FakeShop
) -> None:
    await at_payment(browser, shop)
    page = await browser.submit("/checkout/place", way="test:tok_ok")
    [order] = shop.orders.values()
    assert "Adjustment" not in page.text
    order["lines"][0]["slug"] = ""
    order["adjustment"] = {"amount": -150, "currency": order["total"]["currency"]}
    page = await browser.get(page.path)
    assert page.status == 200
    assert not [each for each in page.all("a") if each.attributes.get("href") == "/p/"]
    assert order["lines"][0]["name"] in page.text
    assert "Adjustment" in page.text


def test_the_story_of_an_order_begins_where_it_was_taken_over() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    taken = OrderEvent.model_validate({"type": "orders.OrderTakenOver", "at": at, "data": {"record": {}}})
    assert [step.title for step in story.steps([taken])] == ["Order taken over from the old shop"]

"""The account: what is one's own, shown and changed."""

from tests.storefront.browser import Browser
from tests.storefront.fake_shop import FakeShop
from tests.storefront.test_checkout import ADA, CARD, at_payment


async def test_an_account_is_for_who_is_signed_in(browser: Browser) -> None:
    for path in (
        "/account",
        "/account/orders",
        "/account/addresses",
        "/account/payment",
        "/account/security",
        "/account/privacy",
    ):
        assert (await browser.get(path)).path == f"/sign-in?next={path}"


async def test_a_name_is_changed(member: Browser, shop: FakeShop) -> None:
    await member.get("/account")
    page = await member.submit("/account", name="Augusta King")
    assert page.first("h1").text == "Hello, Augusta."
    assert shop.users["ada@example.com"]["name"] == "Augusta King"


async def test_orders_are_listed_with_how_they_stand(member: Browser, shop: FakeShop) -> None:
    await at_payment(member, shop)
    await member.submit("/checkout/place", way="test:tok_ok")
    [order] = shop.orders.values()
    for path in ("/account", "/account/orders"):
        listed = (await member.get(path)).first("ul", class_="orders-list")
        assert listed.first("a").attributes["href"] == f"/orders/{order['id']}"
        assert "Confirmed" in listed.text


async def test_an_address_is_added_changed_and_deleted(member: Browser, shop: FakeShop) -> None:
    saved = shop.users["ada@example.com"]["addresses"]
    await member.get("/account/addresses/new")
    page = await member.submit("/account/addresses/new", **{**ADA, "city": ""})
    assert page.status == 422
    assert page.error("city")
    page = await member.submit("/account/addresses/new", **ADA)
    assert page.path == "/account/addresses"
    assert "Berlin" in page.text
    here = f"/account/addresses/{saved[0]['id']}"
    await member.get(here)
    page = await member.submit(here, city="Potsdam")
    assert saved[0]["city"] == "Potsdam"
    page = await member.submit(f"{here}/remove")
    assert saved == []
    assert "No addresses yet" in page.text


async def test_somebody_elses_address_is_not_there(member: Browser) -> None:
    assert (await member.get("/account/addresses/adr_other")).status == 404


async def test_a_card_is_saved_by_its_token_and_shown_by_its_last_digits(member: Browser, shop: FakeShop) -> None:
    await member.get("/account/payment")
    page = await member.submit("/account/payment", **{k: v for k, v in CARD.items() if k != "way"})
    assert "ending in 4242" in page.text
    assert shop.methods[0]["token"] == CARD["card_token"]
    page = await member.submit("/account/payment", card_token="1")
    assert page.status == 422
    assert page.first(id="e-card").text == "Please type your card."
    assert (await member.submit(f"/account/payment/{shop.methods[0]['id']}/remove")).status == 200


async def test_a_password_is_changed_by_who_knows_it(member: Browser, shop: FakeShop) -> None:
    await member.get("/account/security")
    page = await member.submit("/account/password", current="wrong", new="five other words in a row")
    assert page.status == 403
    assert page.error("current")
    page = await member.submit("/account/password", current="four words in a row", new="five other words in a row")
    assert "password is changed" in page.first(role="status").text
    assert shop.users["ada@example.com"]["password"] == "five other words in a row"


async def test_devices_are_named_and_can_be_signed_out(member: Browser, shop: FakeShop) -> None:
    page = await member.get("/account/security")
    assert "Firefox on Linux" in page.text
    assert "Another device" in page.text
    page = await member.submit("/account/sessions/ses_2/end")
    assert "signed out" in page.first(role="status").text
    assert shop.count("DELETE", "/v1/me/sessions/ses_2") == 1


async def test_all_that_is_kept_is_prepared_and_downloaded(member: Browser, shop: FakeShop) -> None:
    await member.get("/account/privacy")
    page = await member.submit("/account/privacy/archive")
    assert "being made" in page.first(role="status").text
    assert (await member.get("/account/privacy/archive/exp_1")).status == 404
    shop.users["ada@example.com"]["archives"][0] |= {"state": "ready", "link": "/v1/me/export/exp_1/archive?until=1"}
    assert "Download" in (await member.get("/account/privacy")).text
    assert (await member.get("/account/privacy/archive/exp_1")).status == 200
    assert shop.count("GET", "/v1/me/export/exp_1/archive") == 1
    assert (await member.get("/account/privacy/archive/exp_other")).status == 404


async def test_an_account_is_deleted_by_who_is_sure_and_shows_to_be_its_owner(member: Browser, shop: FakeShop) -> None:
    await member.get("/account/privacy")
    page = await member.submit("/account/privacy/close", password="four words in a row")
    assert (page.status, bool(page.error("sure"))) == (422, True)
    page = await member.submit("/account/privacy/close", password="wrong", sure="yes")
    assert (page.status, bool(page.error("password"))) == (403, True)
    page = await member.submit("/account/privacy/close", password="", sure="yes")
    assert page.path == "/account/proof?next=%2Faccount%2Fprivacy"
    assert "closed" not in shop.users["ada@example.com"]
    await member.get("/account/privacy")
    page = await member.submit("/account/privacy/close", password="four words in a row", sure="yes")
    assert page.path == "/"
    assert "Your account is closed" in page.first(role="status").text
    assert shop.users["ada@example.com"]["closed"]
    assert (await member.get("/account")).path.startswith("/sign-in")


async def test_the_address_of_a_form_that_is_reloaded_leads_somewhere(member: Browser) -> None:
    for path in ("/cart/lines", "/checkout/place", "/account/password"):
        assert (await member.get(path)).status == 200

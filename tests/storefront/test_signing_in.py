"""Sessions of browsers: tokens in cookies no script can read, renewed without a word, gone when they must."""

from typing import Any

from banyan.contracts import gateway
from tests.storefront.browser import Browser, fields
from tests.storefront.conftest import OpenFront
from tests.storefront.fake_shop import FakeShop

SECRET = "four words in a row"


async def test_signing_up_signs_in(member: Browser) -> None:
    assert member.page.path == "/account"
    assert member.page.first("h1").text == "Hello, Ada."
    assert "Welcome" in member.page.text


async def test_tokens_are_in_cookies_that_no_script_reads(browser: Browser) -> None:
    await browser.get("/sign-up")
    page = await browser.submit("/sign-up", follow=False, name="A", email="a@example.com", password=SECRET)
    assert page.status == 303
    from banyan.foundation import loopback

    answer = await loopback.request(browser.app, "GET", "/sign-in", headers={})
    for name, value in answer.headers:
        if name == "set-cookie":
            assert "HttpOnly" in value
            assert "SameSite=lax" in value
    assert {"banyan_access", "banyan_refresh"} <= browser.cookies.keys()
    assert browser.cookies["banyan_access"] not in page.html


async def test_on_https_cookies_are_bound_to_the_host(open_front: OpenFront) -> None:
    browser = Browser(await open_front(origin="https://shop.test"))
    page = await browser.get("/sign-up")
    sent = {**fields(page.form("/sign-up")), "name": "A", "email": "a@example.com", "password": SECRET}
    assert (await browser.post("/sign-up", sent, origin="http://shop.test")).status == 403
    page = await browser.post("/sign-up", sent, origin="https://shop.test")
    assert page.status == 303
    assert browser.cookies.keys() >= {"__Host-banyan_access", "__Host-banyan_refresh", "__Host-banyan_seal"}
    assert all(name.startswith("__Host-") for name in browser.cookies)
    assert "Secure" in page.headers["set-cookie"]


async def test_a_wrong_password_is_told_beside_nothing_and_fills_the_address_in_again(member: Browser) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    await member.get("/sign-in")
    page = await member.submit("/sign-in", email="ada@example.com", password="wrong")
    assert page.status == 401
    assert "do not fit" in page.first(role="alert").text
    assert page.first("input", id="f-email").attributes["value"] == "ada@example.com"
    assert page.first("input", id="f-password").attributes["value"] == ""
    assert "banyan_access" not in member.cookies


async def test_what_is_wrong_with_a_sign_up_is_told_beside_its_field(member: Browser) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    await member.get("/sign-up")
    page = await member.submit("/sign-up", name="B", email="b@example.com", password="short")
    assert page.status == 422
    assert "12 characters" in page.error("password")
    assert page.first("input", id="f-password").attributes["aria-invalid"] == "true"
    page = await member.submit("/sign-up", name="B", email="ada@example.com", password=SECRET)
    assert page.status == 409
    assert "There is an account" in page.error("email")


async def test_an_old_access_token_is_renewed_without_a_word(member: Browser, shop: FakeShop) -> None:
    old = member.cookies.pop("banyan_access")
    refresh = member.cookies["banyan_refresh"]
    page = await member.get("/account")
    assert page.status == 200
    assert page.first("h1").text == "Hello, Ada."
    assert member.cookies["banyan_access"] != old
    assert member.cookies["banyan_refresh"] != refresh
    assert shop.count("POST", "/v1/sessions/refresh") == 1


async def test_an_access_token_that_is_refused_is_renewed_too(member: Browser, shop: FakeShop) -> None:
    shop.access.clear()
    page = await member.get("/account/orders")
    assert (page.status, page.path) == (200, "/account/orders")
    assert shop.count("POST", "/v1/sessions/refresh") == 1


async def test_two_tabs_that_renew_at_once_get_the_same_tokens(member: Browser, shop: FakeShop) -> None:
    member.cookies.pop("banyan_access")
    other = Browser(member.app)
    other.cookies = dict(member.cookies)
    for tab in (member, other):
        assert (await tab.get("/account")).first("h1").text == "Hello, Ada."
    assert member.cookies["banyan_refresh"] == other.cookies["banyan_refresh"]


async def test_who_cannot_be_renewed_signs_in_again_and_shops_on_as_a_guest(member: Browser, shop: FakeShop) -> None:
    shop.access.clear()
    shop.refresh.clear()
    page = await member.get("/account")
    assert page.path == "/sign-in?next=/account"
    assert "banyan_refresh" not in member.cookies
    assert (await member.get("/cart")).status == 200


async def test_a_session_outlives_users_being_away(member: Browser, shop: FakeShop) -> None:
    shop.away.add("users")
    member.cookies.pop("banyan_access")
    assert (await member.get("/account")).status == 503
    assert (await member.get("/")).status == 200
    shop.away.clear()
    assert (await member.get("/account")).status == 200


async def test_signing_out_is_a_button_and_forgets_all(member: Browser) -> None:
    page = await member.get("/sign-out")
    assert page.status == 200
    assert "banyan_refresh" in member.cookies
    page = await member.submit("/sign-out")
    assert page.path == "/"
    assert member.cookies.keys() <= {"banyan_seal"}


async def test_a_mailed_link_shows_a_button_and_is_used_up_by_it_only(
    app: Any, member: Browser, shop: FakeShop
) -> None:
    phone = Browser(app)
    await phone.get("/sign-in?token=ml_good")
    assert shop.count("POST", "/v1/sessions/magic-link/redeem") == 0
    page = await phone.submit("/sign-in/redeem")
    assert page.first("h1").text == "Hello, Ada."


async def test_a_link_that_is_too_old_leads_back_to_signing_in(browser: Browser) -> None:
    await browser.get("/sign-in?token=ml_old")
    page = await browser.submit("/sign-in/redeem")
    assert page.status == 401
    assert "Too old" in page.text


async def test_asking_for_a_link_tells_nobody_whether_there_is_an_account(member: Browser) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    said = set()
    for email in ("ada@example.com", "nobody@example.com"):
        await member.get("/sign-in")
        said.add((await member.submit("/sign-in/link", email=email)).first(role="status").text)
    assert len(said) == 1


async def test_hostile_cookies_are_no_cookies(app: Any) -> None:
    browser = Browser(app)
    for value in ("x\x01y", '"quoted"', "a" * 5000, "é", "%00", "a b", ""):
        browser.cookies = dict.fromkeys(
            (
                "banyan_access",
                "banyan_refresh",
                "banyan_cart",
                "banyan_cart_id",
                "banyan_count",
                "banyan_seal",
                "banyan_told",
            ),
            value.encode("latin-1", "replace").decode("latin-1"),
        )
        for path in ("/", "/cart", "/account", "/checkout/delivery"):
            assert (await browser.get(path)).status == 200


async def test_the_visitors_address_reaches_users_for_its_throttles(member: Browser, shop: FakeShop) -> None:
    at = {gateway.CLIENT_ADDRESS: "203.0.113.7"}
    member.cookies.pop("banyan_access")
    await member.get("/account", **at)
    assert _from(shop, "/v1/sessions/refresh") == "203.0.113.7"
    await member.submit("/sign-out")
    page = await member.get("/sign-in")
    await member.post("/sign-in", {**fields(page.form("/sign-in")), "email": "a@b.example", "password": "x"}, **at)
    assert _from(shop, "/v1/sessions") == "203.0.113.7"
    page = await member.get("/sign-in")
    await member.post("/sign-in/link", {**fields(page.form("/sign-in/link")), "email": "ada@example.com"}, **at)
    assert _from(shop, "/v1/sessions/magic-link") == "203.0.113.7"
    page = await member.get("/sign-up")
    sent = {"name": "B", "email": "b@example.com", "password": SECRET}
    await member.post("/sign-up", {**fields(page.form("/sign-up")), **sent}, **at)
    assert _from(shop, "/v1/users") == "203.0.113.7"


def _from(shop: FakeShop, place: str) -> str:
    """The address that the last question there came with."""
    return next(headers for _, path, headers in reversed(shop.asked) if path == place)[gateway.CLIENT_ADDRESS]

"""Forms: only our own pages can send them, only browsers that got them, and nothing else of a request is believed."""

import pytest

from banyan.kernel.refusals import Fault, Invalid, Refusal
from banyan.storefront import forms
from tests.storefront.browser import Browser, fields
from tests.storefront.fake_shop import FakeShop

SENT = (
    "/cart/lines",
    "/checkout/place",
    "/sign-in",
    "/sign-up",
    "/sign-out",
    "/account",
    "/account/payment",
    "/buy-now",
)


@pytest.mark.parametrize("path", SENT)
async def test_every_form_is_refused_without_its_seal(browser: Browser, shop: FakeShop, path: str) -> None:
    await browser.get("/sign-in")
    before = len(shop.asked)
    for sent in ({}, {"seal": ""}, {"seal": "x" * 64}):
        page = await browser.post(path, {**sent, "email": "a@example.com", "password": "x", "product": "y"})
        assert page.status == 403
    assert not [asked for asked in shop.asked[before:] if asked[0] != "GET"]


async def test_a_form_sent_from_another_site_is_refused_though_its_seal_fits(browser: Browser, shop: FakeShop) -> None:
    page = await browser.get(f"/p/{shop.plain()['slug']}")
    sent = fields(page.form("/cart/lines"))
    for headers in ({"origin": "https://evil.test"}, {"sec_fetch_site": "cross-site"}):
        assert (await browser.post("/cart/lines", sent, **headers)).status == 403
    assert not shop.carts
    assert (await browser.post("/cart/lines", sent, origin="http://shop.test")).status == 303


async def test_a_seal_of_before_signing_in_is_void_after_it(member: Browser) -> None:
    page = await member.get("/account")
    old = fields(page.form("/account"))
    await member.submit("/sign-out")
    await member.get("/sign-in")
    await member.submit("/sign-in", email="ada@example.com", password="four words in a row")
    assert (await member.post("/account", {**old, "name": "Mallory"})).status == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"a=1&" * 100, "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 40_000, "application/x-www-form-urlencoded", 413),
        (b"%ff%00=%00\xff&seal=%F0%9F", "application/x-www-form-urlencoded", 403),
    ],
)
async def test_what_is_no_form_is_refused_with_a_page(browser: Browser, body: bytes, kind: str, status: int) -> None:
    await browser.get("/sign-in")
    page = await browser.request("POST", "/sign-in", headers={"content-type": kind}, body=body)
    assert page.status == status
    assert page.first("h1").text


def test_faults_find_their_fields() -> None:
    refusal = Invalid(
        "wrong", errors=[Fault("/body/address/city", "string_too_long", "x"), Fault("/odd", "odd", "odd one")]
    )
    assert forms.faults(refusal, {"city": "city"}) == {"city": "This is too long", "": "Odd one"}
    assert forms.faults(Refusal("no"), {}) == {"": "no"}

"""Forms: only our own pages can send them, only browsers that got them, and nothing else of a request is believed."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from banyan.kernel.refusals import Fault, Forbidden, Invalid, Malformed, Refusal
from banyan.storefront import forms
from banyan.storefront.forms import Form
from banyan.storefront.seal import SIZE, Seal
from tests.storefront.browser import Browser, fields
from tests.storefront.fake_shop import FakeShop

SEAL = Seal(b"key", "https://shop.test")
MASK = bytes(range(SIZE))


def request(**headers: str) -> Request:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": given})


def test_a_form_holds_for_the_browser_it_was_made_for_only() -> None:
    token = SEAL.token("mine", MASK)
    SEAL.check(request(), "mine", token)
    for nonce, sent in (("other", token), ("mine", token[:-2] + "AA"), ("mine", ""), ("", token), ("mine", "é" * 64)):
        with pytest.raises(Forbidden):
            SEAL.check(request(), nonce, sent)


def test_a_form_of_another_key_does_not_hold() -> None:
    with pytest.raises(Forbidden):
        SEAL.check(request(), "mine", Seal(b"other", "https://shop.test").token("mine", MASK))


def test_a_token_never_looks_the_same_twice() -> None:
    assert SEAL.token("mine", MASK) != SEAL.token("mine", bytes(SIZE))


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"origin": "https://shop.test"}, True),
        ({"origin": "https://localhost:8000", "host": "localhost:8000"}, True),
        ({"origin": "http://shop.test", "host": "shop.test"}, False),
        ({"origin": "https://shop.eu", "host": "10.0.0.1", "x_forwarded_host": "shop.eu"}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"origin": "https://evil.test", "host": "shop.test"}, False),
        ({"origin": "null", "host": "shop.test"}, False),
        ({"origin": "https://shop.test.evil.test", "host": "shop.test"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site", "origin": "https://shop.test"}, False),
    ],
)
def test_a_form_is_taken_from_our_own_pages_only(headers: dict[str, str], allowed: bool) -> None:
    token = SEAL.token("mine", MASK)
    if allowed:
        return SEAL.check(request(**headers), "mine", token)
    with pytest.raises(Forbidden, match="another site"):
        SEAL.check(request(**headers), "mine", token)


@given(st.text(), st.text())
def test_no_text_is_a_token(nonce: str, token: str) -> None:
    with pytest.raises(Forbidden):
        SEAL.check(request(), nonce, token)


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


def test_a_shop_on_a_laptop_is_reached_by_any_of_its_names() -> None:
    seal = Seal(b"key", "http://127.0.0.1:8000")
    here = request(origin="http://localhost:8000", host="localhost:8000")
    seal.check(here, "mine", seal.token("mine", MASK))


def test_what_was_typed_is_cleaned_and_passwords_are_not() -> None:
    form = Form([("name", "  Ada\x00\r\nLovelace\t"), ("password", " a\tb ")])
    assert form["name"] == "Ada Lovelace"
    assert form.exact("password") == " a\tb "
    assert form["nothing"] == ""
    assert "nothing" not in form


@pytest.mark.parametrize(
    ("text", "count"), [("3", 3), ("0", 1), ("-5", 1), ("1000", 9), ("x", 2), ("", 2), ("9" * 99, 2)]
)
def test_counts_stay_within_bounds(text: str, count: int) -> None:
    assert Form([("n", text)]).count("n", 2, least=1, most=9) == count


def test_faults_find_their_fields() -> None:
    refusal = Invalid(
        "wrong", errors=[Fault("/body/address/city", "string_too_long", "x"), Fault("/odd", "odd", "odd one")]
    )
    assert forms.faults(refusal, {"city": "city"}) == {"city": "This is too long", "": "Odd one"}
    assert forms.faults(Refusal("no"), {}) == {"": "no"}


@given(st.binary(max_size=300))
async def test_no_bytes_break_a_form(body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/x-www-form-urlencoded")]}
    reading: Callable[[], Any] = receive
    with suppress(Malformed):
        form = await forms.read(Request(scope, reading))
        assert all("\x00" not in form[name] for name, _ in form.pairs)

"""The pages of passkeys, codes, links and address changes over the real users service; no script runs here."""

import base64
import json
import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from banyan import topology
from banyan.foundation.running import Shop
from banyan.kernel.clock import VirtualClock
from banyan.storefront.app import face
from banyan.users import actions
from banyan.users.domain import totp
from tests.conftest import OpenShop
from tests.storefront.browser import Browser, Page, fields
from tests.users.authenticator import Device

PASSWORD = "a long walk by the sea"
ORIGIN = "http://shop.test"


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop, clock: VirtualClock) -> Shop:
    return await open_shop(*map(topology.service, ("users", "catalog", "orders")), clock=clock, origin=ORIGIN)


@pytest.fixture(scope="module")
async def app(shop: Shop) -> Any:
    return await face(shop)


async def member(app: Any, email: str) -> Browser:
    browser = Browser(app)
    await browser.get("/sign-up")
    page = await browser.submit("/sign-up", name="Ada Lovelace", email=email, password=PASSWORD)
    assert page.path == "/account", page.text
    return browser


async def mailed(shop: Shop, to: str, pattern: str) -> str:
    await actions.post(shop.ports["users"])
    letters = [
        message_from_bytes(each.read_bytes(), policy=default) for each in (shop.settings.data_dir / "mail").glob("*")
    ]
    texts = [str(each.get_content()) for each in letters if str(each["To"]) == to]
    found = [fits[1] for text in texts if (fits := re.search(pattern, text))]
    assert found, texts
    return found[-1]


async def passkey(browser: Browser, at: str, form: str, **more: str) -> dict[str, Any]:
    """What the script of the page asks for: the challenge. The ceremony stays in a cookie."""
    sent = {**fields(browser.page.form(form)), **more}
    from urllib.parse import urlencode

    from banyan.foundation import loopback

    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "origin": ORIGIN,
        "host": "shop.test",
        "cookie": cookie,
    }
    answer = await loopback.request(browser.app, "POST", at, headers=headers, body=urlencode(sent).encode())
    for name, value in answer.headers:
        if name == "set-cookie":
            browser._keep(value)
    assert answer.status == 200, answer.body
    assert b"cer_" not in answer.body
    given: dict[str, Any] = answer.json()
    return given


async def test_a_passkey_signs_up_and_in_and_another_browser_cannot_use_its_challenge(app: Any) -> None:
    held, browser = Device(ORIGIN, "shop.test", b"a storefront's"), Browser(app)
    page = await browser.get("/sign-up")
    newcomer = {"name": "Ada Lovelace", "email": "key@example.com"}
    given = await passkey(browser, "/sign-up/passkey/options", "/sign-up", **newcomer)
    form = fields(page.form("/sign-up")) | newcomer
    page = await browser.post("/sign-up/passkey", {**form, "credential": json.dumps(held.make(given))}, follow=True)
    assert (page.path, page.first("h1").text) == ("/account", "Hello, Ada.")
    for own in (False, True):
        asked = Browser(app)
        page = await asked.get("/sign-in?next=/account/security")
        given = await passkey(asked, "/sign-in/passkey/options", "/sign-in/passkey")
        sender = asked if own else Browser(app)
        page = await sender.get("/sign-in?next=/account/security")
        form = {**fields(page.form("/sign-in/passkey")), "credential": json.dumps(held.sign(given))}
        page = await sender.post("/sign-in/passkey", form, follow=True)
        assert (page.status, page.path) == ((200, "/account/security") if own else (401, "/sign-in/passkey"))
    assert "a device we do not know" in page.text


@pytest.mark.parametrize("credential", ["", "{", "[]", "null", "[" * 20_000])
async def test_what_is_no_passkey_is_refused_with_a_page(app: Any, credential: str) -> None:
    browser = Browser(app)
    page = await browser.get("/sign-in")
    await passkey(browser, "/sign-in/passkey/options", "/sign-in/passkey")
    form = {**fields(page.form("/sign-in/passkey")), "credential": credential}
    page = await browser.post("/sign-in/passkey", form)
    assert 400 <= page.status < 500
    assert page.all("h1")


async def set_up(browser: Browser, clock: VirtualClock) -> tuple[bytes, Page]:
    await browser.get("/account/security")
    page = await browser.submit("/account/totp")
    spelled = page.first("code").text
    secret = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    step = int(clock.now().timestamp()) // 30
    return secret, await browser.submit("/account/totp/confirm", code=totp.code(secret, step - 1))


async def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(app: Any, clock: VirtualClock) -> None:
    browser = await member(app, "app@example.com")
    secret, page = await set_up(browser, clock)
    codes = [each.text for each in page.first("ol", class_="codes").all("code")]
    assert len(codes) == 10
    assert "10 recovery codes left" in (await browser.get("/account/security")).text
    await browser.submit("/sign-out")
    await browser.get("/sign-in?next=/account/orders")
    page = await browser.submit("/sign-in", email="app@example.com", password=PASSWORD)
    assert page.path.startswith("/sign-in/step")
    page = await browser.submit("/sign-in/step", code="000000")
    assert page.error("code")
    page = await browser.submit("/sign-in/step", code=totp.code(secret, int(clock.now().timestamp()) // 30))
    assert page.path == "/account/orders"


async def test_a_link_asked_for_elsewhere_says_so_and_its_code_works_where_it_was_asked_for(
    app: Any, shop: Shop, clock: VirtualClock
) -> None:
    await member(app, "link@example.com")
    laptop = Browser(app, user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/141.0 Safari/537.36")
    await laptop.get("/sign-in")
    page = await laptop.submit("/sign-in/link", email="link@example.com")
    assert page.first("h1").text == "Look into your mail."
    token = await mailed(shop, "link@example.com", r"token=(ml_\S+)")
    code = await mailed(shop, "link@example.com", r"asked for it: (\S+)")
    page = await Browser(app).get(f"/sign-in?token={token}")
    assert "asked for with Chrome on Windows" in page.text
    page = await laptop.get(f"/sign-in?token={token}")
    assert "asked for with" not in page.text
    await laptop.get("/sign-in/sent")
    page = await laptop.submit("/sign-in/code", code="XXXX-XXXX")
    assert page.error("code")
    page = await laptop.submit("/sign-in/code", code=code)
    assert page.first("h1").text == "Hello, Ada."


async def test_an_address_is_changed_with_a_button_and_taken_back_with_one(app: Any, shop: Shop) -> None:
    browser = await member(app, "old@example.com")
    await browser.get("/account/security")
    page = await browser.submit("/account/email", email="not one")
    assert page.error("email")
    page = await browser.submit("/account/email", email="new@example.com")
    assert "on its way to the new address" in page.text
    token = await mailed(shop, "new@example.com", r"confirm=(em_\S+)")
    page = await browser.get(f"/email?confirm={token}")
    assert "old@example.com" in (await browser.get("/account/security")).text  # looking changed nothing
    await browser.get(f"/email?confirm={token}")
    page = await browser.submit("/email")
    assert "new@example.com" in page.text
    undo = await mailed(shop, "old@example.com", r"undo=(un_\S+)")
    stranger = Browser(app)
    await stranger.get(f"/email?undo={undo}")
    page = await stranger.submit("/email")
    assert "as it was" in page.text
    await stranger.get(f"/email?undo={undo}")
    assert "leads nowhere" in (await stranger.submit("/email")).text


async def test_ways_in_are_changed_after_proving_oneself_again_only(app: Any, clock: VirtualClock) -> None:
    browser = await member(app, "again@example.com")
    clock.advance(601)
    page = await browser.get("/account/security")
    assert "confirm that it is you" in page.text
    page = await browser.submit("/account/totp")
    assert page.path == "/account/proof"
    page = await browser.submit("/account/proof", password="not the password")
    assert page.status == 403
    page = await browser.submit("/account/proof", password=PASSWORD)
    assert page.path == "/account/security"
    assert "<svg" in (await browser.submit("/account/totp")).html


async def test_an_account_is_deleted_after_showing_a_passkey_again_and_from_where_one_was(
    app: Any, clock: VirtualClock
) -> None:
    held, browser = Device(ORIGIN, "shop.test", b"a leaver's"), Browser(app)
    page = await browser.get("/sign-up")
    newcomer = {"name": "Ada Lovelace", "email": "leaver@example.com"}
    given = await passkey(browser, "/sign-up/passkey/options", "/sign-up", **newcomer)
    form = fields(page.form("/sign-up")) | newcomer
    await browser.post("/sign-up/passkey", {**form, "credential": json.dumps(held.make(given))}, follow=True)
    clock.advance(601)
    await browser.get("/account/privacy")
    page = await browser.submit("/account/privacy/close", sure="yes")
    assert page.path == "/account/proof?next=%2Faccount%2Fprivacy"
    stranger = Device(ORIGIN, "shop.test", b"a stranger's")
    for device, status, ends in ((stranger, 401, "/account/proof/passkey"), (held, 200, "/account/privacy")):
        given = await passkey(browser, "/account/proof/passkey/options", "/account/proof/passkey")
        form = {**fields(page.form("/account/proof/passkey")), "credential": json.dumps(device.sign(given))}
        page = await browser.post("/account/proof/passkey", form, follow=True)
        assert (page.status, page.path) == (status, ends), page.text
    page = await browser.submit("/account/privacy/close", sure="yes")
    assert "Your account is closed" in page.text


async def test_who_was_signed_out_from_elsewhere_sees_nothing_of_the_account_any_more(app: Any) -> None:
    laptop = await member(app, "elsewhere@example.com")
    phone = Browser(app)
    await phone.get("/sign-in")
    await phone.submit("/sign-in", email="elsewhere@example.com", password=PASSWORD)
    assert (await phone.get("/account/orders")).path == "/account/orders"
    await laptop.get("/account/security")
    await laptop.submit("/account/sessions/end-others")
    page = await phone.get("/account/orders")  # its access token would hold for minutes
    assert page.path == "/sign-in?next=/account/orders"
    assert "signed out here" in page.first(role="status").text
    assert (await laptop.get("/account/orders")).path == "/account/orders"

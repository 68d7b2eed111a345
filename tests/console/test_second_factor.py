"""An operator sets up a second factor before anything else where the shop asks for it, and is reminded where it does not."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from banyan.console.app import face
from banyan.foundation.running import Shop
from banyan.kernel.clock import VirtualClock
from banyan.users import actions
from banyan.users.app import service
from banyan.users.domain import totp
from tests.console.browser import Browser

Open = Callable[..., Awaitable[Shop]]


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def shop(open_shop: Open, clock: VirtualClock) -> Shop:
    return await open_shop(service(), clock=clock, operator_factor="required")


async def come_in(shop: Shop, email: str) -> tuple[Browser, Any]:
    browser = Browser(await face(shop), origin=shop.settings.origin)
    link = await actions.create_operator(shop.ports["users"], email)
    return browser, await browser.send(await browser.get(link), to="/console/sign-in/link")


async def test_an_operator_without_a_second_factor_is_led_to_set_one_up(shop: Shop, clock: VirtualClock) -> None:
    browser, page = await come_in(shop, "you@example.com")
    assert page.at == "/console/security"
    assert "Your role needs a second factor." in page.text
    for path in ("/console", "/console/users", "/console/mail"):
        assert (await browser.get(path)).at == "/console/security"
    page = await browser.send(await browser.get("/console/security"), to="/console/security/totp")
    assert "<svg" in page.html
    spelled = page.html.partition("<code>")[2].partition("</code>")[0]
    secret = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    step = int(clock.now().timestamp()) // 30
    wrong = await browser.send(page, to="/console/security/totp/confirm", code="000000")
    assert "did not fit" in wrong.text
    page = await browser.send(await browser.get("/console/security"), to="/console/security/totp")
    spelled = page.html.partition("<code>")[2].partition("</code>")[0]
    secret = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    codes = await browser.send(page, to="/console/security/totp/confirm", code=totp.code(secret, step - 1))
    assert codes.html.count("<li><code>") == 10
    assert (await browser.get("/console/users")).at == "/console/users"

    password = {"new": "a much longer walk by the sea"}
    bearer = {"authorization": f"Bearer {browser.cookies['banyan_console_access']}", "content-type": "application/json"}
    changed = await shop.peers.http(
        "users", "POST", "/v1/me/password", headers=bearer, body=str(password).replace("'", '"').encode()
    )
    assert changed.status == 204
    other = Browser(await face(shop), origin=shop.settings.origin)
    page = await other.send(
        await other.get("/console/sign-in"), to="/console/sign-in", email="you@example.com", password=password["new"]
    )
    assert page.at == "/console/sign-in/step"
    refused = await other.send(page, to="/console/sign-in/step", code="000000")
    assert (refused.status, "does not fit" in refused.text) == (401, True)
    page = await other.send(refused, to="/console/sign-in/step", code=totp.code(secret, step))
    assert page.at == "/console"


async def test_on_a_laptop_the_console_reminds_and_lets_work(open_shop: Open) -> None:
    shop = await open_shop(service())
    browser, page = await come_in(shop, "you@example.com")
    assert page.at == "/console"
    assert "You sign in without a second factor." in page.text
    assert (await browser.get("/console/users")).at == "/console/users"


async def test_a_passkey_that_does_not_fit_is_said_on_the_page_and_signs_nobody_out(shop: Shop) -> None:
    browser, _ = await come_in(shop, "clumsy@example.com")
    page = await browser.send(await browser.get("/console/security"), to="/console/security/passkeys", credential="{}")
    assert (page.status, page.at) == (401, "/console/security/passkeys")
    assert "was not accepted" in page.text
    assert (await browser.get("/console/security")).at == "/console/security"

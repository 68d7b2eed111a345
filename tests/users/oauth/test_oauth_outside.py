"""Signing in with an outside OpenID Connect provider, a real one: there, back, linked by its own name for someone alone."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from banyan import topology
from banyan.foundation.running import Shop
from banyan.storefront.app import face
from tests.conftest import OpenShop
from tests.storefront.browser import Browser
from tests.users.desk import Desk
from tests.users.oauth.application import state_of
from tests.users.oauth.outside_provider import SECRET, Provider, started

ORIGIN = "http://shop.test"
BACK = f"{ORIGIN}/sign-in/with/oidc/back"
ADA = "ada@outside.example"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    yield from started(tmp_path_factory.mktemp("provider"), BACK)


@pytest.fixture(scope="module")
async def shop(provider: Provider, open_shop: OpenShop) -> Shop:
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": "shop", "oidc_client_secret": SECRET}
    parts = map(topology.service, ("users", "catalog", "orders"))
    return await open_shop(*parts, origin=ORIGIN, oidc_name="Outside Ltd", **given)


@pytest.fixture(scope="module")
def desk(shop: Shop) -> Desk:
    return Desk(shop)


@pytest.fixture(scope="module")
async def front(shop: Shop) -> Any:
    return await face(shop)


async def set_out(browser: Browser, after: str = "") -> str:
    """Press the button; where the page leads."""
    page = await browser.get(f"/sign-in?next={after}")
    assert "Sign in with Outside Ltd" in page.text
    page = await browser.submit("/sign-in/with/oidc", follow=False)
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.html)
    assert found, page.html
    return unescape(found[1])


async def come_back(browser: Browser, url: str, **changed: str) -> Any:
    assert url.startswith(BACK)
    parts = urlsplit(url)
    return await browser.get(f"{parts.path}?{parts.query}", **changed)


async def test_somebody_new_gets_an_account_and_comes_back_to_it(front: Any, desk: Desk, provider: Provider) -> None:
    browser = Browser(front)
    page = await come_back(browser, await provider.sign_in(await set_out(browser, "/cart"), "bob"))
    assert (page.path, page.status) == ("/cart", 200)
    assert "banyan_refresh" in browser.cookies
    page = await browser.get("/account")
    assert page.first("h1").text == "Hello, Bob."
    row = await desk.ports.db.fetchrow("SELECT issuer, subject, email FROM outside_identity")
    assert tuple(row or ()) == (provider.issuer, "bob", "bob@outside.example")

    again = Browser(front)
    await come_back(again, await provider.sign_in(await set_out(again), "bob"))
    assert (await again.get("/account")).first("h1").text == "Hello, Bob."
    assert await desk.ports.db.fetchval("SELECT count(*) FROM account") == 1
    assert await desk.broken() == {}


async def test_an_address_that_has_an_account_is_linked_only_once_that_account_has_signed_in(
    front: Any, desk: Desk, provider: Provider
) -> None:
    made = await desk.newcomer(ADA)
    stranger = Browser(front)
    page = await come_back(stranger, await provider.sign_in(await set_out(stranger), "ada"))
    assert page.path.startswith("/sign-in?next=/account/outside")  # not signed in by the address alone
    assert "banyan_access" not in stranger.cookies
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM outside_identity WHERE subject = 'ada'")

    page = await stranger.submit("/sign-in", email=ADA, password="a long walk by the sea")
    assert page.first("h1").text == "Is this you?"
    page = await stranger.submit("/account/outside")
    assert "Linked" in page.text
    later = Browser(front)
    await come_back(later, await provider.sign_in(await set_out(later), "ada"))
    assert (await later.get("/account")).first("h1").text == "Hello, Ada."
    assert await desk.facts(made["id"]) == ["UserRegistered", "FactorsChanged"]
    assert any("A new way to sign in" in subject for to, subject, _ in await desk.mail() if to == ADA)
    assert (await desk.ask("DELETE", "/v1/me/outside", token=made["access_token"])).status == 204
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM outside_identity WHERE subject = 'ada'")


async def test_another_account_cannot_take_the_link_and_neither_can_another_browser(
    front: Any, desk: Desk, provider: Provider
) -> None:
    if (await desk.sign_in(ADA)).status == 401:
        await desk.newcomer(ADA)
    other = await desk.newcomer("somebody@else.example")
    browser = Browser(front)
    page = await come_back(browser, await provider.sign_in(await set_out(browser), "ada"))
    link = page.path
    page = await browser.submit("/sign-in", email=other["email"], password="a long walk by the sea")
    page = await browser.submit("/account/outside")
    assert "belongs to another e-mail address" in page.text

    thief = Browser(front)
    await thief.get(link)
    page = await thief.submit("/sign-in", email=ADA, password="a long walk by the sea")
    page = await thief.submit("/account/outside")
    assert "did not work" in page.text
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM outside_identity WHERE subject = 'ada'")


async def test_an_address_that_the_provider_has_not_proved_is_nobody_s(
    front: Any, desk: Desk, provider: Provider
) -> None:
    browser = Browser(front)
    page = await come_back(browser, await provider.sign_in(await set_out(browser), "eve"))
    assert "did not confirm" in page.text
    assert "banyan_access" not in browser.cookies
    assert not await desk.ports.db.fetchval("SELECT count(*) FROM outside_identity WHERE subject = 'eve'")


@pytest.mark.parametrize(
    "abuse",
    ["another browser", "no browser", "another state", "no state", "state twice", "another issuer", "no issuer"],
)
async def test_an_answer_that_is_not_this_browser_s_is_refused_and_nothing_is_changed(
    front: Any, desk: Desk, provider: Provider, abuse: str
) -> None:
    browser = Browser(front)
    url = await provider.sign_in(await set_out(browser), "bob")
    victim = browser
    if abuse in ("another browser", "no browser"):
        victim = Browser(front)
        if abuse == "another browser":
            await set_out(victim)  # login CSRF: the attacker's answer in a browser that is on its own way
    changed = {
        "another state": lambda q: re.sub(r"state=[^&]+", "state=" + "A" * 43, q),
        "no state": lambda q: re.sub(r"&?state=[^&]+", "", q),
        "state twice": lambda q: f"{q}&state=x",
        "another issuer": lambda q: re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", q),
        "no issuer": lambda q: re.sub(r"&?iss=[^&]+", "", q),
    }.get(abuse, lambda q: q)
    parts = urlsplit(url)
    before = await state_of(desk)
    page = await victim.get(f"{parts.path}?{changed(parts.query)}", follow=False)
    assert page.to == "/sign-in"
    assert await state_of(desk) == before
    if abuse != "no browser":
        return
    await come_back(browser, url)  # the true browser is still let in, once
    assert "banyan_access" in browser.cookies
    assert (await browser.get(f"{parts.path}?{parts.query}", follow=False)).to == "/sign-in"


async def test_a_stolen_code_is_worth_nothing_with_another_verifier(front: Any, desk: Desk, provider: Provider) -> None:
    """Code injection: the attacker's code under the victim's own state. The provider refuses it by PKCE."""
    attacker, victim = Browser(front), Browser(front)
    stolen = urlsplit(await provider.sign_in(await set_out(attacker), "bob")).query
    own = urlsplit(await provider.sign_in(await set_out(victim), "bob"))
    code = re.search(r"code=([^&]+)", stolen)
    assert code
    page = await victim.get(f"{own.path}?{re.sub(r'code=[^&]+', f'code={code[1]}', own.query)}", follow=False)
    assert page.to == "/sign-in"
    assert "banyan_access" not in victim.cookies


async def test_a_shop_without_a_provider_offers_none(open_shop: OpenShop) -> None:
    shop = await open_shop(topology.service("users"), origin=ORIGIN)
    page = await Browser(await face(shop)).get("/sign-in")
    assert "Sign in with" not in page.text.replace("Sign in with a passkey", "")
    answer = await Desk(shop).ask("POST", "/v1/sessions/outside", {"browser": "b" * 32})
    assert answer.status == 404

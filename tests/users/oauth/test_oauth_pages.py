"""The pages of an authorization: a shopper comes from an application, signs in, is asked, and goes back with an answer."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from banyan import topology
from banyan.storefront.app import face
from tests.conftest import OpenShop
from tests.storefront.browser import Browser, fields
from tests.users.desk import PASSWORD, Desk, fresh_email
from tests.users.oauth.application import BACK, Application, state_of, told


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop) -> Desk:
    parts = map(topology.service, ("users", "catalog", "orders"))
    return Desk(await open_shop(*parts, origin="http://shop.test"))


@pytest.fixture(scope="module")
async def front(desk: Desk) -> Any:
    return await face(desk.shop)


@pytest.fixture
async def browser(front: Any, desk: Desk) -> Browser:
    """Somebody who has an account, and is not signed in yet."""
    made = Browser(front)
    made.headers["x-email"] = fresh_email("pages")
    await desk.newcomer(made.headers["x-email"])
    return made


async def signed_in(browser: Browser, wanted: str = "") -> Any:
    await browser.get(f"/sign-in?next={wanted}")
    return await browser.submit("/sign-in", email=browser.headers["x-email"], password=PASSWORD)


async def test_who_comes_from_an_application_signs_in_is_asked_and_goes_back(
    app: Application, browser: Browser
) -> None:
    page = await browser.get(f"/oauth/authorize?{app.query(scope='openid email')}", sec_fetch_site="cross-site")
    assert urlsplit(page.path).path == "/sign-in"
    page = await browser.submit("/sign-in", email=browser.headers["x-email"], password=PASSWORD)
    assert page.first("h1").text == "Parcel Watch asks for access."
    assert browser.headers["x-email"] in page.text
    assert [each.text for each in page.first("ul", class_="stack").all("li")] == [
        "Know that it is you",
        "Read your e-mail address",
    ]
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"

    page = await browser.submit("/oauth/authorize", decision="allow")
    assert page.headers["referrer-policy"] == "no-referrer"
    to = page.first("a", rel="noreferrer").attributes["href"]
    back = told(to)
    assert to.startswith(BACK)
    assert (back["state"], back["iss"]) == ("the state", "http://shop.test")
    assert (await app.exchange(back["code"])).status == 200

    again = await browser.get(f"/oauth/authorize?{app.query()}", follow=False, sec_fetch_site="cross-site")
    assert (again.status, set(told(again.to))) == (303, {"code", "state", "iss"})  # agreed to before: straight back


async def test_a_no_goes_back_as_one(app: Application, browser: Browser) -> None:
    await signed_in(browser)
    await browser.get(f"/oauth/authorize?{app.query()}")
    page = await browser.submit("/oauth/authorize", decision="deny")
    assert told(page.first("a", rel="noreferrer").attributes["href"])["error"] == "access_denied"


async def test_whoever_is_told_to_sign_in_anew_sees_the_page_though_signed_in(
    app: Application, browser: Browser
) -> None:
    await signed_in(browser)
    page = await browser.get(f"/oauth/authorize?{app.query(prompt='login')}")
    assert urlsplit(page.path).path == "/sign-in"
    assert page.form("/sign-in")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"redirect_uri": "https://evil.example/"}, "no such address"),
        ({"client_id": "cli_00000000000000000000000000"}, "No application of this name"),
    ],
)
async def test_nobody_is_sent_where_it_is_not_sure_that_they_came_from(
    app: Application, browser: Browser, changed: dict[str, str], said: str
) -> None:
    await signed_in(browser)
    page = await browser.get(f"/oauth/authorize?{app.query(**changed)}", follow=False)
    assert (page.status, page.to) == (400, "")
    assert said.lower() in page.text.lower()
    assert "evil.example" not in page.html


async def test_only_the_page_itself_can_say_yes(app: Application, browser: Browser, front: Any, desk: Desk) -> None:
    await signed_in(browser)
    page = await browser.get(f"/oauth/authorize?{app.query(scope='openid orders:own')}")
    sent = {**fields(page.form("/oauth/authorize")), "decision": "allow"}
    before = await state_of(desk)
    for changed, headers in (
        ({"seal": ""}, {}),
        ({"seal": "A" * 64}, {}),
        ({}, {"origin": "https://app.example"}),
        ({}, {"sec-fetch-site": "cross-site"}),
    ):
        refused = await browser.post("/oauth/authorize", {**sent, **changed}, **headers)
        assert (refused.status, refused.to) == (403, ""), changed or headers
    stranger = Browser(front)
    await stranger.get("/sign-in")
    assert (await stranger.post("/oauth/authorize", sent)).status == 403  # another browser's form
    assert await state_of(desk) == before
    assert (await browser.post("/oauth/authorize", sent)).status == 200


async def test_a_shopper_sees_who_has_access_and_takes_it_back(app: Application, browser: Browser, desk: Desk) -> None:
    await signed_in(browser)
    await browser.get(f"/oauth/authorize?{app.query(scope='openid offline_access')}")
    page = await browser.submit("/oauth/authorize", decision="allow")
    code = told(page.first("a", rel="noreferrer").attributes["href"])["code"]
    got = (await app.exchange(code)).json()
    page = await browser.get("/account/security")
    assert "Parcel Watch" in page.text
    page = await browser.submit(f"/account/consents/{app.id}/withdraw")
    assert "no access any more" in page.text
    assert (await app.refresh(got["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_shopper_signs_out_everywhere_else(browser: Browser, desk: Desk) -> None:
    there = (await desk.sign_in(browser.headers["x-email"])).json()
    await signed_in(browser)
    await browser.get("/account/security")
    page = await browser.submit("/account/sessions/end-others")
    assert "All other devices are signed out." in page.text
    assert (await desk.refresh(there["refresh_token"])).status == 401


async def test_a_long_request_comes_back_whole_after_signing_in(app: Application, browser: Browser) -> None:
    page = await browser.get(f"/oauth/authorize?{app.query(state='s' * 1500, scope='openid profile')}")
    page = await browser.submit("/sign-in", email=browser.headers["x-email"], password=PASSWORD)
    assert page.first("h1").text == "Parcel Watch asks for access."
    page = await browser.submit("/oauth/authorize", decision="allow")
    assert told(page.first("a", rel="noreferrer").attributes["href"])["state"] == "s" * 1500

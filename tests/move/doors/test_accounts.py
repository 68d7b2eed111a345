"""Accounts by the legacy shop's forms: sessions exchanged once, signing in and up, names, addresses."""

import asyncio
from hashlib import sha256

from banyan.move.storage import shift
from tests.move.doors.conftest import OVER, PASSWORD, SIGNED_IN, Old

ADDRESS = {
    "firstname": "Ann",
    "lastname": "Old",
    "company": "Old & Co",
    "address_1": "1 High St",
    "address_2": "",
    "city": "Dover",
    "postcode": "CT16 1AA",
    "country_id": "222",
    "zone_id": "3563",
    "default": "1",
}


async def _register(browser: Old, email: str, **more: str) -> object:
    form = {"firstname": "Bo", "lastname": "New", "email": email, "password": PASSWORD, "agree": "1", **more}
    return await browser.post("account/register.register&register_token=x", form)


async def _me(browser: Old) -> dict[str, object]:
    who = {"authorization": f"Bearer {browser.cookies['banyan_access']}"}
    found: dict[str, object] = (await browser.shop.peers.http("users", "GET", "/v1/me", headers=who)).json()
    return found


async def test_who_is_signed_in_there_is_signed_in_here_once_with_their_cart(browser: Old) -> None:
    browser.cookies["OCSESSID"] = SIGNED_IN
    page = await browser.ask("GET", "/index.php?route=account/account")
    assert (page.status, b"Ann Old" in page.body) == (200, True)
    assert (await _me(browser))["email"] == "ann@example.com"
    assert await browser.lines() == {"SHIRT-L": 1}


async def test_requests_of_one_moment_are_all_signed_in_and_a_session_is_not_exchanged_again_later(
    browser: Old,
) -> None:
    at_once = [Old(browser.shop, browser.gateway, browser.ports, {"OCSESSID": SIGNED_IN}) for _ in range(5)]
    pages = await asyncio.gather(*(each.ask("GET", "/index.php?route=account/account") for each in at_once))
    assert [(page.status, b"Ann Old" in page.body) for page in pages] == [(200, True)] * 5
    session = sha256(SIGNED_IN.encode()).digest()
    async with browser.ports.db.transaction() as tx:
        assert await shift.exchange(tx, session)
        await tx.execute("UPDATE exchanged SET at = at - interval '1 minute'")
        assert not await shift.exchange(tx, session)


async def test_a_session_that_has_ended_or_that_nobody_knows_makes_a_guest(browser: Old) -> None:
    for session in (OVER, "d" * 26, "../../etc", "x", "%00"):
        browser.cookies = {"OCSESSID": session}
        answer = await browser.ask("GET", "/index.php?route=account/account")
        assert answer.header("location") == "/sign-in?next=/account"
        assert "banyan_refresh" not in browser.cookies


async def test_a_legacy_sign_up_and_sign_in_work_and_take_the_cart_along(browser: Old) -> None:
    await browser.post("checkout/cart.add", {"product_id": "40"})
    assert await _register(browser, "bo@example.com", newsletter="1") == {"redirect": "/account"}
    assert await browser.lines() == {"PHONE": 1}
    me = await _me(browser)
    assert (me["name"], me["preferences"]["marketing"]) == ("Bo New", True)  # type: ignore[index]
    out = await browser.ask("GET", "/index.php?route=account/logout")
    assert (out.status, out.header("location"), browser.cookies.get("banyan_refresh")) == (303, "/", None)
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"})
    said = await browser.post("account/login.login&login_token=y", {"email": "bo@example.com", "password": PASSWORD})
    assert said == {"redirect": "/account"}
    assert await browser.lines() == {"PHONE": 1, "SHIRT-L": 1}


async def test_what_does_not_fit_is_said_in_the_legacy_shops_way(browser: Old) -> None:
    for form in ({"email": "nobody@example.com", "password": "x"}, {"email": "?", "password": ""}, {}):
        said = await browser.post("account/login.login", form)
        assert said == {"error": {"warning": "Warning: No match for E-Mail Address and/or Password."}}
    assert await _register(browser, "taken@example.com") == {"redirect": "/account"}
    fresh = Old(browser.shop, browser.gateway, browser.ports)
    assert await _register(fresh, "taken@example.com") == {
        "error": {"warning": "Warning: E-Mail Address is already registered!"}
    }
    said = await _register(fresh, "cy@example.com", password="short")
    assert set(said["error"]) == {"password"}  # type: ignore[index]
    assert "confirm" in (await _register(fresh, "cy@example.com", confirm="other"))["error"]  # type: ignore[index]
    assert "banyan_refresh" not in fresh.cookies


async def test_name_and_addresses_are_kept(browser: Old) -> None:
    await _register(browser, "dee@example.com")
    said = await browser.post("account/edit.save", {"firstname": "Dee", "lastname": "Newer", "telephone": "1"})
    assert said["success"].startswith("Success")
    assert (await _me(browser))["name"] == "Dee Newer"
    saved = await browser.post("account/address.save", ADDRESS)
    id = saved["address_id"]
    at = f"account/address.save&address_id={id}"
    assert (await browser.post(at, {**ADDRESS, "city": "Deal"}))["address_id"] == id
    who = {"authorization": f"Bearer {browser.cookies['banyan_access']}"}
    found = (await browser.shop.peers.http("users", "GET", "/v1/me/addresses", headers=who)).json()["items"]
    assert [(each["city"], each["country"], each["region"], each["line2"], each["is_default"]) for each in found] == [
        ("Deal", "GB", "Kent", "Old & Co", True)
    ]
    wrong = await browser.post("account/address.save", {**ADDRESS, "country_id": "9", "address_1": ""})
    assert {"address_1", "country"} <= set(wrong["error"])
    assert "success" in await browser.post(f"account/address.delete&address_id={id}")
    assert (await browser.shop.peers.http("users", "GET", "/v1/me/addresses", headers=who)).json()["items"] == []


async def test_an_address_sent_twice_with_its_key_is_added_once(browser: Old) -> None:
    await _register(browser, "eve@example.com")
    first = await browser.post("account/address.save", ADDRESS, **{"idempotency-key": "a-1"})
    assert await browser.post("account/address.save", ADDRESS, **{"idempotency-key": "a-1"}) == first


async def test_a_guest_is_sent_to_sign_in(browser: Old) -> None:
    for route in ("account/edit.save", "account/address.save", "account/newsletter.save", "account/address.delete"):
        assert await browser.post(route, {}) == {"redirect": "/sign-in"}


async def test_what_we_do_not_have_says_so(browser: Old) -> None:
    assert "error" in await browser.post("account/wishlist.add", {"product_id": "40"})
    assert await browser.post("common/currency.save", {"code": "EUR"}) == {"redirect": "/"}


async def test_of_changes_at_once_the_last_stands_and_nobody_is_refused(browser: Old) -> None:
    await _register(browser, "cy@example.com")
    forms = [{"firstname": "Cy", "lastname": f"N{number}"} for number in range(4)]
    told = await asyncio.gather(*(browser.post("account/edit.save", form) for form in forms))
    assert [each for each in told if "success" not in each] == []
    assert (await _me(browser))["name"] in {f"Cy N{number}" for number in range(4)}

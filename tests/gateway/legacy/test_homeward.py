"""Our shop window before a legacy cart: shoppers land where their cart is, and what they choose with us lies in it."""

import asyncio

import aiohttp
import pytest

from tests.gateway.legacy.conftest import House, OpenHouse

LINES = {"product": "mug", "quantity": "2"}


@pytest.fixture(scope="module")
async def house(open_house: OpenHouse) -> House:
    return await open_house(catalog={"owner": "new"})


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/cart", "/index.php?route=checkout/cart"),
        ("/buy-now", "/index.php?route=checkout/cart"),
        ("/checkout/delivery", "/index.php?route=checkout/checkout"),
        ("/account", "/index.php?route=account/account"),
        ("/account/addresses/new", "/index.php?route=account/account"),
    ],
)
async def test_a_page_about_what_the_legacy_shop_owns_leads_there(
    house: House, http: aiohttp.ClientSession, path: str, place: str
) -> None:
    answer = await http.get(house.origin + path, allow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (302, place)


async def test_other_pages_of_ours_stay_ours(house: House, http: aiohttp.ClientSession) -> None:
    for path in ("/p/mug", "/search?q=mug", "/static/shop.css", "/v1/me"):
        answer = await http.get(house.origin + path, allow_redirects=False)
        assert answer.status in (200, 404, 503)
        assert "location" not in answer.headers


async def test_what_is_chosen_with_us_goes_into_the_legacy_cart_of_this_browser(
    house: House, http: aiohttp.ClientSession
) -> None:
    sent = await http.post(f"{house.origin}/cart/lines", data=LINES, allow_redirects=False)
    assert (sent.status, sent.headers["location"]) == (303, "/index.php?route=checkout/cart")
    assert house.old.bodies[-1] == b"product_id=40&quantity=2"
    assert "OCSESSID=fresh" in sent.headers["set-cookie"]
    cookies = {"cookie": "OCSESSID=mine; banyan_access=secret"}
    await http.post(f"{house.origin}/cart/lines", data=LINES, headers=cookies, allow_redirects=False)
    assert house.old.heard[-1]["cookie"] == "OCSESSID=mine"


async def test_what_the_legacy_shop_does_not_sell_is_sent_to_nobody(house: House, http: aiohttp.ClientSession) -> None:
    before = len(house.old.bodies)
    sent = await http.post(f"{house.origin}/cart/lines", data={"product": "cup"}, allow_redirects=False)
    assert (sent.status, sent.headers["location"]) == (303, "/p/cup")
    huge = await http.post(f"{house.origin}/cart/lines", data=b"x" * 70_000, allow_redirects=False)
    assert huge.status == 413
    assert len(house.old.bodies) == before


async def test_a_form_of_ours_waits_out_a_change_of_owner_and_then_is_ours(
    house: House, http: aiohttp.ClientSession
) -> None:
    house.mover.steer(orders={"holding": True, "changing": True, "epoch": 7})
    await house.mover.until_held("orders", 7)
    sent = asyncio.create_task(http.post(f"{house.origin}/cart/lines", data=LINES, allow_redirects=False))
    await asyncio.sleep(0.1)
    before = len(house.old.bodies)
    assert not sent.done()
    house.mover.steer(orders={"holding": False, "changing": False, "epoch": 8, "owner": "new"})
    assert "new cart/lines" in await (await sent).text()
    assert (house.new.bodies[-1], len(house.old.bodies)) == (b"product=mug&quantity=2", before)
    assert "new cart" in await (await http.get(f"{house.origin}/cart")).text()

"""A shopper's way through the whole shop, the same in one process and with every service apart."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import ADDRESS, Buyer
from tests.journeys.conftest import SKU


@pytest.fixture(params=["one_process", "many_processes"], scope="module")
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Without cookies: a caller is who its token says."""
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


def buyer(http: aiohttp.ClientSession, url: str) -> Buyer:
    clock = SystemClock()
    return Buyer(http, "", clock=clock, ids=SystemIds(clock))


async def read(http: aiohttp.ClientSession, path: str, **headers: str) -> tuple[int, Any]:
    async with http.get(path, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_guest_buys_and_the_order_tells_its_story(http: aiohttp.ClientSession, url: str) -> None:
    shopper = buyer(http, url)
    status, order = await shopper.buy(SKU)
    assert status == "confirmed"
    assert (
        order["total"]["amount"]
        == order["subtotal"]["amount"] + order["shipping"]["amount"] - order["discount"]["amount"]
    )
    _, story = await shopper.call("GET", f"/v1/orders/{order['id']}/events")
    told = [event["type"].rpartition(".")[2] for event in story["items"]]
    assert told[0] == "OrderPlaced"
    assert "OrderConfirmed" in told
    assert (await read(http, f"/v1/orders/{order['id']}"))[0] in (401, 404)


@pytest.mark.parametrize(
    ("token", "ends"),
    [
        ("tok_declined", "payment_failed"),
        ("tok_timeout", "confirmed"),
        ("tok_slow", "confirmed"),
        ("tok_5xx", "confirmed"),
    ],
)
async def test_however_the_bank_behaves_the_order_ends_right(
    http: aiohttp.ClientSession, url: str, token: str, ends: str
) -> None:
    status, _ = await buyer(http, url).buy(SKU, token)
    assert status == ends


async def test_the_same_key_places_one_order_and_another_body_is_refused(http: aiohttp.ClientSession, url: str) -> None:
    shopper = buyer(http, url)
    at, _, _ = await shopper.fill_a_cart(SKU)
    pay = {"payment": {"provider": "testbank", "token": "tok_ok"}}
    orders = await asyncio.gather(*(shopper.call("POST", f"{at}/checkout", pay, "one-key") for _ in range(5)))
    assert len({order["id"] for status, order in orders if status in (201, 202)}) == 1
    status, refused = await shopper.call(
        "POST", f"{at}/checkout", {"payment": {**pay["payment"], "token": "tok_x"}}, "one-key"
    )
    assert (status, refused["code"]) == (422, "key_reused")


async def test_a_member_signs_up_merges_a_cart_and_finds_the_order_again(http: aiohttp.ClientSession, url: str) -> None:
    ids = SystemIds(SystemClock())
    shopper = buyer(http, url)
    status, cart = await shopper.call("POST", "/v1/carts", {})
    assert status == 201
    guest = {"Authorization": f"Bearer {cart['token']}"}
    async with http.post(f"/v1/carts/{cart['id']}/lines", json={"sku": SKU, "quantity": 2}, headers=guest) as answer:
        assert answer.status in (200, 201)
    account = {"email": f"{ids.new('ada')}@example.com", "password": "correct horse battery", "name": "Ada"}
    async with http.post("/v1/users", json=account) as answer:
        assert answer.status == 201
        member = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    headers = {**member, "Cookie": f"banyan_cart={cart['token']}"}
    async with http.post(f"/v1/carts/{cart['id']}/merge", headers=headers) as answer:
        assert answer.status == 200
        mine = await answer.json()
    assert [(line["sku"], line["quantity"]) for line in mine["lines"]] == [(SKU, 2)]
    delivery = {"email": account["email"], "address": ADDRESS, "shipping_option": "standard"}
    async with http.put(f"/v1/carts/{mine['id']}/delivery", json=delivery, headers=member) as answer:
        assert answer.status == 200
    pay = {"payment": {"provider": "testbank", "token": "tok_ok"}}
    key = {"Idempotency-Key": ids.new("key")}
    async with http.post(f"/v1/carts/{mine['id']}/checkout", json=pay, headers={**member, **key}) as answer:
        assert answer.status == 201
        order = await answer.json()
    status, orders = await read(http, "/v1/orders", **member)
    assert [each["id"] for each in orders["items"]] == [order["id"]]


async def test_what_is_in_the_catalogue_is_found_suggested_and_forgiven(http: aiohttp.ClientSession, url: str) -> None:
    _, found = await read(http, f"/v1/search?q=Trial {SKU}")
    assert found["items"][0]["variants"][0]["sku"] == SKU
    _, forgiven = await read(http, "/v1/search?q=Jorney")
    assert forgiven["total"] >= 1
    _, product = await read(http, f"/v1/products/{found['items'][0]['slug']}")
    assert product["price"] == {"amount": 1999, "currency": "EUR"}
    async with http.get(f"/v1/products/{product['slug']}") as answer:
        tag = answer.headers["ETag"]
    async with http.get(f"/v1/products/{product['slug']}", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_graphql_buys_too(http: aiohttp.ClientSession, url: str) -> None:
    async def ask(query: str, token: str = "", **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with http.post("/graphql", json={"query": query, "variables": variables}, headers=headers) as answer:
            told = await answer.json()
            assert answer.status == 200, told
            assert not told.get("errors"), told
            return told["data"]

    cart = (await ask("mutation { createCart { id token } }"))["createCart"]
    add = """mutation($c: String!, $s: String!) { addLine(cartId: $c, sku: $s) {
        lines { sku product { name } } shippingOptions { id } } }"""
    filled = (await ask(add, cart["token"], c=cart["id"], s=SKU))["addLine"]
    assert filled["lines"][0]["product"]["name"] == f"Trial {SKU}"
    deliver = """mutation($c: String!, $o: String!, $a: AddressInput!) {
        setDelivery(cartId: $c, email: "g@example.com", address: $a, shippingOption: $o) { total { amount } } }"""
    address = {"name": "G", "line1": "1 High St", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"}
    await ask(deliver, cart["token"], c=cart["id"], o=filled["shippingOptions"][0]["id"], a=address)
    buy = """mutation($c: String!) { checkout(cartId: $c, provider: "testbank", token: "tok_ok", idempotencyKey: "g-1") {
        status events { type } } }"""
    order = (await ask(buy, cart["token"], c=cart["id"]))["checkout"]
    assert order["status"] == "confirmed"
    assert len(order["events"]) >= 3


@pytest.mark.parametrize("path", ["/", "/search?q=trial", "/cart", "/sign-in", "/docs"])
async def test_pages_are_pages(http: aiohttp.ClientSession, url: str, path: str) -> None:
    async with http.get(path, headers={"Accept": "text/html"}) as answer:
        page = await answer.text()
    assert answer.status == 200
    assert re.search(r"<html[^>]* lang=", page)
    assert "<script>" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/openapi.json",
        "/asyncapi.json",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/v1/categories",
    ],
)
async def test_descriptions_are_served(http: aiohttp.ClientSession, url: str, path: str) -> None:
    status, told = await read(http, path)
    assert (status, bool(told)) == (200, True)


@pytest.mark.parametrize(
    "path", ["/internal/calls/inventory.HoldStock", "/operate/parked", "/v1/nothing", "/bank/charges"]
)
async def test_what_is_inside_is_not_reached_from_outside(http: aiohttp.ClientSession, url: str, path: str) -> None:
    for method in ("GET", "POST"):
        async with http.request(method, path, data=b"{}") as answer:
            assert answer.status in (403, 404, 405)

"""The legacy shop's own checkout, answered by our side: its steps, its one order, and one that was begun over there."""

import re
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from banyan import topology
from banyan.catalog.app import service as catalog
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.gateway.app import Gateway, open_gateway
from banyan.inventory.app import service as inventory
from banyan.move.app import service as move
from banyan.move.rows import Table, pack
from banyan.move.storage import identities, mirror, tables
from banyan.move.storage.mirror import Writes
from banyan.orders.app import service as orders
from banyan.payments.app import service as payments
from banyan.users.app import service as users
from tests.conftest import OpenShop
from tests.move.doors.conftest import Old, _column, _fill_mirror, _take_over

PLACE = "extension/opencart/payment/cod.confirm"
ADDRESS = "9"
HOME = {"name": "Ann Old", "line1": "High Street 1", "city": "Kiel", "postal_code": "24103", "country": "DE"}
AGAIN = {"redirect": "index.php?route=checkout/checkout"}


@pytest.fixture(scope="module")
async def house(open_shop: OpenShop) -> AsyncIterator[tuple[Shop, Gateway]]:
    shop = await open_shop(
        users(),
        catalog(),
        inventory(),
        orders(),
        payments(),
        move(),
        legacy_http="http://127.0.0.1:9",
        legacy_shop="opencart4",
        pay_later="cod",
        checkout_seconds=5,
    )
    await _fill_mirror(shop.ports["move"])
    for name in ("order", "order_product", "order_option"):
        await _mirror(shop.ports["move"], name)
    await _take_over(shop)
    gateway = await open_gateway(shop, topology.ROUTES)
    yield shop, gateway
    await gateway.close()


@pytest.fixture
def browser(house: tuple[Shop, Gateway]) -> Old:
    shop, gateway = house
    return Old(shop, gateway, shop.ports["move"])


_sessions = iter("defghijk")


async def _sign_in(browser: Old, **said: Any) -> None:
    """By a session of the legacy shop that says this; its customer is Ann, who lives at address 9."""
    session = next(_sessions) * 26
    data = '{"customer_id":7,' + ",".join(f'"{name}":{value}' for name, value in said.items()) + "}"
    await _mirror(browser.ports, "session", (session, data.replace(",}", "}"), "2099-01-01 00:00:00"))
    browser.cookies["OCSESSID"] = session
    await browser.ask("POST", "/index.php?route=checkout/cart.remove", {"key": "1"})
    who = {"authorization": f"Bearer {browser.cookies['banyan_access']}"}
    listed = await browser.shop.peers.http("users", "GET", "/v1/me/addresses", headers=who)
    if not listed.json()["items"]:
        headers = {**who, "content-type": "application/json"}
        made = await browser.shop.peers.http(
            "users", "POST", "/v1/me/addresses", headers=headers, body=orjson.dumps(HOME)
        )
        async with browser.ports.db.transaction() as tx:
            await identities.give(tx, {("address", ADDRESS): made.json()["id"]})
    for sku in await browser.lines():
        await _empty(browser, sku)


async def _empty(browser: Old, sku: str) -> None:
    who = {"authorization": f"Bearer {browser.cookies['banyan_access']}"}
    cart = (await browser.shop.peers.http("orders", "GET", "/v1/carts/current", headers=who)).json()
    for line in cart["lines"]:
        if line["sku"] == sku:
            await browser.post("checkout/cart.remove", {"key": line["id"]})


_KEYS = {
    "session": ("session_id", "data", "expire"),
    "order": ("order_id", "order_status_id", "total", "currency_code", "currency_value"),
    "order_option": ("order_option_id", "order_id", "order_product_id", "product_option_id", "product_option_value_id"),
    "order_product": ("order_product_id", "order_id", "product_id", "quantity"),
}


async def _mirror(ports: Ports, name: str, *rows: tuple[str, ...]) -> None:
    """Rows of the legacy shop, as the stream would have brought them."""
    async with ports.db.transaction() as tx:
        table = Table(f"oc_{name}", tuple(map(_column, _KEYS[name])), _KEYS[name][:1])
        number = await tables.record(tx, table, "orders")
        if number is None:
            number = await tx.fetchval("SELECT number FROM legacy_table WHERE name = $1", f"oc_{name}")
        else:
            await mirror.make(tx, number)
        writes = Writes()
        for row in rows:
            values = [value.encode() for value in row]
            parent = row[1] if name == "order_product" else row[0] if name == "order" else None
            writes.put(table.key_of(values), parent, pack(values), 1)
        await mirror.upsert(tx, number, writes)


async def _stock(browser: Old, sku: str) -> int:
    answer = await browser.shop.peers.http("inventory", "GET", f"/v1/stock/{sku}", headers={})
    return int(answer.json()["available"])


async def _orders(browser: Old) -> list[Any]:
    who = {"authorization": f"Bearer {browser.cookies['banyan_access']}"}
    found = await browser.shop.peers.http("orders", "GET", "/v1/orders?limit=100", headers=who)
    items: list[Any] = found.json()["items"]
    return items


async def _shown(browser: Old) -> str:
    """The steps up to the page with the order; its total."""
    for route, form in {
        "checkout/shipping_address.address": {"address_id": ADDRESS},
        "checkout/shipping_method.save": {"shipping_method": "flat.flat"},
        "checkout/payment_method.save": {"payment_method": "cod.cod"},
    }.items():
        assert "success" in await browser.post(route, form)
    page = await browser.ask("GET", "/index.php?route=checkout/confirm.confirm")
    assert (page.status, b"High Street 1" in page.body) == (200, True)
    return re.findall(r"(\d+\.\d\d) EUR", page.body.decode())[-1]


async def test_every_step_leads_to_one_order_for_what_was_shown(browser: Old) -> None:
    await _sign_in(browser)
    before, stock = len(await _orders(browser)), await _stock(browser, "PHONE")
    await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "2"})
    assert await _shown(browser) == "202.00"
    told = await browser.post("checkout/shipping_method.quote")
    assert set(told["shipping_methods"]["banyan"]["quote"]) == {"standard", "express", "pickup"}
    assert set((await browser.post("checkout/payment_method.getMethods"))["payment_methods"]) == {"cod"}
    placed = await browser.post(PLACE)
    assert "checkout/success" in placed["redirect"]
    [order, *_] = await _orders(browser)
    assert (order["number"], order["status"], order["total"]["amount"]) == (placed["order_id"], "confirmed", 20200)
    assert order["payment_status"] == "authorized"  # on delivery
    assert await browser.post(PLACE) == placed
    assert (len(await _orders(browser)) - before, stock - await _stock(browser, "PHONE")) == (1, 2)
    thanks = await browser.ask("GET", "/index.php?route=checkout/success")
    assert (thanks.status, thanks.header("location")) == (303, "/account/orders")


async def test_what_is_put_into_the_cart_after_it_was_shown_is_shown_again_first(browser: Old) -> None:
    await _sign_in(browser)
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"})
    await _shown(browser)
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "16"})
    assert await browser.post(PLACE) == AGAIN
    await _shown(browser)
    assert "order_id" in await browser.post(PLACE)


async def test_a_checkout_begun_there_is_finished_here_if_it_comes_to_what_was_shown(browser: Old) -> None:
    await _sign_in(browser, order_id=77, shipping_address='{"address_id":9}')
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"})
    await _mirror(browser.ports, "order", ("77", "0", "24.9100", "EUR", "1.00000000"))
    assert await browser.post(PLACE) == AGAIN
    await _mirror(browser.ports, "order", ("77", "0", "24.9000", "EUR", "1.00000000"))
    assert "checkout/success" in (await browser.post(PLACE))["redirect"]
    assert (await _orders(browser))[0]["address"]["line1"] == "High Street 1"


async def test_what_was_placed_there_is_not_placed_here_again_and_its_cart_is_emptied(browser: Old) -> None:
    await _sign_in(browser, order_id=78, shipping_address='{"address_id":9}')
    await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "1"})
    await _mirror(browser.ports, "order", ("78", "1", "105.9000", "EUR", "1.00000000"))
    await _mirror(browser.ports, "order_product", ("501", "78", "40", "1"))
    before = len(await _orders(browser))
    assert (await browser.post(PLACE))["order_id"] == "78"
    assert (await browser.lines(), len(await _orders(browser))) == ({}, before)
    await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "1"})
    await browser.ask("GET", "/index.php?route=checkout/success")
    assert await browser.lines() == {}


async def test_a_step_too_early_leads_to_our_checkout_and_errors_are_the_legacy_shops(browser: Old) -> None:
    await _sign_in(browser)
    assert await browser.post(PLACE) == AGAIN
    await browser.post("checkout/cart.add", {"product_id": "40"})
    assert await browser.post("checkout/shipping_method.save", {}) == {"redirect": "/checkout/delivery"}
    assert "error" in await browser.post("checkout/shipping_address.address", {"address_id": "12345"})
    assert "redirect" in await browser.post("checkout/payment_method.save", {"payment_method": "paypal.paypal"})

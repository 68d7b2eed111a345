"""Accounts are ours, orders not yet: what the legacy checkout writes to an account is done here, and it goes on there."""

import asyncio

import pytest

from banyan.kernel.clock import SystemClock
from banyan.move.demo import stocking
from banyan.move.demo.shoppers.browser import Browser
from banyan.move.demo.shoppers.buying import Buyer
from tests.gateway.conftest import served  # noqa: F401  (a fixture)
from tests.move.demo.test_trading import Market, market  # noqa: F401  (a fixture)

PLACE = {
    "firstname": "Ann",
    "lastname": "New",
    "address_1": "7 Mill Lane",
    "city": "York",
    "postcode": "YO1 7HH",
    "country_id": str(stocking.COUNTRY),
}


def _rows(market: Market, sql: str, *values: object) -> list[tuple[object, ...]]:  # noqa: F811
    with market.mariadb.connect(market.database) as con, con.cursor() as cursor:
        cursor.execute(sql.replace("{", "oc_").replace("}", ""), values)
        return list(cursor.fetchall())


async def test_an_order_to_a_new_address_goes_through_and_the_address_is_once_on_both_sides(
    market: Market,  # noqa: F811
) -> None:
    browser = Browser(market.url, market.http)
    form = {"email": "shopper1@example.com", "password": stocking.PASSWORD}
    assert "redirect" in await browser.post("account/login.login", form)
    await market.turn("cutover", "users")
    addresses = "SELECT address_id, address_1, city, postcode FROM {address} WHERE customer_id = 1 ORDER BY address_id"
    before = _rows(market, addresses)
    await browser.post("checkout/cart.add", {"product_id": "3", "quantity": "2"})
    once, twice = await asyncio.gather(*(browser.post("checkout/shipping_address.save", PLACE) for _ in range(2)))
    assert "success" in once, once
    assert "success" in twice, twice
    again = await browser.post("checkout/shipping_address.save", PLACE)
    assert "success" in again, again
    new = [row for row in _rows(market, addresses) if row not in before]
    assert [row[1:] for row in new] == [("7 Mill Lane", "York", "YO1 7HH")]

    for route, form in (
        ("checkout/shipping_method.save", {"shipping_method": "flat.flat"}),
        ("checkout/payment_method.save", {"payment_method": "cod.cod"}),
    ):
        assert "success" in await browser.post(route, form)
    status, page = await browser.ask("GET", "checkout/confirm.confirm")
    assert status == 200, page
    placed = await browser.post("extension/opencart/payment/cod.confirm", {})
    assert "checkout/success" in str(placed.get("redirect"))
    [(to, where)] = _rows(
        market, "SELECT shipping_address_1, shipping_address_id FROM {order} WHERE order_id = %s", placed["order_id"]
    )
    assert (to, where) == ("7 Mill Lane", new[0][0])
    # On our side it is the account's, once; and the order comes over.
    ours = await market.shop.ports["users"].db.fetch("SELECT line1 FROM address WHERE line1 = '7 Mill Lane'")
    assert len(ours) == 1
    orders = market.shop.ports["orders"].db
    async with asyncio.timeout(20):
        while not await orders.fetchval("SELECT count(*) FROM order_view WHERE number = $1", str(placed["order_id"])):
            await asyncio.sleep(0.1)

    # An address that ours refuses is refused by field, as the legacy page shows it; nothing is written.
    wrong = await browser.post("checkout/shipping_address.save", {**PLACE, "city": ""})
    assert "city" in str(wrong["error"])
    assert len(_rows(market, addresses)) == len(before) + 1

    # And the day after: orders go over too, the same shopper buys on.
    await market.turn("cutover", "orders")
    buyer = Buyer(1, 1, browser, market.ledger, SystemClock())
    await buyer.buy({2: 1})
    assert market.ledger.wrong == []


@pytest.mark.parametrize("account", ["0", "1"])
async def test_who_is_a_guest_there_is_asked_of_the_legacy_shop_as_before(account: str, market: Market) -> None:  # noqa: F811
    """The demo's shop has no such page: what matters is who is asked, and with what."""
    await market.turn("cutover", "users")
    browser = Browser(market.url, market.http)
    form = {"account": account, "firstname": "Eve", "lastname": "New", "email": "eve@example.com", "agree": "1"}
    status, _ = await browser.ask("POST", "checkout/register.save", {**form, "password": "a long enough secret"})
    assert status == 404  # the legacy shop's
    made = await market.shop.ports["users"].db.fetchval(
        "SELECT count(*) FROM account WHERE email_canonical = 'eve@example.com'"
    )
    assert made == int(account)

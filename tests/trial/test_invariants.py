"""What only two databases together can show, and what every service promises: each is able to fail."""

import asyncio
from typing import Any

import orjson
import pytest

from banyan import topology
from banyan.catalog import importing
from banyan.contracts.inventory import SetStock, StockCount
from banyan.foundation import loopback
from banyan.foundation.running import Shop
from banyan.trial import invariants
from banyan.trial.crowd import ADDRESS
from banyan.trial.sim.stage import CAST
from tests.conftest import OpenShop

SKU = "PROOF-1"


async def ask(shop: Shop, method: str, path: str, body: Any = None, token: str = "", key: str = "") -> Any:
    local = shop.peers.local("orders")
    assert local is not None
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {token}" if token else "",
        "idempotency-key": key,
    }
    sent = {name: value for name, value in headers.items() if value}
    answer = await loopback.request(
        local.app, method, path, headers=sent, body=orjson.dumps(body) if body is not None else b""
    )
    assert answer.status < 300, answer
    return answer.json()


async def buy(shop: Shop, bank_token: str) -> str:
    """A guest's whole way; the order's id."""
    cart = await ask(shop, "POST", "/v1/carts", {})
    at, token = f"/v1/carts/{cart['id']}", cart["token"]
    await ask(shop, "POST", f"{at}/lines", {"sku": SKU, "quantity": 1}, token)
    delivery = {"email": "p@example.com", "address": ADDRESS, "shipping_option": "standard"}
    await ask(shop, "PUT", f"{at}/delivery", delivery, token)
    pay = {"payment": {"provider": "testbank", "token": bank_token}}
    order = await ask(shop, "POST", f"{at}/checkout", pay, token, key=f"key-{cart['id']}")
    return str(order["id"])


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    """Real services with one confirmed order and one that was declined, both come to rest."""
    shop = await open_shop(*(topology.service(name) for name in CAST), work=True)
    price = {"amount": 1999, "currency": "EUR"}
    await importing.import_rows(shop.ports["catalog"], [{"sku": SKU, "name": "Proof", "price": price}])
    await shop.peers.ask(SetStock(counts=(StockCount(sku=SKU, on_hand=10),)))
    await buy(shop, "tok_ok")
    await buy(shop, "tok_declined")
    orders = shop.ports["orders"].db
    async with asyncio.timeout(30):
        while await orders.fetchval("SELECT count(*) FROM saga WHERE finished_at IS NOT NULL") < 2:
            await asyncio.sleep(0.05)
    await orders.execute("UPDATE saga SET finished_at = finished_at - interval '1 minute'")
    return shop


async def broken(shop: Shop) -> set[tuple[str, str]]:
    dbs = {name: ports.db for name, ports in shop.ports.items()}
    found = await invariants.check(dbs, [topology.service(name) for name in CAST])
    return {(each.id, each.service) for each in found if each.count}


async def test_a_shop_at_rest_breaks_nothing(shop: Shop) -> None:
    assert await broken(shop) == set()


async def test_a_bank_that_took_more_than_we_know_is_found(shop: Shop) -> None:
    db = shop.ports["testbank"].db
    await db.execute("UPDATE charge SET refunded = 7 WHERE captured > 0")
    assert ("I2", "payments + testbank") in await broken(shop)
    await db.execute("UPDATE charge SET refunded = 0 WHERE captured > 0")
    assert await broken(shop) == set()


async def test_a_confirmed_order_that_is_not_paid_in_full_is_found(shop: Shop) -> None:
    db = shop.ports["orders"].db
    more = "UPDATE order_view SET subtotal = subtotal {0} 5, total = total {0} 5 WHERE status = 'confirmed'"
    await db.execute(more.format("+"))
    assert ("I2", "orders + payments") in await broken(shop)
    await db.execute(more.format("-"))
    assert await broken(shop) == set()


async def test_money_without_an_order_and_an_order_told_of_and_lost_are_found(shop: Shop) -> None:
    db = shop.ports["orders"].db
    await db.execute("UPDATE order_view SET order_id = 'ord_other' WHERE status = 'confirmed'")
    found = await broken(shop)
    assert ("I3", "orders + payments") in found
    assert ("I11", "orders") in found  # its shopper was told of it
    await db.execute(
        "UPDATE order_view SET order_id = (SELECT stream FROM event WHERE type = 'orders.OrderConfirmed') "
        "WHERE order_id = 'ord_other'"
    )
    assert await broken(shop) == set()


async def test_stock_that_does_not_follow_its_order_is_found(shop: Shop) -> None:
    db = shop.ports["inventory"].db
    await db.execute("UPDATE reservation SET state = 'promised' WHERE state = 'sold'")
    assert ("I18", "orders + inventory") in await broken(shop)
    await db.execute("UPDATE reservation SET state = 'sold' WHERE state = 'promised'")
    assert await broken(shop) == set()


@pytest.mark.parametrize("service", [name for name in CAST if name != "testbank"])  # the bank tells by webhook
async def test_a_fact_that_waits_for_the_bus_too_long_is_found(shop: Shop, service: str) -> None:
    db = shop.ports[service].db
    was = await db.fetchrow("SELECT txid::text AS txid, pos FROM relay_position")
    assert was is not None
    outbox = topology.service(service).outbox
    for task in shop.tasks:  # the relay would see to it at once
        if task.get_name() == f"{service} relay":
            task.cancel()
    await db.execute("UPDATE relay_position SET txid = '0', pos = 0")
    await db.execute(f"ALTER TABLE {outbox} DISABLE TRIGGER USER")
    await db.execute(f"UPDATE {outbox} SET told_at = told_at - interval '2 minutes'")
    assert ("I20", service) in await broken(shop)
    await db.execute(f"UPDATE {outbox} SET told_at = told_at + interval '2 minutes'")
    await db.execute(f"ALTER TABLE {outbox} ENABLE TRIGGER USER")
    await db.execute("UPDATE relay_position SET txid = $1::text::xid8, pos = $2", was["txid"], was["pos"])
    assert await broken(shop) == set()


async def test_an_answer_without_a_body_is_found(shop: Shop) -> None:
    db = shop.ports["orders"].db
    await db.execute(
        "INSERT INTO idempotency (scope, key, fingerprint, status, running_until) VALUES ('x', 'x', '', 200, shop_now())"
    )
    assert ("I19", "orders") in await broken(shop)
    await db.execute("DELETE FROM idempotency WHERE scope = 'x'")


async def test_an_event_that_waits_and_was_handled_is_found(shop: Shop) -> None:
    db = shop.ports["orders"].db
    await db.execute("INSERT INTO inbox (consumer, event_id, type) VALUES ('orders', 'evt_x', 'x.X')")
    await db.execute(
        """INSERT INTO stuck (consumer, topic, key, event_id, type, envelope, parked_at)
           VALUES ('orders', 'x', 'x', 'evt_x', 'x.X', '{}', shop_now())"""
    )
    assert ("I8", "orders") in await broken(shop)
    await db.execute("DELETE FROM stuck WHERE event_id = 'evt_x'")
    await db.execute("DELETE FROM inbox WHERE event_id = 'evt_x'")

"""The console over the real services: an operator comes in by link, stocks a product, gives money back, mends a stream."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from banyan import topology
from banyan.console.app import face
from banyan.contracts.payments import PaymentCaptured
from banyan.foundation.running import Shop
from banyan.kernel.money import Money
from banyan.users import actions as users
from tests.console.browser import Browser

ADDRESS = {"name": "Ida", "line1": "Hafenstr. 1", "city": "Kiel", "postal_code": "24103", "country": "DE"}


@pytest.fixture(scope="module")
async def shop(open_shop: Callable[..., Awaitable[Shop]]) -> Shop:
    return await open_shop(*(topology.service(name) for name in topology.SERVICES), work=True)


@pytest.fixture(scope="module")
async def operator(shop: Shop) -> Browser:
    browser = Browser(await face(shop), origin=shop.settings.origin)
    link = await users.create_operator(shop.ports["users"], "you@example.com")
    home = await browser.send(await browser.get(link), to="/console/sign-in/link")
    assert home.at == "/console"
    return browser


@pytest.fixture(scope="module")
async def order(shop: Shop, operator: Browser) -> dict[str, Any]:
    """Two of a product that was stocked through the console, bought by a guest."""
    bearer = {"authorization": f"Bearer {operator.cookies['banyan_console_access']}"}
    variant = {"sku": "REAL-1", "prices": [{"amount": 2_500, "currency": "EUR"}]}
    product = {"name": "Real mug", "status": "published", "variants": [variant]}
    await _api(shop, "catalog", "POST", "/v1/products", product, **bearer)
    page = await operator.get("/console/stock/adjust?sku=REAL-1")
    question = await operator.send(page, button="Go on", kind="received", units="10", reason="first delivery")
    assert "The shelf is adjusted." in (await operator.send(question, button="Adjust the shelf")).text
    cart = await _api(shop, "orders", "POST", "/v1/carts", {})
    at, guest = f"/v1/carts/{cart['id']}", {"authorization": f"Bearer {cart['token']}"}
    await _api(shop, "orders", "POST", f"{at}/lines", {"sku": "REAL-1", "quantity": 2}, **guest)
    options = await _api(shop, "orders", "GET", f"{at}/shipping-options?country=DE", **guest)
    delivery = {"email": "ida@example.com", "address": ADDRESS, "shipping_option": options["items"][0]["id"]}
    await _api(shop, "orders", "PUT", f"{at}/delivery", delivery, **guest)
    payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
    placed = await _api(shop, "orders", "POST", f"{at}/checkout", payment, **guest, **{"idempotency-key": "buy-1"})
    assert placed["status"] == "confirmed"
    return await _captured(shop, placed["id"], bearer)


async def test_every_page_is_made_of_what_the_services_really_say(operator: Browser, order: dict[str, Any]) -> None:
    pages = ["", "/orders", "/products", "/stock", "/stock/item?sku=REAL-1", "/reservations", "/warehouses", "/users"]
    for path in (*pages, "/streams", "/invariants", "/mail", f"/orders/{order['id']}"):
        page = await operator.get(f"/console{path}")
        assert page.status == 200, f"{path}: {page.text}"
        assert "in another shape" not in page.text, path
        assert "cannot be reached" not in page.text, path
    page = await operator.get(f"/console/orders/{order['id']}")
    for words in ("Real mug", "Captured", "Order payment captured", "sales"):
        assert words in page.text, words


async def test_a_refund_that_is_sent_twice_gives_the_money_back_once(
    shop: Shop, operator: Browser, order: dict[str, Any]
) -> None:
    at = f"/console/orders/{order['id']}/refund"
    question = await operator.send(await operator.get(at), button="Go on", amount="5", reason="a scratch")
    fields = question.form(button="Refund 5.00\xa0EUR").fields
    for _ in range(2):
        assert "The money has gone back." in (await operator.post(at, fields)).text
    bearer = {"authorization": f"Bearer {operator.cookies['banyan_console_access']}"}
    seen = await _api(shop, "orders", "GET", f"/v1/orders/{order['id']}", **bearer)
    assert seen["refunded"] == {"amount": 500, "currency": "EUR"}


async def test_an_edit_on_an_old_version_is_refused_and_shown(operator: Browser, order: dict[str, Any]) -> None:
    at = f"/console/products/{order['lines'][0]['product_id']}"
    page = await operator.get(at)
    assert "Saved." in (await operator.send(page, to=at, name="Real cup")).text
    stale = await operator.send(page, to=at, name="Real bowl")
    assert stale.status == 412
    assert "Real cup" in stale.text
    assert "Saved." in (await operator.send(stale, to=at)).text


async def test_a_parked_event_is_handled_when_it_is_tried_again(
    shop: Shop, operator: Browser, order: dict[str, Any]
) -> None:
    fact = PaymentCaptured(payment_id="pay_1", order_id=order["id"], amount=Money(5_000, "EUR"))
    envelope = {"id": "evt_parked", "type": fact.TYPE, "key": fact.key, "time": "2026-01-01T00:00:00+00:00"}
    db = shop.ports["orders"].db
    async with db.transaction() as tx:
        await tx.execute(
            """INSERT INTO stuck (consumer, topic, key, event_id, type, envelope, attempts, error, parked_at)
               VALUES ('orders', 'payments', $1, 'evt_parked', $2, $3, 8, 'RuntimeError: the moon', shop_now())""",
            fact.key,
            fact.TYPE,
            {**envelope, "data": fact.model_dump(mode="json"), "traceparent": ""},
        )
    page = await operator.get("/console/streams")
    assert "RuntimeError: the moon" in page.text
    place = next(form.action for form in page.forms if form.action.endswith("/retry"))
    assert "tried again at once" in (await operator.send(page, to=place)).text
    for _ in range(100):
        if "Nothing waits." in (await operator.get("/console/streams")).text:
            break
        await asyncio.sleep(0.1)
    assert await db.fetchval("SELECT count(*) FROM inbox WHERE event_id = 'evt_parked'") == 1


async def _captured(shop: Shop, order_id: str, bearer: dict[str, str]) -> dict[str, Any]:
    """The order once its money is taken: that follows the confirmation by itself."""
    for _ in range(100):
        order: dict[str, Any] = await _api(shop, "orders", "GET", f"/v1/orders/{order_id}", **bearer)
        if order["payment_status"] == "captured":
            return order
        await asyncio.sleep(0.1)
    raise AssertionError("the money was not taken in ten seconds")


async def _api(shop: Shop, service: str, method: str, path: str, body: object = None, **headers: str) -> Any:
    given = {"content-type": "application/json", **headers}
    answer = await shop.peers.http(
        service, method, path, headers=given, body=b"" if body is None else orjson.dumps(body)
    )
    assert answer.status < 300, answer.body
    return answer.json()

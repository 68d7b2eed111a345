"""A shop for the console's tests: fake services with something of everything in them, and names that mean harm."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from banyan.console.app import face
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from tests.console.browser import Browser, Page
from tests.console.fake_services import Fakes, Json, level_of

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
PASSWORD = "correct horse battery"


@dataclass
class Stage:
    """The shop, its services, its console, and an operator's browser."""

    shop: Shop
    fakes: Fakes
    app: Any
    order: Json
    product: Json
    data_dir: Path

    def browser(self) -> Browser:
        return Browser(self.app, origin=self.shop.settings.origin)

    async def signed_in(self, *roles: str) -> Browser:
        """A browser of somebody with these roles."""
        browser = self.browser()
        email = f"{'-'.join(roles) or 'customer'}@example.com"
        if email not in self.fakes.passwords:
            self.fakes.add_user(email, *roles)
        page = await self.sign_in(browser, email)
        assert page.status == (200 if roles else 403), page.text
        return browser

    async def sign_in(self, browser: Browser, email: str, password: str = PASSWORD) -> Page:
        page = await browser.get("/console/sign-in")
        return await browser.send(page, to="/console/sign-in", email=email, password=password)


async def set_up(data_dir: Path, **given: object) -> Stage:
    clock = VirtualClock()
    clock.advance(20_000_000)
    settings = Settings(data_dir=data_dir, **{"shop_name": "Banyan Supply", **given})  # type: ignore[arg-type]
    shop = Shop.over(settings, cast(Any, None), clock=clock, ids=SeededIds(clock, 7))
    fakes = Fakes(shop)
    fakes.install()
    product = _catalogue(fakes)
    _stock(fakes)
    order = _orders(fakes, product)
    _payment(fakes, order)
    _trouble(fakes, order)
    return Stage(shop, fakes, await face(shop), order, product, data_dir)


def money(amount: int, currency: str = "EUR") -> Json:
    return {"amount": amount, "currency": currency}


def _catalogue(fakes: Fakes) -> Json:
    for number, (name, status) in enumerate(
        [("Trail jacket", "published"), (f"Mug {HOSTILE}", "published"), ("Camp stove", "draft")]
    ):
        product_id = f"prd_{number}"
        fakes.products[product_id] = {
            "id": product_id,
            "slug": f"product-{number}",
            "name": name,
            "brand": "Fjordline",
            "description": "Keeps the rain out.\nPacks small.",
            "price": money(12_900),
            "image": "javascript:alert(3)" if number else "/media/jacket.svg",
            "status": status,
            "version": 3,
            "updated_at": fakes.now(hours=3),
            "variants": [
                {
                    "id": f"var_{number}_{size}",
                    "sku": f"SKU-{number}-{size}",
                    "price": money(12_900),
                    "prices": [money(12_900), money(13_900, "USD")],
                    "options": {"Size": size},
                    "available": True,
                }
                for size in ("S", "M", "L")
            ],
        }
    return fakes.products["prd_0"]


def _stock(fakes: Fakes) -> None:
    fakes.warehouses["wh_main"] = {"id": "wh_main", "name": "Main warehouse", "country": "DE"} | {
        "priority": 0,
        "active": True,
        "version": 1,
    }
    for sku, on_hand in (("SKU-0-S", 40), ("SKU-0-M", 3), ("SKU-0-L", 1_250)):
        fakes.levels[sku] = level_of(sku, on_hand, reserved=2)
    fakes.movements["SKU-0-M"] = [
        {"id": "mov_2", "warehouse_id": "wh_main", "kind": "sold", "change": -2, "reason": "", "order_id": "ord_1"}
        | {"reservation_id": None, "by": None, "at": fakes.now(minutes=20)},
        {"id": "mov_1", "warehouse_id": "wh_main", "kind": "counted", "change": 5, "reason": HOSTILE, "order_id": None}
        | {"reservation_id": None, "by": "usr_1", "at": fakes.now(days=2)},
    ]


def _orders(fakes: Fakes, product: Json) -> Json:
    statuses = ("fulfilled", "payment_failed", "processing", "rejected", "cancelled", "confirmed")
    for number, status in enumerate(statuses, 1):
        order_id = f"ord_{number}"
        fakes.orders[order_id] = _order(fakes, order_id, f"B-10{number}", status, product)
        fakes.events[order_id] = [
            {"version": 1, "type": "orders.OrderPlaced", "at": fakes.now(minutes=31), "data": {"total": money(27_700)}},
            {"version": 2, "type": "orders.OrderConfirmed", "at": fakes.now(minutes=30), "data": {"by": HOSTILE}},
        ]
    fakes.reservations["res_1"] = _hold(fakes, "res_1", "promised", "ord_6")
    fakes.reservations["res_2"] = _hold(fakes, "res_2", "held", None)
    return fakes.orders["ord_6"]


def _order(fakes: Fakes, order_id: str, number: str, status: str, product: Json) -> Json:
    line = {
        "line_id": f"lin_{order_id}",
        "sku": "SKU-0-M",
        "product_id": product["id"],
        "name": HOSTILE if order_id == "ord_6" else "Trail jacket",
        "options": {"Size": "M"},
        "quantity": 2,
        "unit_price": money(12_900),
        "total": money(25_800),
        "tax": money(4_119),
        "fulfilled": 0,
    }
    address = {
        "name": f"Ida {HOSTILE}",
        "line1": "Hafenstr. 1",
        "city": "Kiel",
        "postal_code": "24103",
        "country": "DE",
    }
    return {
        "id": order_id,
        "number": number,
        "status": status,
        "payment_status": "captured" if status in ("confirmed", "fulfilled") else "pending",
        "placed_at": fakes.now(minutes=31),
        "cart_id": f"crt_{order_id}",
        "user_id": None,
        "email": "ida@example.com",
        "lines": [line],
        "address": address,
        "shipping_option": "standard",
        "currency": "EUR",
        "subtotal": money(25_800),
        "discount": money(0),
        "shipping": money(1_900),
        "tax": money(4_423),
        "tax_included": True,
        "total": money(27_700),
        "refunded": money(0),
        "refunds": [],
        "fulfilments": [],
        "reason": "insufficient_funds" if status == "payment_failed" else None,
        "short": [],
        "links": {"self": "", "events": "", "view": f"/orders/{order_id}?access=x"},
    }


def _hold(fakes: Fakes, hold_id: str, state: str, order_id: str | None) -> Json:
    return {
        "id": hold_id,
        "cart_id": f"crt_{hold_id}",
        "order_id": order_id,
        "state": state,
        "reason": None,
        "expires_at": fakes.now(minutes=-10) if order_id is None else None,
        "made_at": fakes.now(minutes=5),
        "changed_at": fakes.now(minutes=5),
        "lines": [{"sku": "SKU-0-M", "warehouse_id": "wh_main", "quantity": 2}],
    }


def _payment(fakes: Fakes, order: Json) -> None:
    fakes.payments["pay_1"] = {
        "id": "pay_1",
        "order_id": order["id"],
        "provider": "testbank",
        "state": "captured",
        "amount": money(27_700),
        "authorized": money(27_700),
        "captured": money(27_700),
        "refunded": money(0),
        "reason": None,
        "refunds": [],
        "created_at": fakes.now(minutes=31),
        "updated_at": fakes.now(minutes=30),
    }
    transfer = {"transfer_id": "trf_1", "kind": "capture", "made_at": fakes.now(minutes=30)}
    fakes.entries["pay_1"] = [
        transfer | {"account": "provider_receivable", "amount": money(27_700)},
        transfer | {"account": "sales", "amount": money(-27_700)},
    ]


def _trouble(fakes: Fakes, order: Json) -> None:
    def waiting(seq: int, parked: bool) -> Json:
        return {
            "seq": seq,
            "consumer": "inventory",
            "topic": "orders",
            "key": order["id"],
            "event_id": f"evt_{seq}",
            "type": "orders.OrderConfirmed",
            "envelope": {"id": f"evt_{seq}", "data": {"note": HOSTILE}},
            "attempts": 8 if parked else 2,
            "next_at": fakes.now(seconds=-20),
            "error": f"ValueError: {HOSTILE}",
            "since": fakes.now(hours=2),
            "parked_at": fakes.now(hours=1) if parked else None,
            "behind": 3,
        }

    fakes.parked["inventory"] = [waiting(41, True), waiting(42, False)]
    for service in ("users", "catalog", "inventory", "orders", "payments", "testbank"):
        fakes.findings[service] = [
            {
                "id": f"{service[0].upper()}1",
                "service": service,
                "promise": "nothing is lost",
                "violations": 0,
                "rows": [],
            },
        ]
    fakes.findings["orders"].append(
        {"id": "O2", "service": "orders", "promise": "every order that is paid has its stock", "violations": 2}
        | {"rows": [{"order_id": "ord_1", "why": HOSTILE}, {"order_id": "ord_2", "why": "x"}]}
    )

"""A shop that has just moved: its services hold what was taken over, the mover's mirror what the legacy shop knew, and the
gateway stands before both. The legacy web server itself is switched off."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from banyan import topology
from banyan.catalog.app import service as catalog
from banyan.contracts.inventory import SetStock, StockCount
from banyan.contracts.legacy import (
    CartLineRecord,
    CartRecord,
    CatalogTake,
    CategoryRecord,
    Customer,
    OrdersTake,
    ProductRecord,
    UsersTake,
    VariantRecord,
)
from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer, Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.gateway.app import Gateway, open_gateway
from banyan.inventory.app import service as inventory
from banyan.kernel.money import Money
from banyan.move.app import service as move
from banyan.move.rows import Column, Table, pack
from banyan.move.storage import groups, identities, mirror, tables
from banyan.move.storage.mirror import Writes
from banyan.orders.app import service as orders
from banyan.storefront.app import face
from banyan.users.app import service as users
from tests.conftest import OpenShop

GUEST = "a" * 26  # session ids, as OpenCart makes them
SIGNED_IN = "b" * 26
OVER = "c" * 26
PASSWORD = "correct horse battery"
BCRYPT = "$2y$04$"
WHEN = datetime(2024, 5, 1, tzinfo=UTC)

ROWS: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
    # table → columns, the first one or two of them its key; rows
    "product_option": (("product_option_id", "product_id", "option_id", "required"), [("226", "42", "5", "1")]),
    "option_description": (("option_id", "language_id", "name"), [("5", "1", "Size")]),
    "country": (("country_id", "name", "iso_code_2"), [("222", "United Kingdom", "GB"), ("81", "Germany", "DE")]),
    "zone": (("zone_id", "country_id", "name"), [("3563", "222", "Kent")]),
    "session": (
        ("session_id", "data", "expire"),
        [
            (GUEST, "{}", "2099-01-01 00:00:00"),
            (SIGNED_IN, '{"customer":{"customer_id":"7"}}', "2099-01-01 00:00:00"),
            (OVER, '{"customer_id":7}', "2020-01-01 00:00:00"),
        ],
    ),
    "cart": (
        ("cart_id", "customer_id", "session_id", "product_id", "option", "quantity"),
        [("1", "0", GUEST, "40", "[]", "2"), ("2", "7", SIGNED_IN, "42", '{"226":"15"}', "1")],
    ),
    "seo_url": (
        ("seo_url_id", "store_id", "language_id", "key", "value", "keyword"),
        [("1", "0", "1", "product_id", "40", "iphone"), ("2", "0", "1", "path", "20", "desktops")],
    ),
    **{name: ((f"{name}_id", "name"), []) for name in ("order_history", "setting", "product", "customer")},
}


@dataclass
class Old:
    """A shop, and a browser that speaks as the legacy shop's pages do."""

    shop: Shop
    gateway: Gateway
    ports: Ports
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, target: str, form: Any = None, **headers: str) -> HttpAnswer:
        body = urlencode(form or {}).encode() if method == "POST" else b""
        given = {"host": "shop.example", "content-type": "application/x-www-form-urlencoded", **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await request(self.gateway, method, target, headers=given, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, told = value.partition(";")[0].partition("=")
                if "Max-Age=0" in value:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = told
        return answer

    async def post(self, route: str, form: Any = None, **headers: str) -> Any:
        answer = await self.ask("POST", f"/index.php?route={route}", form, **headers)
        assert answer.status == 200, answer.body
        return answer.json()

    async def lines(self) -> dict[str, int]:
        """What is in this browser's cart, as the API says it."""
        token = {"cookie": f"banyan_cart={self.cookies['banyan_cart']}"} if "banyan_cart" in self.cookies else {}
        who = {"authorization": f"Bearer {self.cookies['banyan_access']}"} if "banyan_access" in self.cookies else {}
        answer = await self.shop.peers.http("orders", "GET", "/v1/carts/current", headers={**token, **who})
        return {line["sku"]: line["quantity"] for line in answer.json()["lines"]} if answer.status == 200 else {}


@pytest.fixture(scope="module")
async def moved(open_shop: OpenShop) -> AsyncIterator[tuple[Shop, Gateway]]:
    shop = await open_shop(
        users(), catalog(), inventory(), orders(), move(), legacy_http="http://127.0.0.1:9", legacy_shop="opencart4"
    )
    shop.peers.add("storefront", Local(None, {}, await face(shop)))
    await _fill_mirror(shop.ports["move"])
    await _take_over(shop)
    gateway = await open_gateway(shop, topology.ROUTES)
    yield shop, gateway
    await gateway.close()


@pytest.fixture
def browser(moved: tuple[Shop, Gateway]) -> Old:
    shop, gateway = moved
    return Old(shop, gateway, shop.ports["move"])


async def _fill_mirror(ports: Ports) -> None:
    async with ports.db.transaction() as tx:
        await groups.plan(tx, ("catalog", "users", "orders"))
        await tx.execute("UPDATE groups SET owner = 'new', state = 'new_primary', epoch = 2")
        for name, (columns, rows) in ROWS.items():
            keys = columns[:2] if name == "option_description" else columns[:1]
            table = Table(f"oc_{name}", tuple(map(_column, columns)), keys)
            number = await tables.record(tx, table, "catalog")
            assert number is not None
            await mirror.make(tx, number)
            writes = Writes()
            for row in rows:
                values = [value.encode() for value in row]
                parent = row[1] if name == "product_option" else None
                writes.put(table.key_of(values), parent, pack(values), 1)
            await mirror.upsert(tx, number, writes)


def _column(name: str) -> Column:
    return Column(name, "varchar", "varchar(255)", "utf8mb4", "utf8mb4_general_ci", nullable=False)


async def _take_over(shop: Shop) -> None:
    ids = shop.ids
    aisle = CategoryRecord(id=ids.new("cat"), version=1, name="Desktops")
    phone = _product(
        ids.new("prd"), "iPhone", aisle.id, VariantRecord(id=ids.new("var"), sku="PHONE", prices=(_eur(10100),))
    )
    sizes = [
        VariantRecord(id=ids.new("var"), sku=f"SHIRT-{size}", options={"Size": size}, prices=(_eur(2000),))
        for size in ("S", "L")
    ]
    shirt = _product(ids.new("prd"), "Shirt", aisle.id, *sizes)
    await shop.peers.ask(CatalogTake(records=(aisle,)))
    taken = await shop.peers.ask(CatalogTake(records=(phone, shirt)))
    assert {each.outcome for each in taken.fates} == {"taken"}, taken
    counts = tuple(StockCount(sku=sku, on_hand=5) for sku in ("PHONE", "SHIRT-S", "SHIRT-L"))
    await shop.peers.ask(SetStock(counts=counts))
    ann = Customer(id=ids.new("usr"), version=1, email="ann@example.com", name="Ann Old", created_at=WHEN)
    await shop.peers.ask(UsersTake(records=(ann,)))
    guest = CartRecord(
        id=ids.new("crt"), version=1, token=f"ct_{GUEST}", lines=(CartLineRecord(sku="PHONE", quantity=2),)
    )
    hers = CartRecord(id=ids.new("crt"), version=1, user_id=ann.id, lines=(CartLineRecord(sku="SHIRT-L", quantity=1),))
    taken = await shop.peers.ask(OrdersTake(records=(guest, hers)))
    assert {each.outcome for each in taken.fates} == {"taken"}, taken
    known = {
        ("product", "40"): phone.id,
        ("product", "42"): shirt.id,
        ("category", "20"): aisle.id,
        ("customer", "7"): ann.id,
        ("sku", "40"): "PHONE",
        ("sku", "42:226=15"): "SHIRT-L",
        ("sku", "42:226=16"): "SHIRT-S",
    }
    async with shop.ports["move"].db.transaction() as tx:
        await identities.give(tx, known)


def _product(id: str, name: str, category: str, *variants: VariantRecord) -> ProductRecord:
    return ProductRecord(id=id, version=1, name=name, category_id=category, variants=variants, created_at=WHEN)


def _eur(amount: int) -> Money:
    return Money(amount, "EUR")

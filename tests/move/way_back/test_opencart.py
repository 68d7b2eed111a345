"""What is done with us while we own an OpenCart shop is in its tables when it goes back: brands, passwords, variants, orders."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import bcrypt
import orjson
import pytest
from tests.move.whole.world import Whole, moved_in, until

from banyan.contracts.inventory import SetStock, StockCount
from banyan.contracts.legacy import CatalogHandOver, InventoryHandOver, ProductRecord
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.refusals import Conflict
from banyan.move.cutover.attempt import set_tenure
from banyan.move.cutover.gates import Shut
from banyan.move.cutover.owned import services
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reverting import revert
from banyan.move.demo.mariadb import MariaDb
from banyan.move.storage import groups
from banyan.move.way_back.ground import ground_of
from banyan.users.actions import create_operator

GROUPS = ("catalog", "users", "orders")
OPEN = {"coverage": "a test"}
CUSTOMER, OLD, NEW = "zoe.mueller@example.com", "s3cret&Pass", "two lamps in the <attic>"
ADDRESS = {"name": "Ada Byron", "line1": "Linienstraße 7", "city": "Berlin", "postal_code": "10178", "country": "DE"}


class Ours:
    """Our side of a shop that moved in."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.token = ""
        self.keys = 0

    async def ask(self, service: str, method: str, path: str, body: Any = None, *, ok: bool = True) -> Any:
        self.keys += 1
        headers = {"content-type": "application/json", "idempotency-key": f"k{self.keys}", "if-match": "*"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        answer: HttpAnswer = await self.whole.shop.peers.http(
            service, method, path, headers=headers, body=b"" if body is None else orjson.dumps(body)
        )
        assert not ok or answer.status < 300, answer.body
        return answer.json() if answer.body else None

    async def sign_in(self, password: str) -> None:
        self.token = ""
        got = await self.ask("users", "POST", "/v1/sessions", {"email": CUSTOMER, "password": password})
        self.token = got["access_token"]

    async def be_operator(self) -> None:
        path = await create_operator(self.whole.shop.ports["users"], "operator@example.com")
        self.token = ""
        link = {"token": path.partition("token=")[2]}
        self.token = (await self.ask("users", "POST", "/v1/sessions/magic-link/redeem", link))["access_token"]

    async def buy(self, sku: str) -> str:
        """A guest's order, confirmed; its id."""
        self.token = ""
        cart = await self.ask("orders", "POST", "/v1/carts", {})
        self.token, at = cart["token"], f"/v1/carts/{cart['id']}"
        await self.ask("orders", "POST", f"{at}/lines", {"sku": sku, "quantity": 2})
        ways = await self.ask("orders", "GET", f"{at}/shipping-options")
        delivery = {"email": "ada@example.com", "address": ADDRESS, "shipping_option": ways["items"][0]["id"]}
        await self.ask("orders", "PUT", f"{at}/delivery", delivery)
        order = await self.ask(
            "orders", "POST", f"{at}/checkout", {"payment": {"provider": "testbank", "token": "tok_ok"}}
        )
        assert order["status"] == "confirmed"
        return str(order["id"])

    async def cut_over(self) -> None:
        ground = await ground_of(self.whole.mover)
        for group in GROUPS:
            turn = await cutover(ground, group, max_pause=10, overrides=OPEN)
            assert turn.done, turn.lines()

    async def give_back(self, group: str, **more: Any) -> Any:
        return await revert(await ground_of(self.whole.mover), group, **{"max_pause": 10, **more})

    async def back(self) -> None:
        """All that was told is written there."""

        ground = await ground_of(self.whole.mover)
        ports = self.whole.ports
        heard: list[Any] = []

        async def take(batch: Sequence[Any]) -> None:
            heard.extend(batch)

        async def all_back() -> bool:
            heard.clear()
            for group in (await groups.read(ports.db)).values():
                if group.owner == "new" and group.way_back_from:
                    told = await set_tenure(ground, group.name, "new", group.epoch, 5)
                    heard.extend(each for each in told if each.unsent)
                    await ports.bus.follow(frozenset(services(ground.adapter, group.name)), group.way_back_from, take)
            return not heard and not await self.whole.our("move", "SELECT count(*) FROM due_back")

        await until(all_back)

    async def flagged(self) -> list[tuple[str, str]]:
        rows = await self.whole.ours("move", "SELECT kind, why FROM quarantine WHERE state = 'open' ORDER BY kind")
        return [(row["kind"], row["why"]) for row in rows]


@pytest.fixture(scope="module", params=["opencart4", "opencart3"])
async def ours(
    request: pytest.FixtureRequest,
    server: str,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ours]:
    version = str(request.param)
    database = legacy_database("opencart-4.1" if version == "opencart4" else "opencart-3.0")
    async with moved_in(server, tmp_path_factory.mktemp("back"), mariadb, database, version, {}) as whole:
        found = Ours(whole)
        await found.cut_over()
        yield found


TEE = {
    "name": "Tee",
    "brand": "Loom & Sons",
    "status": "published",
    "variants": [
        {
            "sku": f"TEE-{size}",
            "options": {"Fit": size},
            "prices": [{"amount": price, "currency": "USD"}],
            "weight_g": 150,
        }
        for size, price in (("S", 900), ("M", 1000), ("L", 950))
    ],
}
GRID = {
    "name": "Grid",
    "status": "published",
    "variants": [
        {
            "sku": f"GRID-{a}{b}",
            "options": {"Size": a, "Hue": b},
            "prices": [{"amount": 900 + 7 * place * place, "currency": "USD"}],
        }
        for place, (a, b) in enumerate(("SX", "SY", "MX", "MY"))
    ],
}


async def test_a_new_product_of_a_new_brand_is_there_with_its_options_and_units(ours: Ours) -> None:
    whole = ours.whole
    await ours.be_operator()
    made = await ours.ask("catalog", "POST", "/v1/products", TEE)
    counts = tuple(StockCount(sku=f"TEE-{size}", on_hand=count) for size, count in (("S", 3), ("M", 0), ("L", 8)))
    await whole.shop.peers.ask(SetStock(counts=counts))
    await ours.back()
    assert await ours.flagged() == []
    [product] = whole.rows(
        """SELECT p.product_id, p.price, p.quantity, m.name AS brand FROM {product} p
           JOIN {manufacturer} m USING (manufacturer_id) JOIN {product_description} d USING (product_id)
           WHERE d.name = 'Tee' LIMIT 1"""
    )
    assert (float(product["price"]), product["quantity"], product["brand"]) == (9, 11, "Loom &amp; Sons")
    values = whole.legacy(
        """SELECT DISTINCT o.name AS option_name, d.name, v.quantity, v.price, s.sort_order FROM {product_option_value} v
           JOIN {option_description} o USING (option_id) JOIN {option_value_description} d USING (option_value_id)
           JOIN {option_value} s USING (option_value_id) WHERE v.product_id = %s ORDER BY s.sort_order""",
        product["product_id"],
    )
    assert [(option, value, units, float(more)) for option, value, units, more, _ in values] == [
        ("Fit", "S", 3, 0.0),
        ("Fit", "M", 0, 1.0),
        ("Fit", "L", 8, 0.5),
    ]
    assert await whole.our("move", "SELECT key FROM identity WHERE id = $1", made["id"]) == str(product["product_id"])


async def test_a_size_that_is_added_afterwards_is_there_with_its_units_and_an_order_waits_for_it(ours: Ours) -> None:
    whole = ours.whole
    await ours.be_operator()
    id_ = await whole.our("catalog", "SELECT id FROM product WHERE name = 'Tee'")
    key = await whole.our("move", "SELECT key FROM identity WHERE id = $1", id_)
    own = "SELECT * FROM {product_option_value} WHERE product_id = %s ORDER BY product_option_value_id"
    before = whole.rows(own, key)
    size = {
        "sku": "TEE-XL",
        "options": {"Fit": "XL"},
        "prices": [{"amount": 1100, "currency": "USD"}],
        "weight_g": 150,
    }
    await ours.ask("catalog", "POST", f"/v1/products/{id_}/variants", size)
    await whole.shop.peers.ask(SetStock(counts=(StockCount(sku="TEE-XL", on_hand=6),)))
    order = await ours.buy("TEE-XL")
    await ours.back()
    assert [each for each in await ours.flagged() if each[0] in ("product", "order")] == []
    after = whole.rows(own, key)
    assert after[: len(before)] == before
    [new] = after[len(before) :]
    assert (float(new["price"]), new["quantity"]) == (2.0, 4)
    number = await whole.our("move", "SELECT key FROM identity WHERE id = $1", order)
    [line] = whole.rows("SELECT product_id, model FROM {order_product} WHERE order_id = %s", number)
    assert (str(line["product_id"]), line["model"]) == (key, "TEE-XL")
    [chosen] = whole.rows("SELECT product_option_value_id FROM {order_option} WHERE order_id = %s", number)
    assert chosen["product_option_value_id"] == new["product_option_value_id"]


async def test_variants_that_opencart_cannot_price_stay_in_quarantine_with_the_reason(ours: Ours) -> None:
    await ours.be_operator()
    made = await ours.ask("catalog", "POST", "/v1/products", GRID)
    await ours.back()
    [(kind, why)] = [each for each in await ours.flagged() if each[0] == "product"]
    assert kind == "product"
    assert "are no sum of one price and what each value of Hue, Size adds" in why
    assert ours.whole.legacy("SELECT 1 FROM {product_description} WHERE name = 'Grid'") == []
    await ours.ask("catalog", "DELETE", f"/v1/products/{made['id']}")
    await ours.back()
    assert [each for each in await ours.flagged() if each[0] == "product"] == []


async def test_a_password_that_is_changed_here_works_there_if_it_safely_can(ours: Ours) -> None:
    whole = ours.whole
    before = whole.legacy("SELECT password FROM {customer} WHERE email = %s", CUSTOMER)
    await ours.sign_in(OLD)
    await ours.ask("users", "PATCH", "/v1/me", {"name": "Zoë King"})
    await ours.back()
    assert whole.legacy("SELECT password FROM {customer} WHERE lastname = 'King'") == before
    await ours.ask("users", "POST", "/v1/me/password", {"current": OLD, "new": NEW})
    await ours.back()
    kept = whole.one("SELECT password FROM {customer} WHERE email = %s", CUSTOMER)
    flagged = [why for kind, why in await ours.flagged() if kind == "customer"]
    if whole.mover.adapter.name == "opencart4":
        assert kept.startswith("$2y$10$")
        assert bcrypt.checkpw(NEW.encode(), kept.encode())
        assert flagged == []
    else:
        assert kept == "!"
        assert "password" in flagged[0]


async def test_an_order_that_is_half_done_is_waited_for_or_nothing_changes(ours: Ours) -> None:
    whole = ours.whole
    db = whole.shop.ports["orders"].db
    order = await ours.buy("TEE-L")
    await ours.back()
    assert [why for kind, why in await ours.flagged() if kind != "customer"] == []
    half = "UPDATE saga SET finished_at = NULL, claimed = true, next_at = shop_now() + interval '1 hour', attempt = $2"
    await db.execute(f"{half} WHERE order_id = $1", order, 9)
    with pytest.raises(Shut, match=r"settled: 1 orders are still being worked on \(B-\w+\), 1 of them often"):
        await ours.give_back("orders")
    await db.execute(f"{half} WHERE order_id = $1", order, 0)
    turn = await ours.give_back("orders", max_pause=2)
    assert not turn.done
    assert "settled: 1 orders are still being worked on" in turn.why
    assert "R3" not in {step for step, _ in turn.steps}
    await ours.buy("TEE-L")  # ours as before
    await db.execute("UPDATE saga SET claimed = false WHERE order_id = $1", order)  # it is tried within the pause
    turn = await ours.give_back("orders")
    assert turn.done, turn.lines()
    assert await db.fetchval("SELECT count(*) FROM saga WHERE finished_at IS NULL") == 0
    statuses = whole.legacy("SELECT order_status_id FROM {order} ORDER BY order_id DESC LIMIT 2")
    assert statuses == [(2,), (2,)]  # Processing: accepted and paid
    with pytest.raises(Conflict):
        await ours.give_back("orders")


async def test_gone_back_and_read_again_everything_is_the_same(ours: Ours) -> None:
    whole = ours.whole
    waive = {"unwritable": "OpenCart 3 keeps no safe hash"} if whole.mover.adapter.name == "opencart3" else {}
    id_ = await whole.our("catalog", "SELECT id FROM product WHERE name = 'Tee'")
    [before] = (await whole.shop.peers.ask(CatalogHandOver(kind="product", ids=(id_,)))).records
    assert isinstance(before, ProductRecord)
    for group, passed in (("users", waive), ("catalog", {})):
        turn = await ours.give_back(group, overrides=passed)
        assert turn.done, turn.lines()
    key = await whole.our("move", "SELECT key FROM identity WHERE id = $1", id_)
    whole.write("UPDATE {product_description} SET name = 'Tee shirt' WHERE product_id = %s", key)
    whole.write("UPDATE {product_option_value} SET quantity = 2 WHERE product_id = %s AND quantity = 8", key)
    whole.write("UPDATE {product} SET quantity = quantity - 1 WHERE product_id = %s", key)
    await whole.settled()
    [now] = (await whole.shop.peers.ask(CatalogHandOver(kind="product", ids=(id_,)))).records
    assert isinstance(now, ProductRecord)
    same = {"version": 0, "slug": None, "created_at": before.created_at, "variants": ()}
    assert now.model_copy(update=same) == before.model_copy(update={**same, "name": "Tee shirt"})
    shown = [
        {(each.id, each.sku, tuple(each.options.items()), each.prices[0]) for each in side.variants}
        for side in (before, now)
    ]
    assert shown[0] == shown[1]
    [units] = (await whole.shop.peers.ask(InventoryHandOver(kind="stock", ids=("TEE-S",)))).records
    assert getattr(units, "on_hand", None) == 3

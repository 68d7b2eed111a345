"""What the legacy shop's pages do while it is followed arrives on our side, statement by statement as PHP writes it."""

from typing import Any

import orjson

from banyan.move.verify.verifier import Verifier
from tests.move.whole.test_passwords import known, sign_in
from tests.move.whole.world import Whole

NOW = "2026-11-01 12:00:00"


async def test_an_order_placed_there_is_here_with_its_stock(whole: Whole) -> None:
    """As OpenCart 4 does it: the confirm page writes the order and its lines, a click of the shopper places it."""
    product, stock, price = whole.legacy(
        """SELECT p.product_id, p.quantity, p.price FROM {product} p JOIN {product_to_store} USING (product_id)
           WHERE p.status = 1 AND p.price > 5 AND p.quantity BETWEEN 10 AND 1000
               AND p.product_id NOT IN (SELECT product_id FROM {product_option})
               AND p.product_id NOT IN (SELECT product_id FROM {product_discount}) LIMIT 1"""
    )[0]
    sku = await whole.id("sku", product)
    before = await _units(whole, sku)
    assert before == stock
    order = _checkout(whole, product, float(price), quantity=2)
    await whole.settled()
    assert await whole.ours("orders", "SELECT 1 FROM order_view WHERE number = $1", str(order)) == []

    _place(whole, order, product, quantity=2)
    await whole.settled()
    [found] = await whole.ours("orders", "SELECT * FROM order_view WHERE number = $1", str(order))
    total = round((float(price) * 2 + 5) * 100)
    assert (found["currency"], found["total"], found["shipping"]) == ("USD", total, 500)
    assert [(line["sku"], line["quantity"]) for line in found["shown"]["lines"]] == [(sku, 2)]
    assert found["status"] == "confirmed"
    assert await _units(whole, sku) == stock - 2


async def test_the_confirm_page_shown_again_makes_no_second_line(whole: Whole) -> None:
    product, price = whole.legacy("SELECT product_id, price FROM {product} WHERE price > 5 LIMIT 1")[0]
    order = _checkout(whole, product, float(price), quantity=1)
    whole.write("DELETE FROM {order_product} WHERE order_id = %s", order)
    whole.write("DELETE FROM {order_total} WHERE order_id = %s", order)
    whole.insert("order_history", order_id=order, order_status_id=16, date_added=NOW)
    _lines(whole, order, product, float(price), quantity=3)
    _place(whole, order, product, quantity=3)
    await whole.settled()
    [found] = await whole.ours("orders", "SELECT * FROM order_view WHERE number = $1", str(order))
    assert [line["quantity"] for line in found["shown"]["lines"]] == [3]


async def test_a_customer_who_changes_is_changed_here(whole: Whole) -> None:
    customer = whole.one(
        "SELECT customer_id FROM {customer} WHERE status = 1 AND password LIKE '$2y%%' ORDER BY 1 LIMIT 1"
    )
    id = await whole.id("customer", customer)
    whole.write(
        """UPDATE {customer} SET firstname = 'Renée &amp; Co', lastname = 'Ünal', email = %s, newsletter = 1
           WHERE customer_id = %s""",
        f"renee{customer}@example.org",
        customer,
    )
    whole.insert("address", customer_id=customer, firstname="Renée", lastname="Ünal", address_1="1 &lt;New&gt; Road",
                 city="Leeds", postcode="LS1", country_id=222, zone_id=0)  # fmt: skip
    await whole.settled()
    [account] = await whole.ours("users", "SELECT * FROM account WHERE id = $1", id)
    assert (account["name"], account["email_raw"]) == ("Renée & Co Ünal", f"renee{customer}@example.org")
    assert account["preferences"]["marketing"] is True
    streets = [row["line1"] for row in await whole.ours("users", "SELECT line1 FROM address WHERE account_id = $1", id)]
    assert "1 <New> Road" in streets


async def test_someone_who_signs_up_there_signs_in_here(whole: Whole) -> None:
    """With a cart that they fill, which is theirs here too."""
    kept, salt = whole.legacy("SELECT password, salt FROM {customer} WHERE LENGTH(password) = 32 LIMIT 1")[0]
    customer = whole.insert(
        "customer", customer_group_id=1, firstname="Neu", lastname="Kunde", email="neu@example.com", password=kept,
        salt=salt, status=1, date_added=NOW,
    )  # fmt: skip
    sku_key = await whole.our("move", "SELECT key FROM identity WHERE kind = 'sku' AND key !~ ':' ORDER BY key LIMIT 1")
    whole.insert("cart", customer_id=customer, session_id="n" * 26, product_id=int(sku_key), option="[]", override="[]",
                 quantity=4, date_added=NOW)  # fmt: skip
    await whole.settled()
    answer = await sign_in(whole, "neu@example.com", known(whole)[customer])
    assert answer.status == 201
    token = orjson.loads(answer.body)["access_token"]
    cart = await whole.shop.peers.http(
        "orders", "GET", "/v1/carts/current", headers={"authorization": f"Bearer {token}"}
    )
    assert [(line["sku"], line["quantity"]) for line in cart.json()["lines"]] == [(await whole.id("sku", sku_key), 4)]


async def test_a_price_and_a_stock_that_change_are_changed_here(whole: Whole) -> None:
    product = whole.one(
        """SELECT p.product_id FROM {product} p WHERE p.status = 1 AND p.price > 5 AND p.quantity > 0
           AND p.product_id NOT IN (SELECT product_id FROM {product_option})
           AND p.product_id NOT IN (SELECT product_id FROM {product_discount}) ORDER BY 1 DESC LIMIT 1"""
    )
    sku = await whole.id("sku", product)
    whole.write("UPDATE {product} SET price = 99.995, quantity = 7 WHERE product_id = %s", product)
    await whole.settled()
    prices = await _prices(whole, sku)
    rate = float(whole.one("SELECT value FROM {currency} WHERE code = 'EUR'"))
    assert prices["USD"] == 10_000
    assert abs(prices["EUR"] - 9999.5 * rate) <= 0.5
    assert await _units(whole, sku) == 7


async def test_what_is_deleted_there_is_gone_here(whole: Whole) -> None:
    product = whole.one("SELECT MAX(product_id) FROM {product}")
    id = await whole.id("product", product)
    for table in ("product", "product_description", "product_to_store", "product_to_category"):
        whole.write(f"DELETE FROM {{{table}}} WHERE product_id = %s", product)
    await whole.settled()
    assert await whole.our("catalog", "SELECT status FROM product WHERE id = $1", id) in (None, "archived")


async def test_after_all_that_both_sides_are_equal(whole: Whole) -> None:
    await whole.settled()
    for group in whole.mover.adapter.groups:
        verdict = await Verifier(whole.mover).whole(group)
        assert (verdict.findings, verdict.books, verdict.waiting) == ([], {}, 0)


def _checkout(whole: Whole, product: int, price: float, *, quantity: int) -> int:
    """What the confirm page writes: an order that nobody has placed yet."""
    said: dict[str, Any] = {
        f"{which}_{name}": value
        for which in ("payment", "shipping")
        for name, value in {"firstname": "Ada", "lastname": "Love", "address_1": "1 Main St", "city": "Leeds"}.items()
    }
    order = whole.insert(
        "order", customer_id=0, firstname="Ada", lastname="Love", email="ada@example.com", currency_code="USD",
        currency_id=2, currency_value=1, order_status_id=0, total=price * quantity + 5, date_added=NOW, date_modified=NOW,
        payment_method='{"name":"Cash On Delivery","code":"cod.cod"}', shipping_country_id=222,
        shipping_method='{"name":"Flat Shipping Rate","code":"flat.flat","cost":"5.00"}', **said,
    )  # fmt: skip
    _lines(whole, order, product, price, quantity=quantity)
    return order


def _lines(whole: Whole, order: int, product: int, price: float, *, quantity: int) -> None:
    whole.insert("order_product", order_id=order, product_id=product, name="Thing", model="M", quantity=quantity,
                 price=price, total=price * quantity)  # fmt: skip
    for place, (code, value) in enumerate(
        {"sub_total": price * quantity, "shipping": 5, "total": price * quantity + 5}.items()
    ):
        whole.insert(
            "order_total", order_id=order, extension="opencart", code=code, title=code, value=value, sort_order=place
        )


def _place(whole: Whole, order: int, product: int, *, quantity: int) -> None:
    """What `cod.confirm` writes."""
    whole.insert("order_history", order_id=order, order_status_id=1, notify=1, comment="", date_added=NOW)
    whole.write("UPDATE {order} SET order_status_id = 1, date_modified = %s WHERE order_id = %s", NOW, order)
    whole.write(
        "UPDATE {product} SET quantity = quantity - %s WHERE product_id = %s AND subtract = 1", quantity, product
    )


async def _units(whole: Whole, sku: str) -> int:
    return int(await whole.our("inventory", "SELECT sum(on_hand - reserved) FROM level WHERE sku = $1", sku))


async def _prices(whole: Whole, sku: str) -> dict[str, int]:
    rows = await whole.ours(
        "catalog", "SELECT currency, amount FROM price JOIN variant ON variant.id = variant_id WHERE sku = $1", sku
    )
    return {row["currency"]: row["amount"] for row in rows}

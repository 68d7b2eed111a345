"""The checkout: what was chosen stands in the session, a GET inserts the order, and placing it counts the stock down."""

from decimal import Decimal
from html import escape
from typing import Any

from banyan.move.demo import old_pages
from banyan.move.demo.old_shop import accounts, carts
from banyan.move.demo.old_shop.visit import Answer, Visit, whose
from banyan.move.demo.stocking import orders

_MEANS = {"cod.cod": "Cash On Delivery", "bank_transfer.bank_transfer": "Bank Transfer"}


def address(visit: Visit) -> Answer:
    """One of the account's, by its number."""
    found = visit.row(
        "SELECT * FROM {address} WHERE address_id = %s AND customer_id = %s",
        visit.form.get("address_id", "0"),
        visit.customer,
    )
    if found is None:
        return Answer.data({"error": "Warning: Address does not exist!"})
    return _chosen(visit, found)


def new_address(visit: Visit) -> Answer:
    if not visit.customer:
        return Answer.data({"redirect": "index.php?route=account/login"})
    made = accounts.add_address(visit)
    found = visit.row("SELECT * FROM {address} WHERE address_id = %s", made)
    return _chosen(visit, found or {})


def ways(visit: Visit) -> Answer:
    if "shipping_address" not in visit.session:
        return Answer.data({"error": "Warning: Delivery address required!"})
    cost = orders.shipping(_worth(visit))
    code, name = ("flat", "Flat Shipping Rate") if cost else ("free", "Free Shipping")
    quote = {
        "code": f"{code}.{code}",
        "name": name,
        "cost": str(cost),
        "tax_class_id": 9,
        "text": old_pages.money(cost),
    }
    kept = {code: {"name": name, "quote": {code: quote}, "sort_order": 1, "error": False}}
    return Answer.data({"shipping_methods": kept})


def way(visit: Visit) -> Answer:
    code = visit.form.get("shipping_method", "")
    if "shipping_address" not in visit.session:
        return Answer.data({"error": "Warning: Delivery address required!"})
    visit.session["shipping_method"] = {"code": code, "name": "Flat Shipping Rate"}
    return Answer.data({"success": "Success: You have changed shipping method!"})


def means(visit: Visit) -> Answer:
    listed = {code.partition(".")[0]: {"name": name, "option": {code: name}} for code, name in _MEANS.items()}
    return Answer.data({"payment_methods": listed})


def pay(visit: Visit) -> Answer:
    code = visit.form.get("payment_method", "")
    if code not in _MEANS:
        return Answer.data({"error": "Warning: Payment method required!"})
    visit.session["payment_method"] = {"code": code, "name": _MEANS[code]}
    return Answer.data({"success": "Success: You have changed payment method!"})


def comment(visit: Visit) -> Answer:
    visit.session["comment"] = visit.form.get("comment", "")
    return Answer.data({"success": "Success: Your comment has been saved!"})


def confirm(visit: Visit) -> Answer:
    """The order row is made here, by a GET, and made anew each time it is looked at."""
    lines, session = carts.lines(visit), visit.session
    if not lines or not visit.customer:
        return Answer.data({"redirect": "index.php?route=checkout/cart"})
    if not {"shipping_address", "shipping_method", "payment_method"} <= session.keys():
        return Answer.page(old_pages.unconfirmed())
    amounts = orders.amounts([(line["price"], line["quantity"]) for line in lines])
    session["order_id"] = visit.add("order", **_order(visit, amounts["total"]))
    for line in lines:
        visit.add("order_product", **_line(session["order_id"], line))
    for total in orders.total_rows(session["order_id"], amounts):
        visit.add("order_total", **total)
    return Answer.page(old_pages.confirm(lines, amounts))


def place(visit: Visit) -> Answer:
    """Once for each order, however often it is sent."""
    order = int(visit.session.get("order_id", 0))
    if not order:
        return Answer.data({"error": "Warning: No order ID in the session!"})
    placed = visit.change(
        "UPDATE {order} SET order_status_id = 1, date_modified = %s WHERE order_id = %s AND order_status_id = 0",
        visit.now,
        order,
    )
    if placed:
        for line in visit.rows("SELECT product_id, quantity FROM {order_product} WHERE order_id = %s", order):
            visit.rows(
                "UPDATE {product} SET quantity = quantity - %s WHERE product_id = %s AND subtract = 1",
                line["quantity"],
                line["product_id"],
            )
        visit.add("order_history", order_id=order, order_status_id=1, notify=1, comment="", date_added=visit.now)
    return Answer.data({"redirect": "index.php?route=checkout/success", "order_id": str(order)})


def success(visit: Visit) -> Answer:
    """The cart, and what the session kept of the checkout, go when thanks are shown."""
    order = int(visit.session.pop("order_id", 0))
    if order:
        where, values = whose(visit)
        visit.rows(f"DELETE FROM {{cart}} WHERE {where}", *values)
        for name in ("shipping_method", "payment_method", "comment"):
            visit.session.pop(name, None)
    return Answer.page(old_pages.thanks(order))


def _chosen(visit: Visit, row: dict[str, Any]) -> Answer:
    """Another address: how it is sent and paid is asked again."""
    named = (
        "address_id",
        "firstname",
        "lastname",
        "company",
        "address_1",
        "address_2",
        "city",
        "postcode",
        "country_id",
    )
    visit.session["shipping_address"] = {name: row[name] for name in named}
    for name in ("shipping_method", "payment_method"):
        visit.session.pop(name, None)
    return Answer.data({"success": "Success: You have changed shipping address!", "address_id": row["address_id"]})


def _worth(visit: Visit) -> Decimal:
    return sum((line["price"] * line["quantity"] for line in carts.lines(visit)), Decimal(0))


def _order(visit: Visit, total: Decimal) -> dict[str, Any]:
    row = orders.order_row(0, visit.customer, visit.now, total, 0, "http://old")
    del row["order_id"]
    there = visit.session["shipping_address"]
    named = ("firstname", "lastname", "company", "address_1", "address_2", "city", "postcode")
    row |= {f"shipping_{name}": there[name] for name in named}
    row["shipping_address_id"] = there["address_id"]
    row["comment"] = escape(str(visit.session.get("comment", "")), quote=False)
    return row


def _line(order: int, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "order_id": order,
        "product_id": line["product_id"],
        "name": line["name"],
        "model": line["model"],
        "quantity": line["quantity"],
        "price": line["price"],
        "total": line["price"] * line["quantity"],
        "tax": line["price"] * orders.TAX,
    }

"""The cart: rows of a table, each by product."""

from typing import Any

from banyan.move.demo import old_pages
from banyan.move.demo.old_shop.visit import Answer, Visit, whose
from banyan.move.demo.old_shop.window import LISTED


def lines(visit: Visit) -> list[dict[str, Any]]:
    where, values = whose(visit)
    return visit.rows(
        "SELECT cart_id, product_id, c.quantity, p.price, p.model, d.name FROM {cart} c JOIN {product} p USING (product_id)"
        f" JOIN {{product_description}} d USING (product_id) WHERE {where} ORDER BY cart_id",
        *values,
    )


def cart(visit: Visit) -> Answer:
    return Answer.page(old_pages.cart(lines(visit)))


def cart_add(visit: Visit) -> Answer:
    wanted = visit.row(LISTED + "WHERE p.product_id = %s", visit.form.get("product_id", "0"))
    if wanted is None:
        return Answer.data({"error": {"warning": "Product not found!"}})
    where, values = whose(visit)
    count = max(1, int(visit.form.get("quantity") or 1))
    had = visit.row(f"SELECT cart_id FROM {{cart}} WHERE {where} AND product_id = %s", *values, wanted["product_id"])
    if had:
        visit.rows("UPDATE {cart} SET quantity = quantity + %s WHERE cart_id = %s", count, had["cart_id"])
    else:
        visit.add(
            "cart",
            store_id=0,
            customer_id=visit.customer,
            session_id=visit.id,
            product_id=wanted["product_id"],
            subscription_plan_id=0,
            option="[]",
            quantity=count,
            date_added=visit.now,
        )
    return Answer.data({"success": f"You have added {wanted['name']} to your cart!"})


def cart_edit(visit: Visit) -> Answer:
    where, values = whose(visit)
    count = int(visit.form.get("quantity") or 0)
    if count > 0:
        visit.rows(
            f"UPDATE {{cart}} SET quantity = %s WHERE cart_id = %s AND {where}",
            count,
            visit.form.get("key", 0),
            *values,
        )
    else:
        visit.rows(f"DELETE FROM {{cart}} WHERE cart_id = %s AND {where}", visit.form.get("key", 0), *values)
    return Answer.data({"success": "You have modified your cart!"})


def cart_remove(visit: Visit) -> Answer:
    where, values = whose(visit)
    visit.rows(f"DELETE FROM {{cart}} WHERE cart_id = %s AND {where}", visit.form.get("key", 0), *values)
    return Answer.data({"success": "You have removed an item from your cart!"})

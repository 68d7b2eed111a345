"""The shop window: home, categories, search, products."""

from typing import Any

from banyan.move.demo import old_pages
from banyan.move.demo.old_shop.visit import Answer, Visit

LISTED = """SELECT p.product_id, p.model, p.price, p.quantity, d.name, d.description FROM {product} p
JOIN {product_description} d USING (product_id) """


def _menu(visit: Visit) -> list[dict[str, Any]]:
    """Each category with a count of its own, as such shops do: a query for each on every page."""
    listed = visit.rows(
        "SELECT c.category_id, d.name FROM {category} c JOIN {category_description} d USING (category_id)"
    )
    for each in listed:
        counted = visit.row(
            "SELECT count(*) AS n FROM {product_to_category} WHERE category_id = %s", each["category_id"]
        )
        each["count"] = counted["n"] if counted else 0
    return listed


def home(visit: Visit) -> Answer:
    return Answer.page(
        old_pages.listing("The old shop", _menu(visit), visit.rows(LISTED + "ORDER BY product_id DESC LIMIT 12"))
    )


def category(visit: Visit) -> Answer:
    number = visit.query.get("path", "0").rpartition("_")[2]
    found = visit.rows(LISTED + "JOIN {product_to_category} USING (product_id) WHERE category_id = %s LIMIT 20", number)
    return Answer.page(old_pages.listing("Category", _menu(visit), found))


def search(visit: Visit) -> Answer:
    found = visit.rows(LISTED + "WHERE d.name LIKE %s LIMIT 20", f"%{visit.query.get('search', '')}%")
    return Answer.page(old_pages.listing("Search", _menu(visit), found))


def product(visit: Visit) -> Answer:
    found = visit.row(LISTED + "WHERE p.product_id = %s", visit.query.get("product_id", "0"))
    if found is None:
        return Answer(404, old_pages.listing("Product not found!", _menu(visit), []).encode())
    return Answer.page(old_pages.product(_menu(visit), found))

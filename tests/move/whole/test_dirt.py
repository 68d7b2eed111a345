"""Each kind of dirt that the generator plants, and writes down in its manifest, is converted, kept, or refused for a reason.

What became of each is looked up in our services' own databases; that nothing of it was lost is seen in the mirror, whose rows
are the legacy shop's byte for byte (test_books).
"""

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from banyan.foundation.db import Row
from tests.move.whole.world import Whole

Check = Callable[[Whole, str], Awaitable[bool]]


def product(check: Callable[[Row, dict[str, Any]], bool]) -> Check:
    """By our product, and the legacy row with the name in the shop's own language."""

    async def look(whole: Whole, key: str) -> bool:
        [found] = await whole.ours("catalog", "SELECT * FROM product WHERE id = $1", await whole.id("product", key))
        return check(found, _row(whole, _PRODUCT, key))

    return look


def named(check: Callable[[str, str], bool]) -> Check:
    return product(lambda found, row: check(found["name"], row["name"] or ""))


def priced(check: Callable[[list[int], dict[str, Any]], bool]) -> Check:
    """By what the product's variants cost in the shop's own currency."""

    async def look(whole: Whole, key: str) -> bool:
        rows = await whole.ours(
            "catalog",
            """SELECT amount FROM price JOIN variant ON variant.id = variant_id
               WHERE product_id = $1 AND currency = 'USD'""",
            await whole.id("product", key),
        )
        return check(sorted(row["amount"] for row in rows), _row(whole, _PRODUCT, key))

    return look


def stocked(check: Callable[[int], bool]) -> Check:
    """By the units on our shelf; of a product with options, of each variant."""

    async def look(whole: Whole, key: str) -> bool:
        rows = await whole.ours(
            "inventory",
            "SELECT on_hand - reserved AS units FROM level WHERE sku = ANY($1)",
            await _skus(whole, key),
        )
        return bool(rows) and all(check(row["units"]) for row in rows)

    return look


def customer(check: Callable[[Row, dict[str, Any]], bool]) -> Check:
    async def look(whole: Whole, key: str) -> bool:
        [found] = await whole.ours("users", "SELECT * FROM account WHERE id = $1", await whole.id("customer", key))
        return check(found, _row(whole, "SELECT * FROM {customer} WHERE customer_id = %s", key))

    return look


def order(check: Callable[[Row, dict[str, Any]], bool]) -> Check:
    """An order that nobody placed is none of ours, whatever is wrong in it."""

    async def look(whole: Whole, key: str) -> bool:
        row = _row(whole, "SELECT * FROM {order} WHERE order_id = %s", key)
        found = await whole.ours("orders", "SELECT * FROM order_view WHERE number = $1", key)
        return check(found[0], row) if found else row["order_status_id"] == 0

    return look


def line(check: Callable[[Row, dict[str, Any]], bool]) -> Check:
    """By our order, and the legacy row of one of its lines."""

    async def look(whole: Whole, key: str) -> bool:
        row = _row(whole, "SELECT * FROM {order_product} WHERE order_product_id = %s", key)
        return await order(lambda found, _: check(found, row))(whole, str(row["order_id"]))

    return look


def orphan(table: str, column: str, service: str, ours: str, kind: str = "") -> Check:
    """No aggregate of ours comes of it, and the row is in the mirror to go back as it was."""

    async def look(whole: Whole, key: str) -> bool:
        number = whole.mover.mirrors.by_name[f"oc_{table}"].number
        owner = key
        if column:
            at = _row(whole, f"SELECT * FROM {{{table}}} WHERE {table}_id = %s", key)
            owner = str(at[column])
        kept = await whole.our("move", f"SELECT count(*) FROM mirror_{number} WHERE parent = $1", owner)
        found = await whole.our("move", "SELECT id FROM identity WHERE kind = $1 AND key = $2", kind or ours, owner)
        there = await whole.our(service, f"SELECT count(*) FROM {_PLACES[ours]} = $1", found or "")
        return bool(kept > 0 and there == 0)

    return look


async def category_at_the_top(whole: Whole, key: str) -> bool:
    if not _row(whole, "SELECT status FROM {category} WHERE category_id = %s", key)["status"]:
        return True  # one that is off is left out
    [found] = await whole.ours("catalog", "SELECT * FROM category WHERE id = $1", await whole.id("category", key))
    return found["parent_id"] is None


async def duplicate(whole: Whole, key: str) -> bool:
    """Somebody else has the address; this one has it only if nobody who may sign in does."""
    id = await whole.id("customer", key)
    [found] = await whole.ours("users", "SELECT * FROM account WHERE id = $1", id)
    if found["status"] == "closed":
        return bool(found["email_canonical"].endswith(".closed.invalid"))
    if found["email_canonical"].endswith(".duplicate.invalid"):
        return True
    said = _row(whole, "SELECT * FROM {customer} WHERE customer_id = %s", key)["email"]
    before = whole.one(
        "SELECT COUNT(*) FROM {customer} WHERE LOWER(TRIM(email)) = LOWER(TRIM(%s)) AND status = 1 AND customer_id < %s",
        said,
        key,
    )
    return bool(before == 0)


async def region_missing(whole: Whole, key: str) -> bool:
    [found] = await whole.ours("users", "SELECT * FROM address WHERE id = $1", await whole.id("address", key))
    return bool(found["region"] == "")


async def own_sku(whole: Whole, key: str) -> bool:
    """A SKU of its own, made of what the shop calls it where it calls it something."""
    skus = await _skus(whole, key)
    row = _row(whole, _PRODUCT, key)
    said = (row["sku"] or "").strip() or row["model"] or f"p{key}"
    shared = await whole.our(
        "catalog",
        "SELECT count(*) FROM variant WHERE sku = ANY($1) AND product_id <> $2",
        skus,
        await whole.id("product", key),
    )
    return bool(skus) and all(sku.startswith(said) for sku in skus) and shared == 0


async def open_special(whole: Whole, key: str) -> bool:
    """It is the price; where there are several, the first by priority and price. What must be chosen beside it adds to it."""
    rows = whole.legacy(
        """SELECT d.price AS special, d.type, p.price FROM {product_discount} d JOIN {product} p USING (product_id)
           WHERE product_id = %s AND d.special = 1 AND d.date_start = '0000-00-00' AND d.date_end = '0000-00-00'
           ORDER BY d.priority, d.price LIMIT 1""",
        key,
    )
    price, kind, regular = rows[0]
    regular = regular or 0
    wanted = price if kind == "F" else regular * (100 - price) / 100 if kind == "P" else regular - price
    without = await whole.ours(
        "catalog",
        """SELECT amount FROM price JOIN variant ON variant.id = variant_id
           WHERE product_id = $1 AND currency = 'USD' AND options = '{}'""",
        await whole.id("product", key),
    )
    return not without or wanted <= 0 or abs(without[0]["amount"] - float(wanted) * 100) <= 0.5001


async def abandoned(whole: Whole, key: str) -> bool:
    return not await whole.ours("orders", "SELECT 1 FROM order_view WHERE number = $1", key)


async def negative_option(whole: Whole, key: str) -> bool:
    """What is owed of a value is on none of our shelves: a variant with it, if it is counted, cannot be bought."""
    row = _row(whole, "SELECT * FROM {product_option_value} WHERE product_option_value_id = %s", key)
    rows = await whole.ours(
        "move", "SELECT key, id FROM identity WHERE kind = 'sku' AND key LIKE $1", f"{row['product_id']}:%"
    )
    skus = [each["id"] for each in rows if key in re.findall(r"=(\d+)", each["key"])]
    units = await whole.our(
        "inventory", "SELECT coalesce(max(on_hand - reserved), 0) FROM level WHERE sku = ANY($1)", skus
    )
    return bool(not row["subtract"] or units <= 0)


async def linked_elsewhere(whole: Whole, key: str) -> bool:
    """A category that does not exist is no place; another one of the product's is."""
    [found] = await whole.ours("catalog", "SELECT * FROM product WHERE id = $1", await whole.id("product", key))
    places = whole.one(
        """SELECT COUNT(*) FROM {product_to_category} JOIN {category} USING (category_id)
           WHERE product_id = %s AND status = 1""",
        key,
    )
    return bool((found["category_id"] is None) == (places == 0))


async def unreadable_email(whole: Whole, key: str) -> bool:
    return await customer(lambda found, _: found["email_raw"] == f"customer+{key}@unreadable.invalid")(whole, key)


def total_off(found: Row, row: dict[str, Any]) -> bool:
    """The total is what was charged, to the minor unit; its parts are left as they are, and the adjustment says the rest."""
    parts = found["subtotal"] - found["discount"] + found["shipping"] + found["tax"]
    rest = found["shown"]["adjustment"]["amount"]
    charged = row["total"] * row["currency_value"] * 100
    assert abs(found["total"] - charged) <= Decimal("0.5"), (found["total"], charged)
    return bool(found["total"] == parts + rest)


def scheme(name: str | None) -> Check:
    return customer(lambda found, _: found["password_scheme"] == name and bool(found["password_hash"]) == bool(name))


CHECKS: dict[str, Check] = {
    "address_zone_zero": region_missing,
    "category_parent_missing": category_at_the_top,
    "customer_date_zero": customer(lambda found, _: found["created_at"].year == 1970),
    "customer_name_emoji": customer(lambda found, row: found["name"].startswith(row["firstname"].strip())),
    "customer_name_markup": customer(lambda found, _: "<script>alert(1)</scrip" in found["name"]),
    "customer_name_mojibake": customer(lambda found, _: "Ã" not in found["name"] or "\ufffd" in found["name"]),
    "customer_name_null": customer(lambda found, row: row["firstname"] is None and found["name"] != ""),
    "customer_name_trailing_space": customer(lambda found, _: found["name"] == found["name"].strip()),
    "description_not_escaped": product(
        lambda found, _: "<" not in found["description"] and "•" in found["description"]
    ),
    "description_null": product(lambda found, _: found["description"] == ""),
    "email_duplicate_exact": duplicate,
    "email_duplicate_other_case": duplicate,
    "email_empty": unreadable_email,
    "email_idn": customer(lambda found, _: found["email_canonical"].endswith("@xn--mller-kva.example")),
    "email_invalid": unreadable_email,
    "email_trailing_space": customer(
        lambda found, row: found["email_raw"] == row["email"].strip() or row["status"] == 0
    ),
    "name_double_escaped": named(lambda name, stored: name.endswith(" &amp; Co") and "&amp;amp;" in stored),
    "name_emoji": named(lambda name, stored: name == stored),
    "name_empty": named(lambda name, stored: name != "" and stored == ""),
    "name_html_entities": named(lambda name, _: name.endswith('17" & <b>Stand</b>')),
    "name_invisible_chars": named(lambda name, _: name.endswith("\u200bXL")),
    "name_mojibake": named(lambda name, stored: name.endswith(" – Crème Brûlée") or "\ufffd" in stored),
    "name_mojibake_double": named(lambda name, _: name.endswith(" é")),
    "name_null": product(lambda found, row: found["name"] != "" and row["name"] is None),
    "name_numeric_and_named_entities": named(lambda name, _: name.endswith(" Men's édition")),
    "name_outer_spaces": named(lambda name, stored: name == stored.strip() != stored),
    "name_raw_markup": named(lambda name, _: name.endswith(" & raw <i>tag</i>")),
    "option_stock_negative": negative_option,
    "order_currency_gone": order(lambda found, _: found["currency"] == "DEM"),
    "order_currency_value_zero": order(lambda found, row: found["total"] > 0 or row["total"] <= 0),
    "order_customer_missing": order(lambda found, _: found["user_id"] is not None),
    "order_date_modified_zero": order(lambda found, row: found["placed_at"].date() == row["date_added"].date()),
    "order_line_product_missing": line(
        lambda found, row: "Discontinued item" in [each["name"] for each in found["shown"]["lines"]]
    ),
    "order_line_total_null": line(
        lambda found, row: row["total"] is None and all(each["total"]["amount"] for each in found["shown"]["lines"])
    ),
    "order_line_total_off": line(lambda found, _: found["total"] > 0),
    "order_payment_method_plain_text": order(lambda found, row: row["payment_method"][:1] != "{"),
    "order_status_unknown": order(lambda found, _: found["status"] == "confirmed"),
    "order_status_zero_abandoned": abandoned,
    "order_total_off": order(total_off),
    "order_without_totals": order(lambda found, _: found["total"] > 0 and bool(found["shown"]["lines"])),
    "orphan_address": orphan("address", "customer_id", "users", "account", "customer"),
    "orphan_category_link": linked_elsewhere,
    "orphan_order_history": orphan("order_history", "order_id", "orders", "order"),
    "orphan_order_product": orphan("order_product", "order_id", "orders", "order"),
    "orphan_product_description": orphan("product_description", "", "catalog", "product"),
    "orphan_product_option_value": orphan("product_option_value", "product_id", "catalog", "product"),
    "orphan_product_to_category": orphan("product_to_category", "", "catalog", "product"),
    "orphan_seo_url": orphan("seo_url", "", "catalog", "product"),
    "password_bcrypt": scheme("bcrypt"),
    "password_empty": scheme(None),
    "password_md5": scheme("md5"),
    "password_sha1_salted": scheme("sha1-salted"),
    "price_negative": priced(lambda amounts, _: all(amount > 0 for amount in amounts)),
    "price_null": priced(lambda amounts, _: all(amount > 0 for amount in amounts)),
    "price_zero": priced(lambda amounts, _: all(amount > 0 for amount in amounts)),
    "product_date_available_zero": product(lambda found, row: found["created_at"].date() == row["date_added"].date()),
    "product_date_modified_null": product(lambda found, row: found["created_at"].date() == row["date_added"].date()),
    "product_date_modified_zero": product(lambda found, row: found["created_at"].date() == row["date_added"].date()),
    "product_in_no_store": product(lambda found, _: found["status"] == "draft"),
    "product_translation_missing": product(lambda found, _: found["name"] != ""),
    "sku_case_space": own_sku,
    "sku_duplicate": own_sku,
    "sku_empty": own_sku,
    "sku_null": own_sku,
    "special_open_dates_zero": open_special,
    "stock_absurd": stocked(lambda units: units > 0),
    "stock_negative": stocked(lambda units: units <= 0),
    "stock_null": stocked(lambda units: units <= 0),
}
_PRODUCT = """
SELECT p.*, d.name, d.description FROM {product} p
LEFT JOIN {product_description} d ON d.product_id = p.product_id AND d.language_id = 1 WHERE p.product_id = %s"""
_PLACES = {"account": "account WHERE id", "order": "order_view WHERE order_id", "product": "product WHERE id"}


@pytest.mark.parametrize("kind", sorted(CHECKS))
async def test_each_kind_of_dirt_is_converted_kept_or_refused_with_a_reason(whole: Whole, kind: str) -> None:
    planted = whole.manifest["dirt"].get(kind)
    if planted is None:
        pytest.skip(f"none of it in so small a shop of seed {whole.manifest['seed']}")
    refused = {(row["kind"], row["key"]): row["why"] for row in await whole.quarantined()}
    for key in map(str, planted["examples"]):
        assert any(at == key and len(why) > 10 for (_, at), why in refused.items()) or await CHECKS[kind](whole, key), (
            key
        )


async def test_no_kind_is_forgotten(whole: Whole) -> None:
    assert set(whole.manifest["dirt"]) <= set(CHECKS)


async def _skus(whole: Whole, key: str) -> list[str]:
    rows = await whole.ours("catalog", "SELECT sku FROM variant WHERE product_id = $1", await whole.id("product", key))
    return [row["sku"] for row in rows]


def _row(whole: Whole, sql: str, key: str) -> dict[str, Any]:
    [found] = whole.rows(sql, key)
    return found

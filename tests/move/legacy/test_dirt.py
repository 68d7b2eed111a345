"""What has gone wrong in a shop over the years: each kind is taken over, kept, or refused with a reason."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from banyan.contracts.legacy import Customer, OrderRecord, ProductRecord, Record
from banyan.kernel.money import exponent
from banyan.move.legacy import Ref, Refused
from banyan.move.legacy.opencart import emails
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf
from tests.move.legacy.test_tables import DOCS

Traded = tuple[Shelf, dict[str, Any], dict[str, list[Record | Refused]]]
Check = Callable[[Shelf, str], bool]


def product(check: Callable[[ProductRecord, Row], bool]) -> Check:
    return lambda shelf, key: check(shelf.one("product", key), shelf.rows(Ref("product", key))["product"][0])


def named(check: Callable[[str, str], bool]) -> Check:
    """By the name in the shop's own language, and what stands in its row."""

    def look(shelf: Shelf, key: str) -> bool:
        said = shelf.rows(Ref("product", key))["product_description"]
        return check(
            shelf.one("product", key).name, next(row.text("name") for row in said if row.int("language_id") == 1)
        )

    return look


def customer(check: Callable[[Customer, Row], bool]) -> Check:
    return lambda shelf, key: check(shelf.one("customer", key), shelf.rows(Ref("customer", key))["customer"][0])


def order(check: Callable[[OrderRecord, Row], bool]) -> Check:
    """An order that was placed; one that never was is none, whatever is wrong in it."""

    def look(shelf: Shelf, key: str) -> bool:
        found = shelf.read(Ref("order", key))
        row = shelf.rows(Ref("order", key))["order"][0]
        assert not isinstance(found, Refused)
        return check(found[0], row) if found else row["order_status_id"] == b"0"  # type: ignore[arg-type]

    return look


def line(check: Callable[[OrderRecord, Row], bool]) -> Check:
    def look(shelf: Shelf, key: str) -> bool:
        row = next(row for row in shelf.all["order_product"] if row.text("order_product_id") == key)
        return order(lambda found, _: check(found, row))(shelf, row.text("order_id"))

    return look


def gone(kind: str, table: str, column: str) -> Check:
    """No aggregate of ours: its record says it is gone, and the row is still there to go back."""

    def look(shelf: Shelf, key: str) -> bool:
        at = shelf.tables[table].key[0]
        rows = [row for row in shelf.all[table] if row.text(at) == key]
        found = [shelf.one(kind, row.text(column)) for row in rows]
        return bool(rows) and all(getattr(each, "removed", False) or not getattr(each, "email", "x") for each in found)

    return look


def plain(text: str) -> bool:
    return text == text.strip() and not re.search(r"&(amp|lt|gt|quot|eacute|#039);|[\x00-\x1f]", text)


def duplicate(shelf: Shelf, key: str) -> bool:
    """Another one's address, unless nobody who may sign in has it."""
    found = shelf.one("customer", key)
    if found.closed:
        return bool(found.email.endswith(".closed.invalid"))
    holder = shelf.stock.names.holder("email", emails.canonical(found.email) or "")
    return bool(found.email.endswith(".duplicate.invalid")) or holder == key


def unreadable(shelf: Shelf, key: str) -> bool:
    return bool(shelf.one("customer", key).email == f"customer+{key}@unreadable.invalid")


def address_without_region(shelf: Shelf, key: str) -> bool:
    row = next(row for row in shelf.all["address"] if row.text("address_id") == key)
    book = shelf.one("customer", row.text("customer_id")).addresses
    return any(each.id == shelf.id("address", key) and each.address.region == "" for each in book)


def free(found: ProductRecord, row: Row) -> bool:
    """Not on sale for nothing: only what an option adds to it, or a special gives it, is a price."""
    priced = [each for each in found.variants if each.prices]
    return found.status == "draft" or (bool(priced) and all(each.prices[0].amount > 0 for each in priced))


def stocked(check: Callable[[int], bool]) -> Check:
    return lambda shelf, key: check(shelf.read(Ref("stock", key))[0].on_hand)  # type: ignore[index, union-attr]


def option_stock(shelf: Shelf, key: str) -> bool:
    row = next(row for row in shelf.all["product_option_value"] if row.text("product_option_value_id") == key)
    found = shelf.read(Ref("stock", row.text("product_id")))
    assert isinstance(found, tuple)
    counted = row.int("subtract") and "checkbox" not in _type(shelf, row)
    return not counted or min(each.on_hand for each in found) <= row.int("quantity")  # type: ignore[union-attr]


def _type(shelf: Shelf, row: Row) -> str:
    return next(each.text("type") for each in shelf.all["option"] if each["option_id"] == row["option_id"])


def special(shelf: Shelf, key: str) -> bool:
    """The price is the special's, unless that belongs to nobody's price."""
    found = shelf.rows(Ref("product", key))
    regular = found["product"][0].decimal("price")
    variants = shelf.one("product", key).variants
    fixed = {
        row.decimal("price") for row in found["product_discount"] if row.text("type") == "F" and row.int("special")
    }
    bare = [each.prices[0].amount for each in variants if each.prices and not each.options]
    return (
        not bare
        or not fixed
        or any(abs(Decimal(each) / 100 - price) <= 1 for each in bare for price in {*fixed, regular})
    )


def adds_up(found: OrderRecord, row: Row) -> bool:
    return found.total == found.subtotal - found.discount + found.shipping + found.tax + found.adjustment


def scheme(name: str | None) -> Check:
    return customer(lambda found, _: found.password_scheme == name and bool(found.password_hash) == bool(name))


def total_as_charged(found: OrderRecord, row: Row) -> bool:
    """To the cent, in the shop's own currency, where no rate stands between."""
    charged = row.decimal("total") * 100
    return found.total.currency != "USD" or any(abs(charged - each.total.amount) <= 1 for each in found.lines)


CHECKS: dict[str, Check] = {
    "address_zone_zero": address_without_region,
    "category_parent_missing": lambda shelf, key: shelf.one("category", key).parent_id is None,
    "customer_date_zero": customer(lambda found, _: found.created_at.year == 1970),
    "customer_name_emoji": customer(lambda found, _: any(ord(each) > 0x2000 for each in found.name)),
    "customer_name_markup": customer(lambda found, _: "<script>alert(1)</scrip" in found.name),
    "customer_name_mojibake": customer(lambda found, row: "Ã" not in found.name or "\ufffd" in found.name),
    "customer_name_null": customer(
        lambda found, row: row["firstname"] is None and found.name == row.text("lastname").strip()
    ),
    "customer_name_trailing_space": customer(lambda found, _: plain(found.name)),
    "description_not_escaped": product(lambda found, _: "<" not in found.description and "•" in found.description),
    "description_null": product(lambda found, _: found.description == ""),
    "email_duplicate_exact": duplicate,
    "email_duplicate_other_case": duplicate,
    "email_empty": unreadable,
    "email_idn": customer(lambda found, _: "@müller.example" in found.email),
    "email_invalid": unreadable,
    "email_trailing_space": customer(lambda found, row: found.email == found.email.strip() != row.text("email")),
    "name_double_escaped": named(lambda name, stored: name.endswith(" &amp; Co") and "&amp;amp;" in stored),
    "name_emoji": named(lambda name, stored: name == stored.strip()),
    "name_empty": named(lambda name, stored: name != "" and stored == ""),
    "name_html_entities": named(lambda name, stored: name.endswith('17" & <b>Stand</b>')),
    "name_invisible_chars": named(lambda name, stored: "\t" not in name and name.endswith("\u200bXL")),
    "name_mojibake": named(lambda name, stored: name.endswith(" – Crème Brûlée") or "\ufffd" in stored),
    "name_mojibake_double": named(lambda name, stored: name.endswith(" é")),
    "name_null": named(lambda name, stored: name != ""),
    "name_numeric_and_named_entities": named(lambda name, stored: name.endswith(" Men's édition")),
    "name_outer_spaces": named(lambda name, stored: name == stored.strip() != stored),
    "name_raw_markup": named(lambda name, stored: name.endswith(" & raw <i>tag</i>")),
    "option_stock_negative": option_stock,
    "order_currency_gone": order(lambda found, _: found.total.currency == "DEM"),
    "order_currency_value_zero": order(lambda found, row: found.total.amount > 0 or row.decimal("total") <= 0),
    "order_customer_missing": order(lambda found, _: found.user_id is not None),
    "order_date_modified_zero": order(lambda found, _: found.placed_at.year > 2000),
    "order_line_product_missing": line(
        lambda found, row: any(each.name == "Discontinued item" for each in found.lines)
    ),
    "order_line_total_null": line(
        lambda found, row: row["total"] is None and all(each.total.amount for each in found.lines)
    ),
    "order_line_total_off": line(total_as_charged),
    "order_payment_method_plain_text": order(lambda found, row: found.payment_method == row.text("payment_method")),
    "order_status_unknown": order(lambda found, _: (found.status, found.legacy_status) == ("processing", "status 99")),
    "order_status_zero_abandoned": lambda shelf, key: shelf.read(Ref("order", key)) == (),
    "order_total_off": order(adds_up),
    "order_without_totals": order(lambda found, _: found.total.amount > 0 and bool(found.lines)),
    "orphan_address": gone("customer", "address", "customer_id"),
    "orphan_category_link": product(lambda found, _: True),
    "orphan_order_history": gone("order", "order_history", "order_id"),
    "orphan_order_product": gone("order", "order_product", "order_id"),
    "orphan_product_description": gone("product", "product_description", "product_id"),
    "orphan_product_option_value": gone("product", "product_option_value", "product_id"),
    "orphan_product_to_category": gone("product", "product_to_category", "product_id"),
    "orphan_seo_url": lambda shelf, key: shelf.one("product", key).removed is True,
    "password_bcrypt": scheme("bcrypt"),
    "password_empty": scheme(None),
    "password_md5": scheme("md5"),
    "password_sha1_salted": scheme("sha1-salted"),
    "price_negative": product(free),
    "price_null": product(free),
    "price_zero": product(free),
    "product_date_available_zero": product(lambda found, _: found.created_at.year > 2000),
    "product_date_modified_null": product(lambda found, _: found.created_at.year > 2000),
    "product_date_modified_zero": product(lambda found, _: found.created_at.year > 2000),
    "product_in_no_store": product(lambda found, _: found.status == "draft"),
    "product_translation_missing": product(lambda found, _: bool(found.name)),
    "sku_case_space": product(lambda found, row: found.variants[0].sku.startswith(row.text("sku").strip())),
    "sku_duplicate": product(lambda found, row: found.variants[0].sku.startswith(row.text("sku").strip())),
    "sku_empty": product(lambda found, row: found.variants[0].sku.startswith(row.text("model") or "p")),
    "sku_null": product(lambda found, row: found.variants[0].sku.startswith(row.text("model") or "p")),
    "special_open_dates_zero": special,
    "stock_absurd": stocked(lambda units: units > 0),
    "stock_negative": stocked(lambda units: units < 0),
    "stock_null": stocked(lambda units: units <= 0),
}


def test_each_planted_kind_becomes_what_the_page_on_opencart_says(traded: Traded) -> None:
    shelf, manifest, _ = traded
    assert set(manifest["dirt"]) <= set(CHECKS)
    wrong = [
        (kind, key)
        for kind, planted in manifest["dirt"].items()
        for key in planted["examples"]
        if not CHECKS[kind](shelf, str(key))
    ]
    assert not wrong, str(wrong)


def test_the_page_on_opencart_names_every_kind() -> None:
    assert set(CHECKS) == set(re.findall(r"^\| `(\w+)` \|", DOCS.read_text().split("## What is wrong")[1], re.M))


def test_nothing_of_such_a_shop_is_refused(traded: Traded) -> None:
    _, _, told = traded
    assert [found.why for each in told.values() for found in each if isinstance(found, Refused)] == []


def test_everything_that_must_be_unique_is(traded: Traded) -> None:
    _, manifest, told = traded
    customers = [each for each in told["customer"] if isinstance(each, Customer) and each.email]
    assert len(customers) >= manifest["added"]["customer"]
    assert len({emails.canonical(each.email) for each in customers}) == len(customers)
    products = [each for each in told["product"] if isinstance(each, ProductRecord)]
    skus = Counter(variant.sku for each in products for variant in each.variants)
    assert [sku for sku, count in skus.items() if count > 1] == []
    assert {each.id for each in told["stock"]} == set(skus)  # type: ignore[union-attr]
    for kind in ("category", "brand"):
        alive = [each for each in told[kind] if not each.removed]  # type: ignore[union-attr]
        places = Counter((each.name.casefold(), getattr(each, "parent_id", "")) for each in alive)  # type: ignore[union-attr]
        assert [place for place, count in places.items() if count > 1] == []


def test_money_by_day_and_currency_agrees_to_the_minor_unit(traded: Traded) -> None:
    """Beside sums that are made of the rows in another way."""
    shelf, _, told = traded
    rates = {row.text("code"): row.decimal("value") for row in shelf.all["currency"]}
    totals = {row.text("order_id"): row for row in shelf.all["order_total"] if row.text("code") == "total"}
    theirs: dict[tuple[str, str], int] = defaultdict(int)
    for row in shelf.all["order"]:
        if row.int("order_status_id") == 0:
            continue
        code = row.text("currency_code")
        rate = row.decimal("currency_value") or rates.get(code, Decimal(1))
        amount = (
            totals[row.text("order_id")].decimal("value") if row.text("order_id") in totals else row.decimal("total")
        )
        minor = (amount * rate * 10 ** exponent(code)).quantize(Decimal(1), ROUND_HALF_UP)
        theirs[row.text("date_added")[:10], code] += int(minor)
    ours: dict[tuple[str, str], int] = defaultdict(int)
    for each in told["order"]:
        assert isinstance(each, OrderRecord)
        if each.removed:
            continue
        ours[each.placed_at.date().isoformat(), each.total.currency] += each.total.amount
        parts = each.subtotal - each.discount + each.shipping + each.tax + each.adjustment
        assert parts == each.total
        assert min(each.subtotal.amount, each.discount.amount, each.shipping.amount, each.tax.amount) >= 0
        assert each.discount <= each.subtotal
    assert ours == theirs


def test_known_passwords_fit_the_hashes_that_are_handed_over(traded: Traded) -> None:
    _, manifest, told = traded
    bcrypt = pytest.importorskip("bcrypt")
    found: dict[str, set[str]] = defaultdict(set)
    for each in told["customer"]:
        assert isinstance(each, Customer)
        if each.password_scheme:
            found[each.password_scheme].add(each.password_hash or "")
    fits: dict[str, Callable[[str, str], bool]] = {
        "bcrypt": lambda typed, kept: bool(bcrypt.checkpw(typed.encode(), kept.replace("$2y$", "$2b$").encode())),
        "md5": lambda typed, kept: hashlib.md5(typed.encode()).hexdigest() == kept,
        "sha1-salted": lambda typed, kept: kept.partition("$")[2] == _chain(typed, kept.partition("$")[0]),
    }
    for scheme, hashes in found.items():
        for kept in sorted(hashes)[:8]:
            assert any(fits[scheme](typed, kept) for typed in manifest["passwords"]), (scheme, kept)


def _chain(typed: str, salt: str) -> str:
    """What OpenCart 3 made of a password."""
    said = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    for _ in range(2):
        said = salt + hashlib.sha1(said.encode()).hexdigest()
    return hashlib.sha1(said.encode()).hexdigest()

"""Orders on the way back: what became of one with us, and whole orders that were placed with us.

What was bought and charged is history: of an order that the legacy shop has, only status, history, e-mail, address, owner and
payment reference are written. A new order is written as OpenCart's own checkout would have: `order`, `order_product`,
`order_option`, `order_total`, `order_history`, amounts in the shop's currency at its rate of now, net of tax.
"""

import json
from collections.abc import Sequence
from decimal import Decimal

from banyan.contracts.legacy import HistoryRecord, OrderLineRecord, OrderRecord
from banyan.kernel.money import Money
from banyan.move.legacy import NewRows, Ref, Rows, Stock
from banyan.move.legacy.opencart import orders, places, times, variants
from banyan.move.legacy.opencart.edits import EXACT, Edit, kept, put
from banyan.move.legacy.opencart.orders import BUYER, PAYMENT, SHIPPING
from banyan.move.legacy.opencart.shop import Shop, major
from banyan.move.rows import Values

Out = dict[str, Sequence[Values]]
OWN = frozenset({"", "processing", "confirmed", "fulfilled", "cancelled", "refunded", "payment_failed"})
"""Our own words in a history; the legacy shop has its own for the same."""
_SORTED = {"sub_total": 1, "shipping": 3, "coupon": 4, "tax": 5, "banyan_adjustment": 8, "total": 9}


def rows(shop: Shop, ref: Ref, record: OrderRecord, before: OrderRecord | None, rows: Rows, stock: Stock) -> NewRows:
    """The order's rows. Unwritable where the shop has no status that means what became of it."""
    if not rows.get("order"):
        return _written_anew(shop, ref, record, stock)
    out = kept(rows)
    edit = Edit(rows["order"][0])
    if before is None or (record.status, record.legacy_status) != (before.status, before.legacy_status):
        edit.number("order_status_id", _status_id(shop, record, before))
    if before is None or record.email != before.email:
        edit.words("email", record.email)
    if before is None or record.user_id != before.user_id:
        edit.number("customer_id", int(stock.key("customer", record.user_id)) if record.user_id else 0)
    if before is None or record.address != before.address:
        places.write(shop, edit, SHIPPING, record.address, before.address if before else None)
        if before is None or record.address.phone != before.address.phone:
            edit.words("telephone", record.address.phone)
    if before is None or record.payment_reference != before.payment_reference:
        _write_reference(edit, record)
    added = _added(record, before)
    if added:
        edit.raw("date_modified", times.wall(max(each.at for each in added), shop.clock))
        told = [_told(shop, ref, each, record, stock) for each in added]
        put(out, "order_history", [*(Edit(row) for row in rows.get("order_history") or ()), *told])
    put(out, "order", [edit])
    return out


def _status_id(shop: Shop, record: OrderRecord, before: OrderRecord | None) -> int:
    """The shop's own status where the record names one; else the one that means the same."""
    if record.legacy_status and (before is None or record.legacy_status != before.legacy_status):
        named = shop.statuses.id_named(record.legacy_status)
        if named is not None and shop.statuses.status(named) == record.status:
            return named
    if before is not None and record.status == before.status:
        named = shop.statuses.id_named(before.legacy_status)
        if named is not None:
            return named
    return shop.statuses.id_for(record.status)


def _added(record: OrderRecord, before: OrderRecord | None) -> list[HistoryRecord]:
    """What the record's history has beyond what was there; nothing is ever taken from a history."""
    rest = list(before.history) if before else []
    added = []
    for each in record.history:
        if each in rest:
            rest.remove(each)
        else:
            added.append(each)
    return added


def _told(shop: Shop, ref: Ref, entry: HistoryRecord, record: OrderRecord, stock: Stock) -> Edit:
    named = shop.statuses.id_named(entry.status)
    edit = Edit.fresh(stock.tables["order_history"])
    edit.number("order_history_id", stock.next("order_history"))
    edit.number("order_id", int(ref.key))
    if named is None or entry.status in OWN:  # `processing` is not what that shop calls Processing
        named = _own_word(shop, entry.status, record)
    edit.number("order_status_id", named)
    edit.number("notify", int(entry.told))
    edit.words("comment", entry.comment)
    edit.raw("date_added", times.wall(entry.at, shop.clock))
    return edit


def _own_word(shop: Shop, word: str, record: OrderRecord) -> int:
    """Our own word for what happened as one of the shop's statuses; the order's own where we have no such word."""
    said = word.strip().lower()
    return shop.statuses.id_for(said if said in OWN and said else record.status)


def _written_anew(shop: Shop, ref: Ref, record: OrderRecord, stock: Stock) -> NewRows:
    rate = shop.rate(record.total.currency) or Decimal(1)
    out: Out = {}
    put(out, "order", [_order(shop, ref, record, rate, stock)])
    products, options = [], []
    for line in record.lines:
        product, chosen = _line(ref, record, line, rate, stock)
        products.append(product)
        options.extend(chosen)
    put(out, "order_product", products)
    put(out, "order_option", options)
    put(out, "order_total", _totals(ref, record, rate, stock))
    first = HistoryRecord(status="", comment="", at=record.placed_at)
    put(out, "order_history", [_told(shop, ref, each, record, stock) for each in record.history or (first,)])
    return out


def _order(shop: Shop, ref: Ref, record: OrderRecord, rate: Decimal, stock: Stock) -> Edit:
    edit = Edit.fresh(stock.tables["order"])
    currency = shop.currencies.get(record.total.currency)
    for column in ("ip", "forwarded_ip", "accept_language", "fax", "tracking", "comment", "transaction_id"):
        edit.raw(column, b"")
    for column in ("custom_field", "payment_custom_field", "shipping_custom_field"):
        edit.raw(column, b"[]")
    for column in ("company", "address_format"):
        edit.raw(PAYMENT[column], b"")
        edit.raw(SHIPPING[column], b"")
    edit.number("order_id", int(ref.key))
    edit.words("invoice_prefix", shop.config.get("config_invoice_prefix", ""))
    edit.words("store_name", shop.config.get("config_name", ""))
    edit.words("store_url", shop.config.get("config_url", ""))
    edit.number("customer_id", int(stock.key("customer", record.user_id)) if record.user_id else 0)
    edit.number("customer_group_id", shop.number("config_customer_group_id", 1))
    places.write_person(edit, BUYER, record.address.name)
    edit.words("email", record.email)
    edit.words("telephone", record.address.phone)
    for columns in (PAYMENT, SHIPPING):
        places.write(shop, edit, columns, record.address, None)
    way = record.payment_method if record.payment_method in orders.OFFLINE else "banyan"  # it has those, too
    _write_method(edit, "payment", way, record.payment_method or "Banyan")
    _write_method(edit, "shipping", f"{orders.WAY}{record.shipping_option}", record.shipping_option)
    _write_reference(edit, record)
    edit.number("total", major(record.total.amount, rate, record.total.currency))
    edit.number("order_status_id", _status_id(shop, record, None))
    edit.number("commission", 0)
    edit.number("language_id", shop.language)
    edit.plain("language_code", shop.config.get("config_language_catalog") or shop.config.get("config_language", ""))
    edit.number("currency_id", currency.int("currency_id") if currency is not None else 0)
    edit.plain("currency_code", record.total.currency)
    edit.number("currency_value", rate)
    last = max((each.at for each in record.history), default=record.placed_at)
    edit.raw("date_added", times.wall(record.placed_at, shop.clock))
    edit.raw("date_modified", times.wall(last, shop.clock))
    return edit


def _write_reference(edit: Edit, record: OrderRecord) -> None:
    """How it was paid, and of an order of ours its number: that shop knows only its own."""
    edit.words("transaction_id", record.payment_reference)
    mark = f"Banyan {record.number}{'; tax included' if record.tax_included else ''}"
    if "transaction_id" not in edit.row and record.payment_reference:
        mark += f"; paid as {record.payment_reference}"
    if orders.OURS.fullmatch(mark):
        edit.plain("user_agent", mark)


def _write_method(edit: Edit, which: str, code: str, name: str) -> None:
    if f"{which}_code" in edit.row:
        edit.plain(f"{which}_code", code)
        edit.words(f"{which}_method", name)
    else:
        edit.plain(f"{which}_method", json.dumps({"code": code if "." in code else f"{code}.{code}", "name": name}))


def _line(ref: Ref, record: OrderRecord, line: OrderLineRecord, rate: Decimal, stock: Stock) -> tuple[Edit, list[Edit]]:
    """A line, and an `order_option` for each choice. What the legacy shop's catalogue does not have is named by its SKU."""
    product, chosen = variants.parsed(stock.names.holder("sku", line.sku) or "0")
    if product == "0" and line.product_id:
        product = stock.key("product", line.product_id)
    net = line.total - line.tax if record.tax_included else line.total
    number = stock.next("order_product")
    edit = Edit.fresh(stock.tables["order_product"])
    edit.number("order_product_id", number)
    edit.number("order_id", int(ref.key))
    edit.number("product_id", int(product))
    edit.words("name", line.name)
    edit.words("model", line.sku)
    edit.number("quantity", line.quantity)
    each = _each(net, line.quantity, rate) if record.tax_included else _base(line.unit_price, rate)
    edit.number("price", each)
    edit.number("total", _base(net, rate))
    edit.number("tax", _each(line.tax, line.quantity, rate))
    edit.number("reward", 0)
    options = []
    choices = iter(chosen if len(chosen) == len(line.options) else ())
    for name, value in line.options.items():
        option, option_value = next(choices, (0, 0))
        options.append(_option(ref, number, name, value, option, option_value, stock))
    return edit, options


def _option(ref: Ref, line: int, name: str, value: str, option: int, option_value: int, stock: Stock) -> Edit:
    edit = Edit.fresh(stock.tables["order_option"])
    edit.number("order_option_id", stock.next("order_option"))
    edit.number("order_id", int(ref.key))
    edit.number("order_product_id", line)
    edit.number("product_option_id", option)
    edit.number("product_option_value_id", option_value)
    edit.words("name", name)
    edit.words("value", value)
    edit.plain("type", "select")
    return edit


def _totals(ref: Ref, record: OrderRecord, rate: Decimal, stock: Stock) -> list[Edit]:
    """One row per part that is there, in the order in which OpenCart shows them."""
    subtotal, shipping, nothing = record.subtotal, record.shipping, Money(0, record.total.currency)
    if record.tax_included:
        on_goods = sum((line.tax.amount for line in record.lines), 0)
        subtotal = Money(subtotal.amount - on_goods, subtotal.currency)
        shipping = Money(shipping.amount - (record.tax.amount - on_goods), shipping.currency)
    parts = {
        "sub_total": ("Sub-Total", subtotal),
        "shipping": (record.shipping_option or "Shipping", shipping),
        "coupon": ("Discount", -record.discount),
        "tax": ("Tax", record.tax),
        "banyan_adjustment": ("Adjustment", record.adjustment),
        "total": ("Total", record.total),
    }
    edits = []
    for code, (title, amount) in parts.items():
        if amount != nothing or code in ("sub_total", "total"):
            edit = Edit.fresh(stock.tables["order_total"])
            edit.number("order_total_id", stock.next("order_total"))
            edit.number("order_id", int(ref.key))
            edit.plain("extension", "opencart")
            edit.plain("code", code)
            edit.words("title", title)
            edit.number("value", _base(amount, rate))
            edit.number("sort_order", _SORTED[code])
            edits.append(edit)
    return edits


def _base(amount: Money, rate: Decimal) -> Decimal:
    return major(amount.amount, rate, amount.currency)


def _each(amount: Money, quantity: int, rate: Decimal) -> Decimal:
    return EXACT.divide(_base(amount, rate), Decimal(quantity or 1))

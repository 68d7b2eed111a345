"""Orders as records. An order is one once it has been placed: what has status 0, or was only ever voided, is a checkout that
somebody left. Its lines are known by the order and their place in it, since OpenCart gives them new numbers while a shopper
is still confirming.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime

from banyan.contracts.legacy import HistoryRecord, OrderLineRecord, OrderRecord
from banyan.contracts.users import Address
from banyan.kernel.money import Money, total
from banyan.move.legacy import Ref, Rows, Stock
from banyan.move.legacy.opencart import amounts, places, text, times, variants
from banyan.move.legacy.opencart.amounts import Coin, Sums
from banyan.move.legacy.opencart.places import Columns
from banyan.move.legacy.opencart.shop import NOWHERE, Shop, grouped
from banyan.move.legacy.opencart.statuses import VOIDED
from banyan.move.rows import Row

SHIPPING, PAYMENT, BUYER = Columns("shipping_"), Columns("payment_"), Columns()
OURS = re.compile(r"Banyan (B-[0-9A-Z]+)(; tax included)?(?:; paid as (.+))?")
"""What stands in `user_agent` of an order that was placed with us; how it was paid where there is no column for that."""
WAY = "banyan."
"""Before our own code of a way to send."""
OFFLINE = frozenset({"cod", "bank_transfer", "cheque"})
"""Ways to pay whose money comes later than the order is accepted."""


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[OrderRecord, ...]:
    """The order; none for what is none yet; `removed` for one that is gone, or was one and is none any more."""
    found = rows.get("order") or ()
    if not found:
        return (_gone(shop, ref, stock, version),)
    row = found[0]
    if not is_placed(shop, row, rows):
        return (_gone(shop, ref, stock, version),) if _was_placed(shop, rows) else ()
    coin = amounts.coin(shop, row)
    lines = _lines(ref, coin, rows, stock)
    sums = amounts.sums(coin, row, rows, total((line.total for line in lines), coin.currency))
    ours = OURS.match(row.text("user_agent")) if "user_agent" in row else None
    if ours and ours[2]:
        lines, sums = _with_tax(lines, sums)
    status = row.int("order_status_id")
    placed_at = _placed_at(shop, row, rows)
    return (
        OrderRecord(
            id=stock.id("order", ref.key),
            version=version,
            number=ours[1] if ours else ref.key,
            user_id=stock.id("customer", str(row.int("customer_id"))) if row.int("customer_id") > 0 else None,
            email=text.line(row.text("email")),
            lines=tuple(lines),
            address=address(shop, row),
            shipping_option=_shipping_option(row),
            subtotal=sums.subtotal,
            discount=sums.discount,
            shipping=sums.shipping,
            tax=sums.tax,
            adjustment=sums.adjustment,
            total=sums.total,
            tax_included=bool(ours and ours[2]),
            status=shop.statuses.status(status),
            legacy_status=shop.statuses.name(status),
            paid=_is_paid(shop, row),
            payment_method=method(row, "payment")[1],
            payment_reference=_reference(row, ours),
            history=history(shop, rows, placed_at),
            placed_at=placed_at,
        ),
    )


def _reference(row: Row, ours: re.Match[str] | None) -> str:
    if "transaction_id" in row:
        return text.line(row.text("transaction_id"))
    return (ours[3] or "") if ours else ""


def is_placed(shop: Shop, order: Row, rows: Rows) -> bool:
    """Whether a shopper has ordered. OpenCart 4 voids a checkout that is shown again before it is ever placed."""
    status = order.int("order_status_id")
    return status > 0 and (status != _voided(shop) or _was_placed(shop, rows) or not rows.get("order_history"))


def history(shop: Shop, rows: Rows, placed_at: datetime) -> tuple[HistoryRecord, ...]:
    """What happened, in the order in which it was written down."""
    ordered = sorted(rows.get("order_history") or (), key=lambda row: row.int("order_history_id"))
    return tuple(
        HistoryRecord(
            status=shop.statuses.name(row.int("order_status_id")),
            comment=text.note(row.text("comment")),
            at=times.moment(row, "date_added", shop.clock) or placed_at,
            told=bool(row.int("notify")),
        )
        for row in ordered
    )


def address(shop: Shop, row: Row) -> Address:
    """Where the parcel goes; where nothing is sent, whom it is billed to."""
    sent = any(row[SHIPPING[column]] for column in ("address_1", "city", "country", "lastname"))
    name = places.person(row, BUYER)
    return places.read(shop, row, SHIPPING if sent else PAYMENT, name=name, phone=text.line(row.text("telephone")))


def method(row: Row, which: str) -> tuple[str, str]:
    """Code and name of the way to pay or to send. OpenCart 4 keeps both as JSON, 3 each in its column; what an upgrade left
    in the other's way is its name."""
    written = row.text(f"{which}_method")
    if f"{which}_code" in row:
        return text.line(row.text(f"{which}_code")), text.line(written)
    try:
        said = json.loads(written)
        return text.line(str(said.get("code") or "")), text.line(str(said.get("name") or ""))
    except (ValueError, AttributeError, RecursionError):
        return "", text.line(written)


def line_id(ref: Ref, place: int) -> str:
    """A line by its order and its place in it, from 1."""
    return f"{ref.key}-{place}"


def in_order(rows: Rows) -> list[Row]:
    return sorted(rows.get("order_product") or (), key=lambda row: row.int("order_product_id"))


def _lines(ref: Ref, coin: Coin, rows: Rows, stock: Stock) -> list[OrderLineRecord]:
    options = grouped(rows.get("order_option") or (), "order_product_id")
    lines = [
        _line(line_id(ref, place), coin, row, options.get(row.int("order_product_id"), ()), stock)
        for place, row in enumerate(in_order(rows), 1)
    ]
    vouchers = sorted(rows.get("order_voucher") or (), key=lambda row: row.int("order_voucher_id"))
    return lines + [_voucher(line_id(ref, len(lines) + place), coin, row) for place, row in enumerate(vouchers, 1)]


def _line(id: str, coin: Coin, row: Row, options: Sequence[Row], stock: Stock) -> OrderLineRecord:
    product, quantity, price = row.int("product_id"), row.int("quantity"), row.decimal("price")
    made = [
        (each.int("product_option_id"), each.int("product_option_value_id"))
        for each in options
        if each.text("type") in variants.MAKING_VARIANTS and each.int("product_option_value_id") > 0
    ]
    said: dict[str, str] = {}
    for each in sorted(options, key=lambda each: each.int("order_option_id")):
        name, value = text.line(each.text("name")), text.line(each.text("value"))
        said[name] = f"{said[name]}, {value}" if name in said else value
    return OrderLineRecord(
        line_id=id,
        sku=variants.known_sku(stock.names, variants.key(str(product), made))
        if product
        else text.line(row.text("model")),
        product_id=stock.id("product", str(product)) if product else None,
        name=text.line(row.text("name")),
        options=said,
        quantity=quantity,
        unit_price=coin.of(price),
        total=coin.of(price * quantity if row["total"] is None else row.decimal("total")),
        tax=coin.of(row.decimal("tax") * quantity),
    )


def _voucher(id: str, coin: Coin, row: Row) -> OrderLineRecord:
    """A gift voucher that was bought, which OpenCart 3 counts among the goods."""
    amount = coin.of(row.decimal("amount"))
    return OrderLineRecord(
        line_id=id,
        sku=f"voucher-{row.int('order_voucher_id')}",
        product_id=None,
        name=text.line(row.text("description")),
        quantity=1,
        unit_price=amount,
        total=amount,
        tax=Money(0, coin.currency),
    )


def _with_tax(lines: Sequence[OrderLineRecord], sums: Sums) -> tuple[list[OrderLineRecord], Sums]:
    """As we sold it: prices with the tax in them, which then is not added."""
    gross = [
        line.model_copy(
            update={
                "total": line.total + line.tax,
                "unit_price": _each(line.total + line.tax, line.quantity) or line.unit_price,
            }
        )
        for line in lines
    ]
    subtotal = total((line.total for line in gross), sums.total.currency)
    shipping = sums.shipping + sums.tax - total((line.tax for line in lines), sums.total.currency)
    rest = sums.total - (subtotal - sums.discount + shipping)
    return gross, Sums(subtotal, sums.discount, shipping, sums.tax, rest, sums.total)


def _each(amount: Money, quantity: int) -> Money | None:
    """One piece's part; None where it is no whole number of units."""
    if quantity <= 0 or amount.amount % quantity:
        return None
    return Money(amount.amount // quantity, amount.currency)


def _shipping_option(row: Row) -> str:
    code, name = method(row, "shipping")
    return code.removeprefix(WAY) or name


def _is_paid(shop: Shop, row: Row) -> bool:
    """The shop keeps no payments, so its status tells: sent or given back was paid; accepted was, unless it is paid later."""
    status = shop.statuses.status(row.int("order_status_id"))
    if status in ("fulfilled", "refunded"):
        return True
    if "transaction_id" in row and row.text("transaction_id").strip():
        return status == "confirmed"
    return status == "confirmed" and method(row, "payment")[0].partition(".")[0] not in OFFLINE


def _placed_at(shop: Shop, row: Row, rows: Rows) -> datetime:
    found = times.first(row, ("date_added", "date_modified"), shop.clock)
    if found != times.NEVER:
        return found
    told = (times.moment(each, "date_added", shop.clock) for each in rows.get("order_history") or ())
    return min((each for each in told if each), default=times.NEVER)


def _voided(shop: Shop) -> int:
    return shop.number("config_void_status_id", VOIDED)


def _was_placed(shop: Shop, rows: Rows) -> bool:
    return any(row.int("order_status_id") not in (0, _voided(shop)) for row in rows.get("order_history") or ())


def _gone(shop: Shop, ref: Ref, stock: Stock, version: int) -> OrderRecord:
    nothing = Money(0, shop.currency)
    nowhere = Address(name="", line1="", city="", postal_code="", country=NOWHERE)
    return OrderRecord(
        id=stock.id("order", ref.key),
        version=version,
        number=ref.key,
        user_id=None,
        email="",
        lines=(),
        address=nowhere,
        shipping_option="",
        subtotal=nothing,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        adjustment=nothing,
        total=nothing,
        status="cancelled",
        legacy_status="",
        paid=False,
        placed_at=times.NEVER,
        removed=True,
    )

"""Orders of a legacy shop: which can be taken over, and what they are here. History is history: little is refused."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from banyan.contracts.legacy import OrderLineRecord, OrderRecord
from banyan.contracts.orders import OrderLine, OrderPlaced, OrderStatus
from banyan.contracts.payments import LEGACY
from banyan.kernel.money import Money, total
from banyan.orders.domain.number import read

REMOVED = "deleted in the legacy shop"
_ORDER_ID = re.compile(r"ord_[0-9a-z]{26}")
LONGEST_NUMBER = 64
MOST_UNITS = 2**31 - 1  # of a line, either way: legacy shops have lines that take back

# A legacy order that is accepted may be sent, paid or not: whoever sells on account or on delivery has many of those.
# One whose money went back came to nothing, and its goods are with the shop.
STATUS: Mapping[str, OrderStatus] = {
    "processing": OrderStatus.CONFIRMED,
    "confirmed": OrderStatus.CONFIRMED,
    "fulfilled": OrderStatus.FULFILLED,
    "cancelled": OrderStatus.CANCELLED,
    "refunded": OrderStatus.CANCELLED,
    "payment_failed": OrderStatus.PAYMENT_FAILED,
}


def unfit(record: OrderRecord) -> str | None:
    """Why this can never be taken over, in plain words; None when it can."""
    if not _ORDER_ID.fullmatch(record.id):
        return "its id is not an order's"
    if record.removed:
        return None
    sums = (record.subtotal, record.discount, record.shipping, record.tax, record.adjustment, record.total)
    more = (record.refunded,) if record.refunded else ()
    lines = tuple(each for line in record.lines for each in (line.unit_price, line.total, line.tax))
    currencies = {each.currency for each in (*sums, *more, *lines)}
    if len(currencies) > 1:
        return f"its amounts are in {' and '.join(sorted(currencies))}: an order has one currency"
    if not 0 < len(record.number) <= LONGEST_NUMBER:
        return f"its number has {len(record.number)} characters instead of 1 to {LONGEST_NUMBER}"
    try:
        due = _sum(record)
    except ValueError:
        return "its amounts come to more than can be kept"
    if due != record.total:
        return f"it does not add up: {_spelled(record)} is {due}, and its total is {record.total}"
    if any(abs(line.quantity) > MOST_UNITS for line in record.lines):
        return "a line has more units than can be kept"
    if len({line.line_id for line in record.lines}) < len(record.lines):
        return "two of its lines have the same id"
    try:
        _in_utc(record.placed_at)
    except OverflowError:
        return "it was placed outside of the years that can be kept"
    return None


def looks_like_ours(number: str) -> bool:
    """Whether it is of the form that this shop gives its own orders: such could be given out again."""
    return read(number) == number


def status(record: OrderRecord) -> OrderStatus:
    return OrderStatus.CANCELLED if record.removed else STATUS[record.status]


def reason(record: OrderRecord) -> str | None:
    """Why it came to nothing, in the legacy shop's word; None for one that did not."""
    if record.removed:
        return REMOVED
    ended = status(record) in (OrderStatus.CANCELLED, OrderStatus.PAYMENT_FAILED)
    return (record.legacy_status or record.status) if ended else None


def went_back(record: OrderRecord, known: Money | None) -> Money:
    """How much of the money has gone back: as the record says, else as is known; never more than was paid."""
    most = max(record.total, Money(0, record.total.currency))
    if record.refunded is not None:
        return max(Money(0, most.currency), min(record.refunded, most))
    if record.status == "refunded":
        return most
    return min(known, most) if known is not None and known.currency == most.currency else Money(0, most.currency)


def placed(record: OrderRecord, before: OrderPlaced | None) -> OrderPlaced:
    """The record as if it had been placed here. What an order is called by never changes once it is known."""
    return OrderPlaced(
        order_id=record.id,
        number=before.number if before else record.number,
        cart_id=before.cart_id if before else f"crt_{record.id.partition('_')[2]}",  # there is no such cart
        user_id=record.user_id,
        email=record.email,
        currency=record.total.currency,
        lines=tuple(_line(line) for line in record.lines),
        address=record.address,
        shipping_option=record.shipping_option,
        subtotal=record.subtotal,
        discount=record.discount,
        shipping=record.shipping,
        tax=record.tax,
        tax_included=record.tax_included,
        total=record.total,
        provider=before.provider if before else LEGACY,
        placed_at=_in_utc(record.placed_at),
    )


def _in_utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _line(line: OrderLineRecord) -> OrderLine:
    """A product that is gone has neither id nor page; what it was called, and cost, stays."""
    return OrderLine(
        line_id=line.line_id,
        sku=line.sku,
        product_id=line.product_id or "",
        slug="",
        name=line.name,
        options=line.options,
        quantity=line.quantity,
        unit_price=line.unit_price,
        total=line.total,
        tax=line.tax,
    )


def _sum(record: OrderRecord) -> Money:
    parts = [record.subtotal, -record.discount, record.shipping, record.adjustment]
    return total(parts if record.tax_included else [*parts, record.tax], record.total.currency)


def _spelled(record: OrderRecord) -> str:
    words = f"{record.subtotal} − {record.discount} + {record.shipping}"
    return f"{words}{'' if record.tax_included else f' + {record.tax}'} + {record.adjustment}"

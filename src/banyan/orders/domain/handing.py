"""An order as a record for a legacy shop: what that shop last told of it, with what has happened here since."""

from collections.abc import Sequence
from datetime import datetime

from banyan.contracts import Event
from banyan.contracts.legacy import HistoryRecord, OrderLineRecord, OrderRecord
from banyan.contracts.orders import (
    OrderCancelled,
    OrderCompensated,
    OrderConfirmed,
    OrderFulfilled,
    OrderLine,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentFailed,
    OrderPlaced,
    OrderRefunded,
    OrderRejected,
    OrderStatus,
    OrderStockHeld,
)
from banyan.contracts.payments import LATER
from banyan.kernel.money import Money
from banyan.orders.domain import taken
from banyan.orders.domain.order import Order

Told = Sequence[tuple[Event, datetime]]
"""An order's facts with when they were told."""

_STATUS = {
    OrderStatus.PROCESSING: "processing",
    OrderStatus.CONFIRMED: "confirmed",
    OrderStatus.FULFILLED: "fulfilled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.REJECTED: "cancelled",
    OrderStatus.PAYMENT_FAILED: "payment_failed",
}
_HELD = frozenset({OrderStatus.CONFIRMED, OrderStatus.FULFILLED})


def handed(order: Order, told: Told, version: int) -> OrderRecord:
    """The order as it is now; exactly what was taken over where nothing has happened since. `version`: last taken."""
    if order.taken is None:
        return _born_here(order, told, version)
    record = order.taken
    if order.version == order.taken_at:
        return record.model_copy(update={"version": version})
    status = _status(order, record)
    changed: dict[str, object] = {
        "version": version,
        "status": status,
        "legacy_status": record.legacy_status if status == record.status else "",
        "history": (*record.history, *_history(told[order.taken_at :])),
    }
    if order.refunded != taken.went_back(record, None):
        changed["refunded"] = order.refunded
    if not order.elsewhere:
        changed["paid"] = order.captured is not None
    return record.model_copy(update=changed)


def removed(order: Order, version: int) -> OrderRecord:
    """The order as it last was, with the word that the legacy shop has deleted it: what was bought stays known."""
    return handed(order, (), version).model_copy(update={"version": version, "removed": True})


def _status(order: Order, record: OrderRecord | None) -> str:
    """The legacy word for where it is; the one it came with where that still holds."""
    if order.status in _HELD and order.refunded.amount and order.refunded >= order.placed.total:
        return "refunded"
    if record is not None and taken.status(record) is order.status:
        return record.status
    return _STATUS[order.status]


def _born_here(order: Order, told: Told, version: int) -> OrderRecord:
    placed = order.placed
    return OrderRecord(
        id=order.id,
        version=version,
        number=placed.number,
        user_id=placed.user_id,
        email=placed.email,
        lines=tuple(_line(line) for line in placed.lines),
        address=placed.address,
        shipping_option=placed.shipping_option,
        subtotal=placed.subtotal,
        discount=placed.discount,
        shipping=placed.shipping,
        tax=placed.tax,
        adjustment=Money(0, placed.currency),
        total=placed.total,
        tax_included=placed.tax_included,
        refunded=order.refunded if order.refunded.amount else None,
        status=_status(order, None),
        legacy_status="",
        paid=order.captured is not None,
        payment_method=placed.provider,
        payment_reference=_reference(placed.provider, told),
        history=tuple(_history(told)),
        placed_at=placed.placed_at,
    )


def _reference(provider: str, told: Told) -> str:
    """None of what is paid later: a legacy shop takes an order with one for paid."""
    if provider in LATER:
        return ""
    return next((fact.payment_id for fact, _ in told if isinstance(fact, OrderPaymentAuthorized)), "")


def _line(line: OrderLine) -> OrderLineRecord:
    return OrderLineRecord(
        line_id=line.line_id,
        sku=line.sku,
        product_id=line.product_id or None,
        name=line.name,
        options=line.options,
        quantity=line.quantity,
        unit_price=line.unit_price,
        total=line.total,
        tax=line.tax,
    )


def _history(told: Told) -> list[HistoryRecord]:
    return [_note(fact, at) for fact, at in told]


def _note(fact: Event, at: datetime) -> HistoryRecord:
    """A fact in the words of a legacy shop's order history. The shopper is written to when an order is confirmed."""
    match fact:
        case OrderPlaced():
            return HistoryRecord(status="processing", comment=f"placed as {fact.number}", at=at)
        case OrderStockHeld():
            return HistoryRecord(status="processing", comment="stock set aside", at=at)
        case OrderPaymentAuthorized():
            return HistoryRecord(status="processing", comment=f"payment {fact.payment_id} authorized", at=at)
        case OrderConfirmed():
            return HistoryRecord(status="confirmed", at=at, told=True)
        case OrderPaymentCaptured():
            return HistoryRecord(status="confirmed", comment=f"{fact.amount} paid", at=at)
        case OrderFulfilled():
            units = sum(fact.lines.values())
            words = f"a parcel of {units} has left{f', tracking {fact.tracking}' if fact.tracking else ''}"
            return HistoryRecord(status="fulfilled" if fact.complete else "confirmed", comment=words, at=at)
        case OrderCancelled():
            return HistoryRecord(status="cancelled", comment=fact.reason, at=at)
        case OrderRejected():
            return HistoryRecord(status="cancelled", comment=fact.reason, at=at)
        case OrderPaymentFailed():
            return HistoryRecord(status="payment_failed", comment=fact.reason, at=at)
        case OrderRefunded():
            words = f"{fact.amount} went back{f': {fact.reason}' if fact.reason else ''}"
            return HistoryRecord(status="refunded", comment=words, at=at)
        case OrderCompensated():
            return HistoryRecord(status="cancelled", comment="stock and money given back", at=at)
    return HistoryRecord(status="", comment=type(fact).__name__, at=at)

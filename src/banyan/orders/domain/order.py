"""An order is the fold of its facts. NEXT can be read aloud: in this state this fact may follow, and leads there.

Beside it there is one fact that may come first and at any time, and leads to what it says: OrderTakenOver, by which a
legacy shop that owns orders tells what has become of one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from banyan.contracts import Event
from banyan.contracts.inventory import Shortage
from banyan.contracts.legacy import OrderRecord
from banyan.contracts.orders import (
    OrderCancelled,
    OrderCompensated,
    OrderConfirmed,
    OrderFulfilled,
    OrderPaymentActionRequired,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentFailed,
    OrderPlaced,
    OrderRefunded,
    OrderRejected,
    OrderStatus,
    OrderStockHeld,
    OrderTakenOver,
)
from banyan.contracts.payments import LEGACY
from banyan.kernel.money import Money
from banyan.orders.domain import taken
from banyan.orders.domain.personal import Seal


class Illegal(Exception):
    """A fact that may not follow: a fault of ours, never of a shopper."""


class PaymentStatus(StrEnum):
    """How far the money of an order is, as far as its facts say."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"  # the shopper confirms it at the provider
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    VOIDED = "voided"


S = OrderStatus
NEXT: Mapping[OrderStatus | None, Mapping[type[Event], tuple[OrderStatus, ...]]] = {
    None: {
        OrderPlaced: (S.PROCESSING,),
    },
    S.PROCESSING: {
        OrderStockHeld: (S.PROCESSING,),
        OrderPaymentActionRequired: (S.PROCESSING,),
        OrderPaymentAuthorized: (S.PROCESSING,),
        OrderConfirmed: (S.CONFIRMED,),
        OrderRejected: (S.REJECTED,),
        OrderPaymentFailed: (S.PAYMENT_FAILED,),
        OrderCancelled: (S.CANCELLED,),
    },
    S.CONFIRMED: {
        OrderPaymentCaptured: (S.CONFIRMED,),
        OrderRefunded: (S.CONFIRMED,),
        OrderFulfilled: (S.CONFIRMED, S.FULFILLED),  # the last parcel completes it
        OrderCancelled: (S.CANCELLED,),
    },
    S.FULFILLED: {
        OrderPaymentCaptured: (S.FULFILLED,),
        OrderRefunded: (S.FULFILLED,),
    },
    S.REJECTED: {
        OrderRefunded: (S.REJECTED,),
        OrderCompensated: (S.REJECTED,),
    },
    S.PAYMENT_FAILED: {
        OrderRefunded: (S.PAYMENT_FAILED,),
        OrderCompensated: (S.PAYMENT_FAILED,),
    },
    S.CANCELLED: {
        OrderRefunded: (S.CANCELLED,),
        OrderCompensated: (S.CANCELLED,),
    },
}

ENDED = frozenset({S.REJECTED, S.PAYMENT_FAILED, S.CANCELLED})  # what these took, they give back
RETRIED = frozenset({S.REJECTED, S.PAYMENT_FAILED})  # after these the cart is open again


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its first `version` facts make it."""

    placed: OrderPlaced
    version: int
    status: OrderStatus
    held: bool = False
    asked: bool = False  # the shopper was asked to confirm the payment
    authorized: bool = False
    captured: Money | None = None
    confirmed: bool = False
    compensated: bool = False
    refunds: tuple[OrderRefunded, ...] = ()
    parcels: tuple[OrderFulfilled, ...] = ()
    reason: str | None = None
    short: tuple[Shortage, ...] = ()
    back: Money | None = None  # what went back so far, here and at a legacy shop
    taken: OrderRecord | None = None  # as a legacy shop last told it …
    taken_at: int = 0  # … in this fact
    gone: bool = False  # the legacy shop has sent all of it
    seal: Seal | None = field(
        default=None, compare=False, repr=False
    )  # None: kept in the open, as before there were any

    @property
    def id(self) -> str:
        return self.placed.order_id

    @property
    def refunded(self) -> Money:
        return self.back or Money(0, self.placed.currency)

    @property
    def adjustment(self) -> Money:
        """Fees and rounding that a legacy shop's total has beside goods, shipping and tax."""
        return self.taken.adjustment if self.taken else Money(0, self.placed.currency)

    @property
    def elsewhere(self) -> bool:
        """Whether it was placed at a legacy shop: stock and money were taken there."""
        return self.placed.provider == LEGACY

    @property
    def owed(self) -> Money:
        """What the shopper paid and did not get back."""
        nothing = Money(0, self.placed.currency)
        return max(nothing, (self.captured or nothing) - self.refunded)

    @property
    def settled(self) -> bool:
        """Whether the shopper can be told how it went."""
        return self.status is not OrderStatus.PROCESSING

    @property
    def waits(self) -> bool:
        """Whether it goes on when its shopper has confirmed the payment."""
        return self.asked and not self.authorized and not self.settled

    @property
    def payment_status(self) -> PaymentStatus:
        if self.refunded.amount:
            whole = self.refunded >= (self.captured or self.placed.total)
            return PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
        if self.elsewhere and self.owed.amount:
            return PaymentStatus.CAPTURED  # whatever became of the order: only the legacy shop's provider gives it back
        if self.status is OrderStatus.PAYMENT_FAILED:
            return PaymentStatus.FAILED
        if self.status is OrderStatus.REJECTED or self.compensated:
            return PaymentStatus.VOIDED
        if self.captured:
            return PaymentStatus.CAPTURED
        if self.authorized:
            return PaymentStatus.AUTHORIZED
        return PaymentStatus.REQUIRES_ACTION if self.waits else PaymentStatus.PENDING

    def sent(self, line_id: str) -> int:
        """How many units of a line have left."""
        if self.gone:
            return sum(max(0, line.quantity) for line in self.placed.lines if line.line_id == line_id)
        return sum(parcel.lines.get(line_id, 0) for parcel in self.parcels)

    def left(self) -> dict[str, int]:
        """Units still to send, by line."""
        rest = {line.line_id: line.quantity - self.sent(line.line_id) for line in self.placed.lines}
        return {line_id: units for line_id, units in rest.items() if units > 0}

    def may_be_cancelled(self) -> bool:
        """Until the first parcel has left."""
        return OrderCancelled in NEXT[self.status] and not self.parcels


def fold(facts: Iterable[Event], order: Order | None = None) -> Order:
    """The order after these facts. Illegal where one may not follow; ValueError for none at all."""
    for fact in facts:
        order = apply(order, fact)
    if order is None:
        raise ValueError("an order without facts is none")
    return order


def apply(order: Order | None, fact: Event) -> Order:
    """The order after one more fact. Illegal when NEXT or the order's own numbers forbid it."""
    if isinstance(fact, OrderTakenOver):
        return _taken_over(order, fact)
    if order is None:
        if not isinstance(fact, OrderPlaced):
            raise Illegal(f"{type(fact).__name__} before the order was placed")
        return Order(fact, 1, OrderStatus.PROCESSING)
    status = _leads_to(order, fact)
    _must_add_up(order, fact)
    order = replace(order, version=order.version + 1, status=status)
    match fact:
        case OrderStockHeld():
            return replace(order, held=True)
        case OrderPaymentActionRequired():
            return replace(order, asked=True)
        case OrderPaymentAuthorized():
            return replace(order, authorized=True)
        case OrderPaymentCaptured():
            return replace(order, captured=fact.amount)
        case OrderConfirmed():
            return replace(order, confirmed=True)
        case OrderRejected():
            return replace(order, reason=fact.reason, short=fact.short)
        case OrderPaymentFailed() | OrderCancelled():
            return replace(order, reason=fact.reason)
        case OrderFulfilled():
            return replace(order, parcels=(*order.parcels, fact))
        case OrderRefunded():
            return replace(order, refunds=(*order.refunds, fact), back=fact.refunded)
        case OrderCompensated():
            return replace(order, compensated=True)
    return order


def _taken_over(order: Order | None, fact: OrderTakenOver) -> Order:
    """The order as a legacy shop says it is. What was sent and paid back here before stays, as far as it still fits."""
    record = fact.record
    if record.id != fact.order_id or (order and order.id != record.id):
        raise Illegal("this is a record of another order")
    status, placed = taken.status(record), taken.placed(record, order.placed if order else None)
    back = taken.went_back(record, order.refunded if order else None)
    version = order.version + 1 if order else 1
    seal = order.seal if order else None
    now = Order(placed, version, status, confirmed=True, back=back, taken=record, taken_at=version, seal=seal)
    if order is not None:
        fits = order.placed.currency == placed.currency and order.refunded <= back
        now = replace(now, refunds=order.refunds if fits else ())
    if now.elsewhere:
        now = replace(now, held=True, authorized=record.paid, captured=_paid(record))
    elif order is not None:
        now = replace(now, held=order.held, authorized=order.authorized, captured=order.captured)
    if status in ENDED:
        done = not now.owed.amount if now.elsewhere else bool(order and order.compensated)
        return replace(now, compensated=done, reason=taken.reason(record))
    if status is OrderStatus.FULFILLED:
        return replace(now, parcels=order.parcels if order else (), gone=True)
    return _with_parcels(now, order.parcels if order else ())


def _paid(record: OrderRecord) -> Money | None:
    nothing = Money(0, record.total.currency)
    paid = record.paid or record.status == "refunded" or bool(record.refunded and record.refunded.amount)
    return max(record.total, nothing) if paid else None


def _with_parcels(now: Order, parcels: tuple[OrderFulfilled, ...]) -> Order:
    """With the parcels that have left, unless they do not fit its lines or leave nothing to send."""
    sent = replace(now, parcels=parcels)
    lines = {line.line_id: line.quantity for line in now.placed.lines}
    fits = all(id in lines and sent.sent(id) <= lines[id] for parcel in parcels for id in parcel.lines)
    return sent if fits and sent.left() else now


def _leads_to(order: Order, fact: Event) -> OrderStatus:
    allowed = NEXT[order.status].get(type(fact))
    if allowed is None:
        raise Illegal(f"{type(fact).__name__} cannot follow while an order is {order.status}")
    return allowed[-1] if isinstance(fact, OrderFulfilled) and fact.complete else allowed[0]


def _must_add_up(order: Order, fact: Event) -> None:
    """What the table of states cannot say: goods before money, nothing twice, no more sent or paid back than was."""
    match fact:
        case OrderStockHeld():
            wrong = order.held
        case OrderPaymentActionRequired():
            wrong = order.asked or order.authorized or not order.held
        case OrderPaymentAuthorized():
            wrong = order.authorized or not order.held
        case OrderConfirmed():
            wrong = not order.authorized
        case OrderPaymentCaptured():
            wrong = order.captured is not None
        case OrderCompensated():
            wrong = order.compensated
        case OrderCancelled():
            wrong = bool(order.parcels)
        case OrderFulfilled():
            left = order.left()
            wrong = not fact.lines or any(not 0 < units <= left.get(id, 0) for id, units in fact.lines.items())
            wrong = wrong or fact.complete is not (fact.lines == left)
        case OrderRefunded():
            wrong = fact.amount.amount <= 0 or fact.refunded != order.refunded + fact.amount
            wrong = (
                wrong or fact.refunded > order.placed.total or fact.refund_id in {r.refund_id for r in order.refunds}
            )
        case _:
            wrong = False
    if wrong:
        raise Illegal(f"{type(fact).__name__} does not add up with what was before")

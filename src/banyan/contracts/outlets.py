"""What third parties are told (BANYAN_OUTLETS). It has nothing of a person in it: ids, a status, an amount."""

from enum import StrEnum

from banyan.contracts import Contract
from banyan.kernel.money import Money


class ToldStatus(StrEnum):
    """Where an order stands, as others are told. `shipped`: a parcel left; `fulfilled`: the last one did."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    PAID = "paid"
    REJECTED = "rejected"
    PAYMENT_FAILED = "payment_failed"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"
    FULFILLED = "fulfilled"
    REFUNDED = "refunded"


class OrderStatusChanged(Contract):
    """An order reached a status. `amount` is what this status is about: the total, what was paid, what went back."""

    order_id: str
    status: ToldStatus
    number: str | None = None  # with placed and confirmed
    amount: Money | None = None  # with placed, confirmed, paid and refunded
    parcel_id: str | None = None  # with shipped and fulfilled
    refund_id: str | None = None  # with refunded

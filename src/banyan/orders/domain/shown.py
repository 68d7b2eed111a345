"""Orders as their readers get them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from banyan.contracts.inventory import Shortage
from banyan.contracts.legacy import OrderRecord
from banyan.contracts.orders import OrderLine, OrderStatus, OrderTakenOver
from banyan.contracts.users import Address
from banyan.kernel.money import Money
from banyan.orders.domain.order import Order, PaymentStatus


class OrderLineShown(OrderLine):
    """A line, and how many of its units have left."""

    fulfilled: int


class ParcelShown(BaseModel):
    """A parcel that has left: units by line."""

    id: str
    lines: dict[str, int]
    tracking: str


class RefundShown(BaseModel):
    id: str
    amount: Money
    reason: str


class NoteShown(BaseModel):
    """What the shop that the order was placed at wrote to its shopper."""

    at: datetime
    status: str
    comment: str


class TakenShown(BaseModel):
    """An order as a legacy shop last told it, in that shop's own words."""

    status: str
    payment_method: str
    payment_reference: str
    notes: list[NoteShown]


class OrderShown(BaseModel):
    """An order. `reason` says why it was rejected, not paid or cancelled.

    total = subtotal − discount + shipping (+ tax where prices exclude it) + adjustment. `taken_over` is null for what was
    placed here and never went elsewhere; `adjustment` is nothing then.
    """

    id: str
    number: str
    status: OrderStatus
    payment_status: PaymentStatus
    placed_at: datetime
    cart_id: str
    user_id: str | None
    email: str
    lines: list[OrderLineShown]
    address: Address
    shipping_option: str
    currency: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool
    adjustment: Money
    total: Money
    refunded: Money
    refunds: list[RefundShown]
    fulfilments: list[ParcelShown]
    reason: str | None
    cancelled_reason: str | None
    short: list[Shortage]
    taken_over: TakenShown | None


class LinksShown(BaseModel):
    """`view` is a page that needs no sign-in until it expires, 30 days after the order was placed."""

    self: str
    events: str
    view: str


class NextAction(BaseModel):
    """What the shopper does now: they are sent to `url`, the payment provider's page, and come back to the shop from there."""

    type: Literal["redirect"]
    url: str


class OrderAnswer(OrderShown):
    """`next_action` while the order is `processing` and its payment `requires_action`."""

    next_action: NextAction | None
    links: LinksShown


class EventShown(BaseModel):
    version: int
    type: str
    at: datetime
    data: dict[str, Any]


def shown(order: Order) -> dict[str, Any]:
    """The order as JSON: a function of its facts and of nothing else. Of OrderShown's shape, without making one."""
    placed = order.placed.model_dump(mode="json")
    return {
        "id": order.id,
        "number": placed["number"],
        "status": order.status.value,
        "payment_status": order.payment_status.value,
        "placed_at": placed["placed_at"],
        "cart_id": placed["cart_id"],
        "user_id": placed["user_id"],
        "email": placed["email"],
        "lines": [{**line, "fulfilled": order.sent(line["line_id"])} for line in placed["lines"]],
        "address": placed["address"],
        "shipping_option": placed["shipping_option"],
        "currency": placed["currency"],
        "subtotal": placed["subtotal"],
        "discount": placed["discount"],
        "shipping": placed["shipping"],
        "tax": placed["tax"],
        "tax_included": placed["tax_included"],
        "adjustment": _money(order.adjustment),
        "total": placed["total"],
        "refunded": _money(order.refunded),
        "refunds": [
            {"id": each.refund_id, "amount": _money(each.amount), "reason": each.reason} for each in order.refunds
        ],
        "fulfilments": [
            {"id": each.parcel_id, "lines": dict(each.lines), "tracking": each.tracking} for each in order.parcels
        ],
        "reason": order.reason,
        "cancelled_reason": order.reason if order.status is OrderStatus.CANCELLED else None,
        "short": [each.model_dump(mode="json") for each in order.short],
        "taken_over": _taken(order.taken).model_dump(mode="json") if order.taken else None,
    }


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}


def public(type: str, data: dict[str, Any]) -> dict[str, Any]:
    """A fact's data for the order's shopper: without what a legacy shop noted for itself."""
    if type != OrderTakenOver.TYPE:
        return data
    record = data["record"]
    return {**data, "record": {**record, "history": [each for each in record["history"] if each["told"]]}}


def _taken(record: OrderRecord) -> TakenShown:
    return TakenShown(
        status=record.legacy_status,
        payment_method=record.payment_method,
        payment_reference=record.payment_reference,
        notes=[NoteShown(at=each.at, status=each.status, comment=each.comment) for each in record.history if each.told],
    )

"""What orders tells: the facts of an order's life, which are also its only record (event sourcing)."""

from datetime import datetime
from enum import StrEnum

from banyan.contracts import Contract, Event
from banyan.contracts.inventory import Parcel, Shortage
from banyan.contracts.legacy import OrderRecord
from banyan.contracts.users import Address
from banyan.kernel.money import Money


class OrderStatus(StrEnum):
    """What a shopper is told. `processing` moves on by itself; the saga sees to that."""

    PROCESSING = "processing"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    PAYMENT_FAILED = "payment_failed"
    CANCELLED = "cancelled"
    FULFILLED = "fulfilled"


class OrderLine(Contract):
    """What was bought at which price; the price is of that moment and never changes."""

    line_id: str
    sku: str
    product_id: str
    slug: str
    name: str
    options: dict[str, str] = {}
    image: str | None = None
    quantity: int
    unit_price: Money
    total: Money
    tax: Money


class OrderPlaced(Event, owner="orders", key="order_id"):
    """A shopper said yes. total = subtotal − discount + shipping (+ tax where prices exclude it)."""

    order_id: str
    number: str
    cart_id: str
    user_id: str | None
    email: str
    currency: str
    lines: tuple[OrderLine, ...]
    address: Address
    shipping_option: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool
    total: Money
    provider: str
    placed_at: datetime
    present: bool = True  # whether the shopper is there to confirm the payment: not with one click
    save_method: bool = False  # whether the shopper agreed that the way to pay is kept


class OrderTakenOver(Event, owner="orders", key="order_id"):
    """A legacy shop says how an order of its own is now: all of it, the first time and each time it is other than before.

    Nobody is written to, nothing is charged and no stock moves: it tells what has happened elsewhere.
    """

    order_id: str
    record: OrderRecord


class OrderStockHeld(Event, owner="orders", key="order_id"):
    order_id: str
    reservation_id: str
    parcels: tuple[Parcel, ...]


class OrderPaymentActionRequired(Event, owner="orders", key="order_id"):
    """The shopper confirms the payment at its provider, or the order will not be paid."""

    order_id: str
    payment_id: str


class OrderPaymentAuthorized(Event, owner="orders", key="order_id"):
    order_id: str
    payment_id: str
    amount: Money


class OrderConfirmed(Event, owner="orders", key="order_id"):
    """Stock is the order's and the money is sure: goods may leave."""

    order_id: str
    number: str
    email: str
    total: Money


class OrderPaymentCaptured(Event, owner="orders", key="order_id"):
    order_id: str
    payment_id: str
    amount: Money


class OrderRejected(Event, owner="orders", key="order_id"):
    """There was not enough stock, or the order could not go through; nothing was charged."""

    order_id: str
    reason: str
    short: tuple[Shortage, ...] = ()


class OrderPaymentFailed(Event, owner="orders", key="order_id"):
    order_id: str
    reason: str


class OrderCancelled(Event, owner="orders", key="order_id"):
    """It was called off; stock goes back and money is voided or refunded."""

    order_id: str
    reason: str
    by: str


class OrderFulfilled(Event, owner="orders", key="order_id"):
    """A parcel has left. `complete` when nothing is left to send."""

    order_id: str
    parcel_id: str
    lines: dict[str, int]
    tracking: str = ""
    complete: bool


class OrderRefunded(Event, owner="orders", key="order_id"):
    """Money went back; `refunded` is all of it together."""

    order_id: str
    refund_id: str
    amount: Money
    refunded: Money
    reason: str


class OrderCompensated(Event, owner="orders", key="order_id"):
    """All that an ended order had taken is given back: stock released, money voided or refunded."""

    order_id: str

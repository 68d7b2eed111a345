"""What third parties are told of an order: its status, and nothing of whoever ordered."""

from banyan.contracts import Event
from banyan.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderPaymentCaptured,
    OrderPaymentFailed,
    OrderPlaced,
    OrderRefunded,
    OrderRejected,
)
from banyan.contracts.outlets import OrderStatusChanged, ToldStatus

S = ToldStatus


def status_told(event: Event | None) -> OrderStatusChanged | None:
    """The status that this fact brings about; None where it changes nothing that is told.

    Free words of a fact, such as the reason of a cancellation, stay here: they may name people.
    """
    match event:
        case OrderPlaced(order_id=order, number=number, total=total):
            return OrderStatusChanged(order_id=order, status=S.PLACED, number=number, amount=total)
        case OrderConfirmed(order_id=order, number=number, total=total):
            return OrderStatusChanged(order_id=order, status=S.CONFIRMED, number=number, amount=total)
        case OrderPaymentCaptured(order_id=order, amount=amount):
            return OrderStatusChanged(order_id=order, status=S.PAID, amount=amount)
        case OrderRejected(order_id=order):
            return OrderStatusChanged(order_id=order, status=S.REJECTED)
        case OrderPaymentFailed(order_id=order):
            return OrderStatusChanged(order_id=order, status=S.PAYMENT_FAILED)
        case OrderCancelled(order_id=order):
            return OrderStatusChanged(order_id=order, status=S.CANCELLED)
        case OrderFulfilled(order_id=order, parcel_id=parcel, complete=complete):
            status = S.FULFILLED if complete else S.SHIPPED
            return OrderStatusChanged(order_id=order, status=status, parcel_id=parcel)
        case OrderRefunded(order_id=order, refund_id=refund, amount=amount):
            return OrderStatusChanged(order_id=order, status=S.REFUNDED, refund_id=refund, amount=amount)
    return None

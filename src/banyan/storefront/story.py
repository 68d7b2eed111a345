"""An order's facts as a story: what happened when, in a shopper's words; and what its status means."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banyan.kernel.money import Money
from banyan.storefront import shown
from banyan.storefront.shop_api.shapes import Order, OrderEvent


@dataclass(frozen=True, slots=True)
class Step:
    """`mood`: good, bad, or empty for neither."""

    at: datetime
    icon: str
    title: str
    text: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands, in two lines and a label."""

    label: str
    title: str
    text: str
    mood: str
    icon: str


_REASONS = {
    "insufficient_funds": "the account did not have enough on it",
    "card_declined": "the bank declined the card",
    "declined": "the bank declined it",
    "expired_card": "the card has expired",
    "authentication_failed": "it was refused at your bank",
    "authentication_required": "your bank asks you to confirm it, which was not possible here",
    "not_confirmed_in_time": "it was not confirmed in time",
    "out_of_stock": "not everything was in stock any more",
}


def standing(order: Order) -> Standing:
    """What a shopper is told first."""
    because = f", because {_REASONS[order.reason]}" if order.reason in _REASONS else ""
    match order.status:
        case "confirmed":
            return Standing(
                "Confirmed",
                "Thank you. Your order is confirmed.",
                f"We have written to {order.email}.",
                "good",
                "check",
            )
        case "fulfilled":
            return Standing("Sent", "Everything has left us.", "Your parcels are on their way.", "good", "box")
        case "payment_failed":
            return Standing(
                "Not paid",
                f"The payment did not go through{because}.",
                "Nothing was charged, and your cart is as it was.",
                "bad",
                "card",
            )
        case "rejected":
            return Standing(
                "Not placed",
                f"We could not place this order{because}.",
                "Nothing was charged, and your cart is as it was.",
                "bad",
                "box",
            )
        case "cancelled":
            return Standing(
                "Cancelled", "This order was cancelled.", "What was paid goes back the way it came.", "", "undo"
            )
        case _ if order.next_action:
            return Standing(
                "To be confirmed",
                "Your bank asks you to confirm this payment.",
                "Everything is set aside for you while you do.",
                "note",
                "lock",
            )
        case _:
            return Standing(
                "Processing",
                "We are placing your order.",
                "This takes a moment. The page looks again by itself.",
                "note",
                "clock",
            )


def label(status: str) -> tuple[str, str]:
    """A status for a list of orders: words and mood."""
    return _LABELS.get(status, (status.replace("_", " ").capitalize(), ""))


_LABELS = {
    "processing": ("Processing", "note"),
    "confirmed": ("Confirmed", "good"),
    "fulfilled": ("Sent", "good"),
    "payment_failed": ("Not paid", "bad"),
    "rejected": ("Not placed", "bad"),
    "cancelled": ("Cancelled", ""),
}


def steps(events: Iterable[OrderEvent]) -> list[Step]:
    """The facts a shopper cares for, oldest first; others are left out."""
    told = []
    for event in events:
        tell = _TOLD.get(event.type.rpartition(".")[2])
        if tell is not None:
            icon, title, mood = tell
            told.append(Step(event.at, icon, title, _text(event.data), mood))
    return told


_TOLD: Mapping[str, tuple[str, str, str]] = {
    "OrderPlaced": ("receipt", "Order placed", ""),
    "OrderTakenOver": ("receipt", "Order taken over from the old shop", ""),
    "OrderStockHeld": ("box", "Set aside for you", ""),
    "OrderPaymentActionRequired": ("lock", "Your bank asked you to confirm the payment", ""),
    "OrderPaymentAuthorized": ("card", "Payment approved", ""),
    "OrderConfirmed": ("check", "Confirmed", "good"),
    "OrderPaymentCaptured": ("card", "Paid", "good"),
    "OrderFulfilled": ("truck", "A parcel has left", "good"),
    "OrderRefunded": ("undo", "Money sent back", ""),
    "OrderRejected": ("cross", "Could not be placed", "bad"),
    "OrderPaymentFailed": ("cross", "Payment did not go through", "bad"),
    "OrderCancelled": ("cross", "Cancelled", ""),
}


def _text(data: Mapping[str, Any]) -> str:
    parts = []
    amount = data.get("amount")
    if isinstance(amount, dict):
        with suppress(KeyError, ValueError, TypeError):
            parts.append(shown.money(Money(int(amount["amount"]), str(amount["currency"]))))
    if data.get("tracking"):
        parts.append(f"Tracking {data['tracking']}")
    reason = str(data.get("reason") or "")
    if reason:
        words = _REASONS.get(reason, reason.replace("_", " "))
        parts.append(words[:1].upper() + words[1:])
    return " · ".join(parts)

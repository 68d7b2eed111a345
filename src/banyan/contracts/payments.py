"""What payments tells and may be asked. One payment per order; `unknown` is a normal state that settles by itself."""

from datetime import datetime
from enum import StrEnum

from banyan.contracts import Call, Contract, Event
from banyan.kernel.money import Money

LEGACY = "legacy"
"""The provider of payments that a legacy shop took: they are in our books, and only its own provider can move them."""

LATER = frozenset({"bank_transfer", "cheque", "cod"})
"""Providers whose money comes by itself after the order is accepted, as OpenCart names them; `cod`: on delivery."""


ROUTED = "routed"
"""In place of a provider: payments chooses one, and another where that one definitely was not asked. For `card_…` tokens."""


class PaymentState(StrEnum):
    """How far a payment is. Live: created to captured. At most one live payment per order."""

    CREATED = "created"
    UNKNOWN = "unknown"  # the provider was asked and has not answered in a way that tells
    REQUIRES_ACTION = "requires_action"  # the shopper confirms it at the provider: 3-D Secure, an approval
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    REFUNDED = "refunded"


class PaymentActionRequired(Event, owner="payments", key="payment_id"):
    """It waits for its shopper; where they are sent is told to nobody but them."""

    payment_id: str
    order_id: str


class PaymentAuthorized(Event, owner="payments", key="payment_id"):
    payment_id: str
    order_id: str
    amount: Money


class PaymentDeclined(Event, owner="payments", key="payment_id"):
    payment_id: str
    order_id: str
    reason: str


class PaymentCaptured(Event, owner="payments", key="payment_id"):
    payment_id: str
    order_id: str
    amount: Money


class PaymentVoided(Event, owner="payments", key="payment_id"):
    payment_id: str
    order_id: str


class PaymentRefunded(Event, owner="payments", key="payment_id"):
    """`amount` is this refund; `refunded` is all of them together."""

    payment_id: str
    order_id: str
    refund_id: str
    amount: Money
    refunded: Money


class RefundFailed(Event, owner="payments", key="payment_id"):
    payment_id: str
    order_id: str
    refund_id: str
    reason: str


class Payment(Contract):
    """A payment as others see it."""

    payment_id: str
    order_id: str
    state: PaymentState
    amount: Money
    captured: Money
    refunded: Money
    reason: str | None = None  # why it was declined, in the provider's word: insufficient_funds …
    action: str | None = None  # the provider's page where the shopper confirms it, while that is waited for


class Authorize(Call[Payment], owner="payments", answer=Payment):
    """Reserve the order's money at the provider. Asked again for the same order: the same payment, as it stands.

    After VoidPayment for that order: the voided payment, and the provider is never asked. `requires_action` until the
    shopper confirmed it, which is told by PaymentAuthorized or PaymentDeclined.
    """

    order_id: str
    amount: Money
    provider: str  # or ROUTED
    token: str
    user_id: str | None = None
    return_url: str = (
        ""  # where the provider sends the shopper back to; empty: there is nobody to send, nobody confirms
    )
    save: bool = False  # keep the way to pay for this user, who agreed


class SettlePayment(Call[Payment], owner="payments", answer=Payment):
    """Ask the provider now how the order's payment stands, where that is open: its shopper came back. NotFound without one."""

    order_id: str


class CapturePayment(Call[Payment], owner="payments", answer=Payment):
    """Take the authorized money. May answer `unknown` or `authorized` while it is being settled: ask again."""

    order_id: str


class VoidPayment(Call[Payment], owner="payments", answer=Payment):
    """See to it that the order's money is not taken: void, or refund in full what was captured.

    Safe before Authorize arrives. Ends `voided`, `declined` or `refunded`; anything else means: ask again later.
    """

    order_id: str
    amount: Money
    provider: str


class RefundPayment(Call[Payment], owner="payments", answer=Payment):
    """Give back part of what was captured; `refund_id` makes it once. Conflict when more than captured − refunded.

    `elsewhere`: it has gone back already, at a legacy shop's provider, and is only written down; Conflict for a payment
    of ours (`paid_here`), as without it for one of the legacy shop (`paid_elsewhere`).
    """

    order_id: str
    refund_id: str
    amount: Money
    reason: str = ""
    elsewhere: bool = False


class AskPayment(Call[Payment], owner="payments", answer=Payment):
    """The order's payment as it stands. NotFound when there is none."""

    order_id: str


class TakenPayment(Contract):
    """What a legacy shop has of an order's money now: `amount` is what it took less what it gave back."""

    order_id: str
    version: int  # only rises
    amount: Money
    reference: str = ""  # at the legacy shop's provider
    user_id: str | None = None
    paid_at: datetime


class Noted(Contract):
    """How many were other than before."""

    changed: int


class TakePayments(Call[Noted], owner="payments", answer=Noted):
    """Write these down as payments of the provider `legacy`; what is not newer than before, or ours, changes nothing."""

    payments: tuple[TakenPayment, ...]


class Method(Contract):
    """A way to pay that a shopper saved: a provider's token, never a card number."""

    method_id: str
    provider: str
    token: str
    brand: str
    last4: str


class AskDefaultMethod(Call[Method], owner="payments", answer=Method):
    """The saved way to pay. NotFound when the shopper saved none."""

    user_id: str

"""What payments tells and may be asked. One payment per order; `unknown` is a normal state that settles by itself."""

from enum import StrEnum

from banyan.contracts import Call, Contract, Event
from banyan.kernel.money import Money


class PaymentState(StrEnum):
    """How far a payment is. Live: created to captured. At most one live payment per order."""

    CREATED = "created"
    UNKNOWN = "unknown"  # the provider was asked and has not answered in a way that tells
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    REFUNDED = "refunded"


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


class Authorize(Call[Payment], owner="payments", answer=Payment):
    """Reserve the order's money at the provider. Asked again for the same order: the same payment, as it stands.

    After VoidPayment for that order: the voided payment, and the provider is never asked.
    """

    order_id: str
    amount: Money
    provider: str
    token: str
    user_id: str | None = None


class CapturePayment(Call[Payment], owner="payments", answer=Payment):
    """Take the authorized money, all of it. May answer `unknown` or `authorized` while it is being settled: ask again."""

    order_id: str


class VoidPayment(Call[Payment], owner="payments", answer=Payment):
    """See to it that the order's money is not taken: void, or refund in full what was captured.

    Safe before Authorize arrives. Ends `voided`, `declined` or `refunded`; anything else means: ask again later.
    """

    order_id: str
    amount: Money
    provider: str


class RefundPayment(Call[Payment], owner="payments", answer=Payment):
    """Give back part of what was captured; `refund_id` makes it once. Conflict when more than captured − refunded."""

    order_id: str
    refund_id: str
    amount: Money
    reason: str = ""


class AskPayment(Call[Payment], owner="payments", answer=Payment):
    """The order's payment as it stands. NotFound when there is none."""

    order_id: str


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

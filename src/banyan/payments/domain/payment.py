"""A payment, what was asked of its provider, and what the provider's book says of it. NEXT can be read aloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from banyan.contracts.payments import Payment, PaymentState
from banyan.kernel.money import Money

Kind = Literal["authorize", "capture", "void", "refund"]

S = PaymentState
NEXT: dict[PaymentState, frozenset[PaymentState]] = {
    S.CREATED: frozenset({S.UNKNOWN, S.REQUIRES_ACTION, S.AUTHORIZED, S.DECLINED, S.VOIDED}),
    S.UNKNOWN: frozenset({S.REQUIRES_ACTION, S.AUTHORIZED, S.DECLINED, S.VOIDED}),
    S.REQUIRES_ACTION: frozenset({S.AUTHORIZED, S.DECLINED, S.VOIDED}),
    S.AUTHORIZED: frozenset({S.CAPTURED, S.VOIDED}),
    S.CAPTURED: frozenset({S.REFUNDED}),
    S.DECLINED: frozenset(),
    S.VOIDED: frozenset(),
    S.REFUNDED: frozenset(),
}
ASKED = frozenset({S.CREATED, S.UNKNOWN, S.REQUIRES_ACTION})  # whether there will be money is not known yet
FINAL = frozenset(state for state, following in NEXT.items() if not following)


class Charge(StrEnum):
    """How a charge stands in a provider's book. What was refunded stays captured."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    ACTION = "requires_action"  # the shopper must confirm it at the provider (3-D Secure, approval) before it goes on


@dataclass(frozen=True, slots=True)
class Reusable:
    """A way to pay that the provider kept with the shopper's consent, and what they know it by."""

    token: str  # the provider's, good for a payment without the shopper
    brand: str = ""
    last4: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A charge as it stood in the provider's book at some moment, whoever brought the news and however late."""

    reference: str  # the payment's id, as we gave it
    charge_id: str
    amount: Money
    state: Charge
    captured: int = 0
    refunds: Mapping[str, int] = field(default_factory=dict)  # by our reference, minor units
    reason: str | None = None
    action: str | None = None  # with ACTION: the URL at the provider where the shopper confirms
    saved: Reusable | None = None  # where Errand.save was asked for and the provider has kept it


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment as we keep it; sums in minor units of `amount`'s currency."""

    id: str
    order_id: str
    provider: str
    token: str
    amount: Money
    state: PaymentState
    authorized: int = 0
    captured: int = 0
    refunding: int = 0
    refunded: int = 0
    charge_id: str | None = None
    reason: str | None = None
    user_id: str | None = None
    void_wanted: bool = False
    action: str | None = None  # where the shopper confirms it, while that is waited for
    return_url: str = ""  # where the provider sends the shopper back to; empty: there is nobody to send
    save: bool = False  # keep the way to pay, until it has been kept
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def left(self) -> int:
        """What could still be refunded."""
        return self.captured - self.refunding - self.refunded

    def told(self) -> Payment:
        """The payment as other services see it."""
        return Payment(
            payment_id=self.id,
            order_id=self.order_id,
            state=self.state,
            amount=self.amount,
            captured=Money(self.captured, self.amount.currency),
            refunded=Money(self.refunded, self.amount.currency),
            reason=self.reason,
            action=self.action,
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing asked of a provider."""

    id: str
    payment_id: str
    kind: Kind
    reference: str
    amount: int
    refund_id: str | None = None
    note: str = ""
    state: str = "intended"
    failure: str | None = None
    attempts: int = 0
    epoch: int = 0
    created_at: datetime | None = None
    trace: str = ""  # of the request it is due to

    @property
    def open(self) -> bool:
        return self.state not in ("done", "failed")


@dataclass(frozen=True, slots=True)
class Job:
    """An operation taken to be carried out, and its payment as it stood then. `old`: it has been tried long enough."""

    payment: Standing
    operation: Operation
    old: bool = False

    @property
    def amount(self) -> Money:
        return Money(self.operation.amount, self.payment.amount.currency)

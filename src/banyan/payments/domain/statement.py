"""A provider's report, line by line, and what of it the ledger books: fees, payouts, disputes. Pure.

Charges and refunds are not booked from a report: we asked for them, and they are compared with what we have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banyan.kernel.money import Money


class Moved(StrEnum):
    """Why a provider's balance moved."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"  # the payer's bank would not take it: the money is back, and still owed
    FEE = "fee"
    PAYOUT = "payout"  # also one that came back: then above zero
    DISPUTE = "dispute"
    DISPUTE_FEE = "dispute_fee"
    DISPUTE_REVERSAL = "dispute_reversal"
    OTHER = "other"  # what nobody here knows: it stays a difference until somebody explains it


class Disputed(StrEnum):
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


RANK = {Disputed.NEEDS_RESPONSE: 0, Disputed.UNDER_REVIEW: 1, Disputed.WON: 2, Disputed.LOST: 2}
"""News of a dispute may come late: one that has ended stays ended, one under review needs no response any more."""

ASKED_FOR = frozenset({Moved.PAYMENT, Moved.REFUND})
_AGAINST = {
    Moved.FEE: "provider_fees",
    Moved.DISPUTE_FEE: "provider_fees",
    Moved.PAYOUT: "bank",
    Moved.DISPUTE: "disputes",
    Moved.DISPUTE_REVERSAL: "disputes",
    Moved.REFUND_RETURNED: "refunds_owed",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of the balance at a provider. `id` is the same in each of its reports, and in webhooks."""

    id: str
    kind: Moved
    source: str  # the provider's id of the charge, refund, payout or dispute
    amount: Money  # below zero for what leaves, before the fee
    at: datetime
    fee: int = 0  # in the same currency; above zero for what it costs
    payment_id: str = ""
    reference: str = ""
    charge_id: str = ""

    @property
    def net(self) -> int:
        return self.amount.amount - self.fee


@dataclass(frozen=True, slots=True)
class DisputeNews:
    """How a dispute stands, as its provider says."""

    id: str
    state: Disputed
    amount: Money
    payment_id: str = ""
    charge_id: str = ""
    reason: str = ""
    respond_by: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A report. `silent`: kinds of movements that this kind of report never has."""

    lines: Sequence[Line] = ()
    disputes: Sequence[DisputeNews] = ()
    silent: frozenset[Moved] = frozenset()


@dataclass(frozen=True, slots=True)
class Booking:
    """A balanced transfer that a provider's word leads to; made once by its name."""

    name: str
    kind: str
    currency: str
    moved: Mapping[str, int]
    payment_id: str | None = None


def bookings(provider: str, line: Line) -> list[Booking]:
    """What a line adds to the ledger: its movement, unless we asked for it, and the fee that was taken from it."""
    made = []
    payment, currency = line.payment_id or None, line.amount.currency
    if (against := _AGAINST.get(line.kind)) and line.amount.amount:
        moved = {against: -line.amount.amount, "provider_clearing": line.amount.amount}
        made.append(Booking(name_of(provider, line.id), line.kind.value, currency, moved, payment))
    if line.fee:
        kind = "dispute_fee" if line.kind in (Moved.DISPUTE, Moved.DISPUTE_REVERSAL) else "fee"
        moved = {"provider_fees": line.fee, "provider_clearing": -line.fee}
        made.append(Booking(f"{name_of(provider, line.id)}.fee", kind, currency, moved, payment))
    return made


def name_of(provider: str, line_id: str) -> str:
    return f"{provider}.{line_id}"


def lost(name: str, payment_id: str | None, withdrawn: Money) -> Booking:
    """A dispute that was lost: what had been withdrawn by the transfer `name` is a loss."""
    moved = {"chargeback_losses": withdrawn.amount, "disputes": -withdrawn.amount}
    return Booking(f"{name}.lost", "dispute_lost", withdrawn.currency, moved, payment_id)

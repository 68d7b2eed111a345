"""What is true of a payment: which news of a provider fits it, what it adds, and what it moves in the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from banyan.contracts import Event
from banyan.contracts.payments import Payment, PaymentState
from banyan.kernel.money import Money

Kind = Literal["authorize", "capture", "void", "refund"]
FIRST_WAIT = 0.25  # seconds until an operation without a clear answer is looked at; doubled each time
LONGEST_WAIT = 15.0
PATIENCE = 600.0  # seconds after which an order's money that cannot be authorized is given up

NEXT: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.CREATED: frozenset(
        {PaymentState.UNKNOWN, PaymentState.AUTHORIZED, PaymentState.DECLINED, PaymentState.VOIDED}
    ),
    PaymentState.UNKNOWN: frozenset({PaymentState.AUTHORIZED, PaymentState.DECLINED, PaymentState.VOIDED}),
    PaymentState.AUTHORIZED: frozenset({PaymentState.CAPTURED, PaymentState.VOIDED}),
    PaymentState.CAPTURED: frozenset({PaymentState.REFUNDED}),
    PaymentState.DECLINED: frozenset(),
    PaymentState.VOIDED: frozenset(),
    PaymentState.REFUNDED: frozenset(),
}
FINAL = frozenset(state for state, following in NEXT.items() if not following)


class Charge(StrEnum):
    """How a charge stands in a provider's book. What was refunded stays captured."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    ACTION = "requires_action"  # the shopper must confirm it at the provider (3-D Secure, approval) before it goes on


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


@dataclass(frozen=True, slots=True)
class Change:
    """How an open operation ended; with `seconds` it goes on, and is looked at then.

    `epoch`: only if no other worker took it since.
    """

    operation_id: str
    payment_id: str
    state: str
    failure: str | None = None
    seconds: float | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Balanced entries of the ledger, by account; made once by its name."""

    name: str
    payment_id: str
    kind: Literal["authorize", "capture", "release", "refund"]
    currency: str
    moved: Mapping[str, int]


class Account:
    """A payment with what was asked for it, and what is to be written of both: many wishes may change it one by one."""

    def __init__(self, payment: Standing, asked: Iterable[Operation] = ()) -> None:
        self.read = self.now = payment
        self.asked = {each.id: each for each in asked}
        self.intended: list[tuple[Operation, float]] = []  # new ones, and how long nobody else will ask
        self.reopened: list[tuple[Operation, float]] = []
        self.changes: dict[str, Change] = {}
        self.transfers: list[Transfer] = []
        self.facts: list[tuple[Event, str]] = []  # with the trace of the request they are due to
        self.trace = ""  # of who acts on it now

    @property
    def changed(self) -> bool:
        return bool(self.now != self.read or self.intended or self.reopened or self.changes)

    def tell(self, fact: Event) -> None:
        self.facts.append((fact, self.trace))

    def due_to(self, trace: str) -> None:
        """Who acts on it now: the request that the open operation is due to, or else this one."""
        self.trace = next((each.trace for each in self.open_ones() if each.trace), trace)

    def open_ones(self) -> list[Operation]:
        return [each for each in self.asked.values() if each.open]

    def find(self, kind: Kind, refund_id: str | None = None) -> Operation | None:
        """Its one authorize, capture or void, or a refund by its id."""
        return next((e for e in self.asked.values() if (e.kind, e.refund_id) == (kind, refund_id)), None)

    def intend(self, operation: Operation, seconds: float) -> Operation:
        """Write down that this is to be asked: due at once, or taken for `seconds` in which nobody else will ask."""
        taken = int(seconds > 0)
        made = replace(operation, state="sent" if taken else "intended", attempts=taken, epoch=taken, trace=self.trace)
        self.intended.append((made, seconds))
        self.asked[made.id] = made
        return made

    def reopen(self, failed: Operation, seconds: float) -> Operation:
        """Take a failed operation for `seconds`, to ask again by the same reference."""
        again = replace(failed, state="sent", failure=None, attempts=1, epoch=failed.epoch + 1)
        self.reopened.append((again, seconds))
        self.asked[again.id] = again
        return again

    def end(self, operation_id: str, state: str, failure: str | None = None, *, epoch: int | None = None) -> bool:
        """How an open operation ended; False when it had before, or was taken by another worker since `epoch`."""
        return self._change(Change(operation_id, self.now.id, state, failure, None, epoch))

    def put_off(self, operation: Operation, why: str, seconds: float) -> bool:
        """Look again in `seconds`; False when it ended, or another worker took it."""
        return self._change(Change(operation.id, self.now.id, "unknown", why[:200], seconds, operation.epoch))

    def _change(self, change: Change) -> bool:
        known = self.asked[change.operation_id]
        if not known.open or change.epoch not in (None, known.epoch):
            return False
        self.asked[known.id] = replace(known, state=change.state, failure=change.failure)
        self.changes[known.id] = change
        return True

    def post(self, name: str, kind: Literal["authorize", "capture", "release", "refund"], amount: int) -> None:
        """Add a transfer to the ledger."""
        self.transfers.append(Transfer(name, self.now.id, kind, self.now.amount.currency, movements(kind, amount)))


def misfit(known: Standing, seen: Evidence) -> str | None:
    """Why this evidence cannot be of this payment, or None. A signature says who speaks, not that it fits (I13)."""
    if seen.reference != known.id:
        return "it is of another payment"
    if known.charge_id is not None and seen.charge_id and seen.charge_id != known.charge_id:
        return "it is of another charge"
    if seen.amount.currency != known.amount.currency:
        return f"it is in {seen.amount.currency} instead of {known.amount.currency}"
    harmless = known.void_wanted and seen.state is Charge.VOIDED and seen.captured == 0
    if seen.amount != known.amount and not harmless:
        return f"it is of {seen.amount} instead of {known.amount}"
    if seen.captured != (known.amount.amount if seen.state is Charge.CAPTURED else 0):
        return f"{seen.captured} of {known.amount.amount} are captured"
    if sum(seen.refunds.values()) > seen.captured or any(part <= 0 for part in seen.refunds.values()):
        return "more is refunded than was captured"
    return None


def follows(known: Standing, seen: Evidence) -> tuple[PaymentState, ...]:
    """The states that fitting evidence leads through, in order; none when it is old, or says what is known."""
    asked = known.state in (PaymentState.CREATED, PaymentState.UNKNOWN)
    match seen.state:
        case Charge.AUTHORIZED:
            return (PaymentState.AUTHORIZED,) if asked else ()
        case Charge.CAPTURED:
            if asked:
                return PaymentState.AUTHORIZED, PaymentState.CAPTURED
            return (PaymentState.CAPTURED,) if known.state is PaymentState.AUTHORIZED else ()
        case Charge.DECLINED:
            return (PaymentState.DECLINED,) if asked else ()
        case Charge.ACTION:
            return ()  # nothing is decided before the shopper confirms
        case Charge.VOIDED:
            if asked:  # nobody ordered the void: to the order it is money that could not be had
                return (PaymentState.VOIDED,) if known.void_wanted else (PaymentState.DECLINED,)
            return (PaymentState.VOIDED,) if known.state is PaymentState.AUTHORIZED else ()


def outcome(kind: Kind, known: Standing, seen: Evidence) -> Literal["done", "failed"] | None:
    """What becomes of an open authorize, capture or void, given the payment after this evidence; None: it stays open."""
    if kind == "authorize":
        if known.state in (PaymentState.CREATED, PaymentState.UNKNOWN):
            return None
        return "done" if known.authorized else "failed"
    if kind == "capture":
        if known.captured:
            return "done"
        return "failed" if known.state in FINAL else None
    if known.state in (PaymentState.VOIDED, PaymentState.DECLINED):
        return "done"
    return "failed" if known.captured else None


def movements(kind: Literal["authorize", "capture", "release", "refund"], amount: int) -> dict[str, int]:
    """The entries of a transfer: debits above zero, credits below; their sum is zero."""
    match kind:
        case "authorize":
            return {"funds_authorized": amount, "funds_pledged": -amount}
        case "release":
            return {"funds_authorized": -amount, "funds_pledged": amount}
        case "capture":
            return movements("release", amount) | {"provider_clearing": amount, "sales": -amount}
        case "refund":
            return {"sales_refunds": amount, "provider_clearing": -amount}


def pause(attempts: int, chance: float) -> float:
    """Seconds until the next look after `attempts`: doubled, capped, and jittered by `chance` in [0, 1)."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 20)) * (0.5 + chance / 2))


def looks_like_a_card(text: str) -> bool:
    """Whether this may be a card number (ISO/IEC 7812: 12 to 19 digits with a check digit); such is kept nowhere."""
    digits = "".join(each for each in text if each not in " -_.")
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19):
        return False
    values = [int(each) for each in reversed(digits)]
    return (sum(values[::2]) + sum(sum(divmod(2 * each, 10)) for each in values[1::2])) % 10 == 0

"""What goes in and out over HTTP, for parsing and for the API's description."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from banyan.contracts.payments import PaymentState
from banyan.foundation import web
from banyan.kernel.money import Money

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]  # text on one line
Minor = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]

TROUBLE: dict[int | str, dict[str, Any]] = {
    status: {"model": web.Problem, "description": words, "content": {web.PROBLEM: {}}}
    for status, words in (
        (503, "Something needed does not answer just now"),
        (504, "The time allowed is over; it may or may not have been done"),
    )
}


class Amount(web.Body):
    """Money in minor units: 1299 EUR is €12.99."""

    amount: Minor
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]

    def money(self) -> Money:
        return Money(self.amount, self.currency)


class NewCapture(web.Body):
    """How much of what is authorized is taken; all of it where that is not said."""

    amount: Amount | None = None


class NewRefund(web.Body):
    """How much of what was captured goes back, and why."""

    amount: Amount
    reason: Line = ""


class NewMethod(web.Body):
    """A provider's token to pay with again. Never a card number."""

    provider: Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
    token: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.:-]{1,200}$")]
    brand: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9 _-]{0,40}$")] = ""
    last4: Annotated[str, StringConstraints(pattern="^([0-9]{4})?$")] = ""
    default: bool = False


class SavedMethod(BaseModel):
    id: str
    provider: str
    token: str
    brand: str
    last4: str
    default: bool
    created_at: datetime


class SavedMethods(BaseModel):
    items: list[SavedMethod]
    next_cursor: str | None


class ShownRefund(BaseModel):
    id: str
    amount: Money
    state: Literal["pending", "done", "failed"]
    reason: str | None
    failure: str | None
    created_at: datetime


class ShownStep(BaseModel):
    """A state of a dispute, and whether a webhook or a report told of it."""

    state: str
    told_by: str
    at: datetime


class ShownAttempt(BaseModel):
    """A provider that the payment went on from, because it had not been asked, and why."""

    provider: str
    why: str
    made_at: datetime


class ShownDispute(BaseModel):
    """The payer's bank wants the money back. For operators; shoppers are shown none."""

    id: str
    state: Literal["needs_response", "under_review", "won", "lost"]
    amount: Money
    reason: str
    respond_by: datetime | None
    opened_at: datetime
    steps: list[ShownStep]


class ShownPayment(BaseModel):
    """A payment. `unknown` settles by itself; `requires_action` waits for its shopper, who confirms at `action`; a `reason`
    that begins with `held:` needs an operator.
    """

    id: str
    order_id: str
    provider: str
    state: PaymentState
    amount: Money
    authorized: Money
    captured: Money
    refunded: Money
    reason: str | None
    action: str | None
    refunds: list[ShownRefund]
    created_at: datetime
    updated_at: datetime
    attempts: list[ShownAttempt]
    disputes: list[ShownDispute]


class ShownPayments(BaseModel):
    items: list[ShownPayment]
    next_cursor: str | None


class PaymentOption(BaseModel):
    """A way to pay. Where `token` is not empty it is sent as it is, and the shopper confirms at the provider; else a page asks
    the provider for one, with what is in `public`. `vault_cards`: tokens of the shop's own vault are good there.
    """

    provider: str
    method: str
    token: str
    vault_cards: bool
    public: dict[str, str]
    available: bool


class PaymentOptions(BaseModel):
    """The ways to pay in a currency, best first; one that is not available just now comes last."""

    items: list[PaymentOption]
    next_cursor: str | None


class ShownProvider(BaseModel):
    """A provider as the process that answers sees it. Breakers: `closed` (asked), `half_open` (one probe), `open` (not asked)."""

    name: str
    configured: bool
    under_way: int
    breakers: dict[str, Literal["closed", "half_open", "open"]]
    ways: list[str]


class ShownProviders(BaseModel):
    items: list[ShownProvider]
    next_cursor: str | None


class ShownEntry(BaseModel):
    """A line of the ledger: debits above zero, credits below; those of one transfer add up to nothing."""

    transfer_id: str
    kind: str  # authorize, capture, release, refund, fee, payout, dispute …
    account: str
    amount: Money
    made_at: datetime


class ShownEntries(BaseModel):
    items: list[ShownEntry]
    next_cursor: str | None


class Taken(BaseModel):
    """A webhook was taken; `duplicate` when it had been before."""

    duplicate: bool

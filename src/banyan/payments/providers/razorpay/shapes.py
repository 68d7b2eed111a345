"""Razorpay's things as they are answered, checked like a stranger's input, and what a payment of theirs says of ours."""

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from banyan.kernel.money import Money
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Unclear

MARK, VOID = "payment_id", "void"
"""Notes of ours on their things: which payment it is for, and that it is not to be captured any more."""


def _notes(told: Any) -> Any:
    """Razorpay writes no notes as `[]` or null."""
    if told is None or told == []:
        return {}
    return {name: str(value) for name, value in told.items()} if isinstance(told, dict) else told


Minor = Annotated[int, Field(ge=0, le=2**53 - 1)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Note = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # a database keeps no NUL
Notes = Annotated[dict[str, Note], BeforeValidator(_notes)]
OrderId = Annotated[str, Field(pattern="^order_[A-Za-z0-9]{1,40}$")]
PaymentId = Annotated[str, Field(pattern="^pay_[A-Za-z0-9]{1,40}$")]


class Shape(BaseModel):
    """Razorpay may add fields, and does."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Payment(Shape):
    id: PaymentId
    amount: Minor
    currency: Currency
    status: str
    captured: bool = False
    amount_refunded: Minor = 0
    order_id: OrderId | None = None
    notes: Notes = {}
    error_code: str | None = None
    error_reason: str | None = None

    def evidence(self, reference: str, refunds: "Iterable[Refund]" = ()) -> Evidence:
        """How our charge stands. Unclear while the bank has not told Razorpay."""
        state = self._state()
        return Evidence(
            reference=reference,
            charge_id=self.id,
            amount=Money(self.amount, self.currency),
            state=state,
            captured=self.amount if state is Charge.CAPTURED else 0,
            refunds={each.reference: each.amount for each in refunds if each.status == "processed"}
            if state is Charge.CAPTURED
            else {},
            reason=(self.error_reason or self.error_code or "declined").lower() if state is Charge.DECLINED else None,
        )

    def _state(self) -> Charge:
        if self.captured and self.status in ("captured", "refunded"):
            return Charge.CAPTURED
        if self.status == "authorized" and not self.captured:
            return Charge.VOIDED if VOID in self.notes else Charge.AUTHORIZED
        if self.status == "refunded":  # it was never captured, and has gone back by itself
            return Charge.VOIDED
        if self.status == "failed":
            return Charge.DECLINED
        raise Unclear(f"Razorpay has the payment {self.status[:20]}")


class Refund(Shape):
    id: Annotated[str, Field(pattern="^rfnd_[A-Za-z0-9]{1,40}$")]
    payment_id: PaymentId
    amount: Minor
    currency: Currency
    status: str
    receipt: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] | None = None

    @property
    def reference(self) -> str:
        """Ours; one that was made in Razorpay's dashboard has none."""
        return self.receipt or f"razorpay.{self.id}"


class Order(Shape):
    id: OrderId
    amount: Minor
    currency: Currency
    receipt: str | None = None
    notes: Notes = {}
    created_at: int

    @property
    def void(self) -> bool:
        """Whether it is to be paid no more."""
        return VOID in self.notes


class Link(Shape):
    id: Annotated[str, Field(pattern="^plink_[A-Za-z0-9]{1,40}$")]
    amount: Minor
    currency: Currency
    status: str
    reference_id: Note = ""
    order_id: OrderId | None = None
    short_url: Annotated[str, Field(pattern=r"^https?://[^\s]{1,500}$")]


class Customer(Shape):
    id: str
    email: str | None = None
    contact: Annotated[str, BeforeValidator(lambda told: str(told) if told is not None else "")] = ""


class Links(Shape):
    payment_links: list[Link]


class Orders(Shape):
    items: list[Order]


class Payments(Shape):
    items: list[Payment]


class Refunds(Shape):
    items: list[Refund]


class Begun(Shape):
    """The answer to a payment with a saved token."""

    razorpay_payment_id: PaymentId


S = TypeVar("S", bound=Shape)


def read(shape: type[S], body: bytes) -> S:
    """Unclear for what is no such thing."""
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise Unclear("Razorpay's answer cannot be read") from None


def best(payments: Iterable[Payment]) -> Payment | None:
    """Of an order's attempts the one that counts: captured before authorized before all others."""
    rank = {"captured": 0, "refunded": 0, "authorized": 1, "created": 2}
    return min(payments, key=lambda each: (rank.get(each.status, 3), each.id), default=None)

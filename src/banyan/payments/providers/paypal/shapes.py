"""PayPal's orders as they are answered, checked like a stranger's input, and what one says of our charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from banyan.kernel.money import Money
from banyan.payments.domain import Charge, Evidence, Reusable
from banyan.payments.providers import Unclear
from banyan.payments.providers.paypal import amounts

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Ours = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,127}$")]
HELD, TAKEN = ("CREATED", "CAPTURED", "PARTIALLY_CAPTURED"), ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
GONE = ("VOIDED", "EXPIRED")
_UNAPPROVED = ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED")


class Shape(BaseModel):
    """PayPal may add fields, and does."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Amount(Shape):
    currency_code: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    value: Annotated[str, Field(max_length=32)]

    def money(self) -> Money:
        """ValueError for what is no amount."""
        return amounts.money(self.value, self.currency_code)


class Authorization(Shape):
    id: Id
    status: str
    amount: Amount
    custom_id: Ours | None = None
    create_time: Annotated[datetime, Field(strict=False)] | None = None


class Capture(Shape):
    id: Id
    status: str
    amount: Amount
    custom_id: Ours | None = None


class Refund(Shape):
    id: Id
    status: str
    amount: Amount
    custom_id: Ours | None = None


class _Payments(Shape):
    authorizations: list[Authorization] = []
    captures: list[Capture] = []
    refunds: list[Refund] = []


class _Payee(Shape):
    merchant_id: str = ""


class _Unit(Shape):
    amount: Amount
    custom_id: Ours
    payee: _Payee = _Payee()
    payments: _Payments = _Payments()


class _Link(Shape):
    href: str
    rel: str


class _Vault(Shape):
    id: str = ""
    status: str = ""


class _Attributes(Shape):
    vault: _Vault = _Vault()


class _Wallet(Shape):
    attributes: _Attributes = _Attributes()


class _Source(Shape):
    paypal: _Wallet = _Wallet()


class Order(Shape):
    id: Id
    status: str
    intent: Literal["AUTHORIZE"]
    purchase_units: Annotated[list[_Unit], Field(min_length=1, max_length=1)]
    payment_source: _Source = _Source()
    links: list[_Link] = []

    @property
    def unit(self) -> _Unit:
        return self.purchase_units[0]

    @property
    def link(self) -> str | None:
        """Where the shopper approves."""
        return next((each.href for each in self.links if each.rel in ("payer-action", "approve")), None)

    @property
    def held(self) -> Authorization | None:
        """The authorization that money is held by: the newest, where it was renewed."""
        return next((each for each in reversed(self.unit.payments.authorizations) if each.status in HELD), None)

    @property
    def taken(self) -> Capture | None:
        return next((each for each in self.unit.payments.captures if each.status in TAKEN), None)

    def evidence(self) -> Evidence:
        """How the charge stands. Unclear while PayPal itself does not know: a review, an e-cheque on its way."""
        try:
            return _evidence(self)
        except ValueError as error:
            raise Unclear("PayPal's order has an amount that cannot be read") from error


@dataclass(frozen=True, slots=True)
class Stands:
    state: Charge
    reason: str | None = None


def _evidence(order: Order) -> Evidence:
    payments = order.unit.payments
    taken = [each.amount.money() for each in payments.captures if each.status in TAKEN]
    whole = order.unit.amount.money()
    if any(each.currency != whole.currency for each in taken):
        raise Unclear("PayPal's order has captures in another currency")
    stands = Stands(Charge.CAPTURED) if taken else _uncaptured(order, payments.authorizations)
    vault = order.payment_source.paypal.attributes.vault
    return Evidence(
        reference=order.unit.custom_id,
        charge_id=order.id,
        amount=whole,
        state=stands.state,
        captured=sum(each.amount for each in taken),
        refunds={
            each.custom_id or f"paypal.{each.id}": each.amount.money().amount
            for each in payments.refunds
            if each.status == "COMPLETED"
        },
        reason=stands.reason,
        action=order.link if stands.state is Charge.ACTION else None,
        saved=Reusable(vault.id, "paypal") if vault.status == "VAULTED" and vault.id else None,
    )


def _uncaptured(order: Order, authorizations: Sequence[Authorization]) -> Stands:
    states = {each.status for each in authorizations}
    if states & set(HELD):
        return Stands(Charge.AUTHORIZED)
    if "PENDING" in states:
        raise Unclear("PayPal reviews this payment")
    if states & set(GONE):
        return Stands(Charge.VOIDED)
    if "DENIED" in states:
        return Stands(Charge.DECLINED, "denied")
    if states:
        raise Unclear("PayPal's authorization stands in a way that is not known")
    if order.status in (*_UNAPPROVED, "APPROVED"):
        return Stands(Charge.ACTION)
    if order.status == "VOIDED":
        return Stands(Charge.VOIDED)
    raise Unclear(f"PayPal's order is {order.status[:40]}")


S = TypeVar("S", bound=Shape)


def read(shape: type[S], body: bytes) -> S:
    """Unclear for what is no such thing."""
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise Unclear("PayPal's answer cannot be read") from None

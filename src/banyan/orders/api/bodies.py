"""What clients send: closed, bounded, and without what a database or a mail cannot hold."""

from typing import Annotated, Self

from fastapi import Header
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from banyan.contracts.users import Address
from banyan.foundation.web import Body
from banyan.kernel.money import Money
from banyan.orders.domain.cart import MOST_LINES, MOST_UNITS

_PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"  # no control characters
# The shape HTML's own e-mail fields accept: one address, no room for a second one or a header.
_EMAIL = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)


def _whole(given: object) -> object:
    """JSON has one kind of number: 2.0 is the integer 2. Text and truth values are none."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PLAIN)]
Units = Annotated[Whole, Field(ge=1, le=MOST_UNITS)]
UnitsOrNone = Annotated[Whole, Field(ge=0, le=MOST_UNITS)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=_EMAIL)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
Words = Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN)]
SureWords = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN)]
ShortWords = Annotated[str, StringConstraints(max_length=40, pattern=_PLAIN)]
Name = Annotated[str, StringConstraints(pattern="^[a-z0-9_-]{1,40}$")]
LineId = Annotated[str, StringConstraints(pattern="^lin_[0-9a-z]{26}$")]
IfMatch = Annotated[str | None, Header(max_length=200)]


class NewCartBody(Body):
    currency: Currency | None = None


class LineBody(Body):
    sku: Sku
    quantity: Units = 1


class QuantityBody(Body):
    quantity: UnitsOrNone


class MergeBody(Body):
    """`token`: the guest's, where it does not come as the cart's cookie."""

    token: Annotated[str, StringConstraints(pattern="^ct_[A-Za-z0-9_-]{20,100}$")] | None = None


class AddressBody(Body):
    name: SureWords
    line1: SureWords
    line2: Words = ""
    city: SureWords
    region: Words = ""
    postal_code: ShortWords
    country: Country
    phone: ShortWords = ""

    def address(self) -> Address:
        return Address(**self.model_dump())


class DeliveryBody(Body):
    email: Email
    address: AddressBody
    shipping_option: Name


class PaymentBody(Body):
    """How it is paid. `provider` may be left out where `token` is one of the shop's own vault (`card_…`): it goes where it is
    best. `save`: the shopper agrees that this way to pay is kept for the next time; they must be signed in.
    """

    provider: Name | None = None
    token: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]
    save: bool = False

    @model_validator(mode="after")
    def _provider_or_card(self) -> Self:
        if self.provider is None and not self.token.startswith("card_"):
            raise ValueError("say which provider this token is of")
        return self


class CheckoutBody(Body):
    payment: PaymentBody


class MoneyBody(Body):
    amount: Annotated[Whole, Field(ge=1, le=2**53 - 1)]
    currency: Currency

    def money(self) -> Money:
        return Money(self.amount, self.currency)


class OneClickBody(Body):
    """`unit_price`: what the shopper saw; with it, a price that changed is a refusal."""

    sku: Sku
    quantity: Units = 1
    unit_price: MoneyBody | None = None


class CancelBody(Body):
    reason: Words = ""


class FulfilmentBody(Body):
    """`lines`: units by line id; all that are left where it is not said."""

    lines: Annotated[dict[LineId, Units], Field(min_length=1, max_length=MOST_LINES)] | None = None
    tracking: Words = ""


class RefundBody(Body):
    """`elsewhere`: the money has gone back already, at the legacy shop's provider, and is only written down."""

    amount: MoneyBody
    reason: Words = ""
    elsewhere: bool = False

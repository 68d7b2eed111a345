"""What goes in and out over HTTP, for parsing and for the API's description."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator

from banyan.contracts.payments import PaymentState
from banyan.foundation import web
from banyan.kernel.money import Money

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]  # text on one line
Minor = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
_NUMBER = re.compile(r"[0-9]{12,19}")
_CODE = re.compile(r"[0-9]{3,4}")

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


class NewRefund(web.Body):
    """How much of what was captured goes back, and why."""

    amount: Amount
    reason: Line = ""


class NewCard(web.Body):
    """A card on its way to the vault. Number and code are secrets: they are in no log, no answer and no database."""

    number: Annotated[
        SecretStr,
        Field(
            description="12 to 19 digits; blanks and dashes between them are ignored",
            json_schema_extra={"pattern": "^([0-9][ -]?){11,18}[0-9]$"},
        ),
    ]
    exp_month: Annotated[int, Field(strict=True, ge=1, le=12)]
    exp_year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    cvc: Annotated[SecretStr, Field(description="3 or 4 digits", json_schema_extra={"pattern": "^[0-9]{3,4}$"})]

    @field_validator("number")
    @classmethod
    def _digits(cls, number: SecretStr) -> SecretStr:
        digits = number.get_secret_value()[:40].replace(" ", "").replace("-", "")
        if not _NUMBER.fullmatch(digits):
            raise ValueError("a card number is 12 to 19 digits")
        return SecretStr(digits)

    @field_validator("cvc")
    @classmethod
    def _three_or_four(cls, cvc: SecretStr) -> SecretStr:
        if not _CODE.fullmatch(cvc.get_secret_value()):
            raise ValueError("a card's code is 3 or 4 digits")
        return cvc


class Vaulted(BaseModel):
    """A card as it may be spoken of: pay with `token`, show `brand` and `last4`."""

    token: str
    brand: str
    last4: str


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


class ShownPayment(BaseModel):
    """A payment. `unknown` settles by itself; a `reason` that begins with `held:` needs an operator."""

    id: str
    order_id: str
    provider: str
    state: PaymentState
    amount: Money
    authorized: Money
    captured: Money
    refunded: Money
    reason: str | None
    refunds: list[ShownRefund]
    created_at: datetime
    updated_at: datetime


class ShownPayments(BaseModel):
    items: list[ShownPayment]
    next_cursor: str | None


class ShownEntry(BaseModel):
    """A line of the ledger: debits above zero, credits below; those of one transfer add up to nothing."""

    transfer_id: str
    kind: Literal["authorize", "capture", "release", "refund"]
    account: str
    amount: Money
    made_at: datetime


class ShownEntries(BaseModel):
    items: list[ShownEntry]
    next_cursor: str | None


class Taken(BaseModel):
    """A webhook was taken; `duplicate` when it had been before."""

    duplicate: bool

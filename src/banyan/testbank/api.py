"""The bank's HTTP, as a provider's: a bearer key, references that make each deed happen once, problem+json."""

import hmac
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel, Field, SecretStr, field_validator

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Unauthenticated
from banyan.testbank import actions

Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,120}$")]
Minor = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
ChargeId = Annotated[str, Path(pattern="^tb_[0-9a-z]{26}$")]
ReferenceInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,120}$")]
_NUMBER = re.compile(r"[0-9]{12,19}")
_CVC = re.compile(r"[0-9]{3,4}")


class NewCharge(web.Body):
    reference: Reference
    amount: Minor
    currency: Currency
    token: Annotated[str, Field(pattern="^[A-Za-z0-9_]{1,100}$")]
    capture: bool = False


class Deed(web.Body):
    reference: Reference
    amount: Minor


class Void(web.Body):
    reference: Reference


class VoidReference(web.Body):
    reference: Reference
    amount: Minor
    currency: Currency


class NewCard(web.Body):
    """A card. Its number and code are secrets: they appear in no log and no answer."""

    number: Annotated[SecretStr, Field(json_schema_extra={"pattern": "^[0-9]{12,19}$"})]
    exp_month: Annotated[int, Field(strict=True, ge=1, le=12)]
    exp_year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    cvc: Annotated[SecretStr, Field(json_schema_extra={"pattern": "^[0-9]{3,4}$"})]

    @field_validator("number")
    @classmethod
    def _digits(cls, number: SecretStr) -> SecretStr:
        if not _NUMBER.fullmatch(number.get_secret_value()):
            raise ValueError("a card number is 12 to 19 digits")
        return number

    @field_validator("cvc")
    @classmethod
    def _code(cls, cvc: SecretStr) -> SecretStr:
        if not _CVC.fullmatch(cvc.get_secret_value()):
            raise ValueError("a card's code is 3 or 4 digits")
        return cvc


class Refunded(BaseModel):
    reference: str
    amount: int


class Charge(BaseModel):
    """A charge as it stands in the bank's book."""

    id: str
    reference: str
    amount: int
    approved: int
    currency: str
    state: str
    captured: int
    refunded: int
    refunds: list[Refunded]
    reason: str | None
    created_at: str


class Card(BaseModel):
    token: str
    brand: str
    last4: str


_TROUBLE: dict[int | str, dict[str, Any]] = {
    status: {"model": web.Problem, "description": words, "content": {web.PROBLEM: {}}}
    for status, words in ((500, "The bank stumbled"), (503, "The bank cannot just now"), (504, "It took too long"))
}
_CHARGE: dict[int | str, dict[str, Any]] = {200: {"model": Charge}, **_TROUBLE}


def routes(ports: Ports) -> APIRouter:
    """All that the bank answers. WrongSettings when it has no key and would have to trust anyone."""
    key = f"Bearer {actions.merchant_key(ports.settings)}".encode()

    async def merchant(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), key):
            raise Unauthenticated("send the merchant's key", code="not_the_merchant")

    bank = APIRouter(prefix="/bank", tags=["testbank"], dependencies=[Depends(merchant)])

    @bank.post("/charges", responses=_CHARGE, response_model=None)
    async def charge(asked: NewCharge) -> Response:
        """Hold an amount by a token. The same reference again: the same charge."""
        amount = Money(asked.amount, asked.currency)
        return web.json(await actions.charge(ports, asked.reference, amount, asked.token, capture_too=asked.capture))

    @bank.post("/charges/{charge_id}/capture", responses=_CHARGE, response_model=None)
    async def capture(charge_id: ChargeId, asked: Deed) -> Response:
        return web.json(await actions.capture(ports, charge_id, asked.reference, asked.amount))

    @bank.get("/charges/by-reference/{reference}", responses=_CHARGE, response_model=None)
    async def look_up(reference: ReferenceInPath) -> Response:
        return web.json(await actions.look_up(ports, reference))

    @bank.post("/charges/by-reference/{reference}/void", responses=_CHARGE, response_model=None)
    async def void_by_reference(reference: ReferenceInPath, asked: VoidReference) -> Response:
        """Void whatever there is by this reference; where there is nothing, a charge by it will be refused for good."""
        amount = Money(asked.amount, asked.currency)
        return web.json(await actions.void_by_reference(ports, reference, asked.reference, amount))

    @bank.post("/charges/{charge_id}/void", responses=_CHARGE, response_model=None)
    async def void(charge_id: ChargeId, asked: Void) -> Response:
        return web.json(await actions.void(ports, charge_id, asked.reference))

    @bank.post("/charges/{charge_id}/refunds", responses=_CHARGE, response_model=None)
    async def refund(charge_id: ChargeId, asked: Deed) -> Response:
        return web.json(await actions.refund(ports, charge_id, asked.reference, asked.amount))

    @bank.post("/tokens", responses={201: {"model": Card}, **_TROUBLE}, status_code=201, response_model=None)
    async def keep_card(asked: NewCard) -> Response:
        number = asked.number.get_secret_value()
        return web.json(await actions.keep_card(ports, number, asked.exp_year, asked.exp_month), 201)

    return bank

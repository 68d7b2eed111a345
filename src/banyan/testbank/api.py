"""The bank's HTTP, as a provider's: a bearer key, references that make each deed happen once, problem+json."""

import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field, SecretStr, field_validator

from banyan.foundation import fields, web
from banyan.foundation.express import short
from banyan.foundation.face import forms
from banyan.foundation.fields import Fields
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Forbidden, Refusal, Unauthenticated
from banyan.testbank import actions
from banyan.testbank import pages as confirm_pages

Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,120}$")]
Minor = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
ChargeId = Annotated[str, Path(pattern="^tb_[0-9a-z]{26}$")]
ReferenceInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,120}$")]
Moment = Annotated[datetime, Query(description="with its zone, as 2026-01-31T00:00:00Z")]
After = Annotated[str, Query(max_length=200, description="`next` of the page before")]
As = Annotated[Literal["json", "csv"], Query()]
_NUMBER = re.compile(r"[0-9]{12,19}")
_CVC = re.compile(r"[0-9]{3,4}")


class NewCharge(web.Body):
    reference: Reference
    amount: Minor
    currency: Currency
    token: Annotated[str, Field(pattern="^[A-Za-z0-9_]{1,100}$")]
    capture: bool = False
    return_url: Annotated[str, Field(max_length=2048, pattern=r"^(https?://[\x21-\x7e]+)?$")] = ""


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
    cvc: Annotated[SecretStr, Field(json_schema_extra={"pattern": "^([0-9]{3,4})?$"})] = SecretStr("")
    reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{0,120}$")] = ""  # the same again: the same token

    @field_validator("number")
    @classmethod
    def _digits(cls, number: SecretStr) -> SecretStr:
        if not _NUMBER.fullmatch(number.get_secret_value()):
            raise ValueError("a card number is 12 to 19 digits")
        return number

    @field_validator("cvc")
    @classmethod
    def _code(cls, cvc: SecretStr) -> SecretStr:
        if cvc.get_secret_value() and not _CVC.fullmatch(cvc.get_secret_value()):
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
    action: str | None
    created_at: str


class Moved(BaseModel):
    """A movement of the merchant's balance, in minor units."""

    id: str
    kind: str
    reference: str
    charge_reference: str
    charge_id: str
    amount: int
    currency: str
    made_at: datetime


class Report(BaseModel):
    items: list[Moved]
    next: str | None


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
    merchant = _merchant(ports)
    bank = APIRouter(prefix="/bank", tags=["testbank"], dependencies=[Depends(merchant)])
    _charges(bank, ports)
    _book(bank, ports)
    router = APIRouter()
    router.include_router(bank)
    router.include_router(_cards(ports, merchant))
    router.include_router(confirm_pages.routes(ports))
    return router


def _merchant(ports: Ports) -> Callable[..., Awaitable[None]]:
    key = f"Bearer {actions.merchant_key(ports.settings)}".encode()

    async def merchant(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), key):
            raise Unauthenticated("send the merchant's key", code="not_the_merchant")

    return merchant


def _charges(bank: APIRouter, ports: Ports) -> None:
    """A charge's life: held, captured, given back, or void."""

    @short
    @bank.post("/charges", responses=_CHARGE, response_model=None)
    async def charge(asked: NewCharge) -> Response:
        """Hold an amount by a token. The same reference again: the same charge."""
        amount = Money(asked.amount, asked.currency)
        made = actions.charge(
            ports, asked.reference, amount, asked.token, capture_too=asked.capture, return_url=asked.return_url
        )
        return web.json(await made)

    @short
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


def _book(bank: APIRouter, ports: Ports) -> None:
    """The cards the bank keeps, and what it tells of its book."""

    @bank.post("/tokens", responses={201: {"model": Card}, **_TROUBLE}, status_code=201, response_model=None)
    async def keep_card(asked: NewCard) -> Response:
        return web.json(await _kept(ports, asked), 201)

    @bank.get("/report", responses={200: {"model": Report}, **_TROUBLE}, response_model=None)
    async def report(since: Moment, until: Moment, after: After = "", form: As = "json") -> Response:
        """What moved the merchant's balance in this time; below zero for what left. As CSV it comes whole."""
        if form == "csv":
            return Response(await actions.report_csv(ports, since, until), media_type="text/csv")
        items, place = await actions.report(ports, since, until, after)
        return web.json({"items": items, "next": place})


def _cards(ports: Ports, merchant: Callable[..., Awaitable[None]]) -> APIRouter:
    """What the gateway leads here: the bank's own fields, as providers host them, and tokens for who has the key."""
    settings = ports.settings
    pages = Fields(shop=settings.origin, origin=settings.origin, keeper="the test bank", base="/bank/cards")
    cards = APIRouter(prefix="/bank/cards", tags=["testbank"], include_in_schema=False)

    @cards.post("/tokens", dependencies=[Depends(merchant)])
    async def keep_card(asked: NewCard) -> Response:
        return web.json(await _kept(ports, asked), 201)

    @cards.get("/fields")
    async def frame() -> Response:
        return pages.frame()

    @cards.get("/fields/{name}")
    async def asset(request: Request, name: str) -> Response:
        return pages.asset(request)

    @cards.post("/fields/cards")
    async def from_the_frame(asked: NewCard, request: Request) -> Response:
        _of_our_pages(pages, request)
        return web.json(await _kept(ports, asked), 201, cache_control="no-store")

    @cards.get("/card")
    async def page(request: Request) -> Response:
        return pages.page(request.query_params.get("return", ""))

    @cards.post("/card")
    async def from_the_page(request: Request) -> Response:
        _of_our_pages(pages, request)
        form = await forms.read(request, max_body=fields.MAX_BODY, max_fields=fields.MAX_FIELDS)
        card = fields.typed(form)
        if isinstance(card, dict):
            return pages.page(form["return"], card, 422)
        try:
            kept = await actions.keep_card(ports, card.number.get_secret_value(), card.exp_year, card.exp_month)
        except Refusal as refusal:
            return pages.page(form["return"], fields.wrongs(refusal), refusal.status)
        return pages.back(form["return"], kept["token"])  # worth nothing without the merchant's key

    return cards


async def _kept(ports: Ports, asked: NewCard) -> dict[str, Any]:
    number = asked.number.get_secret_value()
    return await actions.keep_card(ports, number, asked.exp_year, asked.exp_month, asked.reference)


def _of_our_pages(pages: Fields, request: Request) -> None:
    if pages.comes_from_elsewhere(request.headers.get("origin")):
        raise Forbidden("cards are typed on the bank's own fields", code="other_origin")

"""HTTP of the vault: a card goes in and a token comes out; the page on which it is typed; a reference is redeemed."""

import re
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr, field_validator

from banyan.contracts.gateway import CLIENT_ADDRESS
from banyan.foundation import fields, web
from banyan.foundation.face import forms
from banyan.foundation.fields import Fields
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden, Refusal
from banyan.vault import actions
from banyan.vault.actions.cards import Told
from banyan.vault.domain import Plain
from banyan.vault.safe import Safe

_NUMBER = re.compile(r"[0-9]{12,19}")
_CODE = re.compile(r"[0-9]{3,4}")


class NewCard(web.Body):
    """A card on its way into the vault. Number and code are secrets: they are in no log and no answer."""

    number: Annotated[
        SecretStr,
        Field(
            description="12 to 19 digits; blanks and dashes between them are ignored",
            json_schema_extra={"pattern": "^([0-9][ -]?){11,18}[0-9]$"},
        ),
    ]
    exp_month: Annotated[int, Field(strict=True, ge=1, le=12)]
    exp_year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    cvc: Annotated[
        SecretStr, Field(description="3 or 4 digits, or nothing", json_schema_extra={"pattern": "^([0-9]{3,4})?$"})
    ] = SecretStr("")

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
        if cvc.get_secret_value() and not _CODE.fullmatch(cvc.get_secret_value()):
            raise ValueError("a card's code is 3 or 4 digits")
        return cvc


class NewRedemption(web.Body):
    reference: Annotated[str, Field(pattern="^ref_[0-9a-f]{36}$")]


class Vaulted(BaseModel):
    """A card as it may be spoken of: pay with `token`, show `brand` and `last4`."""

    token: str
    brand: str
    last4: str


def routes(safe: Safe, ports: Ports) -> APIRouter:
    """WrongSettings for a list of hosts that is none."""
    settings = ports.settings
    actions.allowed(settings)
    pages = Fields(
        shop=settings.origin,
        origin=settings.vault_origin,
        keeper=f"the card vault of {settings.shop_name}",
        secure=settings.vault_origin.startswith("https:"),
    )
    router = APIRouter(tags=["vault"])

    def for_the_shop(request: Request) -> dict[str, str]:
        """CORS: the shop's pages may ask, no others. Forbidden for these."""
        origin = request.headers.get("origin")
        if pages.comes_from_elsewhere(origin):
            raise Forbidden("only the shop's own pages may ask this of a browser", code="other_origin")
        told = {"vary": "origin", "cache-control": "no-store"}
        return told | ({"access-control-allow-origin": pages.shop} if origin == pages.shop else {})

    async def put_in(request: Request, asked: NewCard) -> Told:
        card = Plain(asked.number.get_secret_value(), asked.exp_month, asked.exp_year)
        return await actions.put_in(safe, ports, card, asked.cvc.get_secret_value(), _address(request, ports))

    @router.post("/v1/vault/cards", status_code=201, responses={201: {"model": Vaulted}}, response_model=None)
    async def vault_card(asked: NewCard, request: Request) -> Response:
        """Put a card into the vault; pay with the token.

        No Idempotency-Key here: keeping one would keep a digest of the card. Twice gives two tokens of one card.
        """
        told = for_the_shop(request)
        answer = web.json(await put_in(request, asked), 201)
        answer.headers.update(told)
        return answer

    @router.options("/v1/vault/cards", include_in_schema=False)
    async def may_i(request: Request) -> Response:
        told = for_the_shop(request) | {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "content-type",
            "access-control-max-age": "600",
        }
        return Response(status_code=204, headers=told)

    @router.post("/v1/vault/redemptions", responses={200: {"model": Vaulted}}, response_model=None)
    async def redeem(asked: NewRedemption) -> Response:
        """The token of a card that was typed on the vault's own page; once for each reference, within ten minutes."""
        return web.json(await actions.redeem(ports, asked.reference), cache_control="no-store")

    @router.get("/fields", include_in_schema=False)
    async def frame() -> Response:
        return pages.frame()

    @router.get("/fields/{name}", include_in_schema=False)
    async def asset(request: Request, name: str) -> Response:
        return pages.asset(request)

    @router.post("/fields/cards", include_in_schema=False)
    async def from_the_frame(asked: NewCard, request: Request) -> Response:
        return await vault_card(asked, request)

    @router.get("/card", include_in_schema=False)
    async def page(request: Request) -> Response:
        return pages.page(request.query_params.get("return", ""))

    @router.post("/card", include_in_schema=False)
    async def from_the_page(request: Request) -> Response:
        for_the_shop(request)
        form = await forms.read(request, max_body=fields.MAX_BODY, max_fields=fields.MAX_FIELDS)
        card = fields.typed(form)
        if isinstance(card, dict):
            return pages.page(form["return"], card, 422)
        try:
            told = await put_in(
                request, NewCard.model_validate({name: getattr(card, name) for name in NewCard.model_fields})
            )
        except Refusal as refusal:
            return pages.page(form["return"], fields.wrongs(refusal), refusal.status)
        return pages.back(form["return"], await actions.refer(ports, told.token))

    return router


def _address(request: Request, ports: Ports) -> str:
    """Whom to count: with proxies of our own in front, whom the outermost saw."""
    forwarded: list[Any] = [each.strip() for each in request.headers.get(CLIENT_ADDRESS, "").split(",") if each.strip()]
    proxies = ports.settings.proxies
    told = forwarded[-proxies] if 0 < proxies <= len(forwarded) else (request.client.host if request.client else "")
    try:
        return str(ip_address(told.partition("%")[0]))
    except ValueError:
        return "unknown"

"""HTTP of the vault: a card goes in and a token comes out; the page on which it is typed; a reference is redeemed."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from banyan.contracts.gateway import CLIENT_ADDRESS
from banyan.foundation import fields, web
from banyan.foundation.face import forms
from banyan.foundation.fields import Fields
from banyan.foundation.fields.shapes import NewCard, Vaulted
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden, Refusal
from banyan.vault import actions
from banyan.vault.actions.cards import Told
from banyan.vault.domain import Plain
from banyan.vault.safe import Safe


class NewRedemption(web.Body):
    reference: Annotated[str, Field(pattern="^ref_[0-9a-f]{36}$")]


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where cards are handed in: by programs, on the fields in the shop's page, on the page without scripts."""

    safe: Safe
    ports: Ports
    pages: Fields

    def for_the_shop(self, request: Request) -> dict[str, str]:
        """CORS: the shop's pages may ask, no others. Forbidden for these."""
        origin = request.headers.get("origin")
        if self.pages.comes_from_elsewhere(origin):
            raise Forbidden("only the shop's own pages may ask this of a browser", code="other_origin")
        told = {"vary": "origin", "cache-control": "no-store"}
        return told | ({"access-control-allow-origin": self.pages.shop} if origin == self.pages.shop else {})

    async def put_in(self, request: Request, asked: NewCard) -> Told:
        card = Plain(asked.number.get_secret_value(), asked.exp_month, asked.exp_year)
        address = _address(request, self.ports)
        return await actions.put_in(self.safe, self.ports, card, asked.cvc.get_secret_value(), address)

    async def answer(self, request: Request, asked: NewCard) -> Response:
        told = self.for_the_shop(request)
        answer = web.json(await self.put_in(request, asked), 201)
        answer.headers.update(told)
        return answer


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
    router, counter = APIRouter(tags=["vault"]), _Counter(safe, ports, pages)
    _for_programs(router, counter)
    _in_a_frame(router, counter)
    _as_a_page(router, counter)
    return router


def _for_programs(router: APIRouter, counter: _Counter) -> None:
    @router.post("/v1/vault/cards", status_code=201, responses={201: {"model": Vaulted}}, response_model=None)
    async def vault_card(asked: NewCard, request: Request) -> Response:
        """Put a card into the vault; pay with the token.

        No Idempotency-Key here: keeping one would keep a digest of the card. Twice gives two tokens of one card.
        """
        return await counter.answer(request, asked)

    @router.options("/v1/vault/cards", include_in_schema=False)
    async def may_i(request: Request) -> Response:
        told = counter.for_the_shop(request) | {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "content-type",
            "access-control-max-age": "600",
        }
        return Response(status_code=204, headers=told)

    @router.post("/v1/vault/redemptions", responses={200: {"model": Vaulted}}, response_model=None)
    async def redeem(asked: NewRedemption) -> Response:
        """The token of a card that was typed on the vault's own page; once for each reference, within ten minutes."""
        return web.json(await actions.redeem(counter.ports, asked.reference), cache_control="no-store")


def _in_a_frame(router: APIRouter, counter: _Counter) -> None:
    pages = counter.pages

    @router.get("/fields", include_in_schema=False)
    async def frame() -> Response:
        return pages.frame()

    @router.get("/fields/{name}", include_in_schema=False)
    async def asset(request: Request, name: str) -> Response:
        return pages.asset(request)

    @router.post("/fields/cards", include_in_schema=False)
    async def from_the_frame(asked: NewCard, request: Request) -> Response:
        return await counter.answer(request, asked)


def _as_a_page(router: APIRouter, counter: _Counter) -> None:
    pages = counter.pages

    @router.get("/card", include_in_schema=False)
    async def page(request: Request) -> Response:
        return pages.page(request.query_params.get("return", ""))

    @router.post("/card", include_in_schema=False)
    async def from_the_page(request: Request) -> Response:
        counter.for_the_shop(request)
        form = await forms.read(request, max_body=fields.MAX_BODY, max_fields=fields.MAX_FIELDS)
        card = fields.typed(form)
        if isinstance(card, dict):
            return pages.page(form["return"], card, 422)
        asked = NewCard.model_validate({name: getattr(card, name) for name in NewCard.model_fields})
        try:
            told = await counter.put_in(request, asked)
        except Refusal as refusal:
            return pages.page(form["return"], fields.wrongs(refusal), refusal.status)
        return pages.back(form["return"], await actions.refer(counter.ports, told.token))


def _address(request: Request, ports: Ports) -> str:
    """Whom to count: with proxies of our own in front, whom the outermost saw."""
    forwarded: list[Any] = [each.strip() for each in request.headers.get(CLIENT_ADDRESS, "").split(",") if each.strip()]
    proxies = ports.settings.proxies
    told = forwarded[-proxies] if 0 < proxies <= len(forwarded) else (request.client.host if request.client else "")
    try:
        return str(ip_address(told.partition("%")[0]))
    except ValueError:
        return "unknown"

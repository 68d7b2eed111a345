"""Saved ways to pay of the one who is signed in, and the vault's door: a card goes in, a token comes out."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from banyan.foundation import web
from banyan.foundation.fields.shapes import NewCardWithCode, Vaulted
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.kernel.refusals import Refusal
from banyan.payments import actions
from banyan.payments.api.shapes import NewMethod, SavedMethod, SavedMethods
from banyan.payments.providers import Card
from banyan.payments.providers.desk import Desk

MethodId = Annotated[str, Path(pattern="^pm_[0-9a-z]{26}$")]
VAULT = "testbank"  # whose vault takes cards that are typed in here


def routes(desk: Desk, ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["payment methods"])

    if ports.settings.card_fields == "vault":
        _elsewhere(router, ports.settings.vault_origin)
    else:
        _to_the_provider(router, desk, ports)

    @router.get("/me/payment-methods", responses={200: {"model": SavedMethods}}, response_model=None)
    async def list_methods(who: Who) -> Response:
        """My saved ways to pay, the default first; at most 20."""
        return web.page(await actions.saved_methods(ports, who.signed_in()), None)

    @router.post("/me/payment-methods", status_code=201, responses={201: {"model": SavedMethod}}, response_model=None)
    async def save_method(asked: NewMethod, who: Who, key: MaybeKey) -> Response:
        """Save a token. The first one is the default; one that is saved already is brought up to date."""
        wanted, user = asked.model_dump(), who.signed_in()
        if kept := await desk.keep(ports, asked.provider, user, asked.token):  # what it says of the card is what counts
            wanted |= {"token": kept.token, "brand": kept.brand, "last4": kept.last4}
        return web.told(await actions.save_method(desk, ports, key, user, **wanted))

    @router.delete(
        "/me/payment-methods/{method_id}",
        status_code=204,
        responses={204: {"description": "Gone"}},
        response_model=None,
    )
    async def remove_method(method_id: MethodId, who: Who) -> Response:
        """Forget a saved way to pay; if it was the default, the newest other one becomes it."""
        await actions.remove_method(ports, who.signed_in(), method_id)
        return Response(status_code=204)

    return router


def _to_the_provider(router: APIRouter, desk: Desk, ports: Ports) -> None:
    @router.post("/vault/cards", status_code=201, responses={201: {"model": Vaulted}}, response_model=None)
    async def vault_card(asked: NewCardWithCode) -> Response:
        """Put a card into the provider's vault; pay with the token.

        No Idempotency-Key here: keeping one would keep a digest of the card. Twice gives two tokens of one card.
        """
        card = Card(asked.number, asked.exp_month, asked.exp_year, asked.cvc)
        return web.json(await actions.vault_card(desk, ports, VAULT, card), 201, cache_control="no-store")


def _elsewhere(router: APIRouter, vault: str) -> None:
    """A card that comes here is not even read."""

    @router.post("/vault/cards", status_code=201, responses={201: {"model": Vaulted}}, response_model=None)
    async def vault_card() -> Response:
        """Cards go to the vault's own origin, by this same path; `vault` of the problem says where that is."""
        raise Refusal(
            f"send cards to {vault}/v1/vault/cards; this origin takes none",
            code="vault_elsewhere",
            status=421,
            more={"vault": f"{vault}/v1/vault/cards"},
        )

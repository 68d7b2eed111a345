"""Which ways to pay there are just now, for shoppers; and how the providers are, for operators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Who
from banyan.payments.api.shapes import PaymentOptions, ShownProviders
from banyan.payments.providers.desk import Desk

Currency = Annotated[
    str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217; the shop's own where it is not said")
]


def routes(desk: Desk, ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["payments"])

    @router.get("/payment-options", responses={200: {"model": PaymentOptions}}, response_model=None)
    async def payment_options(currency: Currency = None) -> Response:
        """The ways to pay in a currency: what is available first, then by what it costs the shop."""
        found = desk.ways(ports, currency or ports.settings.currency)
        items = [
            {
                "provider": choice.provider,
                "method": choice.method,
                "token": way.token,
                "vault_cards": way.cards,
                "public": dict(way.public),
                "available": choice.well,
            }
            for choice, way in found
        ]
        return web.page(items, None)

    @router.get("/payment-providers", responses={200: {"model": ShownProviders}}, response_model=None)
    async def payment_providers(who: Who) -> Response:
        """How the providers are, as the process that answers sees them. Needs `payments:read`."""
        who.must("payments:read")
        return web.page(desk.shown(ports), None)

    return router

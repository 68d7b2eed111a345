"""Providers' webhooks: signed by the provider, read as raw bytes, answered 2xx only when what they say is kept."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.service import Ports
from banyan.payments import actions
from banyan.payments.api.shapes import Taken
from banyan.payments.providers.desk import Desk

ProviderName = Annotated[str, Path(description="testbank")]
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The provider's event. The signature in its header is over these bytes as they are.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def routes(desk: Desk, ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/webhooks", tags=["webhooks in"])

    @short
    @router.post("/{provider}", responses={200: {"model": Taken}}, openapi_extra=_BODY, response_model=None)
    async def take_webhook(provider: ProviderName, request: Request) -> Response:
        """What a provider tells by itself. A true duplicate is answered 200 and changes nothing."""
        new = await actions.take_webhook(desk, ports, provider, request.headers, await request.body())
        return web.json({"duplicate": not new})

    return router

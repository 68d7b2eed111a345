"""`/v1/me/consents`: the applications that one agreed to."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.web import Who
from banyan.users.actions import oauth
from banyan.users.api.asking import Shop, answers
from banyan.users.api.oauth import shapes
from banyan.users.api.oauth.clients import ClientId
from banyan.users.api.users import private
from banyan.users.domain.views import Page

router = APIRouter(tags=["me"])


@router.get("/v1/me/consents", response_model=None, responses=answers(200, Page[shapes.ConsentView], 401))
async def my_consents(shop: Shop, who: Who) -> Response:
    """The applications that may act for whoever asks, the last first, and what each may do."""
    found = await oauth.my_consents(shop, who)
    return private(web.page([shapes.of_consent(*each) for each in found], None))


@router.delete(
    "/v1/me/consents/{client_id}", status_code=204, response_model=None, responses=answers(204, None, 401, 404, 422)
)
async def withdraw_consent(client_id: ClientId, shop: Shop, who: Who) -> Response:
    """Take an application's access back: it is signed out everywhere, and asks again if it comes back."""
    await oauth.withdraw_consent(shop, who, client_id)
    return Response(status_code=204)

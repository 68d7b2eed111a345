"""`/v1/oauth/authorizations`: what the storefront's page `/oauth/authorize` asks in a shopper's name."""

from typing import Literal

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.web import Body, Who
from banyan.users.actions import oauth
from banyan.users.api.asking import Shop, answers
from banyan.users.api.oauth import shapes
from banyan.users.api.users import private

router = APIRouter(tags=["oauth"])


class AuthorizationAsked(Body):
    """The query of an authorization request as it came, and what the shopper said to it, if they were asked."""

    query: shapes.Query
    decision: Literal["allow", "deny"] | None = None


@router.post(
    "/v1/oauth/authorizations", response_model=None, responses=answers(200, shapes.Authorization, 401, 403, 422)
)
async def authorize(body: AuthorizationAsked, shop: Shop, who: Who) -> Response:
    """What a browser does next that came with this authorization request: `go` to an address, `sign_in`, or `consent`.

    `authorization_unsafe` (400) where it is not sure who asks or where answers go: nobody is to be sent anywhere then.
    """
    return private(web.json(shapes.of_outcome(await oauth.authorize(shop, who, body.query, body.decision))))

"""`/v1/sessions/outside`: signing in with an outside OpenID Connect provider. The storefront's pages ask this."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from banyan.foundation import web
from banyan.foundation.web import Body, Who
from banyan.users.actions import outside
from banyan.users.api.asking import From, Shop, Token, answers
from banyan.users.api.oauth import shapes
from banyan.users.api.users import private
from banyan.users.domain import tokens, views

router = APIRouter(tags=["sessions"])
Browser = Annotated[str, StringConstraints(min_length=20, max_length=200)]


class SetOut(Body):
    """`browser`: a secret that only this browser shows. `next`: the path to go on to afterwards."""

    browser: Browser
    next: Annotated[str, StringConstraints(max_length=1000)] = ""


class CameBack(Body):
    """The query with which the provider sent the browser back, as it is."""

    browser: Browser
    query: shapes.Query


class Linked(Body):
    """`token`: the `link` of the refusal `outside_unlinked`."""

    browser: Browser
    token: Token


class WayThere(views.View):
    """Where the browser signs in."""

    to: str


@router.post("/v1/sessions/outside", response_model=None, responses=answers(200, WayThere, 404, 422, 429))
async def set_out(body: SetOut, shop: Shop) -> Response:
    """Begin to sign in with the provider of BANYAN_OIDC_ISSUER. 404 where there is none."""
    return private(web.json(WayThere(to=await outside.set_out(shop, tokens.digest(body.browser), body.next))))


@router.post(
    "/v1/sessions/outside/redeem",
    status_code=201,
    response_model=None,
    responses=answers(201, views.SignedIn, 401, 404, 409, 422, 429) | answers(202, views.SecondStep),
)
async def come_back(body: CameBack, shop: Shop, visitor: From) -> Response:
    """Sign in with what the provider said. `outside_unlinked` (409) when the address has an account: sign in to it and
    send the refusal's `link` to `/v1/me/outside`."""
    answer, after = await outside.come_back(shop, visitor, tokens.digest(body.browser), body.query)
    response = private(web.told(answer))
    if after:
        response.headers["location"] = after
    return response


@router.post("/v1/me/outside", status_code=204, response_model=None, responses=answers(204, None, 401, 403, 409, 422))
async def link_account(body: Linked, shop: Shop, who: Who) -> Response:
    """Let somebody who came from the provider sign in to this account from now on."""
    await outside.link_account(shop, who, tokens.digest(body.browser), body.token)
    return Response(status_code=204)


@router.delete("/v1/me/outside", status_code=204, response_model=None, responses=answers(204, None, 401, 403))
async def unlink_account(shop: Shop, who: Who) -> Response:
    """Nobody signs in to this account from outside any more."""
    await outside.unlink_account(shop, who)
    return Response(status_code=204)

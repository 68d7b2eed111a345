"""`/v1/oauth/clients`: applications of others, for operators."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.web import Body, Cursor, Limit, MaybeKey, Who
from banyan.users.actions import oauth
from banyan.users.api.asking import Shop, SomeLine, Yes, answers, last_seen
from banyan.users.api.oauth import shapes
from banyan.users.api.users import private
from banyan.users.domain.views import Page

router = APIRouter(tags=["oauth"])
ClientId = Annotated[str, Path(pattern="^cli_[0-9a-z]{26}$")]
_WRITE = "clients:write"
Uri = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Grant = Literal["authorization_code", "refresh_token", "client_credentials"]


class NewClient(Body):
    """A new application. `confidential`: it runs on a server and keeps a secret. Without `grants` it has those that fit."""

    name: SomeLine
    redirect_uris: Annotated[list[Uri], Field(max_length=20)] = []
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    grants: Annotated[list[Grant], Field(max_length=3)] = []
    confidential: Yes
    first_party: Yes = False


@router.post(
    "/v1/oauth/clients",
    status_code=201,
    response_model=None,
    responses=answers(201, shapes.ClientMade, 401, 403, 409, 422),
)
async def add_client(body: NewClient, shop: Shop, who: Who, key: MaybeKey) -> Response:
    """Register an application. Its secret is in this answer and never again, but to the same Idempotency-Key.

    Needs `clients:write`.
    """
    who.must(_WRITE)
    made, secret = oauth.new_client(
        shop,
        name=body.name,
        redirect_uris=body.redirect_uris,
        scopes=body.scopes,
        grants=body.grants,
        confidential=body.confidential,
        first_party=body.first_party,
    )
    told = shapes.ClientMade(**dict(shapes.of_client(made)), client_secret=secret).model_dump_json().encode()
    return private(web.told(await oauth.add_client(shop, made, key, Answer(201, told))))


@router.get("/v1/oauth/clients", response_model=None, responses=answers(200, Page[shapes.ClientView], 401, 403, 422))
async def list_clients(shop: Shop, who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Applications in the order they were registered. Needs `clients:write`."""
    found, more = await oauth.clients(shop, who, last_seen(cursor), limit)
    return private(web.page([*map(shapes.of_client, found)], web.cursor(found[-1].id) if more else None))


@router.get(
    "/v1/oauth/clients/{client_id}", response_model=None, responses=answers(200, shapes.ClientView, 401, 403, 404, 422)
)
async def get_client(client_id: ClientId, shop: Shop, who: Who) -> Response:
    """One application. Needs `clients:write`."""
    who.must(_WRITE)
    return private(web.json(shapes.of_client(await oauth.client(shop, client_id))))


@router.post(
    "/v1/oauth/clients/{client_id}/secret",
    status_code=201,
    response_model=None,
    responses=answers(201, shapes.SecretMade, 401, 403, 404, 409, 422),
)
async def new_secret(client_id: ClientId, shop: Shop, who: Who) -> Response:
    """Another secret in place of the old one, which holds no more. Needs `clients:write`."""
    who.must(_WRITE)
    return private(web.json({"client_secret": await oauth.new_secret(shop, client_id)}, 201))


@router.delete(
    "/v1/oauth/clients/{client_id}",
    status_code=204,
    response_model=None,
    responses=answers(204, None, 401, 403, 404, 422),
)
async def close_client(client_id: ClientId, shop: Shop, who: Who) -> Response:
    """Close an application: it gets no token any more, and those it has end within minutes. Needs `clients:write`."""
    who.must(_WRITE)
    await oauth.close_client(shop, client_id)
    return Response(status_code=204)

"""`/oauth/revoke` (RFC 7009), `/oauth/introspect` (RFC 7662) and `/oauth/userinfo` (OpenID Connect Core §5.3)."""

from typing import Any

from fastapi import APIRouter, Request, Response

from banyan.foundation import web
from banyan.foundation.web import Who
from banyan.users import actions
from banyan.users.actions import oauth
from banyan.users.api.asking import Shop, refused
from banyan.users.api.oauth import form as forms
from banyan.users.api.users import private
from banyan.users.domain import tokens
from banyan.users.domain.oauth import Refused

router = APIRouter(tags=["oauth"])
_ACTIVE = {"type": "object", "required": ["active"], "properties": {"active": {"type": "boolean"}}}
_CLAIMS = {"type": "object", "required": ["sub"], "properties": {"sub": {"type": "string"}}}
_INFO: dict[int | str, dict[str, Any]] = {
    200: {"description": "Who is signed in", "content": {"application/json": {"schema": _CLAIMS}}},
    401: refused("Not signed in, or the token does not hold"),
    403: refused("The token lacks the scope openid"),
}


@router.post(
    "/oauth/revoke",
    response_model=None,
    responses=forms.answers("It is not valid, or never was", None),
    openapi_extra=forms.described({"token": {}}, "token_type_hint", "client_id", "client_secret"),
)
@forms.in_its_words
async def revoke(request: Request, shop: Shop) -> Response:
    """End the session a refresh token belongs to. Access tokens cannot be revoked; they live for minutes."""
    form = await forms.read(request)
    client = await forms.client_of(request, shop, form)
    given = forms.field(form, "token")
    if given.count(".") == 2:
        raise Refused("unsupported_token_type", "access tokens end by themselves; revoke the refresh token")
    await actions.revoke(shop, given, client.id if client else tokens.CLIENT)
    return private(Response(status_code=200))


@router.post(
    "/oauth/introspect",
    response_model=None,
    responses=forms.answers("What the token is worth", _ACTIVE),
    openapi_extra=forms.described({"token": {}}, "token_type_hint", "client_id", "client_secret"),
)
@forms.in_its_words
async def introspect(request: Request, shop: Shop) -> Response:
    """Whether a token holds at this moment, and what it says. For clients with a secret; of another client's tokens only
    those with the scope `introspect` hear more than `{"active": false}`."""
    form = await forms.read(request)
    client = await forms.client_of(request, shop, form)
    if client is None:
        raise Refused("invalid_client", "only clients that keep a secret may ask this", 401)
    return private(web.json(await oauth.introspect(shop, client, forms.field(form, "token"))))


@router.get("/oauth/userinfo", response_model=None, responses=_INFO)
async def user_info(shop: Shop, who: Who) -> Response:
    """Who the access token speaks for, as far as its scopes tell."""
    return private(web.json(await oauth.user_info(shop, who)))


@router.post("/oauth/userinfo", response_model=None, responses=_INFO)
async def user_info_posted(shop: Shop, who: Who) -> Response:
    """The same (OpenID Connect Core §5.3.1 asks for both)."""
    return private(web.json(await oauth.user_info(shop, who)))

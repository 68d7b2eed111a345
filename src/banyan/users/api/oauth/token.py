"""`/oauth/token`: tokens for codes, for refresh tokens, and for clients that act for themselves (RFC 6749, RFC 7636)."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from banyan.contracts import gateway
from banyan.foundation import web
from banyan.users import actions
from banyan.users.actions import oauth
from banyan.users.api.asking import From, Shop
from banyan.users.api.oauth import form as forms
from banyan.users.api.users import private
from banyan.users.domain import tokens
from banyan.users.domain.accounts import Visitor
from banyan.users.domain.oauth import CREDENTIALS, GRANTS, REFRESH, Client, Refused

router = APIRouter(tags=["oauth"])
_TOKENS = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string"},
        "expires_in": {"type": "integer"},
        "refresh_token": {"type": "string"},
        "id_token": {"type": "string"},
        "scope": {"type": "string"},
    },
}
_FIELDS = ("code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "client_secret", "resource")


@router.post(
    "/oauth/token",
    response_model=None,
    responses=forms.answers("Tokens", _TOKENS),
    openapi_extra=forms.described({"grant_type": {"enum": list(GRANTS)}}, *_FIELDS),
)
@forms.in_its_words
async def token(
    request: Request,
    shop: Shop,
    visitor: From,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Tokens for a code (with its PKCE verifier), for a refresh token (each works once), or for the client itself.

    The shop's own client names no `client_id` and only refreshes; see `/v1/sessions/refresh` for the Idempotency-Key.
    """
    form = await forms.read(request)
    grant = forms.field(form, "grant_type")
    if grant not in GRANTS:
        raise Refused("unsupported_grant_type", f"the grants are {', '.join(GRANTS)}")
    client = await forms.client_of(request, shop, form)
    if form.get("resource", shop.settings.origin) not in (shop.settings.origin, f"{shop.settings.origin}/"):
        raise Refused("invalid_target", "tokens are for this shop alone")
    if client is None and grant != REFRESH:
        raise Refused("invalid_client", "name your client", 401)
    if client is not None and grant not in client.grants:
        raise Refused("unauthorized_client", "this client is not registered for this grant")
    if grant == REFRESH:
        return await _refreshed(shop, client, form, idempotency_key)
    assert client is not None
    if grant == CREDENTIALS:
        return _answer(await oauth.act_for_itself(shop, client, _scopes(form)))
    return _answer(await _exchanged(shop, visitor, client, form))


async def _exchanged(shop: Shop, visitor: Visitor, client: Client, form: forms.Form) -> oauth.Issued:
    return await oauth.exchange(
        shop,
        visitor,
        client,
        code=forms.field(form, "code"),
        redirect_uri=forms.field(form, "redirect_uri"),
        verifier=forms.field(form, "code_verifier"),
    )


async def _refreshed(shop: Shop, client: Client | None, form: forms.Form, retry_key: str | None) -> Response:
    client_id = client.id if client else tokens.CLIENT
    given = forms.field(form, "refresh_token")
    try:
        refreshed = await actions.refresh(shop, given, retry_key, client_id, _scopes(form))
    except actions.RefreshRefused as refused:
        raise Refused("invalid_grant", refused.detail) from None
    told: dict[str, Any] = refreshed.tokens.model_dump(exclude={"session_id"})
    told |= {"scope": " ".join(sorted(refreshed.scopes))} if client else {}
    response = private(web.json(told, pragma="no-cache"))
    if refreshed.again:
        response.headers[gateway.IDEMPOTENT_REPLAYED] = "true"
    return response


def _scopes(form: forms.Form) -> frozenset[str]:
    return frozenset(form.get("scope", "").split())


def _answer(issued: oauth.Issued) -> Response:
    told = {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(sorted(issued.scopes)),
        "refresh_token": issued.refresh_token,
        "id_token": issued.id_token,
    }
    return private(web.json({name: value for name, value in told.items() if value is not None}, pragma="no-cache"))

"""`/oauth`: refreshing (RFC 6749 §6) and revoking (RFC 7009) tokens, in forms and with errors as these say.

There is one public client and no client secret; other grants are not there.
"""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Header, Request, Response

from banyan.foundation import web
from banyan.users import actions
from banyan.users.api.asking import Shop
from banyan.users.api.users import private
from banyan.users.domain import tokens

router = APIRouter(tags=["oauth"])
_FORM = "application/x-www-form-urlencoded"
_ERRORS = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_PAIR = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "refresh_token"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string"},
        "expires_in": {"type": "integer"},
        "refresh_token": {"type": "string"},
    },
}


class OAuthError(Exception):
    """A refusal in the words of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def _form(needed: dict[str, Any], *others: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "minLength": 1, **more} for name, more in needed.items()}
    properties |= {name: {"type": "string"} for name in others}
    schema = {"type": "object", "required": list(needed), "properties": properties}
    return {"requestBody": {"required": True, "content": {_FORM: {"schema": schema}}}}


def _answers(good: str, schema: dict[str, Any] | None) -> dict[int | str, dict[str, Any]]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    refused = {"description": "Refused (RFC 6749 §5.2)", "content": {"application/json": {"schema": _ERRORS}}}
    return {200: {"description": good, **content}, 400: refused, 401: refused, 503: {"description": "Try again"}}


@router.post(
    "/oauth/token",
    response_model=None,
    responses=_answers("The next pair of tokens", _PAIR),
    openapi_extra=_form({"grant_type": {"enum": ["refresh_token"]}, "refresh_token": {}}, "client_id"),
)
async def token(
    request: Request, shop: Shop, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
) -> Response:
    """Refresh: `grant_type=refresh_token`. Each refresh token works once; see `/v1/sessions/refresh`."""
    try:
        form = await _read(request)
        grant = _field(form, "grant_type")
        if grant != "refresh_token":
            raise OAuthError("unsupported_grant_type", "only refresh_token is known here")
        _check_client(request, form)
        refreshed = await actions.refresh(shop, _field(form, "refresh_token"), idempotency_key)
    except OAuthError as refused:
        return _refused(refused)
    except actions.RefreshRefused as refused:
        return _refused(OAuthError("invalid_grant", refused.detail))
    return private(web.json(refreshed.tokens.model_dump(exclude={"session_id"}), pragma="no-cache"))


@router.post(
    "/oauth/revoke",
    response_model=None,
    responses=_answers("It is not valid, or never was", None),
    openapi_extra=_form({"token": {}}, "token_type_hint", "client_id"),
)
async def revoke(request: Request, shop: Shop) -> Response:
    """End the session a refresh token belongs to. Access tokens cannot be revoked; they live for minutes."""
    try:
        form = await _read(request)
        _check_client(request, form)
        given = _field(form, "token")
        if given.count(".") == 2:
            raise OAuthError("unsupported_token_type", "access tokens end by themselves; revoke the refresh token")
    except OAuthError as refused:
        return _refused(refused)
    await actions.revoke(shop, given)
    return private(Response(status_code=200))


async def _read(request: Request) -> dict[str, str]:
    """The form's fields. OAuthError for another type, other bytes, or a field that comes twice."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthError("invalid_request", f"send a form ({_FORM})")
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, max_num_fields=20, errors="strict")
    except ValueError:
        raise OAuthError("invalid_request", "the form cannot be read") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise OAuthError("invalid_request", "a parameter comes twice")
    return dict(pairs)


def _field(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"{name} is missing")
    return form[name]


def _check_client(request: Request, form: dict[str, str]) -> None:
    """The one client has no secret: whoever authenticates, or names another, is none of ours."""
    if request.headers.get("authorization", "").lower().startswith("basic "):
        raise OAuthError("invalid_client", "clients do not authenticate here", 401)
    if form.get("client_secret"):
        raise OAuthError("invalid_client", "clients do not authenticate here")
    if form.get("client_id", tokens.CLIENT) != tokens.CLIENT:
        raise OAuthError("invalid_client", "this client is not known here")


def _refused(refusal: OAuthError) -> Response:
    challenge = {"www_authenticate": 'Basic realm="banyan"'} if refusal.status == 401 else {}
    body = {"error": refusal.error, "error_description": refusal.description}
    return private(web.json(body, refusal.status, **challenge))

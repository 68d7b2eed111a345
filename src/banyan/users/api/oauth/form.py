"""How clients ask: forms (RFC 6749 appendix B), who they are (§2.3), and refusals in the standard's words (§5.2)."""

import base64
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request, Response

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.users.actions import oauth
from banyan.users.api.users import private
from banyan.users.domain import tokens
from banyan.users.domain.oauth import Client, Refused

FORM = "application/x-www-form-urlencoded"
_ERRORS = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
Form = dict[str, str]


def described(needed: dict[str, Any], *others: str) -> dict[str, Any]:
    """A form for the API's description."""
    properties = {name: {"type": "string", "minLength": 1, **more} for name, more in needed.items()}
    properties |= {name: {"type": "string"} for name in others}
    schema = {"type": "object", "required": list(needed), "properties": properties}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def answers(good: str, schema: dict[str, Any] | None) -> dict[int | str, dict[str, Any]]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    refused = {"description": "Refused (RFC 6749 §5.2)", "content": {"application/json": {"schema": _ERRORS}}}
    return {200: {"description": good, **content}, 400: refused, 401: refused, 503: {"description": "Try again"}}


def in_its_words(answer: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """A route whose refusals are told as RFC 6749 §5.2 says."""

    @wraps(answer)
    async def answering(*given: Any, **named: Any) -> Response:
        try:
            return await answer(*given, **named)
        except Refused as refused:
            return _told(refused)

    return answering


async def read(request: Request) -> Form:
    """The form's fields. Refused for another type, other bytes, or a field that comes twice."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused("invalid_request", f"send a form ({FORM})")
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, max_num_fields=20, errors="strict")
    except ValueError:
        raise Refused("invalid_request", "the form cannot be read") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("invalid_request", "a parameter comes twice")
    if request.url.query:
        raise Refused("invalid_request", "parameters are sent in the form, never in the address")
    return dict(pairs)


def field(form: Form, name: str) -> str:
    if not form.get(name):
        raise Refused("invalid_request", f"{name} is missing")
    return form[name]


async def client_of(request: Request, shop: Ports, form: Form) -> Client | None:
    """Who asks; None for the shop's own client, which has no secret. Refused (`invalid_client`) for who is not who they say.

    A secret comes in the Authorization header or in the form, never in both (RFC 6749 §2.3).
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if form.get("client_secret"):
            raise Refused("invalid_request", "prove who you are in one way, not in two")
        client_id, secret = _basic(scheme, credentials)
        if form.get("client_id", client_id) != client_id:
            raise Refused("invalid_client", "the form names another client", 401)
        return await oauth.proven(shop, client_id, secret)
    client_id = form.get("client_id", tokens.CLIENT)
    if client_id != tokens.CLIENT:
        return await oauth.proven(shop, client_id, form.get("client_secret"))
    if form.get("client_secret"):
        raise Refused("invalid_client", "this client does not authenticate", 401)
    return None


def _basic(scheme: str, credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except ValueError:
        text = ""
    name, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon or not name or not secret:
        raise Refused("invalid_client", "clients authenticate with their id and secret (Basic)", 401)
    return unquote_plus(name), unquote_plus(secret)


def _told(refused: Refused) -> Response:
    challenge = {"www_authenticate": 'Basic realm="banyan"'} if refused.status == 401 else {}
    body = {"error": refused.error, "error_description": refused.description}
    return private(web.json(body, refused.status, pragma="no-cache", **challenge))

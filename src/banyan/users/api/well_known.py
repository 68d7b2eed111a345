"""`/.well-known`: what others need to find their way here and check our tokens (OpenID Connect Discovery, RFC 8414,
RFC 7517). True to what exists."""

from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Response
from pydantic_core import to_json

from banyan.foundation.service import Ports
from banyan.users import actions
from banyan.users.api.asking import IfNoneMatch, Shop
from banyan.users.domain import oauth

router = APIRouter(tags=["discovery"])
_SECONDS = 300  # a new key is published 15 minutes before it signs
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document", "content": {"application/json": {"schema": {"type": "object"}}}},
    304: {"description": "It has not changed"},
    503: {"description": "A part of the shop does not answer; try again"},
}
_SECRET = ["client_secret_basic", "client_secret_post"]


@router.get("/.well-known/openid-configuration", response_model=None, responses=_ANSWERS)
async def openid_configuration(shop: Shop, if_none_match: IfNoneMatch = None) -> Response:
    """Where things are and what they can do."""
    return _cached(to_json(configuration(shop)), if_none_match)


@router.get("/.well-known/oauth-authorization-server", response_model=None, responses=_ANSWERS)
async def authorization_server(shop: Shop, if_none_match: IfNoneMatch = None) -> Response:
    """The same, where RFC 8414 looks for it."""
    return _cached(to_json(configuration(shop)), if_none_match)


@router.get("/.well-known/jwks.json", response_model=None, responses=_ANSWERS)
async def jwks(shop: Shop, if_none_match: IfNoneMatch = None) -> Response:
    """The public keys that access tokens and ID tokens are signed with."""
    return _cached(await actions.key_set(shop), if_none_match)


def configuration(ports: Ports) -> dict[str, Any]:
    """What is not named here is not there: no implicit flow, no password grant, no request objects, no registration."""
    origin = ports.settings.origin
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/oauth/authorize",
        "token_endpoint": f"{origin}/oauth/token",
        "userinfo_endpoint": f"{origin}/oauth/userinfo",
        "revocation_endpoint": f"{origin}/oauth/revoke",
        "introspection_endpoint": f"{origin}/oauth/introspect",
        "jwks_uri": f"{origin}/.well-known/jwks.json",
        "grant_types_supported": list(oauth.GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": oauth.ordered(oauth.KNOWN_SCOPES),
        "subject_types_supported": ["public"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*_SECRET, "none"],
        "revocation_endpoint_auth_methods_supported": [*_SECRET, "none"],
        "introspection_endpoint_auth_methods_supported": _SECRET,
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "claims_supported": [
            *("iss", "aud", "azp", "sub", "sid", "iat", "exp", "auth_time", "nonce", "amr", "at_hash"),
            *("name", "email", "email_verified"),
        ],
    }


def _cached(document: bytes, if_none_match: str | None) -> Response:
    tag = f'"{sha256(document).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"public, max-age={_SECONDS}"}
    known = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(document, headers=headers, media_type="application/json")

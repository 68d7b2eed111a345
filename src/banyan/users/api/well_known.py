"""`/.well-known`: what others need to check our tokens (OpenID Connect Discovery, RFC 8414, RFC 7517). True to what exists."""

from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Response
from pydantic_core import to_json

from banyan.foundation.service import Ports
from banyan.users import actions
from banyan.users.api.asking import IfNoneMatch, Shop

router = APIRouter(tags=["discovery"])
_SECONDS = 300  # a new key is published 15 minutes before it signs
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document", "content": {"application/json": {"schema": {"type": "object"}}}},
    304: {"description": "It has not changed"},
    503: {"description": "A part of the shop does not answer; try again"},
}


@router.get("/.well-known/openid-configuration", response_model=None, responses=_ANSWERS)
async def openid_configuration(shop: Shop, if_none_match: IfNoneMatch = None) -> Response:
    """Where things are and what they can do."""
    return _cached(to_json(configuration(shop)), if_none_match)


@router.get("/.well-known/jwks.json", response_model=None, responses=_ANSWERS)
async def jwks(shop: Shop, if_none_match: IfNoneMatch = None) -> Response:
    """The public keys that access tokens are signed with."""
    return _cached(await actions.key_set(shop), if_none_match)


def configuration(ports: Ports) -> dict[str, Any]:
    """No authorization endpoint and no ID tokens yet: what names them is empty or absent."""
    origin = ports.settings.origin
    return {
        "issuer": origin,
        "jwks_uri": f"{origin}/.well-known/jwks.json",
        "token_endpoint": f"{origin}/oauth/token",
        "revocation_endpoint": f"{origin}/oauth/revoke",
        "grant_types_supported": ["refresh_token"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "claims_supported": ["iss", "aud", "sub", "sid", "client_id", "iat", "exp", "jti", "permissions"],
    }


def _cached(document: bytes, if_none_match: str | None) -> Response:
    tag = f'"{sha256(document).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"public, max-age={_SECONDS}"}
    known = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(document, headers=headers, media_type="application/json")

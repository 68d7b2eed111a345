"""Tokens as text: how refresh tokens and links look, what is kept of them, and what an access token claims."""

import base64
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from banyan.users.domain.accounts import permissions

AUDIENCE = "banyan"
CLIENT = "banyan"  # the one first-party client (RFC 9068 asks for the claim)
RETRY_SECONDS = 60.0  # for how long the sender of a used refresh token may ask for the lost answer again
_REFRESH = re.compile(r"rt_[A-Za-z0-9_-]{43}")
_LINK = re.compile(r"ml_[A-Za-z0-9_-]{43}")


def refresh_token(secret: bytes) -> str:
    """A refresh token out of 32 unguessable bytes."""
    return f"rt_{_text(secret)}"


def link_token(secret: bytes) -> str:
    """A one-time link's token out of 32 unguessable bytes."""
    return f"ml_{_text(secret)}"


def is_refresh(text: str) -> bool:
    return _REFRESH.fullmatch(text) is not None


def is_link(text: str) -> bool:
    return _LINK.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """What is kept of a token. It is unguessable, so a plain digest does."""
    return sha256(token.encode()).digest()


def successor(token: str, seed: bytes) -> str:
    """The refresh token that follows `token`. Needs both: the database holds only the seed, the client only the token."""
    return refresh_token(hmac.digest(token.encode(), seed, "sha256"))


def claims(
    *,
    issuer: str,
    user_id: str,
    session_id: str,
    roles: Iterable[str],
    token_id: str,
    now: datetime,
    seconds: int,
) -> dict[str, Any]:
    """What an access token says (RFC 9068 §2.2); it lives `seconds`."""
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": user_id,
        "sid": session_id,
        "client_id": CLIENT,
        "iat": issued,
        "exp": issued + seconds,
        "jti": token_id,
        "permissions": permissions(roles),
    }


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")

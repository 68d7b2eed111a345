"""Tokens as text: how refresh tokens and links look, what is kept of them, and what an access token claims."""

import base64
import hmac
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from banyan.contracts.users import PERMISSIONS
from banyan.users.domain.accounts import permissions

AUDIENCE = "banyan"
CLIENT = "banyan"  # the one first-party client (RFC 9068 asks for the claim)
RETRY_SECONDS = 60.0  # for how long the sender of a used refresh token may ask for the lost answer again
_REFRESH = re.compile(r"rt_[A-Za-z0-9_-]{43}")
_LINK = re.compile(r"ml_[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"ac_[A-Za-z0-9_-]{43}")
# How somebody signed in, as RFC 8176 says it. A mailed link is a one-time password that came by mail.
_AMR = {"pwd": ("password", "legacy_session"), "otp": ("link", "operator_link", "code"), "pop": ("passkey",)}


def refresh_token(secret: bytes) -> str:
    """A refresh token out of 32 unguessable bytes."""
    return f"rt_{_text(secret)}"


def link_token(secret: bytes) -> str:
    """A one-time link's token out of 32 unguessable bytes."""
    return f"ml_{_text(secret)}"


def code(secret: bytes) -> str:
    """An authorization code out of 32 unguessable bytes."""
    return f"ac_{_text(secret)}"


def client_secret(secret: bytes) -> str:
    """A client's secret out of 32 unguessable bytes."""
    return f"bcs_{_text(secret)}"


def random_text(secret: bytes) -> str:
    """Unguessable bytes as text for an address: state, nonce, a PKCE verifier."""
    return _text(secret)


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


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
    """What an access token of the shop's own client says (RFC 9068 §2.2); it lives `seconds`."""
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


def narrowed(said: dict[str, Any], client_id: str, scopes: Collection[str]) -> dict[str, Any]:
    """The same for a third party: of what the user may do only what is among `scopes`, which it may be no more than."""
    allowed = [each for each in said["permissions"] if each in scopes]
    return {**said, "client_id": client_id, "scope": " ".join(sorted(scopes)), "permissions": allowed}


def of_client(said: dict[str, Any], client_id: str, scopes: Collection[str]) -> dict[str, Any]:
    """The same for a client that acts for itself: its scopes are its permissions, and there is no session."""
    allowed = sorted(PERMISSIONS & set(scopes))
    own = {"sub": client_id, "client_id": client_id, "scope": " ".join(sorted(scopes)), "permissions": allowed}
    return {name: value for name, value in {**said, **own}.items() if name != "sid"}


def id_claims(
    *,
    issuer: str,
    user_id: str,
    session_id: str,
    client_id: str,
    nonce: str | None,
    access_token: str,
    signed_in_at: datetime,
    method: str,
    now: datetime,
    seconds: int,
) -> dict[str, Any]:
    """What the ID token beside an access token says (OpenID Connect Core §2): who signed in, when and how."""
    issued = int(now.timestamp())
    said: dict[str, Any] = {
        "iss": issuer,
        "aud": client_id,
        "azp": client_id,
        "sub": user_id,
        "sid": session_id,
        "iat": issued,
        "exp": issued + seconds,
        "auth_time": int(signed_in_at.timestamp()),
        "at_hash": _text(sha256(access_token.encode()).digest()[:16]),
    }
    said |= {"nonce": nonce} if nonce else {}
    return said | ({"amr": amr} if (amr := _amr(method)) else {})


def about(scopes: Collection[str], *, name: str, email: str, proved: bool) -> dict[str, Any]:
    """What these scopes tell a client of a user (OpenID Connect Core §5.4)."""
    told: dict[str, Any] = {"name": name} if "profile" in scopes and name else {}
    return told | ({"email": email, "email_verified": proved} if "email" in scopes else {})


def _amr(method: str) -> list[str]:
    """`password+code` is both, and so more than one factor; a passkey asks for its own PIN or finger."""
    parts = method.split("+")
    found = [name for name, methods in _AMR.items() if set(parts) & set(methods)]
    return [*found, "mfa"] if len(parts) > 1 or "passkey" in parts else found


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")

"""Who an outside OpenID Connect provider says someone is: its ID token checked item by item (Core §3.1.3.7, RFC 8725)."""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

LEEWAY = 60  # seconds between its clock and ours
OLDEST = 600  # seconds since it was made: it was fetched just now
VISIT_SECONDS = 600.0
CLAIM_SECONDS = 900.0


class NotBelieved(Exception):
    """The token is not what it should be; the text says what is wrong, and nothing it said."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as their provider knows them. `subject` is its name for them, which alone counts."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str


def person(claims: dict[str, Any], *, issuer: str, client_id: str, nonce: str, access_token: str, now: float) -> Person:
    """Who it is, once all of it fits. NotBelieved."""
    if claims.get("iss") != issuer:
        raise NotBelieved("another issuer")
    _for_us(claims, client_id)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
        raise NotBelieved("no subject")
    _in_time(claims, now)
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise NotBelieved("another nonce")
    if "at_hash" in claims and claims["at_hash"] != _half(access_token):
        raise NotBelieved("another access token")
    email, name = claims.get("email"), claims.get("name")
    return Person(
        issuer=issuer,
        subject=subject,
        email=email if isinstance(email, str) else None,
        email_verified=claims.get("email_verified") is True,
        name=name[:200] if isinstance(name, str) and name.isprintable() else "",
    )


def _for_us(claims: dict[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences or not all(isinstance(each, str) for each in audiences):
        raise NotBelieved("another audience")
    if claims.get("azp", None if len(audiences) > 1 else client_id) != client_id:
        raise NotBelieved("another authorized party")


def _in_time(claims: dict[str, Any], now: float) -> None:
    if any(type(claims.get(name)) is not int for name in ("exp", "iat")) or type(claims.get("nbf", 0)) is not int:
        raise NotBelieved("no times")
    if claims["exp"] + LEEWAY < now:
        raise NotBelieved("too old")
    if max(claims["iat"], claims.get("nbf", 0)) > now + LEEWAY or claims["iat"] < now - OLDEST:
        raise NotBelieved("of another time")


def _half(access_token: str) -> str:
    return base64.urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).decode().rstrip("=")

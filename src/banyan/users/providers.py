"""An outside OpenID Connect provider over HTTP: what it says of itself (Discovery), its keys, and a code's tokens.

What is fetched is kept for ten minutes. A provider that does not answer is Unavailable, and nobody else is waited for.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from banyan.foundation import jose
from banyan.foundation.egress import Egress
from banyan.foundation.settings import Settings
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import NotFound, Unavailable
from banyan.users.domain.outside import NotBelieved

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # none that needs a shared secret
_TYPES = frozenset({"jwt", ""})
_SECONDS = 5.0  # for one answer
_FRESH = 600.0  # seconds
_AGAIN = 5.0  # seconds between two looks for a key that is not known
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(slots=True)
class Provider:
    """A provider as it described itself, with its keys once they were needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    says_who: bool  # its answers name it (RFC 9207)
    secret_in_form: bool
    fetched: float
    keys: KeySet | None = None
    keys_fetched: float = 0.0


_known: dict[str, Provider] = {}


async def provider(settings: Settings, egress: Egress, clock: Clock) -> Provider:
    """The provider of BANYAN_OIDC_ISSUER. NotFound where none is set; Unavailable when it does not answer sensibly."""
    issuer = settings.oidc_issuer
    if not issuer or not settings.oidc_client_id:
        raise NotFound("nobody else signs in here")
    found = _known.get(issuer)
    if found is not None and clock.monotonic() - found.fetched < _FRESH:
        return found
    said = await _json(egress, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if said.get("issuer") != issuer or not all(_safe(issuer, said.get(name)) for name in _ENDPOINTS):
        raise Unavailable("the identity provider's description does not fit BANYAN_OIDC_ISSUER")
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    _known[issuer] = made = Provider(
        issuer=issuer,
        authorization_endpoint=said["authorization_endpoint"],
        token_endpoint=said["token_endpoint"],
        jwks_uri=said["jwks_uri"],
        says_who=said.get("authorization_response_iss_parameter_supported") is True,
        secret_in_form="client_secret_basic" not in ways,
        fetched=clock.monotonic(),
    )
    return made


def way_there(known: Provider, settings: Settings, *, state: str, nonce: str, challenge: str, back: str) -> str:
    """Where a browser signs in."""
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": back,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in known.authorization_endpoint else "?"
    return f"{known.authorization_endpoint}{joint}{urlencode(asked)}"


async def redeem(
    known: Provider, settings: Settings, egress: Egress, clock: Clock, *, code: str, verifier: str, back: str
) -> tuple[dict[str, Any], str]:
    """The ID token's claims, its signature checked, and the access token. NotBelieved, Unavailable."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    secret = settings.oidc_client_secret.get_secret_value()
    if secret and not known.secret_in_form:
        pair = f"{quote(settings.oidc_client_id, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": settings.oidc_client_id} | ({"client_secret": secret} if secret else {})
    answer = await egress.send(
        "POST", known.token_endpoint, headers=headers, body=urlencode(form).encode(), seconds=_SECONDS
    )
    if answer.status >= 500:
        raise Unavailable("the identity provider is out of order", retry_after=5)
    said = _object(answer.body) if answer.status == 200 else {}
    id_token, access_token = said.get("id_token"), said.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise NotBelieved("no tokens for this code")
    return await claims(known, egress, clock, id_token), access_token


async def claims(known: Provider, egress: Egress, clock: Clock, id_token: str) -> dict[str, Any]:
    """What an ID token says, once a key of this provider has signed it; looked for once more when it is unknown."""
    for again in (False, True):
        try:
            keys = await _keys(known, egress, clock, look_again=again)
            return jose.claims(id_token, keys, algorithms=ALGORITHMS, types=_TYPES)
        except jose.NotTrusted:
            if again:
                break
    raise NotBelieved("not signed by this provider")


async def _keys(known: Provider, egress: Egress, clock: Clock, *, look_again: bool) -> KeySet:
    age = clock.monotonic() - known.keys_fetched
    if known.keys is None or age > (_AGAIN if look_again else _FRESH):
        said = await _json(egress, known.jwks_uri)
        try:
            known.keys = KeySet.import_key_set({"keys": [each for each in said["keys"] if each.get("kty") != "oct"]})
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            raise Unavailable("the identity provider's keys cannot be read") from None
        known.keys_fetched = clock.monotonic()
    return known.keys


async def _json(egress: Egress, url: str) -> Mapping[str, Any]:
    answer = await egress.send("GET", url, headers={"accept": "application/json"}, seconds=_SECONDS)
    if answer.status != 200:
        raise Unavailable(f"the identity provider answered {answer.status}", retry_after=5)
    return _object(answer.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return jose.json_object(body)
    except (jose.NotTrusted, ValueError):
        raise Unavailable("the identity provider's answer cannot be read") from None


def _safe(issuer: str, url: object) -> bool:
    """Over TLS, unless the provider itself is a development one on this machine."""
    if not isinstance(url, str):
        return False
    here, there = urlsplit(issuer), urlsplit(url)
    return there.scheme == "https" or (there.scheme == "http" and here[:2] == there[:2])

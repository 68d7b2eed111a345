"""RSA signing keys: made, sealed for the database, opened again, and used. One algorithm per key (RFC 8725 §3.1)."""

import asyncio
from collections import OrderedDict
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey

from banyan.foundation.keys import Keys
from banyan.kernel.refusals import Unavailable

ALGORITHM = "RS256"
_BITS = 2048
_OPEN = 8  # opened keys kept in memory; a kid is unique, so it never means another key

_opened: OrderedDict[str, RSAKey] = OrderedDict()


async def make(kid: str) -> tuple[bytes, dict[str, Any]]:
    """A new key pair: the private key in PEM, and the public one as a JWK (RFC 7517)."""
    key = await asyncio.to_thread(lambda: RSAKey.generate_key(_BITS, _named(kid), private=True))
    return key.as_pem(private=True), dict(key.as_dict(private=False))


async def seal(keys: Keys, kid: str, private: bytes) -> bytes:
    """The private key as the database may hold it."""
    return await keys.seal(private, _context(kid))


async def open_sealed(keys: Keys, kid: str, sealed: bytes) -> RSAKey:
    """The private key, remembered once opened. Unavailable when our key port cannot open it."""
    known = _opened.get(kid)
    if known is None:
        try:
            private = await keys.open(sealed, _context(kid))
        except ValueError:
            raise Unavailable(
                "the signing key cannot be opened with the keys of BANYAN_KEYS_URL; give the old ones back or replace it"
            ) from None
        known = RSAKey.import_key(private, _named(kid))
        _opened[kid] = known
        if len(_opened) > _OPEN:
            _opened.popitem(last=False)
    return known


def sign(key: RSAKey, claims: dict[str, Any], *, kind: str = "at+jwt") -> str:
    """An access token (RFC 9068: `typ` is `at+jwt`), or with another `kind` what is none: `JWT`, an ID token."""
    return jwt.encode({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, claims, key)


def _named(kid: str) -> KeyParameters:
    return {"kid": kid, "alg": ALGORITHM, "use": "sig"}


def _context(kid: str) -> str:
    return f"users signing key {kid}"

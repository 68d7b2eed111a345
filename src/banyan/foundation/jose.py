"""Signed tokens (JWS) read so that nothing a token says chooses how it is checked (RFC 8725).

The algorithm comes from who reads, the key from a set that was there before, found by `kid` alone. Keys and addresses that a
token brings along (`jwk`, `jku`, `x5u`, `x5c`) and whatever would change its meaning (`crit`, `b64`, `zip`) refuse it.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

LONGEST = 10_000  # characters
_UNWELCOME = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})


class NotTrusted(Exception):
    """This token is not what it should be."""


def claims(token: str, keys: KeySet, *, algorithms: Sequence[str], types: frozenset[str]) -> dict[str, Any]:
    """What a token says, once its signature holds. `types`: the values `typ` may have, in lower case; '' for none.

    NotTrusted. Whom it is for, from whom and until when is for the caller to check.
    """
    header = _header(token)
    kind = header.get("typ", "")
    if header.keys() & _UNWELCOME or header.get("alg") not in algorithms:
        raise NotTrusted
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise NotTrusted
    key = _key(keys, header.get("kid"))
    if key is None or key.alg not in (None, header["alg"]) or key.get("use") not in (None, "sig"):
        raise NotTrusted
    try:
        found = json_object(jws.deserialize_compact(token, key, algorithms=[*algorithms]).payload)
    except (JoseError, ValueError, TypeError):
        raise NotTrusted from None
    return found


def _key(keys: KeySet, kid: object) -> Any:
    """The one key of this name; without a name the only key there is."""
    if kid is None:
        return keys.keys[0] if len(keys.keys) == 1 else None
    named = [key for key in keys.keys if key.kid == kid] if isinstance(kid, str) else []
    return named[0] if len(named) == 1 else None


def _header(token: str) -> dict[str, Any]:
    if len(token) > LONGEST or token.count(".") != 2:
        raise NotTrusted
    part = token.partition(".")[0]
    try:
        return json_object(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise NotTrusted from None


def json_object(text: bytes) -> dict[str, Any]:
    """A JSON object in which every name stands once: of two, readers would not agree which holds."""
    try:
        found = json.loads(text, object_pairs_hook=_pairs)
    except RecursionError:
        raise NotTrusted from None
    if not isinstance(found, dict):
        raise NotTrusted
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotTrusted
    return found

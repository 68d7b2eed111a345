"""Forms that only our own pages can send: a signed token bound to a cookie, and where the browser says it comes from."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Self

from starlette.requests import Request

from banyan.foundation.settings import Settings
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Forbidden

FIELD = "seal"  # the hidden field of every form
SIZE = 24  # bytes


class Seal:
    """Signs and checks with one key."""

    def __init__(self, face: str, key: bytes, origin: str) -> None:
        """`face`: whose forms; with the same key, those of one are none of another. `origin`: where browsers see us."""
        self._key = sha256(f"banyan {face} forms".encode() + key).digest()
        self._origin = origin.rstrip("/").lower()

    @classmethod
    def of(cls, face: str, settings: Settings, ids: Ids) -> Self:
        """The peers' secret where processes are many, else a key of this process: its forms end with it."""
        return cls(face, settings.peer_secret.get_secret_value().encode() or ids.secret(32), settings.origin)

    def token(self, nonce: str, mask: bytes) -> str:
        """What forms carry for a browser that holds `nonce`. With 24 fresh bytes of `mask` it never looks the same, so that
        the length of compressed pages tells nothing about it (BREACH)."""
        return urlsafe_b64encode(mask + _xor(mask, self._digest(nonce))).decode()

    def check(self, request: Request, nonce: str, token: str) -> None:
        """Forbidden unless the form came from a page of ours, to the browser that holds `nonce`."""
        self._from_here(request)
        if not nonce or not hmac.compare_digest(self._digest(nonce), _unmasked(token)):
            raise Forbidden("this form was open for too long, or cookies are off; nothing was done", code="form_stale")

    def _digest(self, nonce: str) -> bytes:
        return hmac.digest(self._key, nonce.encode(), "sha256")[:SIZE]

    def _from_here(self, request: Request) -> None:
        if request.headers.get("sec-fetch-site", "") not in ("", "same-origin", "none"):
            raise _elsewhere()
        origin = request.headers.get("origin", "").lower()
        if not origin or origin == self._origin:
            return
        # Laptops are reached by more names than one; a shop on https never from a page that came without it.
        host = (request.headers.get("x-forwarded-host") or request.headers.get("host", "")).lower()
        scheme, _, netloc = origin.partition("://")
        if not host or netloc != host or (self._origin.startswith("https:") and scheme != "https"):
            raise _elsewhere()


def _unmasked(token: str) -> bytes:
    """The digest in a token; empty for what is no token of ours."""
    try:
        parts = urlsafe_b64decode(token.encode("ascii", "replace"))
    except ValueError:
        return b""
    return _xor(parts[:SIZE], parts[SIZE:]) if len(parts) == 2 * SIZE else b""


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _elsewhere() -> Forbidden:
    return Forbidden("this form was sent from another site; nothing was done", code="form_from_elsewhere")

"""Which headers pass the door: inwards what callers may say, outwards what keeps browsers safe."""

import re
from collections.abc import Iterable, Sequence

from banyan.contracts import gateway
from banyan.foundation.auth import CART_COOKIE
from banyan.kernel.refusals import Malformed, NotFound

Headers = list[tuple[bytes, bytes]]

_OF_ONE_HOP = frozenset(  # RFC 9110 §7.6.1
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
_OURS_TO_SAY = frozenset(
    (
        b"forwarded",
        b"x-real-ip",
        b"expect",
        gateway.DEADLINE.encode(),
        gateway.REQUEST_ID.encode(),
        gateway.TRACEPARENT.encode(),
    )
)
_KEPT_BACK = _OF_ONE_HOP | {b"date", b"server", b"x-powered-by", gateway.REQUEST_ID.encode()}
_ONCE = (b"host", b"content-length", b"authorization", b"content-type", b"transfer-encoding")
_PEER = gateway.PEER.encode()
_CART = re.compile(rb"(?:^|;)\s*" + CART_COOKIE.encode() + rb"=([^;\s]*)")

GZIPPED = b"-gz"  # ends the ETag of a body that we compressed


def checked(given: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name. Malformed where two of one kind could be read either way; NotFound for who plays a peer."""
    found = dict(given)
    if _PEER in found:
        raise NotFound("There is nothing here")
    if len(found) != len(given):
        names = [name for name, _ in given]
        for name in _ONCE:
            if names.count(name) > 1:
                raise Malformed(f"{name.decode()} is there twice")
    if b"transfer-encoding" in found and b"content-length" in found:
        raise Malformed("a body has either a length or chunks")  # RFC 9112 §6.1: how requests are smuggled
    return found


def inwards(given: Iterable[tuple[bytes, bytes]], named: bytes, *, address: str, scheme: str, host: bytes) -> Headers:
    """What a service hears of the caller's headers, and from whom and how it came. `named`: the Connection header."""
    named_here = {each.strip().lower() for each in named.split(b",")} if named else frozenset[bytes]()
    passed, cookies = list[tuple[bytes, bytes]](), list[bytes]()
    for name, value in given:
        if name in _OF_ONE_HOP or name in _OURS_TO_SAY or name in named_here:
            continue
        if name.startswith((b"x-forwarded-", b"x-banyan-")):
            continue
        if name == b"cookie":
            cookies.append(value)
            continue
        if name in (b"if-match", b"if-none-match"):
            value = value.replace(GZIPPED + b'"', b'"')
        passed.append((name, value))
    if cookies:
        passed.append((b"cookie", b"; ".join(cookies)))  # HTTP/2 sends them in crumbs (RFC 9113 §8.2.3)
    passed.append((b"x-forwarded-for", address.encode()))
    passed.append((b"x-forwarded-proto", scheme.encode()))
    if host:
        passed.append((b"x-forwarded-host", host))
    return passed


def outwards(told: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What the caller hears of a service's headers."""
    return [
        (name, value)
        for name, value in ((name.lower(), value) for name, value in told)
        if name not in _KEPT_BACK and not name.startswith(b"x-banyan-")
    ]


def cart_token(given: Iterable[tuple[bytes, bytes]]) -> str:
    """The cart token among the cookies, empty where there is none."""
    for name, value in given:
        if name == b"cookie":
            found = _CART.search(value)
            if found:
                return found[1].decode("latin-1")
    return ""


class Safety:
    """The headers that tell browsers what not to do, where a service did not say so itself."""

    def __init__(self, origin: str) -> None:
        always = {
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"strict-origin-when-cross-origin",
            b"x-frame-options": b"DENY",
            b"cross-origin-resource-policy": b"same-origin",
        }
        if origin.startswith("https:"):
            always[b"strict-transport-security"] = b"max-age=31536000"
        self._page = {**always, b"content-security-policy": b"frame-ancestors 'none'"}
        self._data = {**always, b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'"}
        self._media = {
            **always,
            b"cross-origin-resource-policy": b"cross-origin",  # pictures may be shown elsewhere
            b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
        }

    def added(self, headers: Headers, path: str, *, personal: bool = False) -> Headers:
        """`headers` with what is missing. `personal`: the asker said who they are, so what comes back is theirs alone."""
        known = {name for name, _ in headers}
        api = path.startswith("/v1/")
        wanted = self._data if api else self._media if path.startswith("/media/") else self._page
        added = [(name, value) for name, value in wanted.items() if name not in known]
        if api and personal and b"cache-control" not in known:
            added.append((b"cache-control", b"no-store"))
        return headers + added

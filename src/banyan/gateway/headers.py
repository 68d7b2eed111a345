"""Which headers pass the door: inwards what callers may say, outwards what keeps browsers safe."""

import re
from collections.abc import Iterable, Mapping, Sequence

from banyan.contracts import gateway
from banyan.foundation.auth import CART_COOKIE, cart_cookie
from banyan.foundation.face.policy import PERMISSIONS
from banyan.kernel.refusals import Forbidden, Malformed, NotFound

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
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_DATA = ("/v1/", "/graphql", "/oauth/", "/.well-known/", "/webhooks/")  # never pages, but for what says so itself
_PEER = gateway.PEER.encode()
_CARTS = {
    name: re.compile(rb"(?:^|;)\s*" + name.encode() + rb"=([^;\s]*)") for name in map(cart_cookie, ("http:", "https:"))
}

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


def must_be_from_here(method: str, path: str, given: Mapping[bytes, bytes]) -> None:
    """Forbidden for what a page of another site makes a browser do with the cookies it holds for us (Fetch Metadata).

    Of the API alone: forms of pages carry a seal besides, and providers' browsers come back to them from elsewhere.
    """
    if method in _SAFE or not path.startswith(("/v1/", "/graphql")) or b"authorization" in given:
        return
    if b"cookie" in given and given.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
        raise Forbidden("this was sent by a page of another site; nothing was done", code="from_elsewhere")


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


def cart_token(given: Iterable[tuple[bytes, bytes]], named: str = CART_COOKIE) -> str:
    """The cart token among the cookies, empty where there is none. `named`: what its cookie is called in this shop."""
    for name, value in given:
        if name == b"cookie":
            found = _CARTS[named].search(value)
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
            b"cross-origin-opener-policy": b"same-origin",
            b"permissions-policy": PERMISSIONS.encode(),
        }
        if origin.startswith("https:"):
            always[b"strict-transport-security"] = b"max-age=31536000; includeSubDomains"
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
        data = path.startswith(_DATA)
        wanted = self._data if data else self._media if path.startswith("/media/") else self._page
        added = [(name, value) for name, value in wanted.items() if name not in known]
        if api and personal and b"cache-control" not in known:
            added.append((b"cache-control", b"no-store"))
        return headers + added

"""A request carried to the legacy shop's web server as it came: Host and User-Agent unchanged, streamed both ways.

What is in its pages is not touched: a shop whose configuration holds an absolute address must be given ours there.
"""

import re
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict

from banyan.foundation.edge import Message, Receive, Send
from banyan.gateway.headers import Headers, outwards
from banyan.gateway.proxy import Proxy, text
from banyan.kernel.clock import Clock

_OUR_COOKIES = ("banyan_", "__Host-banyan_", "__Secure-banyan_")
_PLACES = (b"location", b"content-location")
_PATIENCE = 5.0  # seconds until a connection is there; nothing is sent before, and an old shop takes its time
_KEPT_ALIVE = 3.0  # seconds; shorter than any web server's own, so that it is we who close


class Carrier:
    """The gateway's connections to the legacy shop at `base` (`http://host:port`)."""

    def __init__(self, base: str, clock: Clock) -> None:
        self._base = base.rstrip("/")
        self._host = urlsplit(self._base).netloc.encode().lower()
        self._named = re.compile(rb"\A(?:https?:)?//" + re.escape(self._host) + rb"(?=[/?#]|\Z)", re.IGNORECASE)
        self._again = _AsItCame(clock, once=False)
        self._once = _AsItCame(clock, once=True)

    async def carry(self, scope: Message, receive: Receive, send: Send, *, repeatable: bool) -> None:
        """Ask what `scope` asks and send the answer. Unavailable when nothing was heard, DeadlinePassed when too slow.

        A `repeatable` read is tried again once when its connection breaks before the answer; anything else is sent at
        most once, on a connection of its own, so that none that was just closed is taken for a request that was lost.
        """
        seen = _seen_host(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._here(outwards(message["headers"]), seen)
            await send(message)

        await (self._again if repeatable else self._once).carry(self._base, scope, receive, sending)

    async def close(self) -> None:
        await self._again.close()
        await self._once.close()

    def _here(self, headers: Headers, seen: bytes) -> Headers:
        """Redirects and cookies that name the legacy server name the address that the shopper sees."""
        kept = []
        for name, value in headers:
            if name in _PLACES and seen:
                value = self._named.sub(seen, value, count=1)
            elif name == b"set-cookie":
                value = _for_any_host(value, self._host.partition(b":")[0])
            kept.append((name, value))
        return kept


class _AsItCame(Proxy):
    """The proxy that services are reached by, for a server that knows nothing of us, and of which there is one."""

    connect = _PATIENCE

    def __init__(self, clock: Clock, *, once: bool) -> None:
        super().__init__(clock)
        self._only_once = once

    def _headers(self, scope: Message) -> CIMultiDict[str]:
        sent = CIMultiDict[str]()
        for name, value in scope["headers"]:
            value = without_ours(value) if name == b"cookie" else value
            if value or name != b"cookie":
                sent.add(name.decode("latin-1"), text(value))
        return sent

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._opened(keepalive=0 if self._only_once else _KEPT_ALIVE)
            # aiohttp sends every GET again whose connection breaks, on new connections too: here a GET may be an order.
            self._session._retry_connection = not self._only_once
        return self._session


def without_ours(cookies: bytes) -> bytes:
    """A Cookie header without what is our own: a legacy shop need not hold our sessions."""
    if b"banyan_" not in cookies:
        return cookies
    kept = [each for each in _crumbs(cookies) if not each.lstrip().startswith(_OUR_COOKIES)]
    return ";".join(kept).strip().encode("latin-1")


def cookies_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The cookies of a request by name, the first of each, unquoted as they came."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            for crumb in _crumbs(value):
                key, _, told = crumb.strip().partition("=")
                found.setdefault(key, told)
    return found


def _crumbs(cookies: bytes) -> list[str]:
    return cookies.decode("latin-1").split(";")


def _seen_host(scope: Message) -> bytes:
    """Where the shopper sees us: `https://shop.example`; empty where the request does not say."""
    found = dict(scope["headers"])
    host: bytes = found.get(b"host", b"")
    proto: bytes = found.get(b"x-forwarded-proto", b"http")
    return proto + b"://" + host if host else b""


def _for_any_host(value: bytes, host: bytes) -> bytes:
    """A Set-Cookie without `Domain` where that is the legacy server's own name."""
    if b"domain=" not in value.lower():
        return value
    try:
        told = SimpleCookie(value.decode("latin-1"))
    except CookieError:
        return value
    if any(each["domain"].lstrip(".").lower().encode() == host for each in told.values()):
        parts = [part for part in value.split(b";") if not part.strip().lower().startswith(b"domain=")]
        return b";".join(parts)
    return value

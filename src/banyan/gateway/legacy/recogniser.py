"""Shoppers of the legacy shop who come to our side for the first time: they stay signed in, and their cart comes along."""

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

from banyan.contracts.moving import Recognise, Recognised
from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.peers import Peers
from banyan.gateway.headers import Headers
from banyan.gateway.legacy.carrying import cookies_of
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Refusal

ACCESS, REFRESH = "banyan_access", "banyan_refresh"  # the storefront's cookies of who is signed in
_AT_ONCE = 5.0  # seconds in which requests without our cookies are of the moment before the browser got them
_AGAIN = 30.0  # seconds until a session that led to nobody is asked about again
_REMEMBERED = 20_000
_MONTH = 30 * 86_400
_EARLY = 15  # seconds before its end an access token is not used any more


class Known(NamedTuple):
    """The request's headers with what the shopper has with us, and the cookies by which the browser keeps it."""

    headers: Headers
    told: list[bytes]


class Recogniser:
    def __init__(self, peers: Peers, clock: Clock, *, secure: bool) -> None:
        self._peers = peers
        self._clock = clock
        self._promise, self._ends = ("__Host-", "; Secure") if secure else ("", "")
        self._asked: OrderedDict[str, tuple[float, Recognised]] = OrderedDict()  # session → when, and what came of it
        self._asking: dict[str, asyncio.Future[Recognised]] = {}

    async def recognise(self, scope: dict[str, Any], cookie: str) -> Known:
        """What came with `cookie`, the legacy shop's session, with our own cookies added where the browser has none.
        Where nobody can say whose session it is, the shopper is a guest for now."""
        headers: Headers = scope["headers"]
        cookies = cookies_of(headers)
        session = cookies.get(cookie, "") if cookie else ""
        if not session or self._name(REFRESH) in cookies or self._name(ACCESS) in cookies:
            return Known(headers, [])
        found = await self._ask(scope, session)
        pairs: dict[str, tuple[str, int]] = {}
        if found.cart_token and self._name(CART_COOKIE) not in cookies:
            pairs[self._name(CART_COOKIE)] = (found.cart_token, _MONTH)
        if found.refresh_token:
            pairs[self._name(ACCESS)] = (found.access_token, max(1, found.expires_in - _EARLY))
            pairs[self._name(REFRESH)] = (found.refresh_token, _MONTH)
        added = "; ".join(f"{name}={value}" for name, (value, _) in pairs.items()).encode()
        if not added:
            return Known(headers, [])
        with_ours = [(name, value + b"; " + added if name == b"cookie" else value) for name, value in headers]
        return Known(with_ours, [self._cookie(name, *kept) for name, kept in pairs.items()])

    async def _ask(self, scope: dict[str, Any], session: str) -> Recognised:
        """A browser sends several requests at once: all that come before it has our cookies get the same answer."""
        now = self._clock.monotonic()
        at, known = self._asked.get(session, (float("-inf"), Recognised()))
        if now - at < _AT_ONCE:
            return known
        if now - at < _AGAIN:
            return Recognised(cart_token=known.cart_token)
        if session in self._asking:
            return await asyncio.shield(self._asking[session])
        asking = self._asking[session] = asyncio.get_running_loop().create_future()
        found = Recognised()
        try:
            found = await self._exchange(scope, session)
        finally:
            del self._asking[session]
            asking.set_result(found)
        return found

    async def _exchange(self, scope: dict[str, Any], session: str) -> Recognised:
        given = dict(scope["headers"])
        try:
            found = await self._peers.ask(
                Recognise(
                    session=session[:200],
                    user_agent=given.get(b"user-agent", b"").decode("latin-1")[:200],
                )
            )
        except Refusal:
            return Recognised()
        self._asked[session] = (self._clock.monotonic(), found)
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return found

    def _name(self, plain: str) -> str:
        return self._promise + plain

    def _cookie(self, name: str, value: str, seconds: int) -> bytes:
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{self._ends}".encode()

"""Shoppers of the legacy shop who come to our side for the first time: they stay signed in, and their cart comes along."""

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
        self._asked: OrderedDict[str, tuple[float, str]] = OrderedDict()  # session → when, and its cart's token

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
        if found.cart_token and CART_COOKIE not in cookies:
            pairs[CART_COOKIE] = (found.cart_token, _MONTH)
        if found.refresh_token:
            pairs[self._name(ACCESS)] = (found.access_token, max(1, found.expires_in - _EARLY))
            pairs[self._name(REFRESH)] = (found.refresh_token, _MONTH)
        added = "; ".join(f"{name}={value}" for name, (value, _) in pairs.items()).encode()
        if not added:
            return Known(headers, [])
        with_ours = [(name, value + b"; " + added if name == b"cookie" else value) for name, value in headers]
        return Known(with_ours, [self._cookie(name, *kept) for name, kept in pairs.items()])

    async def _ask(self, scope: dict[str, Any], session: str) -> Recognised:
        now = self._clock.monotonic()
        asked = self._asked.get(session)
        if asked is not None and now - asked[0] < _AGAIN:
            return Recognised(cart_token=asked[1])
        given = dict(scope["headers"])
        try:
            found = await self._peers.ask(
                Recognise(
                    session=session[:200],
                    address=given.get(b"x-forwarded-for", b"").decode("latin-1"),
                    user_agent=given.get(b"user-agent", b"").decode("latin-1")[:200],
                )
            )
        except Refusal:
            return Recognised()
        self._asked[session] = (now, found.cart_token)
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return found

    def _name(self, plain: str) -> str:
        return self._promise + plain

    def _cookie(self, name: str, value: str, seconds: int) -> bytes:
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{self._ends}".encode()

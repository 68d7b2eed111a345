"""Who browses: the tokens in the browser's cookies, renewed when they are too old, and the cart that goes with them."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256

from banyan.contracts import gateway
from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.peers import Peers
from banyan.kernel.refusals import Refusal
from banyan.storefront.cookies import MONTH, Cookie, Jar
from banyan.storefront.shop_api import people
from banyan.storefront.shop_api.line import Line
from banyan.storefront.shop_api.shapes import Tokens

_PASSED_ON = ("user-agent", gateway.CLIENT_ADDRESS)
_EARLY = 15  # seconds before its end an access token is not used any more


class Nobody:
    """Asks without saying who: for what is kept for all."""

    async def headers(self) -> dict[str, str]:
        return {}

    async def renew(self) -> bool:
        return False


class _Told(Nobody):
    """Nobody, from the visitor's address and browser."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told

    async def headers(self) -> dict[str, str]:
        return dict(self._told)


class Visitor:
    """A browser. Its session goes on over the storefront: it never sees a token that a script could read."""

    def __init__(self, jar: Jar, given: Mapping[str, str], peers: Peers) -> None:
        self._jar = jar
        self._peers = peers
        self._told = {name: value for name in _PASSED_ON if (value := given.get(name, "")) and value.isprintable()}
        self._renewing = asyncio.Lock()

    @property
    def signed_in(self) -> bool:
        """As far as its cookies say."""
        return bool(self._jar.get(Cookie.ACCESS) or self._jar.get(Cookie.REFRESH))

    async def headers(self) -> dict[str, str]:
        """Who asks, for a service."""
        async with self._renewing:
            if not self._jar.get(Cookie.ACCESS) and self._jar.get(Cookie.REFRESH):
                await self._refresh()
        headers = dict(self._told)
        if access := self._jar.get(Cookie.ACCESS):
            headers["authorization"] = f"Bearer {access}"
        if cart := self._jar.get(Cookie.CART):
            headers["cookie"] = f"{CART_COOKIE}={cart}"
        return headers

    async def renew(self) -> bool:
        """The access token was refused: on with a new one, or as a guest."""
        if not self._jar.get(Cookie.ACCESS):
            return False
        self._jar.drop(Cookie.ACCESS)
        return True

    def keep(self, tokens: Tokens) -> None:
        """Signed in from now on."""
        self._jar.put(Cookie.ACCESS, tokens.access_token, max(1, tokens.expires_in - _EARLY))
        self._jar.put(Cookie.REFRESH, tokens.refresh_token, MONTH)

    def forget(self) -> None:
        """A guest from now on."""
        self._jar.drop(Cookie.ACCESS)
        self._jar.drop(Cookie.REFRESH)

    async def _refresh(self) -> None:
        """The same key for the same token: tabs that ask at once get the same pair, and none is taken for a thief."""
        token = self._jar.get(Cookie.REFRESH)
        line = Line(self._peers, _Told(self._told))
        try:
            self.keep(await people.refresh(line, token, key=sha256(token.encode()).hexdigest()))
        except Refusal as refusal:
            if refusal.status not in (400, 401, 403, 422):
                raise
            self.forget()

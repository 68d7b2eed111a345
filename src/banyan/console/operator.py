"""Who operates: the tokens in the browser's cookies, renewed when they are too old, and what they permit."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from banyan.console.cookies import SHIFT, Cookie, Jar
from banyan.console.services import users
from banyan.console.services.line import Line
from banyan.console.services.users import Tokens
from banyan.contracts import gateway
from banyan.foundation.auth import Authority, Principal
from banyan.foundation.peers import Peers
from banyan.kernel.refusals import Refusal, Unauthenticated

_PASSED_ON = ("user-agent", gateway.CLIENT_ADDRESS)
_EARLY = 15  # seconds before its end an access token is not used any more


class _Nobody:
    """Asks without saying who, from the operator's address and browser: sign-ins are throttled by it."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told

    async def headers(self) -> dict[str, str]:
        return dict(self._told)

    async def renew(self) -> bool:
        return False


class Operator:
    """A browser's session. The browser never sees a token that a script could read."""

    def __init__(self, jar: Jar, given: Mapping[str, str], peers: Peers, authority: Authority) -> None:
        self._jar = jar
        self._authority = authority
        told = {name: value for name in _PASSED_ON if (value := given.get(name, "")) and value.isprintable()}
        self.nobody = Line(peers, _Nobody(told))
        self._told = told
        self._renewing = asyncio.Lock()

    async def principal(self) -> Principal:
        """Who is signed in, by a token that holds. Unauthenticated for nobody."""
        while await self._access():
            try:
                return await self._authority.principal(f"Bearer {self._jar.get(Cookie.ACCESS)}")
            except Unauthenticated:
                self._jar.drop(Cookie.ACCESS)
        raise Unauthenticated("sign in first")

    async def headers(self) -> dict[str, str]:
        """Who asks, for a service."""
        access = await self._access()
        return {**self._told, "authorization": f"Bearer {access}"} if access else dict(self._told)

    async def renew(self) -> bool:
        """The access token was refused: whether there is another to try with now."""
        self._jar.drop(Cookie.ACCESS)
        return bool(await self._access())

    @property
    def name(self) -> str:
        """The address that was signed in with, as far as the cookie says."""
        try:
            return urlsafe_b64decode(self._jar.get(Cookie.NAME)).decode()
        except ValueError:
            return ""

    def keep(self, tokens: Tokens, name: str) -> None:
        """Signed in from now on."""
        self._hold(tokens)
        self._jar.put(Cookie.NAME, urlsafe_b64encode(name.encode()).decode(), SHIFT)

    def forget(self) -> None:
        for cookie in (Cookie.ACCESS, Cookie.REFRESH, Cookie.NAME):
            self._jar.drop(cookie)

    def _hold(self, tokens: Tokens) -> None:
        self._jar.put(Cookie.ACCESS, tokens.access_token, max(1, tokens.expires_in - _EARLY))
        self._jar.put(Cookie.REFRESH, tokens.refresh_token, SHIFT)

    async def _access(self) -> str:
        """The access token, a new one where there is none; empty when nobody is signed in any more."""
        async with self._renewing:
            refresh = self._jar.get(Cookie.REFRESH)
            if not self._jar.get(Cookie.ACCESS) and refresh:
                # The same key for the same token: tabs that ask at once get the same pair, and none is taken for a thief.
                key = sha256(refresh.encode()).hexdigest()
                self._jar.drop(Cookie.REFRESH)
                try:
                    self._hold(await users.refresh(self.nobody, refresh, key=key))
                except Refusal as refusal:
                    if refusal.status not in (400, 401, 403, 422):
                        self._jar.put(Cookie.REFRESH, refresh, SHIFT)
                        raise
        return self._jar.get(Cookie.ACCESS)

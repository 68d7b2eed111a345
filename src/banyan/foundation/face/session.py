"""A session in a browser's cookies: access tokens renewed when they are too old. No script in a page ever sees one."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Generic

from banyan.foundation.face.jar import Cookie, Jar
from banyan.foundation.face.line import Line, Nobody, Seen, shaped, told_by
from banyan.foundation.peers import Peers
from banyan.kernel.refusals import Refusal

_EARLY = 15  # seconds before its end an access token is not used any more
_OVER = (400, 401, 403, 422)  # answers after which a refresh token is worth nothing


class Tokens(Seen):
    """What `users` gives who signed in; `expires_in` in seconds, of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int


class Session(Generic[Cookie]):
    """A browser's session, as a badge for its line to the services."""

    def __init__(
        self,
        jar: Jar[Cookie],
        given: Mapping[str, str],
        peers: Peers,
        *,
        access: Cookie,
        refresh: Cookie,
        seconds: int,
    ) -> None:
        """`given`: the request's headers. `access`, `refresh`: the cookies of the tokens. `seconds`: who is away for
        longer signs in again."""
        self._jar = jar
        self._cookies = (access, refresh)
        self._seconds = seconds
        self._told = told_by(given)
        self._renewing = asyncio.Lock()
        self.nobody = Line(peers, Nobody(self._told))

    @property
    def signed_in(self) -> bool:
        """As far as the cookies say."""
        return any(self._jar.get(cookie) for cookie in self._cookies)

    async def access(self) -> str:
        """The access token, a new one where there is none; empty when nobody is signed in any more."""
        access, refresh = self._cookies
        async with self._renewing:
            if not self._jar.get(access) and self._jar.get(refresh):
                await self._refresh(self._jar.get(refresh))
        return self._jar.get(access)

    async def headers(self) -> dict[str, str]:
        """Who asks, for a service."""
        access = await self.access()
        return {**self._told, "authorization": f"Bearer {access}"} if access else dict(self._told)

    async def renew(self) -> bool:
        """The access token was refused: whether there is another to try with now."""
        self.drop_access()
        return bool(await self.access())

    def drop_access(self) -> None:
        """It does not hold: the next use of it renews it."""
        self._jar.drop(self._cookies[0])

    def keep(self, tokens: Tokens) -> None:
        """Signed in from now on."""
        access, refresh = self._cookies
        self._jar.put(access, tokens.access_token, max(1, tokens.expires_in - _EARLY))
        self._jar.put(refresh, tokens.refresh_token, self._seconds)

    def forget(self) -> None:
        """A guest from now on."""
        self._drop()

    def _drop(self) -> None:
        for cookie in self._cookies:
            self._jar.drop(cookie)

    async def _refresh(self, token: str) -> None:
        """The same key for the same token: tabs that ask at once get the same pair, and none is taken for a thief."""
        key = sha256(token.encode()).hexdigest()
        try:
            body = {"refresh_token": token}
            answer = await self.nobody.send("users", "POST", "/v1/sessions/refresh", body, key=key)
            self.keep(shaped(Tokens, answer))
        except Refusal as refusal:
            if refusal.status not in _OVER:
                raise
            self._drop()

"""Who operates: the session in the browser's cookies, and what it permits."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from banyan.console.cookies import SHIFT, Cookie, Jar
from banyan.foundation.auth import Authority, Principal
from banyan.foundation.face.session import Session, Tokens
from banyan.foundation.peers import Peers
from banyan.kernel.refusals import Unauthenticated


class Operator(Session[Cookie]):
    """A browser of somebody who is signed in, or is about to be."""

    def __init__(self, jar: Jar, given: Mapping[str, str], peers: Peers, authority: Authority) -> None:
        super().__init__(jar, given, peers, access=Cookie.ACCESS, refresh=Cookie.REFRESH, seconds=SHIFT)
        self._authority = authority

    async def principal(self) -> Principal:
        """Who is signed in, by a token that holds. Unauthenticated for nobody."""
        while access := await self.access():
            try:
                return await self._authority.principal(f"Bearer {access}")
            except Unauthenticated:
                self.drop_access()
        raise Unauthenticated("sign in first")

    @property
    def name(self) -> str:
        """The address that was signed in with, as far as the cookie says."""
        try:
            return urlsafe_b64decode(self._jar.get(Cookie.NAME)).decode()
        except ValueError:
            return ""

    def welcome(self, tokens: Tokens, name: str) -> None:
        """Signed in from now on, by this name."""
        self.keep(tokens)
        self._jar.put(Cookie.NAME, urlsafe_b64encode(name.encode()).decode(), SHIFT)

    def forget(self) -> None:
        super().forget()
        self._jar.drop(Cookie.NAME)

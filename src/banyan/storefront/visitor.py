"""Who browses: a session over the storefront, and the cart that goes with it."""

from collections.abc import Mapping

from banyan.foundation.face.session import Session
from banyan.foundation.peers import Peers
from banyan.storefront.cookies import MONTH, Cookie, Jar


class Visitor(Session[Cookie]):
    """A browser, of a guest or of somebody who is signed in."""

    def __init__(self, jar: Jar, given: Mapping[str, str], peers: Peers) -> None:
        super().__init__(jar, given, peers, access=Cookie.ACCESS, refresh=Cookie.REFRESH, seconds=MONTH)

    async def headers(self) -> dict[str, str]:
        """Who asks, for a service, and with which cart."""
        headers = await super().headers()
        if cart := self._jar.get(Cookie.CART):
            headers["cookie"] = f"{self._jar.name(Cookie.CART)}={cart}"
        return headers

    async def renew(self) -> bool:
        """The access token was refused: on with a new one, or as a guest."""
        refused = bool(self._jar.get(Cookie.ACCESS))
        self.drop_access()
        return refused

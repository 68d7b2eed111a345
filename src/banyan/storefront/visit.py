"""One request of a browser: who it is, what it sent, and the page or the way it gets back."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from banyan.foundation.peers import Peers
from banyan.foundation.settings import Settings
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.storefront.aisles import Tree, Window
from banyan.storefront.cookies import MONTH, Cookie, Jar
from banyan.storefront.forms import Form
from banyan.storefront.kept import Kept
from banyan.storefront.seal import FIELD, SIZE, Seal
from banyan.storefront.shop_api.line import Line
from banyan.storefront.told import TOLD
from banyan.storefront.vaulted import VaultedCards
from banyan.storefront.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Front:
    """What all visits share."""

    settings: Settings
    clock: Clock
    ids: Ids
    peers: Peers
    look: Environment
    seal: Seal
    tree: Kept[Tree]
    window: Kept[Window]
    cards: VaultedCards

    @property
    def secure(self) -> bool:
        return self.settings.origin.startswith("https:")

    @property
    def laptop(self) -> bool:
        """Whether test payments are offered."""
        return self.settings.environment == "laptop"


class Wrong(dict[str, str]):
    """What is wrong, by field; empty for what is right."""

    def __missing__(self, field: str) -> str:
        return ""


class Visit:
    def __init__(self, front: Front, request: Request) -> None:
        self.front = front
        self.request = request
        self.jar = Jar(request.cookies, secure=front.secure)
        self.visitor = Visitor(self.jar, request.headers, front.peers)
        self.line = Line(front.peers, self.visitor)
        self.form = Form()
        self._query = Form(request.query_params.multi_items())

    @property
    def query(self) -> Form:
        """The query, read like a form."""
        return self._query

    @property
    def path(self) -> dict[str, str]:
        """The parts of the path that have names."""
        return {name: str(value) for name, value in self.request.path_params.items()}

    @property
    def currency(self) -> str:
        return self.front.settings.currency

    @cached_property
    def nonce(self) -> str:
        """What this browser's forms are bound to; put into a cookie the first time a page has a form."""
        nonce = self.jar.get(Cookie.SEAL)
        if not nonce:
            nonce = self.front.ids.secret(18).hex()
            self.jar.put(Cookie.SEAL, nonce, MONTH)
        return nonce

    @property
    def pieces(self) -> int:
        """How many pieces are in the cart, as far as its cookie says."""
        text = self.jar.get(Cookie.COUNT)
        return int(text) if text.isdigit() and len(text) < 6 else 0

    def count(self, pieces: int) -> None:
        """Remember for the header how many pieces are in the cart."""
        if pieces:
            self.jar.put(Cookie.COUNT, str(pieces), MONTH)
        else:
            self.jar.drop(Cookie.COUNT)

    async def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page. `context` is what its template shows."""
        tree = await self.front.tree.get()
        message = TOLD.get(self.jar.get(Cookie.TOLD))
        self.jar.drop(Cookie.TOLD)
        html = self.front.look.get_template(template).render(
            {
                "shop_name": self.front.settings.shop_name,
                "new_key": lambda: self.front.ids.new("key"),
                "roots": tree.roots,
                "here": self.request.url.path,
                "asked": "",
                "signed_in": self.visitor.signed_in,
                "pieces": self.pieces,
                "told": message,
                "seal": self.front.seal.token(self.nonce, self.front.ids.secret(SIZE)),
                **context,
                "errors": Wrong(context.get("errors", {})),
            }
        )
        return HTMLResponse(html, status)

    def to(self, place: str, told: str = "") -> Response:
        """Go on elsewhere by GET. `place` is one of our own paths; `told` the code of a message to be shown there."""
        if told:
            self.jar.put(Cookie.TOLD, told, 60)
        return RedirectResponse(place, 303)

    def check(self) -> None:
        """Forbidden unless the form that was sent is one of our own."""
        self.front.seal.check(self.request, self.jar.get(Cookie.SEAL), self.form.exact(FIELD))

    def renew_seal(self) -> None:
        """Forms of before are void: who signs in or out is somebody else."""
        nonce = self.front.ids.secret(18).hex()
        self.jar.put(Cookie.SEAL, nonce, MONTH)
        self.__dict__["nonce"] = nonce

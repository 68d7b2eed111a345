"""One request of a shopper's browser: who it is, and the page it gets back."""

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from banyan.foundation.face import visit
from banyan.foundation.face.line import Line
from banyan.foundation.face.seal import Seal
from banyan.foundation.peers import Peers
from banyan.foundation.settings import Settings
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.storefront.aisles import Tree, Window
from banyan.storefront.cookies import MONTH, Cookie, jar_of
from banyan.storefront.kept import Kept
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


class Visit(visit.Visit[Cookie]):
    def __init__(self, front: Front, request: Request) -> None:
        jar = jar_of(request.cookies, secure=front.secure)
        cookies = {"nonce": Cookie.SEAL, "told": Cookie.TOLD, "ceremony": Cookie.CEREMONY}
        super().__init__(request, jar, front.seal, front.ids, **cookies, seconds=MONTH)
        self.front = front
        self.visitor = Visitor(jar, request.headers, front.peers)
        self.line = Line(front.peers, self.visitor)
        self.frames: tuple[str, ...] = ()  # origins beyond those of every page, which this one may frame
        self.connects: tuple[str, ...] = ()  # … and which its scripts may ask

    def allow(self, *, frames: tuple[str, ...], connects: tuple[str, ...]) -> None:
        """Let this page, and no other, have somebody's frames on it."""
        self.frames, self.connects = frames, connects

    @property
    def currency(self) -> str:
        return self.front.settings.currency

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

    async def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """A page. `context` is what its template shows."""
        tree = await self.front.tree.get()
        html = self.front.look.get_template(template).render(
            {
                "shop_name": self.front.settings.shop_name,
                "new_key": self.new_key,
                "roots": tree.roots,
                "here": self.here,
                "asked": "",
                "outside": self.front.settings.oidc_name if self.front.settings.oidc_issuer else "",
                "signed_in": self.visitor.signed_in,
                "pieces": self.pieces,
                "told": self.told(TOLD),
                "seal": self.seal(),
                "nonce": self.script_nonce,
                **context,
                "errors": Wrong(context.get("errors", {})),
            }
        )
        return HTMLResponse(html, status)

"""One request of an operator's browser: who it is, and the page it gets back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from banyan.console.cookies import SHIFT, Cookie, jar_of
from banyan.console.mailbox import Mailbox
from banyan.console.operator import Operator
from banyan.console.told import TOLD
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.face import visit
from banyan.foundation.face.line import Line
from banyan.foundation.face.seal import FIELD, Seal
from banyan.foundation.running import Shop

MAIL = "users:write"  # mail holds sign-in links: who reads it can be anyone, as who gives roles can


@dataclass(frozen=True, slots=True)
class Desk:
    """What all visits share. `mailbox` is None where mail really leaves."""

    shop: Shop
    look: Environment
    seal: Seal
    mailbox: Mailbox | None


class Visit(visit.Visit[Cookie]):
    def __init__(self, desk: Desk, request: Request) -> None:
        shop = desk.shop
        jar = jar_of(request.cookies, secure=shop.settings.origin.startswith("https:"))
        cookies = {"nonce": Cookie.SEAL, "told": Cookie.TOLD, "ceremony": Cookie.CEREMONY}
        super().__init__(request, jar, desk.seal, shop.ids, **cookies, seconds=SHIFT)
        self.desk = desk
        self.operator = Operator(jar, request.headers, shop.peers, shop.authority)
        self.line = Line(shop.peers, self.operator)
        self.who: Principal = GUEST

    def asked(self, *names: str) -> dict[str, str]:
        """These parameters of the query, where they are not empty."""
        return {name: value for name in names if (value := self.query[name])}

    async def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """A page. `context` is what its template shows."""
        shown = {
            "here": self.here,
            "who": self.who,
            "may": self.who.may,
            "name": self.operator.name,
            "may_read_mail": self.desk.mailbox is not None and self.who.may(MAIL),
            "told": self.told(TOLD),
            "seal": self.seal(),
            "nonce": self.script_nonce,
            "errors": {},
            "refusal": None,
            "query": self.query,
            **context,
        }
        return HTMLResponse(self.desk.look.get_template(template).render(shown), status)

    def carried(self, *but: str) -> Iterable[tuple[str, str]]:
        """What the form sent, to be sent once more by the next one."""
        return [(name, value) for name, value in self.form.pairs if name not in (FIELD, *but)]

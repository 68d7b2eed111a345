"""One request of an operator's browser: who it is, what it sent, and the page or the way it gets back."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from banyan.console.cookies import SHIFT, Cookie, Jar
from banyan.console.forms import Form
from banyan.console.mailbox import Mailbox
from banyan.console.operator import Operator
from banyan.console.seal import FIELD, SIZE, Seal
from banyan.console.services.line import Line
from banyan.console.told import TOLD
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.running import Shop

MAIL = "users:write"  # mail holds sign-in links: who reads it can be anyone, as who gives roles can


@dataclass(frozen=True, slots=True)
class Desk:
    """What all visits share. `mailbox` is None where mail really leaves."""

    shop: Shop
    look: Environment
    seal: Seal
    mailbox: Mailbox | None


class Visit:
    def __init__(self, desk: Desk, request: Request) -> None:
        self.desk = desk
        self.request = request
        self.jar = Jar(request.cookies, secure=desk.shop.settings.origin.startswith("https:"))
        self.operator = Operator(self.jar, request.headers, desk.shop.peers, desk.shop.authority)
        self.line = Line(desk.shop.peers, self.operator)
        self.who: Principal = GUEST
        self.form = Form()
        self.query = Form(request.query_params.multi_items())

    @property
    def path(self) -> dict[str, str]:
        """The parts of the path that have names."""
        return {name: str(value) for name, value in self.request.path_params.items()}

    @property
    def here(self) -> str:
        return self.request.url.path

    def asked(self, *names: str) -> dict[str, str]:
        """These parameters of the query, where they are not empty."""
        return {name: value for name in names if (value := self.query[name])}

    def new_key(self) -> str:
        """An Idempotency-Key for a form."""
        return self.desk.shop.ids.new("key")

    @cached_property
    def nonce(self) -> str:
        """What this browser's forms are bound to; put into a cookie the first time a page is shown."""
        nonce = self.jar.get(Cookie.SEAL)
        if not nonce:
            nonce = self.desk.shop.ids.secret(18).hex()
            self.jar.put(Cookie.SEAL, nonce, SHIFT)
        return nonce

    async def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """A page. `context` is what its template shows."""
        message = TOLD.get(self.jar.get(Cookie.TOLD))
        self.jar.drop(Cookie.TOLD)
        shown = {
            "here": self.here,
            "who": self.who,
            "may": self.who.may,
            "name": self.operator.name,
            "may_read_mail": self.desk.mailbox is not None and self.who.may(MAIL),
            "told": message,
            "seal": self.desk.seal.token(self.nonce, self.desk.shop.ids.secret(SIZE)),
            "errors": {},
            "refusal": None,
            "query": self.query,
            **context,
        }
        return HTMLResponse(self.desk.look.get_template(template).render(shown), status)

    def to(self, place: str, told: str = "") -> Response:
        """Go on elsewhere by GET. `place` is one of our own paths; `told` the code of a message to be shown there."""
        if told:
            self.jar.put(Cookie.TOLD, told, 60)
        return RedirectResponse(place, 303)

    def check(self) -> None:
        """Forbidden unless the form that was sent is one of our own."""
        self.desk.seal.check(self.request, self.jar.get(Cookie.SEAL), self.form.exact(FIELD))

    def renew_seal(self) -> None:
        """Forms of before are void: who signs in or out is somebody else."""
        nonce = self.desk.shop.ids.secret(18).hex()
        self.jar.put(Cookie.SEAL, nonce, SHIFT)
        self.__dict__["nonce"] = nonce

    def carried(self, *but: str) -> Iterable[tuple[str, str]]:
        """What the form sent, to be sent once more by the next one."""
        return [(name, value) for name, value in self.form.pairs if name not in (FIELD, *but)]

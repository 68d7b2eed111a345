"""One legacy-shaped request at a door, and the answers that its page understands.

OpenCart answers nearly every write with 200 and JSON: `success`, `error` by field, or `redirect`. Version 3 sends some forms
plainly: there what would be a redirect in JSON is one by HTTP.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from banyan.contracts import gateway
from banyan.foundation import web
from banyan.foundation.face import forms
from banyan.foundation.face.forms import Form
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden, Refusal
from banyan.move.doors.books import Books
from banyan.move.doors.shopper import Shopper

HELD = "x-banyan-held"  # set by the gateway alone: the epoch of the hold under which the request waited
MAX_BODY = 200_000  # bytes
MAX_FIELDS = 500
_PLAIN = frozenset(
    f"account/{name}"
    for name in ("login", "register", "edit", "password", "newsletter", "address/add", "address/edit", "address/delete")
) | {"account/logout", "common/currency/currency"}


class Visit:
    """`route`: as the legacy shop was asked."""

    def __init__(self, ports: Ports, books: Books, request: Request, form: Form) -> None:
        self.ports = ports
        self.books = books
        self.request = request
        self.form = form
        self.query = Form(request.query_params.multi_items())
        self.route = self.query["route"].replace("|", ".")
        secure = ports.settings.origin.startswith("https:")
        self.shopper = Shopper(ports.peers, ports.clock, request.cookies, request.headers, secure=secure)

    @classmethod
    async def of(cls, ports: Ports, books: Books, request: Request) -> "Visit":
        """Forbidden for a form from another site; Malformed and TooLarge as of forms.read."""
        if request.method != "POST":
            return cls(ports, books, request, Form())
        _from_here(request, ports.settings.origin)
        form = await forms.read(request, max_body=MAX_BODY, max_fields=MAX_FIELDS)
        return cls(ports, books, request, form)

    @property
    def plain(self) -> bool:
        """Whether a browser, not a script, waits for the answer."""
        return self.route in _PLAIN

    @property
    def by_script(self) -> bool:
        return self.request.headers.get("x-requested-with", "").lower() == "xmlhttprequest"

    def key(self) -> str:
        """The Idempotency-Key: the client's own, or, for a request that was held, one made of who sent what under that
        hold, so that a client that lost patience and sent it again does it once. Else empty."""
        given = self.request.headers.get(gateway.IDEMPOTENCY_KEY, "")
        if given:
            return given
        held = self.request.headers.get(HELD, "")
        if not held:
            return ""
        cookies = self.request.cookies
        who = next(
            (
                cookies[name]
                for name in ("OCSESSID", "banyan_refresh", "__Host-banyan_refresh", "banyan_cart", "__Host-banyan_cart")
                if name in cookies
            ),
            "",
        )
        if not who:
            return ""
        body = "&".join(f"{name}={value}" for name, value in self.form.pairs)
        return sha256(f"{held}\n{who}\n{self.route}\n{body}".encode("utf-8", "replace")).hexdigest()

    def done(self, text: str, to: str = "/account", **more: object) -> Response:
        """It is so now; `to`: where a plain form goes on."""
        return RedirectResponse(to, 302) if self.plain else web.json({"success": text, **more})

    def wrong(self, text: str = "", fields: Mapping[str, str] | None = None, *, back: str = "/account") -> Response:
        """It was not done: in words for the whole form, and by field; `back`: the page with our form for it."""
        if self.plain:
            return RedirectResponse(back, 303)
        error: dict[str, Any] = {**({"warning": text} if text else {}), **(fields or {})}
        return web.json({"error": error})

    def go(self, place: str) -> Response:
        """Go on at a page of ours."""
        if self.request.method == "GET" or self.plain:
            if self.by_script:  # a piece of a page was asked for
                return HTMLResponse(f'<p><a href="{place}">Continue</a></p>')
            return RedirectResponse(place, 303 if self.request.method == "GET" else 302)
        return web.json({"redirect": place})

    def faults(self, refusal: Refusal, names: Mapping[str, str], *, back: str) -> Response:
        """A refusal of a service as the legacy form shows it. `names`: ending of a pointer → the form's field."""
        if refusal.status >= 500 or refusal.status == 429:
            raise refusal
        found = forms.faults(refusal, names)
        fields = {field: fault.detail for field, fault in found.items() if field}
        return self.wrong("" if fields else refusal.detail, fields, back=back)


def _from_here(request: Request, origin: str) -> None:
    """Forbidden unless the browser says that a page of this shop sent it, or says nothing."""
    if request.headers.get("sec-fetch-site", "") not in ("", "same-origin", "none"):
        raise _elsewhere()
    sent_by = request.headers.get("origin", "").lower()
    host = (request.headers.get("x-forwarded-host") or request.headers.get("host", "")).lower()
    if sent_by and sent_by != origin.rstrip("/").lower() and sent_by.partition("://")[2] != host:
        raise _elsewhere()


def _elsewhere() -> Forbidden:
    return Forbidden("this form was sent from another site; nothing was done", code="form_from_elsewhere")

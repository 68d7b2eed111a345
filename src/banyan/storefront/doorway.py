"""What every request goes through: forms are checked, refusals become pages, and browsers are told what they may not do."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from banyan.foundation import telemetry
from banyan.kernel.refusals import NotFound, Refusal
from banyan.storefront import forms
from banyan.storefront.cookies import Cookie
from banyan.storefront.visit import Front, Visit

_log = logging.getLogger(__name__)
Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

_PRIVATE = ("/account", "/checkout", "/orders", "/sign-", "/cart")  # not to be kept, not even by the browser
_POLICY = (
    "default-src 'self'; img-src 'self' https: data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
_SAFE = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class Doorway:
    def __init__(self, front: Front) -> None:
        self._front = front

    def page(self, read: Handler | None, sent: Handler | None) -> Endpoint:
        """One address: what a GET shows and what a POST does there."""

        async def endpoint(request: Request) -> Response:
            visit = Visit(self._front, request)
            try:
                response = await self._answer(visit, read, sent)
            except Refusal as refusal:
                response = await self._refused(visit, refusal)
            except Exception:
                _log.exception("a page failed", extra={"path": request.url.path[:200]})
                response = await self._refused(
                    visit, Refusal("something broke on our side", code="internal", status=500)
                )
            return self._finished(visit, response)

        return endpoint

    async def nowhere(self, request: Request) -> Response:
        """Any address that is none of ours."""
        visit = Visit(self._front, request)
        return self._finished(visit, await self._refused(visit, NotFound()))

    async def _answer(self, visit: Visit, read: Handler | None, sent: Handler | None) -> Response:
        if visit.request.method == "POST":
            if sent is None:
                raise Refusal("nothing can be sent here", code="method_not_allowed", status=405)
            visit.form = await forms.read(visit.request)
            visit.check()
            return await sent(visit)
        if read is None:  # the address of a form, reloaded or bookmarked
            return visit.to("/cart")
        if visit.request.url.path.startswith("/account") and not visit.visitor.signed_in:
            return visit.to(_sign_in(visit))
        return await read(visit)

    async def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if refusal.status == 401:
            visit.visitor.forget()  # or the page to sign in would send back here
            return visit.to(_sign_in(visit))
        template = "broken.html" if refusal.status >= 500 else "refused.html"
        response = await visit.page(
            template,
            refusal.status,
            refusal=refusal,
            cookies=bool(visit.jar.get(Cookie.SEAL)),
            trace_id=telemetry.trace_id(),
        )
        if refusal.retry_after is not None:
            response.headers["retry-after"] = str(max(1, round(refusal.retry_after)))
        return response

    def _finished(self, visit: Visit, response: Response) -> Response:
        visit.jar.write(response)
        path = visit.request.url.path
        keeping = "no-store" if path.startswith(_PRIVATE) else "private, no-cache"
        for name, value in {**_SAFE, "cache-control": keeping}.items():
            response.headers.setdefault(name, value)
        return response


def _sign_in(visit: Visit) -> str:
    """The way to sign in, and back to the page that needs it."""
    if visit.request.method != "GET":
        return "/sign-in"
    url = visit.request.url
    return "/sign-in?next=" + quote(url.path + (f"?{url.query}" if url.query else ""), safe="/")

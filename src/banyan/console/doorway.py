"""What every request goes through: who asks is known, forms are checked, refusals become pages, browsers are held to less."""

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from banyan.console import forms
from banyan.console.places import HOME, local, with_query
from banyan.console.visit import Desk, Visit
from banyan.foundation import telemetry
from banyan.kernel.refusals import Forbidden, NotFound, Refusal, Unauthenticated

_log = logging.getLogger(__name__)
Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

NEEDED = "operate"  # the permission without which no page of the console is shown
SIGN_IN = f"{HOME}/sign-in"
_SAFE = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-robots-tag": "noindex",
}


class Doorway:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, read: Handler | None, sent: Handler | None, *, public: bool) -> Endpoint:
        """One address: what a GET shows and what a POST does there. `public`: nobody needs to be signed in."""

        async def endpoint(request: Request) -> Response:
            visit = Visit(self._desk, request)
            try:
                response = await self._answer(visit, read, sent, public)
            except Refusal as refusal:
                response = await self._refused(visit, refusal)
            except Exception:
                _log.exception("a page of the console failed", extra={"path": request.url.path[:200]})
                broken = Refusal("something broke on our side", code="internal", status=500)
                response = await self._refused(visit, broken)
            return _finished(visit, response)

        return endpoint

    async def nowhere(self, request: Request) -> Response:
        """Any address that is none of ours. It tells guests nothing."""
        return await self.page(_nothing, _nothing, public=False)(request)

    async def _answer(self, visit: Visit, read: Handler | None, sent: Handler | None, public: bool) -> Response:
        if not public:
            visit.who = await visit.operator.principal()
            if not visit.who.may(NEEDED):
                raise Forbidden("this account may not use the console", code="no_console")
        if visit.request.method == "POST":
            visit.form = await forms.read(visit.request)
            visit.check()
            if sent is None:
                raise Refusal("nothing can be sent here", code="method_not_allowed", status=405)
            return await sent(visit)
        if read is None:  # the address of a form, opened by itself
            return visit.to("/".join(visit.here.split("/")[:3]))
        return await read(visit)

    async def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if isinstance(refusal, Unauthenticated) or refusal.status == 401:
            return await _sign_in_first(visit)
        response = await visit.page("refused.html", refusal.status, refusal=refusal, trace_id=telemetry.trace_id())
        if refusal.retry_after is not None:
            response.headers["retry-after"] = str(max(1, round(refusal.retry_after)))
        return response


async def _sign_in_first(visit: Visit) -> Response:
    """To sign in, and back to the page that needs it. What was sent by POST is not done later."""
    if visit.request.method == "POST":
        return visit.to(SIGN_IN, "session-over")
    url = visit.request.url
    wanted = url.path + (f"?{url.query}" if url.query else "")
    if visit.request.headers.get("sec-fetch-site", "") == "cross-site":
        # A browser sends SameSite=Strict cookies with no link from elsewhere, but with one from a page of ours.
        return await visit.page("lobby.html", wanted=local(wanted))
    return visit.to(with_query(SIGN_IN, next="" if wanted == HOME else wanted))


async def _nothing(_: Visit) -> Response:
    raise NotFound("There is nothing here")


def _finished(visit: Visit, response: Response) -> Response:
    visit.jar.write(response)
    for name, value in _SAFE.items():
        response.headers.setdefault(name, value)
    return response

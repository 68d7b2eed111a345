"""What every request of an operator goes through: who asks is known, forms are checked, refusals become pages."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from banyan.console.forms import MAX_BODY, MAX_FIELDS
from banyan.console.places import HOME, local
from banyan.console.visit import Desk, Visit
from banyan.foundation import telemetry
from banyan.foundation.face import doorway, ways_in
from banyan.foundation.face.doorway import SAFE, Endpoint
from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import with_query
from banyan.foundation.face.policy import policy
from banyan.kernel.refusals import Forbidden, NotFound, Refusal, Unauthenticated

Handler = Callable[[Visit], Awaitable[Response]]

NEEDED = "operate"  # the permission without which no page of the console is shown
SIGN_IN = f"{HOME}/sign-in"
SECURITY = f"{HOME}/security"  # where a second factor is set up, by who may do nothing else before
_RULES = SAFE | {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex",
}


class Doorway(doorway.Doorway[Visit]):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.nowhere = self.page(
            _nothing, _nothing, public=False
        )  # any address that is none of ours: it tells guests nothing

    def page(self, read: Handler | None, sent: Handler | None, *, public: bool) -> Endpoint:
        """One address: what a GET shows and what a POST does there. `public`: nobody needs to be signed in."""

        async def answer(visit: Visit) -> Response:
            if not public:
                visit.who = await visit.operator.principal()
                if not visit.who.may(NEEDED) and not visit.here.startswith(SECURITY):
                    if await _needs_factor(visit):
                        return visit.to(SECURITY)
                    raise Forbidden("this account may not use the console", code="no_console")
            return await (_sent(visit, sent) if visit.request.method == "POST" else _read(visit, read))

        return self.through(answer)

    def visit(self, request: Request) -> Visit:
        return Visit(self._desk, request)

    async def refused(self, visit: Visit, refusal: Refusal) -> Response:
        if isinstance(refusal, Unauthenticated) or refusal.status == 401:
            return await _sign_in_first(visit)
        return await visit.page("refused.html", refusal.status, refusal=refusal, trace_id=telemetry.trace_id())

    def rules(self, visit: Visit) -> Mapping[str, str]:
        return {**_RULES, "content-security-policy": policy(visit.script_nonce, images="'self' https:")}


async def _sent(visit: Visit, sent: Handler | None) -> Response:
    await visit.receive(max_body=MAX_BODY, max_fields=MAX_FIELDS)
    if sent is None:
        raise Refusal("nothing can be sent here", code="method_not_allowed", status=405)
    return await sent(visit)


async def _read(visit: Visit, read: Handler | None) -> Response:
    if read is None:  # the address of a form, opened by itself
        return visit.to("/".join(visit.here.split("/")[:3]))
    return await read(visit)


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


async def _needs_factor(visit: Visit) -> bool:
    """Whether a session permits nothing only because it began without a second factor."""
    factors = None if visit.who.permissions else await or_none(ways_in.factors(visit.line))
    return factors is not None and factors.factor_needed


async def _nothing(_: Visit) -> Response:
    raise NotFound("There is nothing here")

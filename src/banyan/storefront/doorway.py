"""What every request of a shopper goes through: forms are checked, refusals become pages, browsers are held to little."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from banyan.foundation import telemetry
from banyan.foundation.face import doorway, ways_in
from banyan.foundation.face.doorway import SAFE, Endpoint
from banyan.foundation.face.policy import policy
from banyan.kernel.refusals import NotFound, Refusal
from banyan.storefront.cookies import Cookie
from banyan.storefront.forms import MAX_BODY, MAX_FIELDS
from banyan.storefront.pages.card import frame_source
from banyan.storefront.visit import Front, Visit

Handler = Callable[[Visit], Awaitable[Response]]

_PRIVATE = (
    "/account",
    "/checkout",
    "/oauth",
    "/orders",
    "/sign-",
    "/email",
    "/cart",
)  # not to be kept, not even by the browser
_RULES = SAFE | {
    "referrer-policy": "strict-origin-when-cross-origin",
}


class Doorway(doorway.Doorway[Visit]):
    def __init__(self, front: Front) -> None:
        self._front = front
        self._frames = frame_source(front.settings)
        self.nowhere = self.through(_nothing)  # any address that is none of ours

    def page(self, read: Handler | None, sent: Handler | None) -> Endpoint:
        """One address: what a GET shows and what a POST does there."""

        async def answer(visit: Visit) -> Response:
            return await (_sent(visit, sent) if visit.request.method == "POST" else _read(visit, read))

        return self.through(answer)

    def visit(self, request: Request) -> Visit:
        return Visit(self._front, request)

    async def refused(self, visit: Visit, refusal: Refusal) -> Response:
        if refusal.status == 401:
            told = "session-over" if visit.jar.name(Cookie.REFRESH) in visit.request.cookies else ""
            visit.visitor.forget()  # or the page to sign in would send back here
            return visit.to(_sign_in(visit), told)
        return await visit.page(
            "broken.html" if refusal.status >= 500 else "refused.html",
            refusal.status,
            refusal=refusal,
            cookies=bool(visit.jar.get(Cookie.SEAL)),
            trace_id=telemetry.trace_id(),
        )

    def rules(self, visit: Visit) -> Mapping[str, str]:
        keeping = "no-store" if visit.here.startswith(_PRIVATE) else "private, no-cache"
        frames, connects = " ".join((self._frames, *visit.frames)), " ".join(("'self'", *visit.connects))
        allowed = policy(visit.script_nonce, frames=frames, connects=connects)
        return {**_RULES, "cache-control": keeping, "content-security-policy": allowed}


async def _sent(visit: Visit, sent: Handler | None) -> Response:
    if sent is None:
        raise Refusal("nothing can be sent here", code="method_not_allowed", status=405)
    await visit.receive(max_body=MAX_BODY, max_fields=MAX_FIELDS)
    return await sent(visit)


async def _read(visit: Visit, read: Handler | None) -> Response:
    if read is None:  # the address of a form, reloaded or bookmarked
        return visit.to("/cart")
    if visit.here.startswith("/account"):
        if not visit.visitor.signed_in:
            return visit.to(_sign_in(visit))
        await _must_live(visit)
    return await read(visit)


async def _must_live(visit: Visit) -> None:
    """An access token outlives its session by minutes: one's own pages are not shown to it. A service that is away decides
    nothing; pages show what they can."""
    try:
        await ways_in.factors(visit.line)
    except Refusal as refusal:
        if refusal.status == 401:
            raise


async def _nothing(_: Visit) -> Response:
    raise NotFound


def _sign_in(visit: Visit) -> str:
    """The way to sign in, and back to the page that needs it."""
    if visit.request.method != "GET":
        return "/sign-in"
    url = visit.request.url
    return "/sign-in?next=" + quote(url.path + (f"?{url.query}" if url.query else ""), safe="/")

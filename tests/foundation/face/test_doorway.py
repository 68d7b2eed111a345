"""What every request goes through: only our own forms are read, and whatever is raised becomes a page."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from banyan.foundation import loopback
from banyan.foundation.face import doorway, visit
from banyan.foundation.face.doorway import SAFE
from banyan.foundation.face.jar import Jar
from banyan.foundation.face.seal import FIELD, Seal
from banyan.foundation.face.visit import Message
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Refusal, TooMany

IDS = SeededIds(VirtualClock(), 1)
SEAL = Seal("shop", b"key", "https://shop.test")
FORM = {"content-type": "application/x-www-form-urlencoded"}
TOLD = {"saved": Message("good", "Saved.")}


class Cookie(Enum):
    SEAL = "seal"
    TOLD = "told"
    CEREMONY = "ceremony"


class Visit(visit.Visit[Cookie]):
    def __init__(self, request: Request) -> None:
        jar = Jar(Cookie, request.cookies, path="/", same_site="lax", secure=False)
        cookies = {"nonce": Cookie.SEAL, "told": Cookie.TOLD, "ceremony": Cookie.CEREMONY}
        super().__init__(request, jar, SEAL, IDS, **cookies, seconds=1000)

    async def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        return PlainTextResponse(f"{template} {context}", status)


class Doorway(doorway.Doorway[Visit]):
    def visit(self, request: Request) -> Visit:
        return Visit(request)

    async def refused(self, visit: Visit, refusal: Refusal) -> Response:
        return PlainTextResponse(f"{refusal.code}: {refusal.detail}", refusal.status)

    def rules(self, visit: Visit) -> Mapping[str, str]:
        return {**SAFE, "cache-control": "no-store", "x-here": visit.here}


Ask = Callable[..., Awaitable[HttpAnswer]]


def asking(answer: Callable[[Visit], Awaitable[Response]]) -> Ask:
    app = Starlette(routes=[Route("/{name}", Doorway().through(answer), methods=["GET", "POST"])])

    async def ask(method: str = "GET", path: str = "/x", body: bytes = b"", **headers: str) -> HttpAnswer:
        return await loopback.request(app, method, path, headers={**FORM, **headers}, body=body)

    return ask


async def form(visit: Visit) -> Response:
    if visit.request.method == "POST":
        await visit.receive(max_body=500, max_fields=5)
        return visit.to("/done", "saved")
    return PlainTextResponse(visit.seal())


def cookie(answer: HttpAnswer) -> str:
    return (answer.header("set-cookie") or "").partition(";")[0]


async def test_a_form_is_taken_from_the_browser_that_got_it() -> None:
    ask = asking(form)
    page = await ask()
    body = urlencode({FIELD: page.body.decode()}).encode()
    assert cookie(page).startswith("seal=")
    done = await ask("POST", body=body, cookie=cookie(page))
    assert (done.status, done.header("location"), cookie(done)) == (303, "/done", "told=saved")
    for headers in ({}, {"cookie": "seal=other"}, {"cookie": cookie(page), "origin": "https://evil.test"}):
        assert (await ask("POST", body=body, **headers)).status == 403


async def test_a_seal_of_before_is_void_when_it_was_renewed() -> None:
    page = await asking(form)()

    async def renewed(visit: Visit) -> Response:
        before = visit.nonce
        visit.renew_seal()
        assert visit.nonce != before
        return PlainTextResponse(visit.seal())

    after = await asking(renewed)(cookie=cookie(page))
    body = urlencode({FIELD: page.body.decode()}).encode()
    assert (await asking(form)("POST", body=body, cookie=cookie(after))).status == 403


async def test_a_page_without_a_form_sets_no_cookie() -> None:
    async def plain(visit: Visit) -> Response:
        return PlainTextResponse(f"{visit.path} {visit.query['q']}")

    answer = await asking(plain)(path="/toys?q=%20red")
    assert answer.body == b"{'name': 'toys'} red"
    assert answer.header("set-cookie") is None


@pytest.mark.parametrize(("code", "shown"), [("saved", b"good Saved."), ("other", b"nothing"), ("", b"nothing")])
async def test_a_message_is_shown_once_and_only_by_its_code(code: str, shown: bytes) -> None:
    async def page(visit: Visit) -> Response:
        message = visit.told(TOLD)
        assert visit.told(TOLD) is None
        return PlainTextResponse(f"{message.tone} {message.text}" if message else "nothing")

    answer = await asking(page)(cookie=f"told={code}")
    assert answer.body == shown
    assert ("Max-Age=0" in (answer.header("set-cookie") or "")) is bool(code)


@pytest.mark.parametrize(
    ("raised", "status", "said", "retry"),
    [
        (TooMany("slower", retry_after=2.6), 429, "slower", "3"),
        (TooMany("slower", retry_after=0.1), 429, "slower", "1"),
        (Refusal("no"), 400, "refused: no", None),
        (ZeroDivisionError("a secret"), 500, "internal: something broke on our side", None),
    ],
)
async def test_whatever_is_raised_becomes_a_page(raised: Exception, status: int, said: str, retry: str | None) -> None:
    async def page(visit: Visit) -> Response:
        visit.renew_seal()
        raise raised

    answer = await asking(page)()
    assert (answer.status, answer.header("retry-after")) == (status, retry)
    assert said in answer.body.decode()
    assert "secret" not in answer.body.decode()
    assert cookie(answer).startswith("seal="), "what was put into cookies before is written"
    assert answer.header("x-frame-options") == "DENY"


async def test_rules_are_told_to_every_browser_and_a_page_may_set_its_own() -> None:
    async def page(visit: Visit) -> Response:
        return PlainTextResponse("x", headers={"cache-control": "private"})

    answer = await asking(page)()
    assert {name: answer.header(name) for name in SAFE} == SAFE
    assert (answer.header("cache-control"), answer.header("x-here")) == ("private", "/x")

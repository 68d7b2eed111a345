"""The short way answers as the long one does; what is not plain goes the long way."""

from datetime import date
from pathlib import Path as FilePath
from typing import Annotated, Any, cast

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from banyan.foundation import loopback, web
from banyan.foundation.access import Doors
from banyan.foundation.express import Express, short
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.foundation.web import Body, MaybeKey, SureKey, Who
from banyan.kernel.refusals import Conflict, Unauthenticated
from tests.conftest import OpenShop


class Wish(Body):
    word: Annotated[str, StringConstraints(max_length=5)]
    count: Annotated[int, Field(strict=True, ge=0)] = 1


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/toys")

    @router.get("/current")
    async def current(who: Who) -> Response:
        return web.json({"current": who.caller})

    @short
    @router.get("/{toy}")
    async def see(
        toy: Annotated[str, Path(max_length=12)],
        who: Who,
        colour: Annotated[str, Query(max_length=8)] = "red",
        since: Annotated[date | None, Query(alias="from")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        sold: bool = False,
        mark: Annotated[list[str], Query()] = [],  # noqa: B006  # FastAPI copies it
        if_none_match: Annotated[str | None, Header(max_length=500)] = None,
    ) -> Response:
        mark.append("own")
        return web.json([toy, who.caller, colour, since, limit, sold, mark, if_none_match])

    @short
    @router.post("/{toy}/parts/{part}")
    async def put(
        toy: str,
        part: str,
        body: Wish,
        who: Who,
        key: MaybeKey,
        if_match: Annotated[str | None, Header(max_length=200)] = None,
    ) -> Response:
        if body.word == "taken":
            raise Conflict("taken", code="taken", retry_after=3)
        return web.json([toy, part, body, who.caller, key and [key.scope, key.key], if_match], 201, etag='"1"')

    @short
    @router.post("/{toy}/sale")
    async def sell(toy: str, who: Who, key: SureKey, body: Wish | None = None) -> Response:
        if toy == "broken":
            raise RuntimeError("nobody foresaw this")
        return web.json([toy, key.key, body])

    @short
    @router.post("/{toy}/letter.{ending}")
    async def write(request: Request, toy: str, ending: str) -> Response:
        if ending == "stolen":
            raise Conflict("stolen", code="stolen")
        return web.json([toy, ending, dict(request.query_params), (await request.body()).decode()])

    async def merchant(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != "Bearer shop":
            raise Unauthenticated("who are you", code="not_the_merchant")

    guarded = APIRouter(prefix="/v1/kept", dependencies=[Depends(merchant)])

    @short
    @guarded.post("/{toy}")
    async def keep(toy: Annotated[str, Path(max_length=12)], body: Wish) -> Response:
        return web.json([toy, body])

    outer = APIRouter()
    outer.include_router(router)
    outer.include_router(guarded)
    return outer


TOY = Service(name="toy", folder=FilePath(__file__).parent / "toy", routes=routes)


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(TOY)


async def both(shop: Shop, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> HttpAnswer:
    """The answer of the short way, where it can be gone, which is that of the long one."""
    local = shop.peers.local("toy")
    assert local is not None
    one = await loopback.request(local.app, method, path, headers=headers, body=body)
    long = await loopback.request(
        local.app, method, path + ("&" if "?" in path else "?") + "long=1", headers=headers, body=body
    )
    assert (one.status, sorted(one.headers), one.body) == (long.status, sorted(long.headers), long.body)
    return one


JSON = {"content-type": "application/json"}
CART = "ct_" + "a" * 43


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/v1/toys/bear", {}, b"", 200),
        ("GET", "/v1/toys/current", {}, b"", 200),
        ("GET", "/v1/toys/b%20r", {}, b"", 200),
        ("GET", "/v1/toys/bear", {"authorization": f"Bearer {CART}"}, b"", 200),
        ("GET", "/v1/toys/bear", {"cookie": f"a=b; banyan_cart={CART}"}, b"", 200),
        ("GET", "/v1/toys/bear", {"authorization": "Bearer no.such.token"}, b"", 401),
        ("GET", "/v1/toys/" + "a" * 13, {}, b"", 422),
        ("GET", "/v1/toys/bear?colour=blue&limit=7&sold=true&from=2026-11-22", {}, b"", 200),
        ("GET", "/v1/toys/bear?colour=%C3%A9&limit=+7", {}, b"", 200),
        ("GET", "/v1/toys/bear?colour=%FF&sold=maybe", {}, b"", 422),
        ("GET", "/v1/toys/bear?colour=blue&colour=red", {}, b"", 200),
        ("GET", "/v1/toys/bear?colour=&limit=", {}, b"", 422),
        ("GET", "/v1/toys/bear?limit=101", {}, b"", 422),
        ("GET", "/v1/toys/bear?from=yesterday", {}, b"", 422),
        ("GET", "/v1/toys/bear?mark=a&mark=b", {}, b"", 200),
        ("GET", "/v1/toys/bear?since=2026-11-22&;=&%00", {}, b"", 200),
        ("GET", "/v1/toys/bear?colour=" + "x" * 1000, {}, b"", 422),
        ("GET", "/v1/toys/bear", {"if-none-match": '"a", "b"'}, b"", 200),
        ("DELETE", "/v1/toys/bear", {}, b"", 405),
        ("GET", "/v1/toys", {}, b"", 404),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":" ab ","count":2}', 201),
        ("POST", "/v1/toys/bear/parts/ear", {**JSON, "if-match": '"1"', "idempotency-key": "k"}, b'{"word":"ab"}', 201),
        ("POST", "/v1/toys/bear/parts/ear", {**JSON, "if-match": "x" * 201}, b'{"word":"ab"}', 422),
        ("POST", "/v1/toys/bear/parts/ear", {**JSON, "idempotency-key": "k" * 256}, b'{"word":"ab"}', 422),
        ("POST", "/v1/toys/bear/parts/ear", {**JSON, "idempotency-key": "\x7f"}, b'{"word":"ab"}', 400),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"taken"}', 409),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"\\ud800"}', 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"too long"}', 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"a","more":1}', 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"a"', 400),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"a","count":1' + b"0" * 30 + b"}", 201),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b'{"word":"a","count":NaN}', 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b"[]", 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, b"", 422),
        ("POST", "/v1/toys/bear/parts/ear", JSON, '{"word":"a"}'.encode("utf-16"), 201),
        ("POST", "/v1/toys/bear/parts/ear", {"content-type": "text/plain"}, b'{"word":"a"}', 422),
        ("POST", "/v1/toys/bear/parts/ear", {"content-type": "application/json; charset=utf-8"}, b'{"word":"a"}', 201),
        ("POST", "/v1/kept/bear", {**JSON, "authorization": "Bearer shop"}, b'{"word":"ab"}', 200),
        ("POST", "/v1/kept/bear", {**JSON, "authorization": "Bearer shop"}, b"{}", 422),
        ("POST", "/v1/kept/bear", {**JSON, "authorization": "Bearer else"}, b'{"word":"ab"}', 401),
        ("POST", "/v1/kept/bear", JSON, b"{}", 401),
        ("POST", "/v1/toys/bear/sale", {"idempotency-key": "k"}, b"", 200),
        ("POST", "/v1/toys/bear/sale", {**JSON, "idempotency-key": "k"}, b"null", 200),
        ("POST", "/v1/toys/bear/sale", JSON, b"{}", 400),
        ("POST", "/v1/toys/broken/sale", {"idempotency-key": "k"}, b"", 500),
    ],
)
async def test_both_ways_answer_alike(
    shop: Shop, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    assert (await both(shop, method, path, headers, body)).status == status


def test_a_marked_route_whose_guard_asks_for_more_than_a_header_stops_the_start() -> None:
    async def guard() -> None: ...

    async def see(who: Who) -> Response:
        return web.json({"caller": who.caller})

    router = APIRouter(dependencies=[Depends(guard)])
    router.get("/v1/guarded")(short(see))
    with pytest.raises(TypeError, match="/v1/guarded"):
        Express(FastAPI(), router.routes, cast("Ports", None), Doors({}))


async def test_plain_requests_do_go_the_short_way(shop: Shop) -> None:
    async def long(*_: Any) -> None:
        raise AssertionError("this went the long way")

    local = shop.peers.local("toy")
    assert local is not None
    alone = Express(long, local.app.routes, shop.ports["toy"], Doors({}))
    for path in ("/v1/toys/bear", "/v1/toys/bear?colour=blue&limit=7&from=2026-11-22"):
        assert (await loopback.request(alone, "GET", path, headers={})).status == 200
    shown = {**JSON, "authorization": "Bearer shop"}
    assert (await loopback.request(alone, "POST", "/v1/kept/bear", headers=shown, body=b'{"word":"ab"}')).status == 200
    got = await loopback.request(alone, "POST", "/v1/toys/bear/parts/ear", headers=JSON, body=b'{"word":"ab"}')
    assert (got.status, got.header("etag")) == (201, '"1"')
    for path in (
        "/v1/toys/current",
        "/v1/toys/bear?shape=round",
        "/v1/toys/bear?limit=0",
    ):  # the first is known before /{toy}
        with pytest.raises(AssertionError, match="long way"):
            await loopback.request(alone, "GET", path, headers={})


async def test_an_endpoint_that_reads_the_request_by_itself_is_reached_the_short_way_whatever_comes(shop: Shop) -> None:
    async def long(*_: Any) -> None:
        raise AssertionError("this went the long way")

    local = shop.peers.local("toy")
    assert local is not None
    for app in (local.app, Express(long, local.app.routes, shop.ports["toy"], Doors({}))):
        form = {"content-type": "application/x-www-form-urlencoded"}
        got = await loopback.request(app, "POST", "/v1/toys/bear/letter.sent?a=1", headers=form, body=b"b=%20")
        assert (got.status, got.json()) == (200, ["bear", "sent", {"a": "1"}, "b=%20"])
        got = await loopback.request(app, "POST", "/v1/toys/bear/letter.stolen", headers=form)
        assert (got.status, got.json()["code"]) == (409, "stolen")


def test_an_endpoint_that_reads_the_request_and_asks_who_asks_stops_the_start() -> None:
    async def see(request: Request, who: Who) -> Response:
        return web.json({"caller": who.caller, "path": request.url.path})

    router = APIRouter()
    router.get("/v1/both")(short(see))
    with pytest.raises(TypeError, match="/v1/both"):
        Express(FastAPI(), router.routes, cast("Ports", None), Doors({}))

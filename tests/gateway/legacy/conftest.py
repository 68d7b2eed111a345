"""A small legacy shop on a real socket, a mover that says what a test wants, and the gateway between them and browsers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from banyan import topology
from banyan.contracts.moving import (
    CONFIRM,
    PLACE,
    AskHomeward,
    AskPlace,
    GroupSteering,
    Homeward,
    PageRule,
    Place,
    Renew,
    Steering,
)
from banyan.foundation import choose
from banyan.foundation.edge import Edge
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.gateway.app import Gateway, open_gateway
from banyan.gateway.legacy.asked import longest_body
from banyan.gateway.limits import max_body
from banyan.kernel.refusals import Unavailable
from tests.conftest import OpenShop
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)

RULES = (
    PageRule(method="GET", route="common/home", group="catalog", kind="read", to="/"),
    PageRule(method="GET", route="product/product", group="catalog", kind="read", to="/p/{product_id}"),
    PageRule(method="GET", route="product/review*", group="catalog", kind="read"),
    PageRule(method="GET", route="_route_", group="catalog", kind="read", to="/p/{seo}"),
    PageRule(method="GET", route="checkout/cart", group="orders", kind="read", to="/cart"),
    PageRule(method="GET", route="checkout/checkout", group="orders", kind="unsafe_read", door="checkout"),
    PageRule(method="GET", route="account/account", group="users", kind="read", to="/account"),
    PageRule(method="POST", route="checkout/cart.add", group="orders", kind="write", door="cart/add"),
    PageRule(method="GET", route="checkout/confirm.confirm", group="orders", kind="unsafe_read", door="checkout"),
    PageRule(method="GET", route="checkout/shown", group="orders", kind="unsafe_read", door=CONFIRM),
    PageRule(method="POST", route="checkout/placed", group="orders", kind="write", door=PLACE),
    PageRule(method="POST", route="account/edit", group="users", kind="write"),
)
CART_ADD = "/index.php?route=checkout/cart.add"
PRODUCT = "/index.php?route=product/product&product_id=40"


@dataclass
class OldShop:
    """What the legacy web server was asked."""

    asked: Counter[str] = field(default_factory=Counter)
    heard: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    seconds: float = 0.0  # that a write takes
    running: int = 0
    broken: bool = False
    url: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST", "HEAD", "OPTIONS"])
        async def page(request: Request, path: str) -> Response:
            route = request.query_params.get("route", path)
            self.asked[route] += 1
            self.heard.append({"method": request.method, "path": request.url.path, **request.headers})
            return await self._page(request, route)

        return app

    async def _page(self, request: Request, route: str) -> Response:
        if self.broken:
            return Response("a fatal error", 500)
        if request.method == "POST":
            self.running += 1
            body = await request.body()
            self.bodies.append(body)
            await asyncio.sleep(self.seconds)
            self.running -= 1
            answer = Response('{"success":"legacy"}', media_type="application/json")
            if "OCSESSID" not in request.cookies:
                answer.set_cookie("OCSESSID", "fresh")
            return answer
        if route == "account/login":
            answer = Response(status_code=302, headers={"location": f"{self.url}/index.php?route=account/account"})
            answer.set_cookie("OCSESSID", "abc", domain="127.0.0.1", samesite="strict")
            answer.headers.append("set-cookie", "language=en-gb; Path=/")
            return answer
        if route == "streamed":

            async def pieces() -> AsyncIterator[bytes]:
                for number in range(40):
                    yield f"{number:05d}".encode() * 20_000
                    await asyncio.sleep(0)

            return StreamingResponse(pieces(), media_type="text/plain")
        return Response(f"<h1>legacy {route}</h1><script>1</script>", media_type="text/html")


@dataclass
class Mover:
    """A `move` that steers as its test says."""

    steered: dict[str, GroupSteering] = field(default_factory=dict)
    renewals: list[Renew] = field(default_factory=list)
    away: bool = False
    lease_seconds: float = 2.0
    places: dict[str, Place] = field(default_factory=dict)
    _number: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def steer(self, **groups: dict[str, Any]) -> None:
        for name, given in groups.items():
            now = self.steered.get(name, GroupSteering(name=name, owner="legacy", epoch=1))
            self.steered[name] = now.model_copy(update=given)
        self._number += 1
        self._news.set()
        self._news = asyncio.Event()

    async def renew(self, _: Any, call: Renew) -> Steering:
        if self.away:
            raise Unavailable("move is away")
        self.renewals.append(call)
        if call.seen == str(self._number) and call.wait:
            try:
                async with asyncio.timeout(call.wait):
                    await self._news.wait()
            except TimeoutError:
                pass
        rules = None if call.rules_mark == "1" else RULES
        return Steering(
            mark=str(self._number),
            groups=tuple(self.steered.values()),
            rules_mark="1",
            rules=rules,
            lease_seconds=self.lease_seconds,
        )

    async def place(self, _: Any, call: AskPlace) -> Place:
        return self.places.get(call.target, Place(path="/p/mug"))

    async def homeward(self, _: Any, call: AskHomeward) -> Homeward:
        form = dict(call.form)
        if form.get("product") != "mug":
            return Homeward(after="/p/" + form.get("product", ""))
        body = (("product_id", "40"), ("quantity", form["quantity"]))
        return Homeward(target=CART_ADD, form=body, after="/index.php?route=checkout/cart")

    async def until_held(self, group: str, epoch: int) -> None:
        async with asyncio.timeout(30):
            while not (self.renewals and self.renewals[-1].held.get(group) == epoch):
                await asyncio.sleep(0.005)

    async def until_heard(self) -> None:
        """The worker steers as it was last told."""
        async with asyncio.timeout(30):
            while not (self.renewals and self.renewals[-1].seen == str(self._number)):
                await asyncio.sleep(0.005)


@dataclass
class NewShop:
    """Our side: the storefront and the mover's doors, as one application."""

    asked: Counter[str] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200
    seconds: float = 0.0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def page(request: Request, path: str) -> Response:
            self.asked["/" + path] += 1
            if request.method == "POST":
                self.bodies.append(await request.body())
            await asyncio.sleep(self.seconds)
            return Response(f"<h1>new {path}</h1>", self.status, media_type="text/html")

        return app


@dataclass
class House:
    old: OldShop
    new: NewShop
    mover: Mover
    gateway: Gateway
    origin: str


OpenHouse = Callable[..., Awaitable[House]]


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()


@pytest.fixture(scope="module")
async def open_house(shop: Shop, served: Served) -> AsyncIterator[OpenHouse]:  # noqa: F811
    """`house = await open_house(catalog={"weight": 50})`: served on a socket, with its own legacy shop."""
    opened: list[tuple[Gateway, Shop]] = []

    async def make(legacy_http: str = "", *, away: bool = False, **groups: dict[str, Any]) -> House:
        old, new, mover = OldShop(), NewShop(), Mover(away=away)
        mover.steer(**{name: {} for name in ("catalog", "users", "orders")} | groups)
        old.url = legacy_http or await served(old.app())
        settings = shop.settings.model_copy(update={"legacy_http": old.url})
        bus = await choose.bus(shop.bus._url)  # type: ignore[attr-defined]  # connections of its own
        of_it = Shop.over(settings, bus, clock=shop.clock, ids=shop.ids)
        of_it.peers.add("storefront", Local(None, {}, new.app()))
        calls: Any = {Renew: mover.renew, AskPlace: mover.place, AskHomeward: mover.homeward}
        of_it.peers.add("move", Local(object(), calls, new.app()))  # type: ignore[arg-type]
        gateway = await open_gateway(of_it, topology.ROUTES)
        opened.append((gateway, of_it))

        def longest(method: str, path: str) -> int:
            return longest_body(path, max_body(method, path))

        edge = Edge(gateway, "gateway", clock=shop.clock, ids=shop.ids, ready=shop.ready, trust=False, max_body=longest)
        return House(old, new, mover, gateway, await served(edge))

    yield make
    for gateway, of_it in opened:
        await gateway.close()
        await of_it.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session

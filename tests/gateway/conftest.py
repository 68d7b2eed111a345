"""A toy shop behind the gateway: a catalogue that can be edited, carts that say what they heard, users with a key."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jwt
from joserfc.jwk import KeySet as Keys
from joserfc.jwk import RSAKey

from banyan.contracts.catalog import ProductChanged
from banyan.contracts.users import AskKeys, KeySet
from banyan.foundation import web
from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.edge import Edge
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.gateway.limits import max_body
from banyan.kernel.refusals import NotFound
from tests.backends.redis_server import own_redis

__all__ = ["own_redis"]

ROUTES = {
    "/v1/sessions": "users",
    "/v1/me": "users",
    "/v1/products": "catalog",
    "/v1/search": "catalog",
    "/v1/carts": "orders",
    "/v1/orders": "orders",
    "/v1/payments": "payments",
    "/webhooks": "orders",
    "/oauth": "users",
    "/console": "console",
    "/": "storefront",
}


@dataclass
class Toys:
    """The services' memory, for tests to look into."""

    prices: dict[str, int] = field(default_factory=lambda: {"prd_mug": 10, "prd_cup": 20})
    asked: list[str] = field(default_factory=list)
    heard: list[dict[str, str]] = field(default_factory=list)
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}))

    def token(self, shop: Shop, *, seconds: int = 600) -> str:
        now = int(shop.clock.now().timestamp())
        claims = {
            "iss": shop.settings.origin,
            "aud": "banyan",
            "sub": "usr_ann",
            "iat": now - 1000,
            "exp": now + seconds,
        }
        return jwt.encode({"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, claims, self.key, algorithms=["RS256"])

    def services(self) -> list[Service]:
        folder = Path(__file__).parent / "toy"

        async def keys(_: Ports, __: AskKeys) -> KeySet:
            return KeySet(jwks=json.dumps(Keys([self.key]).as_dict(private=False)))

        return [
            Service(name="catalog", folder=folder, routes=self._catalog),
            Service(name="orders", folder=folder, routes=self._orders),
            Service(name="users", folder=folder, routes=self._users, calls={AskKeys: keys}),
        ]

    def _catalog(self, ports: Ports) -> APIRouter:
        router = APIRouter()

        @router.get("/v1/products")
        async def list_products(category: str = "", limit: web.Limit = 20) -> Response:
            self.asked.append(f"list {category}")
            return web.page([{"id": each, "price": price} for each, price in self.prices.items()], None)

        @router.get("/v1/products/{product}")
        async def get_product(product: str, who: web.Who) -> Response:
            self.asked.append(f"product {product} for {who.caller}")
            if product not in self.prices:
                raise NotFound("there is no such product")
            price = self.prices[product]
            shown = {"id": product, "slug": product[4:], "price": price, "words": "stoneware " * 200}
            return web.json(shown, etag=web.etag(price), vary="authorization")

        @router.patch("/v1/products/{product}")
        async def edit(product: str, price: int, if_match: Annotated[str | None, Header()] = None) -> Response:
            web.must_match(if_match, self.prices[product])
            self.prices[product] = price
            async with ports.db.transaction() as tx:
                tx.tell(ProductChanged(product_id=product, slug=product[4:], published=True))
            return web.json({}, etag=web.etag(price))

        @router.get("/v1/search")
        async def search(q: str = "") -> Response:
            await self.busy.wait()
            self.asked.append(f"search {q}")
            return web.json({"items": []})

        @router.post("/v1/products/{product}/media")
        async def upload(product: str, request: Request) -> Response:
            return web.json({"size": len(await request.body())}, 201)

        return router

    def _orders(self, _: Ports) -> APIRouter:
        router = APIRouter()

        async def echo(request: Request) -> Response:
            self.heard.append(dict(request.headers))
            body = await request.body()
            answer = web.json(
                {
                    "method": request.method,
                    "path": request.url.path,
                    "query": request.url.query,
                    "size": len(body),
                    "headers": dict(request.headers),
                }
            )
            answer.headers["x-banyan-tags"] = "secret"
            answer.set_cookie(CART_COOKIE, "ct_" + "a" * 24)
            answer.set_cookie("other", "1")
            return answer

        for path in ("/v1/carts", "/v1/carts/{cart}/checkout", "/v1/orders/echo", "/webhooks/{provider}"):
            for method in ("GET", "POST", "DELETE"):
                shown = path == "/v1/orders/echo"
                router.add_api_route(
                    path, echo, methods=[method], operation_id=f"echo_{method}", include_in_schema=shown
                )

        @router.get("/v1/orders/stream")
        async def stream(pieces: int = 3) -> StreamingResponse:
            async def told() -> AsyncIterator[bytes]:
                for number in range(pieces):
                    yield f"piece {number}\n".encode()
                    await asyncio.sleep(0)

            return StreamingResponse(told(), media_type="text/plain")

        @router.get("/v1/orders/broken")
        async def broken() -> StreamingResponse:
            async def told() -> AsyncIterator[bytes]:
                yield b"the first half"
                await asyncio.sleep(0.01)
                raise RuntimeError("the second half is lost")

            return StreamingResponse(told(), media_type="text/plain")

        @router.get("/v1/orders/bug")
        async def bug() -> Response:
            raise RuntimeError("a bug")

        @router.get("/v1/orders/slow")
        async def slow() -> Response:
            await self.busy.wait()
            return web.json({})

        return router

    def _users(self, _: Ports) -> APIRouter:
        router = APIRouter()

        @router.post("/v1/sessions")
        async def sign_in(password: str) -> Response:
            return web.json({}, 201 if password == "right" else 401)

        @router.get("/v1/me")
        async def me(who: web.Who) -> Response:
            return web.json({"user": who.signed_in()})

        @router.post("/oauth/token")
        async def token(request: Request) -> Response:
            return web.json({"authorization": request.headers["authorization"]})

        return router


@pytest.fixture(scope="module")
def toys() -> Toys:
    return Toys()


Served = Callable[[Any], Awaitable[str]]


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Served]:
    """Serve an application on a free port of this machine, by the server that shops use: `url = await served(app)`."""
    running: list[tuple[Server, asyncio.Task[None]]] = []

    async def serve(app: Any) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
        running.append((server, asyncio.create_task(server.serve())))
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                return f"http://127.0.0.1:{port}"

    yield serve
    for server, task in running:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 30)


def edge(app: Any, shop: Shop, *, trust: bool = False) -> Edge:
    """As a process that serves `app` wraps it."""
    return Edge(app, "gateway", clock=shop.clock, ids=shop.ids, ready=shop.ready, trust=trust, max_body=max_body)

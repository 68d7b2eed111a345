"""A real run over sockets: gateway, mover and two shops under traffic; a bad build of ours is pulled back by itself, and as
good as nobody notices. And the same gateway as a process of its own, which reaches the mover over HTTP."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI, Response
from pydantic import SecretStr

from banyan import topology
from banyan.contracts.moving import AskPlace, Place
from banyan.foundation import choose
from banyan.foundation.edge import Edge
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.gateway.app import open_gateway
from banyan.move.app import service
from banyan.move.shift import routing
from banyan.move.shift.ramp import Ramp
from banyan.move.storage import groups, log
from tests.conftest import OpenShop
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)

PRODUCT = "/index.php?route=product/product&product_id="


@dataclass
class Side:
    """A shop's pages, `seconds` slow; every `failing`th fails."""

    name: str
    seconds: float = 0.0
    failing: int = 0
    asked: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/{path:path}")
        async def page() -> Response:
            self.asked += 1
            await asyncio.sleep(self.seconds)
            failed = self.failing and self.asked % self.failing == 0
            return Response(self.name, 500 if failed else 200)

        return app


@dataclass
class Street:
    ports: Ports
    origin: str
    ours: Side
    theirs: Side
    seen: Counter[str] = field(default_factory=Counter)


async def _place(_: Any, call: AskPlace) -> Place:
    return Place(path="/p/" + call.target.rpartition("=")[2])


@pytest.fixture(scope="module")
async def street(open_shop: OpenShop, served: Served) -> AsyncIterator[Street]:  # noqa: F811
    """The gateway is a process of its own: it has neither mover nor storefront in it."""
    ours, theirs = Side("new"), Side("legacy", seconds=0.01)
    made = service()
    calls: Any = {**made.calls, AskPlace: _place}
    secret = SecretStr("of the house")
    shop = await open_shop(
        Service(name="move", folder=made.folder, routes=made.routes, calls=calls),
        legacy_shop="opencart4",
        legacy_http=await served(theirs.app()),
        peer_secret=secret,
    )
    ports = shop.ports["move"]
    await ports.db.execute("INSERT INTO groups (name, state) VALUES ('catalog', 'verified'), ('orders', 'verified')")
    local = shop.peers.local("move")
    assert isinstance(local, Local)
    far = shop.settings.model_copy(
        update={"move_url": await served(_edge(local.app, shop)), "storefront_url": await served(ours.app())}
    )
    bus = await choose.bus(shop.bus._url)  # type: ignore[attr-defined]  # connections of its own
    there = Shop.over(far, bus, clock=shop.clock, ids=shop.ids, caller="gateway")
    gateway = await open_gateway(there, topology.ROUTES)
    yield Street(ports, await served(_edge(gateway, there)), ours, theirs)
    await gateway.close()
    await there.close()


def _edge(app: Any, shop: Shop) -> Edge:
    return Edge(app, "x", clock=shop.clock, ids=shop.ids, ready=shop.ready, trust=True)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def _shop(street: Street, http: aiohttp.ClientSession, stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        answer = await http.get(f"{street.origin}{PRODUCT}{number % 20}")
        street.seen[await answer.text() if answer.status == 200 else str(answer.status)] += 1
        await asyncio.sleep(0.02)


async def _until(ports: Ports, ramp: Ramp, wanted: Any) -> None:
    """Let the ramp look, until the weight is as wanted. How soon that is: test_ramp, by its own clock."""
    async with asyncio.timeout(30):
        while True:
            await ramp.step(ports)
            group = await groups.one(ports.db, "catalog")
            assert group is not None
            if wanted(group.weight):
                return
            await asyncio.sleep(0.1)


async def test_a_build_that_fails_or_is_slow_is_pulled_back_and_nobody_sees_a_failure(
    street: Street, http: aiohttp.ClientSession
) -> None:
    stop, ramp = asyncio.Event(), Ramp(dwell=0.6)
    running = [asyncio.create_task(_shop(street, http, stop)) for _ in range(8)]
    await routing.route(street.ports, "catalog", 50)
    await street.ports.db.execute("UPDATE groups SET weight = 10, changed_at = shop_now() WHERE name = 'catalog'")
    await _until(street.ports, ramp, lambda weight: weight == 50)
    street.ours.failing = 20
    await _until(street.ports, ramp, lambda weight: weight == 0)
    street.ours.failing = 0
    assert street.seen.keys() == {"new", "legacy"}  # not one shopper saw a failure: the legacy shop stepped in

    await routing.route(street.ports, "catalog", 50)
    await street.ports.db.execute("UPDATE groups SET weight = 50, changed_at = shop_now() WHERE name = 'catalog'")
    await asyncio.sleep(1.2)
    street.ours.seconds = 0.3
    await _until(street.ports, ramp, lambda weight: weight <= 25)
    stop.set()
    await asyncio.gather(*running)
    told = [row["what"] for row in await log.read(street.ports.db)]
    assert sum(each.startswith("pulled back") for each in told) == 2
    assert any("requests failed" in each for each in told)
    assert any("ms is allowed" in each for each in told)


async def test_a_hold_reaches_a_gateway_of_another_process_and_is_acknowledged(
    street: Street, http: aiohttp.ClientSession
) -> None:
    await street.ports.db.execute(
        "UPDATE groups SET holding = true, step = 'C2', epoch = epoch + 1 WHERE name = 'orders'"
    )
    async with asyncio.timeout(30):
        while await street.ports.db.fetchval("SELECT held FROM worker") != {"orders": 2}:
            await asyncio.sleep(0.01)
    post = asyncio.create_task(http.post(f"{street.origin}/index.php?route=checkout/cart.edit", data={"key": "1"}))
    await asyncio.sleep(0.2)
    assert not post.done()
    await street.ports.db.execute(
        "UPDATE groups SET holding = false, step = NULL, epoch = 3, owner = 'new', state = 'new_primary' WHERE name = 'orders'"
    )
    answer = await post  # by the door in the mover's process: nobody has a cart here
    assert (answer.status, await answer.json(content_type=None)) == (200, {"redirect": "/cart"})

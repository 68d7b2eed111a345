"""The demo's old shop on a real MariaDB, copied and followed, with the gateway before it: in dual mode where a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pymysql
import pytest
from pydantic import SecretStr

from banyan import topology
from banyan.catalog.app import service as catalog
from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.gateway.app import Gateway, open_gateway
from banyan.inventory.app import service as inventory
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move import working
from banyan.move.app import service as move
from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.move.demo.old_shop import ROUTES
from banyan.move.demo.old_shop.serving import OldShop
from banyan.move.mover import Mover
from banyan.move.shift import dual
from banyan.move.storage import groups
from banyan.orders.app import service as orders
from banyan.users.app import service as users
from tests.conftest import OpenShop
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)

GROUPS = ("users", "orders")


@dataclass
class World:
    shop: Shop
    gateway: Gateway
    ports: Ports
    mover: Mover
    con: "pymysql.Connection[Any]"
    url: str  # of the legacy database
    task: "asyncio.Task[None]"  # the mover's work

    def browser(self) -> "Browser":
        return Browser(self)

    def sql(self, statement: str, *args: object) -> list[Any]:
        with self.con.cursor() as cursor:
            cursor.execute(statement, args or None)
            return list(cursor.fetchall())

    async def on(self, *names: str, on: bool = True) -> None:
        for name in names:
            await dual.switch(self.ports, name, on=on)
        crossing = self.gateway.crossing
        assert crossing is not None
        async with asyncio.timeout(30):
            while any((group := crossing.lease.group(name)) is None or group.dual != on for name in names):
                await asyncio.sleep(0.02)

    async def settled(self, group: str, written: int) -> dual.Compared:
        """The report, once so many writes more were compared."""
        async with asyncio.timeout(20):
            while True:
                found = await dual.report(self.ports, group)
                if found.total("written") >= written and not found.waiting:
                    return found
                await asyncio.sleep(0.05)

    async def written(self, group: str) -> int:
        return (await dual.report(self.ports, group)).total("written")


@dataclass
class Browser:
    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    async def post(self, route: str, form: dict[str, str], query: str = "", **headers: str) -> HttpAnswer:
        given = {"host": "shop.example", "content-type": "application/x-www-form-urlencoded", **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        target, body = f"/index.php?route={route}{query}", urlencode(form).encode()
        answer = await request(self.world.gateway, "POST", target, headers=given, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, told = value.partition(";")[0].partition("=")
                self.cookies[key] = told
        return answer

    async def sign_in(self, customer: int) -> None:
        group = await groups.one(self.world.ports.db, "users")
        before = await self.world.written("users")
        form = {"email": f"shopper{customer}@example.com", "password": stocking.PASSWORD}
        answer = await self.post("account/login.login", form)
        assert "redirect" in answer.json(), answer.body
        if group is not None and group.mode == "dual":  # a sign-in is a write too, of those that are not played
            await self.world.settled("users", before + 1)


@pytest.fixture(scope="module")
async def world(
    open_shop: OpenShop,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    served: Served,  # noqa: F811
) -> AsyncIterator[World]:
    database, clock = legacy_database(""), SystemClock()
    ids = SystemIds(clock)
    con = mariadb.connect(database)
    now = clock.now().replace(tzinfo=None, microsecond=0)
    stocking.fill(con, ids=ids, now=now, origin="http://shop.example", size=stocking.Size(12, 12, 4))
    url = mariadb.url(database)
    legacy_http = await served(OldShop(url, ROUTES, clock=clock, ids=ids))
    shop = await open_shop(
        *(each() for each in (users, catalog, inventory, orders, move)),
        legacy_url=SecretStr(url),
        legacy_shop="opencart4",
        legacy_http=legacy_http,
        legacy_time_zone="UTC",
        rate_limits=False,
    )
    ports = shop.ports["move"]
    mover = await working.opened(ports)
    await mover.prepare()
    await mover.copy()
    task = asyncio.create_task(mover.work())
    await asyncio.wait_for(mover.copied(), 60)
    gateway = await open_gateway(shop, topology.ROUTES)
    found = World(shop, gateway, ports, mover, con, url, task)
    yield found
    await gateway.close()
    found.task.cancel()
    with suppress(asyncio.CancelledError):
        await found.task
    await mover.source.close()
    con.close()

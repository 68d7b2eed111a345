"""Accounts and orders go over to our side and back while shoppers buy by the legacy shop's checkout: nobody notices."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import pytest
from pydantic import SecretStr

from banyan import topology
from banyan.catalog.app import service as catalog
from banyan.foundation.edge import Edge
from banyan.foundation.running import Shop
from banyan.gateway.app import open_gateway
from banyan.gateway.legacy.asked import longest_body
from banyan.gateway.limits import max_body
from banyan.inventory.app import service as inventory
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move import working
from banyan.move.app import service as move
from banyan.move.cutover.gates import Shut
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reverting import revert
from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.move.demo.old_shop import ROUTES
from banyan.move.demo.old_shop.serving import OldShop
from banyan.move.demo.shoppers import Ledger
from banyan.move.demo.shoppers.browser import Browser
from banyan.move.demo.shoppers.buying import Buyer
from banyan.move.mover import Mover
from banyan.move.way_back.ground import ground_of
from banyan.orders.app import service as orders
from banyan.payments.app import service as payments
from banyan.trial.moving.books import Books
from banyan.trial.moving.looking import _different, _doubled, _orders_lost, _stock
from banyan.users.app import service as users
from tests.conftest import OpenShop
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)

SIZE = stocking.Size(products=20, customers=5, orders=6)
BUYERS = range(1, 5)
PAUSE = 8.0  # seconds: long, where the machine has other things to do
EASY = {"coverage": "a test", "workers": "a test", "lag": "a test", "due": "a test"}


@dataclass
class Market:
    """A legacy shop that moves, and those who buy at the one door."""

    shop: Shop
    mover: Mover
    mariadb: MariaDb
    database: str
    url: str
    http: aiohttp.ClientSession
    ledger: Ledger

    def books(self) -> Books:
        return Books.of(self.mariadb, SIZE.orders, database=self.database)

    async def turn(self, what: str, group: str) -> None:
        """Over or back; a gate that is shut just now is waited for."""
        act = cutover if what == "cutover" else revert
        easy = EASY if what == "cutover" else {}
        async with asyncio.timeout(90):
            while True:
                with suppress(Shut):
                    turn = await act(await ground_of(self.mover), group, max_pause=PAUSE, overrides=easy)
                    if turn.done:
                        return
                await asyncio.sleep(0.2)

    async def buy_on(self, buyer: Buyer, going_on: asyncio.Event) -> None:
        ids = self.shop.ids
        while not going_on.is_set():
            await buyer.buy({1 + int(ids.fraction() * SIZE.products): 1 + int(ids.fraction() * 2) for _ in range(2)})
            await asyncio.sleep(0.2)


@pytest.fixture
async def market(
    open_shop: OpenShop,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    served: Served,  # noqa: F811
) -> AsyncIterator[Market]:
    database, clock = legacy_database(""), SystemClock()
    ids, con = SystemIds(clock), mariadb.connect(database)
    con.autocommit(False)
    now = clock.now().replace(tzinfo=None, microsecond=0)
    stocking.fill(con, ids=ids, now=now, origin="http://shop.example", size=SIZE)
    con.close()
    url = mariadb.url(database)
    shop = await open_shop(
        *(each() for each in (users, catalog, inventory, orders, payments, move)),
        work=True,
        legacy_url=SecretStr(url),
        legacy_shop="opencart4",
        legacy_http=await served(OldShop(url, ROUTES, clock=clock, ids=ids)),
        rate_limits=False,
        prices_include_tax=False,
        pay_later="cod",
    )
    mover = await working.opened(shop.ports["move"])
    await mover.prepare()
    await mover.copy()
    task = asyncio.create_task(mover.work())
    await asyncio.wait_for(mover.copied(), 60)
    gateway = await open_gateway(shop, topology.ROUTES)

    def longest(method: str, path: str) -> int:
        return longest_body(path, max_body(method, path))

    edge = Edge(gateway, "gateway", clock=clock, ids=ids, ready=shop.ready, trust=False, max_body=longest)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Market(shop, mover, mariadb, database, await served(edge), http, Ledger())
    await gateway.close()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await mover.source.close()


async def test_every_order_is_on_both_sides_once_with_its_total_and_its_stock(market: Market) -> None:
    before, ledger, over = market.books(), market.ledger, asyncio.Event()
    buyers = []
    for each in BUYERS:
        browser = Browser(market.url, market.http)
        form = {"email": f"shopper{each}@example.com", "password": stocking.PASSWORD}
        assert "redirect" in await browser.post("account/login.login", form)
        buyers.append(Buyer(each, each, browser, ledger, SystemClock()))
    buying = [asyncio.create_task(market.buy_on(buyer, over)) for buyer in buyers]
    try:
        await market.turn("cutover", "catalog")
        for what, group in (("cutover", "users"), ("cutover", "orders"), ("revert", "orders"), ("revert", "users")):
            await market.turn(what, group)
            await asyncio.sleep(0.3)
        await market.turn("cutover", "users")
        await market.turn("cutover", "orders")
        await asyncio.sleep(0.3)
    finally:
        over.set()
        await asyncio.gather(*buying)
    assert ledger.wrong == []
    async with asyncio.timeout(30):
        while _orders_lost(ledger, there := market.books()):
            await asyncio.sleep(0.2)
    await asyncio.sleep(0.5)
    there = market.books()
    here = await Books.of_ours(market.http, market.url, BUYERS, SIZE.orders, before.skus)
    for side, books in {"there": there, "here": here}.items():
        assert _orders_lost(ledger, books) == []
        assert _doubled(ledger, books, side) + _different(ledger, books, side) + books.odd == []
        assert _stock(ledger, before, books, side) == []
    assert len(ledger.bought) > 20

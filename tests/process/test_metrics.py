"""What a running shop tells about itself: requests by route, never by path, and events that moved."""

import asyncio
import re

import aiohttp

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop
from tests.process.conftest import SKU


async def metrics(http: aiohttp.ClientSession, shop: OwnShop) -> str:
    async with http.get(f"{shop.url}/metrics") as answer:
        assert answer.content_type == "text/plain"
        return await answer.text()


async def test_requests_are_told_by_route_and_no_caller_makes_new_lines(running: OwnShop) -> None:
    async with aiohttp.ClientSession() as http:
        for number in range(20):
            for path in (f"/v1/products/p{number}", f"/v1/nothing/{number}", f"/x{number}", f"/v1/carts/c{number}"):
                async with http.get(running.url + path):
                    pass
        told = set(re.findall(r'request_duration_seconds_count\{.*?route="([^"]*)"', await metrics(http, running)))
    assert {"/v1/products", "/v1/carts/{cart_id}", "other"} <= told
    assert not [route for route in told if re.search(r"\d", route.replace("/v1/", ""))]


async def test_an_order_shows_in_what_was_relayed_and_handled(running: OwnShop) -> None:
    clock = SystemClock()
    async with aiohttp.ClientSession() as http:
        status, _ = await Buyer(http, running.url, clock=clock, ids=SystemIds(clock)).buy(SKU)
        assert status == "confirmed"
        async with asyncio.timeout(30):
            while not re.search(r'shop_events_relayed_total\{service="orders"\} [1-9]', await metrics(http, running)):
                await asyncio.sleep(0.1)
        assert re.search(r'shop_events_handled_total\{.*outcome="handled"', await metrics(http, running))

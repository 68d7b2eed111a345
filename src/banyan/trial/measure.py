"""What one process of the shop does on this machine: starting, idling, reading, selling; beside a bare server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from banyan.kernel.clock import Clock, SystemClock
from banyan.kernel.ids import Ids, SystemIds
from banyan.trial import bare, load
from banyan.trial.crowd import Buyer
from banyan.trial.load import Measured, raw
from banyan.trial.own_shop import OwnShop, free_port, own_shop
from banyan.trial.stocking import stock

SKU = "BENCH-1"
CONNECTIONS = 32
CARTS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One operation: what the shop did, and what a bare server did with the same bytes."""

    name: str
    shop: Measured
    bare: Measured | None = None

    def failed(self) -> int:
        return sum(count for status, count in self.shop.statuses.items() if status >= 400)

    def cells(self) -> tuple[str, ...]:
        times = [f"{self.shop.percentile(share) * 1000:.1f}" for share in (0.5, 0.95, 0.99)]
        beside = f"{self.bare.rate():,.0f}" if self.bare else ""
        ratio = f"{self.shop.rate() / self.bare.rate():.0%}" if self.bare and self.bare.rate() else ""
        return (self.name, f"{self.shop.rate():,.1f}", *times, beside, ratio, str(self.failed() or ""))


@dataclass(slots=True)
class Report:
    first_start: float = 0.0  # seconds
    second_start: float = 0.0  # seconds
    resident_megabytes: float = 0.0
    lines: list[Line] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "first_start_seconds": self.first_start,
            "second_start_seconds": self.second_start,
            "resident_megabytes": self.resident_megabytes,
            "operations": [
                {
                    "name": line.name,
                    "per_second": line.shop.rate(),
                    "p50_ms": line.shop.percentile(0.5) * 1000,
                    "p95_ms": line.shop.percentile(0.95) * 1000,
                    "p99_ms": line.shop.percentile(0.99) * 1000,
                    "bare_per_second": line.bare.rate() if line.bare else None,
                    "failed": line.failed(),
                }
                for line in self.lines
            ],
        }


async def measure(folder: Path, seconds: float, note: Callable[[str], None]) -> Report:
    """Everything, one after another, on a shop of its own with the demo catalogue."""
    clock = SystemClock()
    ids, report = SystemIds(clock), Report()
    async with own_shop(folder, clock, rate_limits="false") as shop:
        note("first start, with the demo catalogue")
        report.first_start = await shop.start()
        await shop.stop()
        note("second start")
        report.second_start = await shop.start()
        await clock.sleep(3)
        report.resident_megabytes = resident(shop.pid)
        await stock(folder, SKU, 1_000_000_000)
        await clock.sleep(1)
        for name, paths in (await _reads(shop)).items():
            note(name)
            report.lines.append(await _read(shop, name, paths, seconds))
        note("add to cart")
        report.lines.append(await _adds(shop, seconds, clock, ids))
        note("complete checkouts")
        report.lines.append(await _checkouts(shop, seconds, clock, ids))
    return report


def resident(pid: int) -> float:
    """Megabytes of memory a process keeps resident (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _reads(shop: OwnShop) -> dict[str, list[str]]:
    """The paths each reading operation asks for in turn."""
    async with aiohttp.ClientSession(shop.url) as http:
        async with http.get("/v1/products?limit=100") as answer:
            products = (await answer.json())["items"]
        async with http.get("/v1/categories") as answer:
            categories = [each["slug"] for each in (await answer.json())["items"]]
    words = sorted(
        {word for product in products for word in product["name"].split() if word.isalpha() and len(word) > 4}
    )
    return {
        "product read": [f"/v1/products/{product['slug']}" for product in products],
        "list of 20": [f"/v1/products?limit=20&category={slug}" for slug in categories],
        "search, 20 with facets": [f"/v1/search?q={word}&limit=20" for word in words],
        "search, every one new": [
            f"/v1/search?q={word}&limit=20&price_max={90_000_000 + n}" for n, word in enumerate(words * 400)
        ],
        "suggest": [f"/v1/suggest?q={word[:3]}" for word in words],
    }


async def _read(shop: OwnShop, name: str, paths: list[str], seconds: float) -> Line:
    requests = [raw("GET", path) for path in paths]
    async with aiohttp.ClientSession(shop.url) as http, http.get(paths[0]) as answer:
        body = await answer.text()
    measured = await load.in_a_process(shop.port, CONNECTIONS, seconds, requests)
    port = free_port()
    server = await bare.start(port, {path.partition("?")[0]: body for path in paths})
    try:
        beside = await load.in_a_process(port, CONNECTIONS, seconds, requests)
    finally:
        server.kill()
        await server.wait()
    return Line(name, measured, beside)


async def _adds(shop: OwnShop, seconds: float, clock: Clock, ids: Ids) -> Line:
    """One more unit into one of many carts."""
    requests = []
    async with aiohttp.ClientSession() as http:
        for _ in range(CARTS):
            status, cart = await Buyer(http, shop.url, clock=clock, ids=ids).call("POST", "/v1/carts", {})
            if status != 201:
                raise RuntimeError(f"a cart was not made: {status} {cart}")
            body = orjson.dumps({"sku": SKU, "quantity": 1})
            requests.append(raw("POST", f"/v1/carts/{cart['id']}/lines", body, Authorization=f"Bearer {cart['token']}"))
    return Line("add to cart", await load.in_a_process(shop.port, CONNECTIONS, seconds, requests))


async def _checkouts(shop: OwnShop, seconds: float, clock: Clock, ids: Ids, shoppers: int = 16) -> Line:
    """From no cart to a confirmed order: five requests; the time is that of the last, the checkout."""
    measured = Measured(seconds)
    ends = clock.monotonic() + seconds
    async with aiohttp.ClientSession() as http:

        async def shopper() -> None:
            while clock.monotonic() < ends:
                buyer = Buyer(http, shop.url, clock=clock, ids=ids)
                at, _, _ = await buyer.fill_a_cart(SKU)
                began = clock.monotonic()
                payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
                status, order = await buyer.call("POST", f"{at}/checkout", payment)
                confirmed = status == 201 and order["status"] == "confirmed"
                measured.times.append(clock.monotonic() - began)
                status = status if confirmed else 599
                measured.statuses[status] = measured.statuses.get(status, 0) + 1

        await asyncio.gather(*(shopper() for _ in range(shoppers)))
    return Line("complete checkout", measured)

"""What a request costs as the shop grows: products, orders, connections, workers; points as JSON and a plot as SVG.

`.venv/bin/python bench/growth.py products --points 1000,10000,100000`
`.venv/bin/python bench/growth.py orders --points 100,100000,1000000`
`.venv/bin/python bench/growth.py connections --points 1000,5000,20000`
`.venv/bin/python bench/growth.py workers --points 1,2`
`.venv/bin/python bench/growth.py draw` draws all plots anew from their points.

CPU is of the application and of PostgreSQL, for each request (for each purchase, cart to captured payment, where orders grow):
that is steady where other work shares the machine. Points of an earlier run stay where they are not measured again.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import history
import orjson
import search
import uvloop
from drawing import chart
from openly import Cost, Heard, ask, cost, idling, quiet
from wares import Wares

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.shoppers import mixes
from banyan.trial.stocking import stock

DAY = mixes.FOLDER / "day.toml"
PLOTS = Path(__file__).parents[1] / "docs" / "plots"
SKU, UNITS = "GROWTH", 900_000_000
CPU, LATE = "CPU, ms", "p95, ms"

Points = dict[str, dict[str, float]]
"""What is asked: what was measured of it."""


@dataclass(frozen=True, slots=True)
class Series:
    title: str
    along: str
    measure: Callable[[Path, int, argparse.Namespace], Awaitable[Points]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", choices=[*SERIES, "draw"])
    parser.add_argument("--points", default="1000,10000")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each kind of request")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument(
        "--shoppers", type=int, default=8, help="at once, where orders grow; all there are, where workers do"
    )
    parser.add_argument("--data-dir", type=Path, help="where the shops are made and kept, one for each point")
    given = parser.parse_args()
    if given.series == "draw":
        for name in SERIES:
            draw(name)
        return
    with tempfile.TemporaryDirectory(prefix="banyan-growth-") as name:
        folder = given.data_dir or Path(name)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        for point in map(int, given.points.split(",")):
            found = uvloop.run(_measured(SERIES[given.series], folder, point, given))
            keep(given.series, point, found)
            print(point, orjson.dumps(found).decode(), flush=True)
    draw(given.series)


async def _measured(series: Series, folder: Path, point: int, given: argparse.Namespace) -> Points:
    return await series.measure(folder, point, given)


def keep(name: str, point: int, found: Points) -> None:
    PLOTS.mkdir(exist_ok=True)
    file = PLOTS / f"{name}.json"
    known = orjson.loads(file.read_bytes()) if file.exists() else {}
    known[str(point)] = {asked: {what: round(value, 3) for what, value in of.items()} for asked, of in found.items()}
    ordered = dict(sorted(known.items(), key=lambda each: int(each[0])))
    file.write_bytes(orjson.dumps(ordered, option=orjson.OPT_INDENT_2) + b"\n")


def draw(name: str) -> None:
    file, series = PLOTS / f"{name}.json", SERIES[name]
    if not file.exists():
        return
    known: dict[str, Points] = orjson.loads(file.read_bytes())
    asked = next(iter(known.values()))
    panels = {
        what: {label: [point[label][what] for point in known.values()] for label, of in asked.items() if what in of}
        for what in (CPU, LATE)
    }
    (PLOTS / f"{name}.svg").write_text(chart(series.title, series.along, [int(point) for point in known], panels))


async def products(folder: Path, count: int, given: argparse.Namespace) -> Points:
    """Reads of a catalogue, each a different one, so that the work is done and not remembered."""
    wares = Wares(count)
    data = folder / f"products-{count}"
    await asyncio.to_thread(search.fill, data, wares)
    async with _shop(data) as shop:
        await search.searchable(shop, count)
        await quiet(shop)
        idle = await idling(shop)
        given = argparse.Namespace(rate=given.rate, seconds=given.seconds, seed=count)
        asked = await search.questions(shop, wares, given)
        found: Points = {}
        for name, label in (
            ("search, every one new", "search"),
            ("list by category", "list"),
            ("suggest, every one new", "suggest"),
        ):
            found[label] = await _asked(shop, asked[name], given.rate, idle)
        reads = await _product_reads(shop, int(given.rate * given.seconds))
        found["product"] = await _asked(shop, reads, given.rate, idle)
    return found


async def _asked(shop: OwnShop, paths: list[str], rate: float, idle: Cost) -> dict[str, float]:
    before, began = cost(shop), time.monotonic()
    heard = await ask(shop.port, paths, rate)
    used = cost(shop) - before - idle.times(time.monotonic() - began)
    if heard.failed():
        print(f"  {heard.failed()} of {len(paths)} failed: {dict(heard.statuses)}", file=sys.stderr)
    answered = max(1, len(paths) - heard.failed())
    return {
        CPU: (used.app + used.database) / answered * 1e3,
        LATE: heard.percentile(0.95),
        "app": used.app / answered * 1e3,
    }


async def _product_reads(shop: OwnShop, count: int) -> list[str]:
    """As many products as there are, from all over the catalogue; in a small one they are asked for in two currencies."""
    slugs: list[str] = []
    async with aiohttp.ClientSession(shop.url) as http:
        cursor = ""
        while True:
            async with http.get(f"/v1/products?limit=100{cursor and f'&cursor={cursor}'}") as answer:
                page = await answer.json()
            slugs += [each["slug"] for each in page["items"]]
            if not (cursor := page["next_cursor"] or "") or len(slugs) > 20 * count:
                break
    apart = slugs[:: max(1, len(slugs) // count)]
    more = (f"/v1/products/{slug}?currency={currency}" for currency in ("EUR", "USD", "GBP") for slug in apart)
    return [path for path, _ in zip(more, range(count), strict=False)]


async def orders(folder: Path, count: int, given: argparse.Namespace) -> Points:
    """Whole purchases in a shop that has so many behind it. Those beyond the first 100 are copies of these."""
    data, there = folder / "orders", folder / "orders" / "there"
    if not there.exists():
        async with _shop(data) as shop:
            await stock(data, SKU, UNITS)
            await _buy(shop, 100, given.shoppers, 0.0)
            await quiet(shop)
        there.touch()
    await history.grow(data, count, lambda told: print(told, file=sys.stderr, flush=True))
    async with _shop(data) as shop:
        await _buy(shop, 2 * given.shoppers, given.shoppers, 0.0)  # warm
        await quiet(shop)
        idle, earlier, began = await idling(shop), cost(shop), time.monotonic()
        heard = await _buy(shop, 10**9, given.shoppers, given.seconds)
        await quiet(shop)
        used = cost(shop) - earlier - idle.times(time.monotonic() - began)
    bought = len(heard.times)
    whole = {
        CPU: (used.app + used.database) / bought * 1e3,
        LATE: heard.percentile(0.95),
        "app": used.app / bought * 1e3,
    }
    print(f"  {bought} purchases, {heard.failed()} failed: {whole}; proving the shop", file=sys.stderr, flush=True)
    for wrong in await history.broken(data):
        print(f"  BROKEN {wrong}", file=sys.stderr)
    return {"purchase": whole}


async def _buy(shop: OwnShop, most: int, shoppers: int, seconds: float) -> Heard:
    """Purchases one after another by each shopper, so many or for so long; the time is that of the checkout."""
    clock, heard = SystemClock(), Heard()
    ids, ends, todo = SystemIds(clock), clock.monotonic() + (seconds or 3600), iter(range(most))
    async with aiohttp.ClientSession() as http:

        async def shopper() -> None:
            for _ in todo:
                if clock.monotonic() > ends:
                    return
                buyer = Buyer(http, shop.url, clock=clock, ids=ids)
                at, _, _ = await buyer.fill_a_cart(SKU)
                began = clock.monotonic()
                payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
                status, order = await buyer.call("POST", f"{at}/checkout", payment)
                heard.times.append(clock.monotonic() - began)
                heard.statuses[200 if status == 201 and order["status"] == "confirmed" else 599] += 1

        await asyncio.gather(*(shopper() for _ in range(shoppers)))
    return heard


async def connections(folder: Path, count: int, given: argparse.Namespace) -> Points:
    """Shoppers of the day's mix, each on a connection of his own: what one request costs.

    The more there are the longer each thinks, for it is connections that are to grow, and not requests.
    """
    day = tomllib.loads(DAY.read_text())
    think = count / given.rate
    shares = "".join(f"{act} = {share}\n" for act, share in day["shares"].items())
    mix = folder / f"{count}.toml"
    mix.write_text(
        f'title = "A day of {count:,} shoppers"\nthink = [{think * 0.8}, {think * 1.2}]\nskew = {day["skew"]}\n'
        f"[shares]\n{shares}[[phases]]\nseconds = {given.seconds}\n"
    )
    return await _load("--mix", str(mix), "--shoppers", str(count))


async def workers(folder: Path, count: int, given: argparse.Namespace) -> Points:
    """The same shoppers at one, two, … worker processes."""
    shoppers = str(max(500, given.shoppers))
    return await _load("--seconds", str(given.seconds), "--shoppers", shoppers, "--workers", str(count))


async def _load(*options: str) -> Points:
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "banyan.cli", "bench", "load", *options, "--json"],
        capture_output=True,
        check=False,
    )
    if not told.stdout:
        raise RuntimeError(told.stderr.decode()[-2000:])
    report: dict[str, Any] = orjson.loads(told.stdout)
    requests = report["acts"]["all"]["requests"]
    for wrong in report["wrong"]:
        print(f"  BROKEN {wrong}", file=sys.stderr)
    print(f"  {requests} requests, {report['failed']} failed, {report['resident_megabytes']} MB", file=sys.stderr)
    cpu = (report["app_cpu_seconds"] + report["database_cpu_seconds"]) / requests * 1e3
    return {"request of the day": {CPU: cpu, LATE: report["acts"]["all"]["p95_ms"], "requests": requests}}


@asynccontextmanager
async def _shop(data: Path) -> AsyncIterator[OwnShop]:
    async with own_shop(data, SystemClock(), options=("--empty",), rate_limits="false") as shop:
        await shop.start(1800)
        yield shop


SERIES = {
    "products": Series("Reads as the catalogue grows", "products", products),
    "orders": Series("A purchase as orders pile up", "orders there are", orders),
    "connections": Series("A request as connections grow", "connections", connections),
    "workers": Series("A request as workers are added", "worker processes", workers),
}


if __name__ == "__main__":
    main()

"""Search of a large catalogue at a steady rate: text with facets, narrowed, sorted, deep; lists, deep pages, suggestions.

`.venv/bin/python bench/search.py [--products 100000] [--rate 100] [--seconds 30] [--workers 1] [--data-dir DIR]`. It makes a
catalogue (bench/wares.py), puts it in with `banyan catalog import`, starts the shop and waits until search has all of it: both
are timed. Then it asks, open loop: every search a different one (no prepared answer helps), and a mix as of a day, where most
of what is asked for was asked for before. CPU is of the application and of PostgreSQL, for each request.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import uvloop
from openly import Heard, ask, cost, memory, quiet, serving
from wares import Wares, Zipf

from banyan.foundation import web
from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import OwnShop, own_shop

SHARES = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of request: what was heard, and milliseconds of CPU for each."""

    name: str
    heard: Heard
    app: float
    database: float

    def cells(self) -> list[str]:
        times = [f"{self.heard.percentile(share):.1f}" for share in SHARES]
        within = sum(1 for each in self.heard.times if each < 0.02) / max(1, len(self.heard.times))
        cpu = [f"{self.app:.2f}", f"{self.database:.2f}"]
        return [self.name, f"{len(self.heard.times):,}", *times, f"{within:.1%}", *cpu, str(self.heard.failed() or "")]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "requests": len(self.heard.times),
            **{f"p{round(share * 100)}_ms": self.heard.percentile(share) for share in SHARES},
            "app_cpu_ms": self.app,
            "database_cpu_ms": self.database,
            "failed": self.heard.failed(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each kind of request")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="of the questions, not of the catalogue")
    parser.add_argument("--data-dir", type=Path, help="a shop that is kept; filled when it is empty")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="banyan-search-") as name:
        Path(name).chmod(0o755)
        lines = uvloop.run(measured(given.data_dir or Path(name), given))
    if given.json:
        sys.stdout.buffer.write(orjson.dumps([line.as_json() for line in lines]) + b"\n")
        return
    print("| asked | requests | p50 ms | p90 | p95 | p99 | < 20 ms | app CPU ms | PostgreSQL CPU ms | failed |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for line in lines:
        print("|", " | ".join(line.cells()), "|")


def note(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def fill(folder: Path, wares: Wares) -> None:
    """Put the catalogue into an empty data folder as a shop's owner would; a folder that has a shop is left as it is."""
    if (folder / "postgres").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="banyan-wares-") as name:
        file = Path(name) / "wares.jsonl.gz"
        count, began = wares.write(file), time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "banyan.cli", "catalog", "import", str(file), "--data-dir", str(folder), "--json"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "BANYAN_LOG_LEVEL": "warning"},
        )
    seconds = time.monotonic() - began
    note(f"imported {count:,} rows of {wares.products:,} products in {seconds:.0f} s: {count / seconds:,.0f} rows/s")


async def measured(folder: Path, given: argparse.Namespace) -> list[Line]:
    wares = Wares(given.products)
    await asyncio.to_thread(fill, folder, wares)
    options = ("--empty", *(("--workers", str(given.workers)) if given.workers > 1 else ()))
    async with own_shop(folder, SystemClock(), options=options, rate_limits="false") as shop:
        began = time.monotonic()
        await shop.start(1800)
        found = await searchable(shop, wares.products)
        note(f"{found:,} products can be found {time.monotonic() - began:.1f} s after the start")
        await quiet(shop)
        note(f"all that the import told is heard {time.monotonic() - began:.1f} s after the start")
        _tell_memory(shop, "before")
        lines = []
        for name, paths in (await questions(shop, wares, given)).items():
            note(f"asking: {name}")
            before = cost(shop)
            heard = await ask(shop.port, paths, given.rate, seed=given.seed)
            used = cost(shop) - before
            lines.append(Line(name, heard, used.app / len(paths) * 1e3, used.database / len(paths) * 1e3))
        _tell_memory(shop, "after")
    return lines


async def searchable(shop: OwnShop, products: int) -> int:
    """Wait until search has them all."""
    async with aiohttp.ClientSession(shop.url) as http:
        turn = 0
        while True:
            async with http.get(f"/v1/search?limit=1&price_max={99_000_000 + turn}") as answer:
                total = int((await answer.json())["total"]) if answer.status == 200 else 0
            if total >= products:
                return total
            turn += 1
            await asyncio.sleep(0.2)


async def questions(shop: OwnShop, wares: Wares, given: argparse.Namespace) -> dict[str, list[str]]:
    """Paths by kind, as many as are asked at this rate in this time. Distinct ones, but for the mix."""
    count, seed = int(given.rate * given.seconds), given.seed
    async with aiohttp.ClientSession(shop.url) as http:

        async def got(path: str) -> Any:
            async with http.get(path) as answer:
                answer.raise_for_status()
                return await answer.json()

        facets = (await got("/v1/search?limit=1"))["facets"]
        deep = await _deep_lists(got, count)
    brands = [each["value"] for each in facets["brand"]]
    categories = [each["value"] for each in facets["category"]]
    dice = random.Random(seed)
    asks = wares.asks(count * 2, seed, brands=brands, categories=categories)
    typed = wares.beginnings(count * 2, seed)
    return {
        "search, every one new": asks[:count],
        "search, as of a day": mixed(asks[count:], count, dice),
        "search, deep pages": _deep_searches(count, categories, brands, dice),
        "list by category": [
            f"/v1/products?category={quote(categories[n % len(categories)])}&limit={20 + n // len(categories) % 60}"
            for n in range(count)
        ],
        "list, deep pages": deep,
        "suggest, every one new": typed[:count],
        "suggest, as of a day": mixed(typed[count:], count, dice),
    }


def mixed(some: list[str], count: int, dice: random.Random) -> list[str]:
    """Asked for as in a shop: by Zipf's law, so that most of it was asked for a moment ago."""
    popular = Zipf(some, 1.0)
    return [str(popular.draw(dice)) for _ in range(count)]


def _deep_searches(count: int, categories: list[str], brands: list[str], dice: random.Random) -> list[str]:
    """Pages 10 to 450 of broad results."""
    found = []
    for number in range(count):
        narrow = dice.choice(
            ("", f"&category={quote(categories[0])}", f"&brand={quote(brands[0])}&brand={quote(brands[1])}")
        )
        sort = dice.choice(("relevance", "price", "-price", "newest", "popularity", "name"))
        cursor = quote(web.cursor(200 + 20 * dice.randrange(440)))
        found.append(f"/v1/search?sort={sort}&limit=20&cursor={cursor}&price_max={90_000_000 + number}{narrow}")
    return found


async def _deep_lists(got: Callable[[str], Awaitable[Any]], count: int) -> list[str]:
    """Lists that begin anywhere in the catalogue, in steps of 100 products, each with a limit of its own."""
    cursors, cursor = list[str](), ""
    while len(cursors) < min(count, 400):
        page = await got(f"/v1/products?limit=100{cursor and f'&cursor={quote(cursor)}'}")
        if not (cursor := page["next_cursor"] or ""):
            break
        cursors.append(cursor)
    cursors = cursors or [""]
    return [
        f"/v1/products?limit={20 + n // len(cursors)}&cursor={quote(cursors[n % len(cursors)])}" for n in range(count)
    ]


def _tell_memory(shop: OwnShop, when: str) -> None:
    each = ", ".join("Pss {:.0f} MB, Uss {:.0f} MB".format(*memory(process.pid)) for process in serving(shop))
    note(f"memory {when}: {each}")


if __name__ == "__main__":
    main()

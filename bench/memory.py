"""Memory of each worker: idle, after its caches are full, with many connections, and after these have gone.

`.venv/bin/python bench/memory.py [--products 100000] [--connections 10000] [--workers 1] [--data-dir DIR]`. Uss is what would
come free if the process ended; Pss adds its share of what processes share (the search index in the page cache among it). Each
connection has asked for something and been answered; what one takes is the growth of Uss divided by their number.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import search
import uvloop
from openly import ask, memory, quiet, serving
from wares import Wares

from banyan.kernel.clock import SystemClock
from banyan.trial.load import raw
from banyan.trial.own_shop import OwnShop, own_shop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the caches are filled")
    parser.add_argument("--rate", type=float, default=100.0, help="different searches, lists and products a second")
    parser.add_argument("--data-dir", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="banyan-memory-") as name:
        Path(name).chmod(0o755)
        uvloop.run(measured(given.data_dir or Path(name), given))


async def measured(folder: Path, given: argparse.Namespace) -> None:
    wares = Wares(given.products)
    await asyncio.to_thread(search.fill, folder, wares)
    options = ("--empty", *(("--workers", str(given.workers)) if given.workers > 1 else ()))
    print("| when | Pss MB | Uss MB |\n|---|---|---|")
    async with own_shop(folder, SystemClock(), options=options, rate_limits="false") as shop:
        await shop.start(1800)
        await search.searchable(shop, wares.products)
        await quiet(shop)
        tell(shop, "idle")
        asking = argparse.Namespace(rate=given.rate, seconds=given.seconds / 5, seed=3)
        for name, paths in (await search.questions(shop, wares, asking)).items():
            if "as of a day" not in name:
                heard = await ask(shop.port, paths, given.rate)
                tell(shop, f"after {name} x {len(paths):,}" + (f", {heard.failed()} failed" if heard.failed() else ""))
        before = tell(shop, "loaded")
        lines = await connect(shop.port, given.connections)
        during = tell(shop, f"with {given.connections:,} connections")
        await ask(shop.port, [f"/v1/products?limit=20&n={n}" for n in range(1000)], given.rate)
        tell(shop, "… at work")
        for line in lines:
            line.close()
        await asyncio.sleep(5)
        tell(shop, "when they have gone")
        print(f"a connection takes {(during - before) * 1024 / given.connections:.1f} KB", flush=True)


def tell(shop: OwnShop, when: str) -> float:
    """Print the memory of each worker; all their Uss together."""
    each = [memory(process.pid) for process in serving(shop)]
    print(
        f"| {when} | "
        + " | ".join(", ".join(f"{part:.0f}" for part in parts) for parts in zip(*each, strict=True))
        + " |"
    )
    sys.stdout.flush()
    return sum(own for _, own in each)


class _Idle(asyncio.Protocol):
    """A connection that has asked once and stays."""

    def __init__(self, answered: "asyncio.Queue[None]") -> None:
        self._answered = answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        transport.write(raw("GET", "/v1/products?limit=5"))

    def data_received(self, _: bytes) -> None:
        self._answered.put_nowait(None)


async def connect(port: int, count: int) -> list[asyncio.BaseTransport]:
    loop, answered = asyncio.get_running_loop(), asyncio.Queue[None]()
    lines: list[asyncio.BaseTransport] = []
    while len(lines) < count:
        made = [
            loop.create_connection(lambda: _Idle(answered), "127.0.0.1", port)
            for _ in range(min(200, count - len(lines)))
        ]
        lines += [transport for transport, _ in await asyncio.gather(*made)]
        for _ in made:
            await asyncio.wait_for(answered.get(), 60)
    await asyncio.sleep(3)
    return lines


if __name__ == "__main__":
    main()

"""A shop of a trial's own from any source tree: started, filled over its command line, and ready to be asked."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.own_shop import OwnShop, environment, let_go
from banyan.trial.paths.scene import Scene
from banyan.trial.shoppers import goods

UNITS = 1_000_000
_MEMBERS = 4
_FOLLOWS = 30.0  # seconds that search may take to know what was put in


@asynccontextmanager
async def stand(
    folder: Path, clock: Clock, ids: Ids, *, tree: Path | None = None, products: int = 300
) -> AsyncIterator[tuple[OwnShop, Scene]]:
    """A shop of one process with so many products that sell without end, run from the packages in `tree` or from ours.

    RuntimeError when it does not start, or cannot be filled.
    """
    env = {"BANYAN_RATE_LIMITS": "false", **({"PYTHONPATH": str(tree)} if tree else {})}
    shop = OwnShop(folder, clock, env, ("--empty",))
    try:
        await shop.start(180)
        await _fill(shop, products)
        await until_found(shop)
        yield shop, Scene(shop.url, shop.port, clock, ids, await goods.of_shop(shop.url, ids, members=_MEMBERS))
    finally:
        await shop.stop()
        await asyncio.to_thread(let_go, folder)


async def _fill(shop: OwnShop, products: int) -> None:
    """By the import command of the shop's own version, for its tables may be others than ours."""
    file = shop.data_dir / "products.jsonl"
    rows = [orjson.dumps({**row, "stock": UNITS}) for row in goods.rows(products)]
    file.write_bytes(b"\n".join(rows))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", "catalog", "import", str(file), "--data-dir", str(shop.data_dir)),
        env=environment(shop.env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"products could not be put in:\n{said.decode(errors='replace')[-2000:]}")


async def until_found(shop: OwnShop) -> None:
    """Wait until search knows what was just put in. RuntimeError when it does not in time."""
    ends = shop.clock.monotonic() + _FOLLOWS
    async with aiohttp.ClientSession(shop.url) as http:
        while shop.clock.monotonic() < ends:
            async with http.get("/v1/search?q=kettle") as answer:
                if answer.status == 200 and (await answer.json())["total"]:
                    return
            await shop.clock.sleep(0.1)
    raise RuntimeError("search does not find what was put in")

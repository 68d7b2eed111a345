"""Run by test_resuming: imports a file as another process, says how far it is, and is killed there."""

import asyncio
import sys
from pathlib import Path

from banyan.catalog import importing
from banyan.catalog.app import service
from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds


async def main(file: str, folder: str, catalog_url: str, bus_url: str) -> None:
    clock = SystemClock()
    settings = Settings(data_dir=Path(folder), search_url="embedded://memory", pool_size=3)
    shop = Shop.over(settings, await choose.bus(bus_url), clock=clock, ids=SystemIds(clock))
    ports = await shop.open(service(), catalog_url)
    report = await importing.import_file(
        ports, Path(file), progress=lambda done, of: print(f"at {done} {of}", flush=True)
    )
    print("done", report.resumed_at, report.rows, report.added, report.unchanged, flush=True)
    await shop.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

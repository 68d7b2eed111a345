"""A worker of the toy shop's move in a process of its own, to be killed: `python -m tests.move.core.worker LEGACY MOVE BUS`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.app import service
from banyan.move.mover import Mover
from tests.move.core.toy import Shelves, Toy


async def main(legacy: str, move: str, bus: str) -> None:
    clock = SystemClock()
    settings = Settings(
        data_dir=Path(tempfile.mkdtemp()), legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory")
    )
    shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
    ports = await shop.open(service(), move)
    shop.peers.add("catalog", Shelves().local(ports))
    mover = await Mover.open(ports, Toy())
    print("works", flush=True)
    await mover.work()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

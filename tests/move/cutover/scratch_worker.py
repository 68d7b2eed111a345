"""A rehearsal's copy that is being made, or is there, when its process is killed: run by `tests.move.kills.mother`."""

import asyncio
import tempfile
from pathlib import Path

from pydantic import SecretStr
from tests.move.core.toy import Toy

from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.app import service
from banyan.move.cutover.scratch import scratch
from banyan.move.mover import Mover
from banyan.move.way_back.ground import ground_of


async def main(legacy: str, move: str, bus: str, _: str, there: str) -> None:
    """`there`: a file that is there once the copy is."""
    clock = SystemClock()
    settings = Settings(
        data_dir=Path(tempfile.gettempdir()), legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory")
    )
    shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
    mover = await Mover.open(await shop.open(service(), move), Toy())
    async with scratch(await ground_of(mover), None):
        Path(there).touch()
        await asyncio.sleep(600)

"""A worker of the toy shop's move, to be killed: run in a process of its own by `tests.move.kills.mother`."""

import tempfile
from pathlib import Path

from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.db import Db
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.app import service
from banyan.move.mover import Mover
from tests.move.core.kept import KeptShelves
from tests.move.core.toy import Toy


async def main(legacy: str, move: str, bus: str, shelves: str, at_work: str) -> None:
    """`at_work`: a file that is there once it works."""
    clock = SystemClock()
    ids = SystemIds(clock)
    settings = Settings(
        data_dir=Path(tempfile.gettempdir()), legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory")
    )
    shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=ids)
    ports = await shop.open(service(), move)
    kept = KeptShelves(await Db.connect(shelves, clock=clock, ids=ids, size=2))
    shop.peers.add("catalog", kept.local(ports))
    mover = await Mover.open(ports, Toy())
    Path(at_work).touch()
    await mover.work()

"""A worker of the shop of wares in a process of its own, to be killed: it does all that a worker does, and changes of hands
when asked; it dies at the moment it was told to, of a change of hands or of what it finds to finish.
"""

import asyncio
import json
import logging
import socket
import tempfile
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Refusal
from banyan.move.app import service
from banyan.move.cutover.keeping import keep_true, way_backs
from banyan.move.cutover.protocol import cutover
from banyan.move.cutover.reverting import revert
from banyan.move.legacy import Adapter
from banyan.move.mover import Mover
from banyan.move.way_back.ground import ground_of
from tests.move.cutover.world import GROUP, Wares, catalog
from tests.move.kills.moments import Moments

OPEN = {"coverage": "a test"}
PAUSE = 3.0  # seconds; others work on this machine too


class Line:
    """To the one who asks: a line of JSON each way. What was told is told, even when the process ends right after."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")

    def tell(self, **what: Any) -> None:
        self._socket.sendall(json.dumps(what).encode() + b"\n")

    def hear(self) -> Any:
        said = self._file.readline()
        return json.loads(said) if said else None


class Whole(logging.Formatter):
    """With all that an entry says: where something goes wrong, nothing else tells."""

    def format(self, record: logging.LogRecord) -> str:
        plain = vars(logging.makeLogRecord({}))
        more = {name: value for name, value in vars(record).items() if name not in plain and name != "message"}
        return f"{super().format(record)} {more}"


async def main(legacy: str, move: str, wares: str, bus: str, asker: str, last: str) -> None:
    """`last`: the moment, of what it finds to finish, at which it ends."""
    handler = logging.StreamHandler()
    handler.setFormatter(Whole("%(asctime)s %(process)d %(message)s"))
    logging.basicConfig(handlers=[handler])
    line, clock = Line(asker), SystemClock()
    settings = Settings(
        data_dir=Path(tempfile.gettempdir()),
        legacy_url=SecretStr(legacy),
        search_url=SecretStr("embedded://memory"),
        pool_size=6,
    )
    shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
    ports = await shop.open(service(), move)
    await shop.open(catalog(), wares)
    shop.work(catalog())
    mover = await Mover.open(ports, cast(Adapter, Wares()))
    found = Moments(lambda moment: line.tell(finished=moment), last)

    async def finishing(mover: Mover) -> None:
        await keep_true(found.watched(await ground_of(mover)), found.crossed)

    mover.besides = {"way back": way_backs, "reconciling": finishing}
    working = asyncio.create_task(mover.work())
    line.tell(ready=True)
    while asked := await asyncio.to_thread(line.hear):
        line.tell(**await _turn(mover, Moments(lambda moment: line.tell(crossed=moment)), **asked))
    working.cancel()


async def _turn(mover: Mover, moments: Moments, what: str, last: str) -> dict[str, Any]:
    moments.begin(last)
    ground = moments.watched(await ground_of(mover))
    try:
        if what == "cutover":
            turn = await cutover(ground, GROUP, max_pause=PAUSE, overrides=OPEN, crossed=moments.crossed)
        else:
            turn = await revert(ground, GROUP, max_pause=PAUSE, crossed=moments.crossed)
    except Refusal as refusal:
        return {"done": False, "why": refusal.detail}
    return {"done": turn.done, "why": turn.why}

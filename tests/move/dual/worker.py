"""Processes of dual write that are to be killed: `python -m tests.move.dual.worker gateway FOLDER` is a gateway's half whose
mover is away; `… player LEGACY MOVE BUS` compares what was told of, and prints a line for each that it has begun with."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from banyan.contracts.moving import PageRule
from banyan.foundation import choose
from banyan.foundation.peers import Peers
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.gateway.legacy.dual import Dual
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move import playing, working
from banyan.move.app import service

RULE = PageRule(method="POST", route="account/edit.save", group="users", kind="write", door="account.save")


async def gateway(folder: str) -> None:
    """Writes without end; a line for each that was answered."""
    clock = SystemClock()
    ids = SystemIds(clock)
    dual = Dual(Peers({}, clock=clock), clock, ids, Path(folder), ids.new("wrk"))
    await dual.start()
    scope: dict[str, Any] = {"headers": [], "raw_path": b"/index.php", "query_string": b"route=account/edit.save"}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"firstname=A&lastname=B&password=hush", "more_body": False}

    async def send(_: Any) -> None:
        return None

    async def carry(_: Any, __: Any, send: Any) -> None:
        await asyncio.sleep(0.001)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"success": "yes"}'})

    while True:
        await dual.write(RULE, "users", "", scope, receive, send, carry)
        print("answered", flush=True)


async def player(legacy: str, move: str, bus: str) -> None:
    clock = SystemClock()
    settings = Settings(
        data_dir=Path(tempfile.mkdtemp()),
        legacy_url=SecretStr(legacy),
        legacy_shop="opencart4",
        legacy_time_zone="UTC",
        search_url=SecretStr("embedded://memory"),
    )
    shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
    ports = await shop.open(service(), move)
    mover = await working.opened(ports)
    print("works", flush=True)
    await playing.Player(mover).run()


if __name__ == "__main__":
    asyncio.run(gateway(sys.argv[2]) if sys.argv[1] == "gateway" else player(*sys.argv[2:]))

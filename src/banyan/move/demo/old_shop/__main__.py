"""Serve the demo's legacy shop until the process is told to end."""

import argparse
import asyncio

from granian.constants import Interfaces
from granian.server.embed import Server

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.demo.old_shop import ROUTES
from banyan.move.demo.old_shop.serving import OldShop


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, required=True)
    given.add_argument("--database", required=True, help="mysql://user:password@host:port/database")
    options = given.parse_args()
    clock = SystemClock()
    app = OldShop(options.database, ROUTES, clock=clock, ids=SystemIds(clock))
    server = Server(
        app, address="127.0.0.1", port=options.port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()

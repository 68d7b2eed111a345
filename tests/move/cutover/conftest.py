"""The shop of wares on the run's servers, copied and followed."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pydantic import SecretStr
from tests.conftest import OpenShop
from tests.move.cutover.world import GROUP, SCHEMA, Wares, World, catalog

from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Adapter
from banyan.move.mover import Mover

MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture(scope="module")
async def world(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> AsyncIterator[MakeWorld]:
    """`w = await world()`: ten wares, in sync, somebody at work."""
    made: list[World] = []

    async def make(wares: int = 10, adapter: Adapter | None = None) -> World:
        database = legacy_database("")
        con = mariadb.connect(database)
        with con.cursor() as cursor:
            for statement in SCHEMA:
                cursor.execute(statement)
            cursor.executemany(
                "INSERT INTO ware (name, position) VALUES (%s, %s)", [(f"old {each}", each) for each in range(wares)]
            )
            cursor.execute("INSERT INTO ware_note (ware_id, note) SELECT ware_id, name FROM ware")
        shop = await open_shop(
            service(), catalog(), legacy_url=SecretStr(mariadb.url(database)), legacy_shop="opencart4"
        )
        shop.work(catalog())
        mover = await Mover.open(shop.ports["move"], adapter or Wares())
        found = World(shop.ports["move"], shop.ports["catalog"], mover, con)
        made.append(found)
        await mover.prepare([GROUP])
        await mover.copy([GROUP])
        found.work()
        await mover.copied([GROUP])
        await found.settled()
        return found

    yield make
    for each in made:
        await each.close_shop()
        await each.rest()
        await each.mover.source.close()
        each.con.close()

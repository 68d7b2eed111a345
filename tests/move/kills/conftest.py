"""The stage: ten wares on the run's servers, copied and followed by a worker that can be killed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Adapter
from banyan.move.mover import Mover
from tests.move.cutover.world import GROUP, SCHEMA, Wares, World, catalog
from tests.move.kills.mother import Mother
from tests.move.kills.shoppers import Cron
from tests.move.kills.stage import Stage

Fresh = Callable[..., Awaitable[dict[str, str]]]
WARES = [("cron", 0), ("fenced", 0), *((f"old {each}", each) for each in range(10))]


@pytest.fixture(scope="module")
async def stage(
    fresh: Fresh,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("kills")
    database = legacy_database("")
    con = mariadb.connect(database)
    with con.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        cursor.executemany("INSERT INTO ware (name, position) VALUES (%s, %s)", WARES)
        cursor.execute("INSERT INTO ware_note (ware_id, note) SELECT ware_id, LEFT(name, 10) FROM ware")
    urls, clock = await fresh("move", "catalog", "bus"), SystemClock()
    settings = Settings(
        data_dir=folder,
        legacy_url=SecretStr(mariadb.url(database)),
        search_url=SecretStr("embedded://memory"),
        pool_size=10,
    )
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
    ports = await shop.open(service(), urls["move"])
    wares = await shop.open(catalog(), urls["catalog"])
    mover = await Mover.open(ports, cast(Adapter, Wares()))
    mother = await Mother.of("tests.move.kills.worker", folder / "workers.log")
    stage = Stage(
        World(ports, wares, mover, con),
        mother,
        mariadb.url(database),
        urls,
        folder / "line",
        Cron(mariadb.connect(database)),
    )
    try:
        await mover.prepare([GROUP])
        await mover.copy([GROUP])
        await stage.open()
        await mover.copied([GROUP])
        await mover.read_tables(anew=False)
        yield stage
    finally:
        await stage.close()
        await mother.close()
        await mover.source.close()
        await shop.close()
        stage.cron.con.close()
        con.close()

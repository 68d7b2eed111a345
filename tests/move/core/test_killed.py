"""Workers that are killed at random moments of copy and stream leave the same rows and records as one left in peace.

`KILLS=100` (or `all`): so many kills instead of five, over one shop after another.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.db import Db
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move import throttle
from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.mover import Mover
from banyan.move.storage import mirror, tables
from tests.move.core.conftest import Moving, fill
from tests.move.core.kept import TABLE, KeptShelves
from tests.move.core.test_streaming import _write_some
from tests.move.core.toy import SCHEMA, Toy
from tests.move.kills.mother import Child, Mother

KILLS = {"": 5, "all": 100, "pairs": 100}.get(os.environ.get("KILLS", ""), 0) or int(os.environ["KILLS"])
EACH = 12
"""Kills of one shop's workers: about half of them while it is copied."""
MAKERS, LANGUAGES = 4_000, ("cs", "da", "es", "it", "nl", "pl", "pt", "sv")

Fresh = Callable[..., Awaitable[dict[str, str]]]
Arguments = tuple[str, str, str, str]


@pytest.fixture(scope="module")
async def mother(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mother]:
    mother = await Mother.of("tests.move.core.worker", tmp_path_factory.mktemp("killed") / "workers.log")
    yield mother
    await mother.close()


@asynccontextmanager
async def moved(mariadb: MariaDb, database: str, fresh: Fresh, folder: Path) -> AsyncIterator[tuple[Moving, Arguments]]:
    """The shop of this database, to be copied into fresh ones; and what a worker has to be told."""
    legacy, con = mariadb.url(database), mariadb.connect(database)
    urls, clock = await fresh("move", "bus", "catalog"), SystemClock()
    ids = SystemIds(clock)
    settings = Settings(data_dir=folder, legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory"))
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=ids)
    db = await Db.connect(urls["catalog"], clock=clock, ids=ids, size=2)
    try:
        await db.execute(TABLE)
        ports = await shop.open(service(), urls["move"])
        m = Moving(ports, await Mover.open(ports, Toy()), con, KeptShelves(db), mariadb, "")
        await m.mover.prepare()
        await throttle.turn(ports.db, "chunk_ms", "1", "test")
        await m.mover.copy()
        yield m, (legacy, urls["move"], urls["bus"], urls["catalog"])
        await m.mover.source.close()
    finally:
        await db.close()
        await shop.close()
        con.close()


@pytest.mark.parametrize("seed", range((KILLS + EACH - 1) // EACH))
async def test_killed_at_random_moments_it_ends_with_the_same_rows_and_records(
    seed: int,
    mother: Mother,
    fresh: Fresh,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    chance, database, during = random.Random(seed), legacy_database(""), Counter[str]()
    with mariadb.connect(database) as con, con.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        fill(cursor, MAKERS, 50)
        cursor.executemany(
            "INSERT INTO toy_maker_text SELECT maker_id, %s, body FROM toy_maker_text WHERE language = 'en'",
            [(language,) for language in LANGUAGES],
        )
    async with moved(mariadb, database, fresh, tmp_path) as (m, arguments):
        for number in range(min(EACH, KILLS - seed * EACH)):
            worker = await begun(mother, arguments, tmp_path / f"at work {number}")
            if number == EACH // 2:
                await m.copied()
            until = asyncio.get_running_loop().time() + chance.uniform(0.0, 0.3 if number < EACH // 2 else 0.6)
            while asyncio.get_running_loop().time() < until:
                await asyncio.to_thread(_write_some, m, chance)
            assert not worker.ended.done(), "it ended by itself"
            states = await tables.states(m.ports.db)
            during["copying" if "copying" in states.values() else "streaming"] += 1
            assert await worker.kill() == -9
        worker = await begun(mother, arguments, tmp_path / "at work")
        found = await ended(m)
        await worker.kill()
        for row in (await m.counts()).values():
            assert row["seen"] == row["applied"] + row["coalesced"] + row["filtered"] + row["quarantined"]
            assert row["rows_copied"] >= row["rows_expected"] * 0.5
    async with moved(mariadb, database, fresh, tmp_path) as (m, arguments):
        worker = await begun(mother, arguments, tmp_path / "in peace")
        undisturbed = await ended(m)
        await worker.kill()
    print(f"killed {dict(during)}; {len(found[1])} records")
    assert found == undisturbed
    assert len(set(found[1])) > 1_000


async def begun(mother: Mother, arguments: Arguments, path: Path) -> Child:
    """A worker that is about to work."""
    worker = await mother.child(*arguments, str(path))
    async with asyncio.timeout(30):
        while not path.exists() and not worker.ended.done():
            await asyncio.sleep(0.005)
    return worker


async def ended(m: Moving) -> tuple[dict[str, tuple[int, str]], list[tuple[str, str]]]:
    """Once everything is copied, followed and told: each table's rows and digest, and all records."""
    await m.copied()
    await m.settled()
    await m.mover.read_tables(anew=False)
    await m.same()
    digests = {each.name: await mirror.digest(m.ports.db, each.number) for each in m.mover.mirrors}
    assert isinstance(m.catalog, KeptShelves)
    return digests, await m.catalog.all()

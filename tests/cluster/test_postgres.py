"""The primary and its standby: what was acknowledged is there after the primary is gone."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import asyncpg
import pytest

from banyan.cluster.engines.postgres import Postgres
from banyan.foundation.db import GONE


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", "a 'secret' of this test")
    server.start()
    yield server
    server.stop()


async def test_a_commit_that_was_acknowledged_outlives_its_primary_and_the_next(postgres: Postgres) -> None:
    acknowledged: list[int] = []
    con = await asyncpg.connect(postgres.url)
    await con.execute("CREATE TABLE kept (number int PRIMARY KEY)")
    await con.close()

    async def write(first: int) -> None:
        with contextlib.suppress(*GONE, asyncpg.PostgresError):
            con = await asyncpg.connect(postgres.url)
            for number in range(first, first + 1_000_000):
                await con.execute("INSERT INTO kept VALUES ($1)", number)
                acknowledged.append(number)

    for time in (1, 2):
        before, lost = postgres.primary, postgres.ports["ab".index(postgres.primary)]
        writers = [asyncio.create_task(write(time * 100_000_000 + number * 1_000_000)) for number in range(8)]
        while len(acknowledged) < time * 200:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(postgres.kill, postgres.primary)
        await asyncio.gather(*writers)
        await asyncio.to_thread(postgres.promote)
        assert postgres.primary != before
        con = await asyncpg.connect(postgres.url)
        assert con.get_settings().server_version
        assert {row[0] for row in await con.fetch("SELECT number FROM kept")} >= set(acknowledged)
        await con.close()
        await asyncio.to_thread(postgres.follow)
        assert await asyncio.to_thread(_comes_true, postgres.is_synchronous), f"nobody follows at port {lost}"


async def test_without_its_standby_the_primary_goes_on_and_with_it_commits_wait_again(postgres: Postgres) -> None:
    con = await asyncpg.connect(postgres.url)
    await con.execute("CREATE TABLE kept (number int)")
    await asyncio.to_thread(postgres.kill, postgres.standby)
    stuck = asyncio.create_task(con.execute("INSERT INTO kept VALUES (1)"))
    await asyncio.sleep(0.2)
    assert not stuck.done()  # nobody but the standby could tell that it is kept twice
    await asyncio.to_thread(postgres.alone)
    await stuck
    await asyncio.to_thread(postgres.follow)
    assert await asyncio.to_thread(_comes_true, postgres.is_synchronous)
    await con.close()


async def test_after_a_stop_the_same_one_is_the_primary(postgres: Postgres) -> None:
    await asyncio.to_thread(postgres.kill, "a")
    await asyncio.to_thread(postgres.promote)
    await asyncio.to_thread(postgres.follow)
    await asyncio.to_thread(postgres.stop)
    again = Postgres(postgres.folder, postgres.secret, postgres.ports)
    await asyncio.to_thread(again.start)
    try:
        con = await asyncpg.connect(again.url)
        assert (again.primary, await con.fetchval("SELECT pg_is_in_recovery()")) == ("b", False)
        reader = await asyncpg.connect(again.replica_url(again.url))
        assert await reader.fetchval("SELECT pg_is_in_recovery()")
        await con.close()
        await reader.close()
    finally:
        await asyncio.to_thread(again.stop)


def _comes_true(what: Callable[[], bool], seconds: float = 30) -> bool:
    until = monotonic() + seconds
    while not what():
        if monotonic() > until:
            return False
        sleep(0.1)
    return True

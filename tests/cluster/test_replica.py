"""Reads that may be a moment old: by the replica while it keeps up, by the database itself otherwise, and never an error."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from banyan.cluster.engines.postgres import Postgres
from banyan.foundation.db import Db
from banyan.foundation.replica import ASKED, LOOK, Replica
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds

_WHERE = "SELECT pg_is_in_recovery()"


@pytest.fixture
async def postgres(folder: Path) -> AsyncIterator[Postgres]:
    server = Postgres(folder / "postgres", "secret")
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@pytest.fixture
async def primary(postgres: Postgres) -> AsyncIterator[Db]:
    clock = SystemClock()
    db = await Db.connect(postgres.url, clock=clock, ids=SystemIds(clock))
    await db.execute("CREATE TABLE noted (number int)")
    yield db
    await db.close()


@pytest.fixture
async def replica(postgres: Postgres, primary: Db) -> AsyncIterator[Replica]:
    clock = SystemClock()
    made = Replica(
        primary, await Db.connect(postgres.replica_url(postgres.url), clock=clock, ids=SystemIds(clock)), clock
    )
    yield made
    await made.close()


async def test_while_it_keeps_up_the_replica_is_asked(primary: Db, replica: Replica) -> None:
    before = ASKED.labels("replica")._value.get()
    await _until(primary, replica, True)
    await primary.execute("INSERT INTO noted VALUES (7)")
    for _ in range(100):
        if await replica.fetch("SELECT number FROM noted WHERE number = $1", 7):
            break
        await asyncio.sleep(0.02)
    row = await replica.fetchrow("SELECT number FROM noted WHERE number = 7")
    assert row is not None
    assert row["number"] == 7
    assert ASKED.labels("replica")._value.get() > before


async def test_one_that_falls_behind_is_not_asked_until_it_has_caught_up(
    postgres: Postgres, primary: Db, replica: Replica
) -> None:
    await _until(primary, replica, True)
    control = await asyncpg.connect(postgres.replica_url(postgres.url))
    await control.execute("SELECT pg_wal_replay_pause()")
    await _until(primary, replica, False)
    await primary.execute("INSERT INTO noted VALUES (8)")
    assert await replica.fetchval("SELECT count(*) FROM noted WHERE number = 8") == 1
    await control.execute("SELECT pg_wal_replay_resume()")
    await control.close()
    await _until(primary, replica, True)


async def test_one_that_is_gone_costs_nobody_an_answer(postgres: Postgres, primary: Db, replica: Replica) -> None:
    await _until(primary, replica, True)
    await asyncio.to_thread(postgres.kill, postgres.standby)
    for _ in range(20):
        assert await replica.fetchval(_WHERE) is False
    await asyncio.to_thread(postgres.alone)


async def _until(primary: Db, replica: Replica, asked: bool) -> None:
    """Somebody writes all the time, until it is (not) the replica that answers."""
    for number in range(200):
        await primary.execute("INSERT INTO noted VALUES ($1)", -number)
        if await replica.fetchval(_WHERE) is asked:
            return
        await asyncio.sleep(LOOK / 5)
    pytest.fail(f"the replica {'is never' if asked else 'is still'} asked")

"""Connections at hand: lent again at once, kept from nobody who waits, and never one on which something went wrong."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from fastapi import APIRouter

from banyan.foundation.db import Db
from banyan.foundation.pool import AT_HAND, Pool
from banyan.foundation.service import Service
from banyan.kernel.refusals import Unavailable
from tests.conftest import OpenShop

LEDGER = Service(name="ledger", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())
WHO = "SELECT pg_backend_pid()"


@pytest.fixture(scope="module")
async def db(open_shop: OpenShop) -> Db:
    return (await open_shop(LEDGER)).ports["ledger"].db


@pytest.fixture
def pool(db: Db) -> Pool:
    return db._pool


async def test_who_asks_again_has_the_same_connection(db: Db) -> None:
    assert len({await db.fetchval(WHO) for _ in range(5)}) == 1


async def test_what_is_at_hand_is_kept_from_nobody_who_waits(db: Db, pool: Pool) -> None:
    """As many as there are, and more, at the same time: through us, and past us."""
    size = pool.plain.get_max_size()

    async def long() -> int:
        return int(await db.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.02)"))

    assert len(set(await asyncio.gather(*(long() for _ in range(5 * size))))) == size
    async with asyncio.timeout(30):
        lent = [await pool.plain.acquire() for _ in range(size - AT_HAND)]
        assert await asyncio.gather(*(long() for _ in range(2 * AT_HAND)))
        for con in lent:
            await pool.plain.release(con)


async def test_when_all_are_lent_it_is_said_and_the_next_to_come_back_is_had(db: Db, pool: Pool) -> None:
    lent = [await pool.lend(1.0) for _ in range(pool.plain.get_max_size())]
    with pytest.raises(TimeoutError):
        await pool.lend(0.05)
    waiting = asyncio.create_task(pool.lend(5.0))
    await asyncio.sleep(0)
    last = lent.pop()
    assert not pool.take_back(last), "somebody waits for it"
    await pool.release(last)
    lent.append(await waiting)
    for con in lent:
        if not pool.take_back(con):
            await pool.release(con)
    assert await db.ready()


async def test_a_connection_that_was_cut_off_in_the_middle_is_not_lent_as_it_is(db: Db) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await db.fetchval("SELECT pg_sleep(5)")
    assert await db.fetchval("SELECT 1") == 1
    with pytest.raises(asyncpg.DivisionByZeroError):
        await db.fetchval("SELECT 1 / 0")
    assert await db.fetchval("SELECT 2") == 2


async def test_one_that_the_server_ended_while_it_lay_there_is_not_lent(db: Db, pool: Pool) -> None:
    gone = await db.fetchval(WHO)
    async with pool.plain.acquire() as other:
        await other.execute("SELECT pg_terminate_backend($1)", gone)
    for _ in range(100):  # until its end is heard of
        if await _asked(db) not in (gone, None):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the shop does not get over it")


async def _asked(db: Db) -> int | None:
    try:
        return int(await db.fetchval(WHO))
    except Unavailable:
        return None


async def test_a_pool_with_connections_at_hand_closes(open_shop: OpenShop) -> None:
    db = (await open_shop(LEDGER)).ports["ledger"].db
    await asyncio.gather(*(db.fetchval("SELECT pg_sleep(0.01)") for _ in range(6)))
    async with asyncio.timeout(30):
        await db.close()
    with pytest.raises(Unavailable):
        await db.fetchval("SELECT 1")

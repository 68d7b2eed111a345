"""Transactions: whole or not at all, ended at their deadline, and never left open for who borrows the connection next."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation import deadlines
from banyan.foundation.db import Db, Tx
from banyan.foundation.free_ports import free_port
from banyan.foundation.service import Service
from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import DeadlinePassed, Unavailable
from tests.conftest import OpenShop


class Noted(Event, owner="ledger", key="page"):
    page: str


LEDGER = Service(name="ledger", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


@pytest.fixture(scope="module")
async def db(open_shop: OpenShop) -> Db:
    db = (await open_shop(LEDGER)).ports["ledger"].db
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE page (name text PRIMARY KEY, lines int NOT NULL DEFAULT 0)")
        await tx.execute("INSERT INTO page VALUES ('a'), ('b')")
    return db


async def facts(db: Db) -> int:
    return int(await db.fetchval("SELECT count(*) FROM outbox"))


async def lines(db: Db, page: str) -> int:
    return int(await db.fetchval("SELECT lines FROM page WHERE name = $1", page))


async def test_what_was_told_is_there_with_the_change_and_neither_without_the_other(db: Db) -> None:
    async def fail() -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = 'a'")
            tx.tell(Noted(page="a"))
            assert await tx.flush()
            raise ZeroDivisionError

    before, was = await facts(db), await lines(db, "a")
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (await facts(db), await lines(db, "a")) == (before, was)
    db.wake.still()
    async with db.transaction() as tx:
        assert await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = 'a'") == 1
        tx.tell(Noted(page="a"))
    assert (await facts(db), await lines(db, "a")) == (before + 1, was + 1)
    assert db.wake.rung


async def test_a_failure_that_was_swallowed_does_not_look_like_a_commit(db: Db) -> None:
    async def swallow() -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = 'a'")
            with pytest.raises(asyncpg.UniqueViolationError):
                await tx.execute("INSERT INTO page VALUES ('a')")

    was = await lines(db, "a")
    with pytest.raises(RuntimeError, match="nothing was committed"):
        await swallow()
    assert await lines(db, "a") == was


async def test_two_that_meet_in_a_deadlock_are_both_done_once(db: Db) -> None:
    met = asyncio.Barrier(2)
    tries = 0

    async def move(first: str, second: str) -> None:
        alone = False

        async def effect(tx: Tx) -> None:
            nonlocal tries, alone
            tries += 1
            await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = $1", first)
            if not alone:
                alone = True
                await met.wait()
            await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = $1", second)

        await db.retrying(effect)

    was = await lines(db, "a"), await lines(db, "b")
    await asyncio.gather(move("a", "b"), move("b", "a"))
    assert (await lines(db, "a"), await lines(db, "b")) == (was[0] + 2, was[1] + 2)
    assert tries == 3


async def test_a_statement_ends_at_the_deadline_of_its_request(db: Db) -> None:
    with pytest.raises((DeadlinePassed, Unavailable)):
        async with deadlines.within(0.2), db.transaction() as tx:
            await tx.execute("SELECT pg_sleep(30)")
    with pytest.raises(Unavailable, match="took too long"):
        async with db.transaction(seconds=0.1) as tx:
            await tx.execute("SELECT pg_sleep(30)")
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    assert await db.fetchval(asleep) == 0


async def test_a_transaction_may_be_given_more_time_than_a_request_has(db: Db) -> None:
    limits = []
    for seconds in (None, 5.0, 600.0):
        async with db.transaction(seconds=seconds) as tx:
            limits.append(await tx.fetchval("SHOW statement_timeout"))
    assert limits == ["30s", "5s", "10min"]


async def test_who_gives_up_at_any_moment_leaves_no_transaction_open(db: Db) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE page SET lines = lines + 1 WHERE name = 'b'")
            await tx.fetch("SELECT pg_sleep(0.002)")

    for step in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(step / 20_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await db.fetchval("SELECT pg_current_xact_id_if_assigned() IS NULL") is True
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    assert await db.fetchval(open_ones) == 0


async def test_when_all_connections_are_busy_who_waits_is_told_so(db: Db) -> None:
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(_hold(db, 0.6)) for _ in range(5)]
        await asyncio.sleep(0.1)
        with pytest.raises((Unavailable, DeadlinePassed)):
            async with deadlines.within(0.1):
                await db.fetchval("SELECT 1")
    assert all(task.done() for task in held)
    assert await db.fetchval("SELECT 1") == 1


async def _hold(db: Db, seconds: float) -> None:
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_sleep($1)", seconds)


async def test_a_connection_that_was_cut_is_unavailable_and_the_next_one_works(db: Db) -> None:
    with pytest.raises(Unavailable, match="went away"):
        async with db.transaction() as tx:
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await db.fetchval("SELECT 1") == 1


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    clock = SystemClock()
    url = f"postgresql://nobody:@127.0.0.1:{free_port()}/none"
    with pytest.raises(Unavailable):
        await Db.connect(url, clock=clock, ids=SystemIds(clock))


async def test_in_sql_the_time_is_the_shops(open_shop: OpenShop) -> None:
    clock = VirtualClock()
    db = (await open_shop(LEDGER, clock=clock)).ports["ledger"].db
    assert await db.fetchval("SELECT shop_now()") == clock.now()
    clock.advance(86_400)
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT shop_now()") == clock.now()


async def test_a_statement_is_planned_once_but_where_a_service_needs_a_plan_for_each_question(
    db: Db, open_shop: OpenShop
) -> None:
    varied = (await open_shop(replace(LEDGER, plan_once=False))).ports["ledger"].db
    modes = [await each.fetchval("SHOW plan_cache_mode") for each in (db, varied)]
    assert modes == ["force_generic_plan", "auto"]


async def test_a_plan_made_over_a_small_table_serves_a_large_one(open_shop: OpenShop) -> None:
    db = (await open_shop(LEDGER)).ports["ledger"].db
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE young (id text PRIMARY KEY, said text)")
        await tx.execute("INSERT INTO young VALUES ('7', 'x')")
        await tx.execute("ANALYZE young")
        await tx.execute("PREPARE one AS SELECT said FROM young WHERE id = $1")
        assert len(await tx.fetch("EXECUTE one('7')")) == 1
        await tx.execute("INSERT INTO young SELECT n::text, 'x' FROM generate_series(100, 20000) AS n")
        plan = [str(row[0]) for row in await tx.fetch("EXPLAIN EXECUTE one('7')")]
    assert any("young_pkey" in line for line in plan), plan


async def test_json_columns_take_and_give_values(db: Db) -> None:
    given = {"a": [1, None, "ü"], "b": {"c": 2**60}}
    assert await db.fetchval("SELECT $1::jsonb", given) == given
    assert await db.fetchval("SELECT $1::json", [1, 2]) == [1, 2]
    with pytest.raises(asyncpg.DataError):
        await db.fetchval("SELECT $1::jsonb", object())

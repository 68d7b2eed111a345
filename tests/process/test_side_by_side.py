"""A newer version changes the tables while the version before is selling: nobody notices."""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from banyan import topology
from banyan.foundation.db import Db
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import opened, proven, stock

SKU = "BESIDE-1"
_COLUMNS = """
SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname"""


async def test_columns_are_added_to_every_table_of_a_shop_that_sells_and_nobody_is_told(scratch: Path) -> None:
    clock = SystemClock()
    ids, seen, outcomes, selling = SystemIds(clock), list[int](), list[str](), True
    async with own_shop(scratch / "beside", clock, options=("--empty",), rate_limits="false") as shop:
        await stock(scratch / "beside", SKU, 1000)
        await shop.start()

        async def buy(http: aiohttp.ClientSession) -> None:
            while selling:
                outcomes.append((await Buyer(http, shop.url, clock=clock, ids=ids, seen=seen.append).buy(SKU))[0])

        async with aiohttp.ClientSession() as http:
            buyers = [asyncio.create_task(buy(http)) for _ in range(4)]
            await _until(outcomes, 12)
            async with opened(scratch / "beside", *topology.SERVICES) as here:
                for ports in here.shop.ports.values():
                    for table in [row[0] for row in await ports.db.fetch(_COLUMNS)]:
                        await _add_to(ports.db, table)
            await _until(outcomes, len(outcomes) + 12)
            selling = False
            await asyncio.gather(*buyers)
        await asyncio.sleep(6)
        assert await proven(scratch / "beside") == []
    assert set(outcomes) == {"confirmed"}
    assert [status for status in seen if status == 0 or status >= 500] == []


async def _add_to(db: Db, table: str) -> None:
    """As a step does it: it does not let others stand behind it for long."""
    for _ in range(40):
        try:
            async with db.transaction() as tx:
                await tx.execute("SET LOCAL lock_timeout = '100ms'")
                await tx.execute(f'ALTER TABLE "{table}" ADD COLUMN of_a_later_version text')
                return
        except Exception as error:
            if not isinstance(error.__cause__, asyncpg.LockNotAvailableError):
                raise
            await asyncio.sleep(0.05)
    pytest.fail(f"{table} was never free")


async def _until(outcomes: list[str], count: int) -> None:
    async with asyncio.timeout(60):
        while len(outcomes) < count:
            await asyncio.sleep(0.05)

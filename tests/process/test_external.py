"""A shop on a PostgreSQL server of one's own: the same shop, with a database and a role for each service."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from banyan import topology
from banyan.foundation import databases
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop, own_shop
from tests.process.cli import banyan

ROW = '{"sku": "OUT-1", "name": "Trial outside", "price": {"amount": 1999, "currency": "EUR"}, "categories": ["Trial"]}'


@pytest.fixture(scope="module")
async def outside(scratch: Path, server: str) -> AsyncIterator[OwnShop]:
    async with own_shop(scratch / "outside", SystemClock(), options=("--empty",), postgres_url=server) as shop:
        await shop.start()
        yield shop
    con = await asyncpg.connect(server)
    for name in (*topology.SERVICES, "bus"):
        await con.execute(f"DROP DATABASE banyan_{name} WITH (FORCE)")
        await con.execute(f"DROP ROLE banyan_{name}")
    await con.close()


async def test_it_sells_and_starts_no_server_of_its_own(outside: OwnShop, server: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROW)
    env = {"BANYAN_POSTGRES_URL": server}
    folder = str(outside.data_dir)
    said = await banyan("catalog", "import", str(tmp_path / "rows.jsonl"), "--stock", "5", "--data-dir", folder, **env)
    assert said.status == 0, said.err
    clock = SystemClock()
    async with aiohttp.ClientSession() as http:
        status, _ = await Buyer(http, outside.url, clock=clock, ids=SystemIds(clock)).buy("OUT-1")
    assert status == "confirmed"
    assert not (outside.data_dir / "postgres").exists()


async def test_orders_cannot_read_what_payments_keeps(outside: OwnShop, server: str) -> None:
    url = databases.url_of(server, "orders")
    con = await asyncpg.connect(url)
    assert await con.fetchval("SELECT current_user || ' ' || current_database()") == "banyan_orders banyan_orders"
    assert await con.fetchval("SELECT to_regclass('payment')") is None
    await con.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(url, database="banyan_payments")

"""A real installed OpenCart shop, with its real adapter and our real services, is in sync a few seconds after the word."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from banyan.catalog.app import service as catalog
from banyan.inventory.app import service as inventory
from banyan.move.app import service as move
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import views
from banyan.move.mover import Mover
from banyan.move.quarantine import cases
from banyan.move.rows import pack
from banyan.move.source import read_tables, select
from banyan.move.status import status
from banyan.move.storage import mirror
from banyan.orders.app import service as orders
from banyan.payments.app import service as payments
from banyan.users.app import service as users
from tests.conftest import OpenShop


@pytest.mark.parametrize("version", ["4.1", "3.0"])
async def test_an_installed_shop_moves_in_whole(
    version: str, open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> None:
    database = legacy_database(f"opencart-{version}")
    shop = await open_shop(
        move(),
        users(),
        catalog(),
        inventory(),
        orders(),
        payments(),
        legacy_url=SecretStr(mariadb.url(database)),
        legacy_shop=f"opencart{version[0]}",
    )
    ports = shop.ports["move"]
    mover = await Mover.open(ports)
    await mover.prepare()
    await mover.copy()
    async with mover.working():
        await asyncio.wait_for(mover.copied(), 60)
        assert await mover.reached("orders", await mover.head(), 30)
        now = await status(ports.db, mover.adapter)
    assert [(group.state, group.copy_percent) for group in now.groups] == [("in_sync", 100.0)] * 3
    told: dict[str, Any] = {row["kind"]: row for row in await ports.db.fetch("SELECT * FROM delivered")}
    assert told["product"]["taken"] > 10
    assert told["order"]["taken"] >= 1
    open_ = (await cases(ports.db)).cases
    assert all(len(case.why) > 10 and "Error(" not in case.why for case in open_), [case.why for case in open_]
    await _equal(mover)
    await mover.source.close()


async def _equal(mover: Mover) -> None:
    """The mirror is, byte for byte, what the legacy shop has, but for what it keeps to itself."""
    with mover.source.connect() as con:
        for name, table in read_tables(con, list(mover.mirrors.by_name)).items():
            use = mover.mirrors.by_name[name].use
            rows = [row for row in con.query(f"SELECT {select(table)} FROM {name}") if views.kept(use, table, row)]
            theirs = {table.key_of(row): pack(row) for row in rows}
            number = mover.mirrors.by_name[name].number
            ours = {row["key"]: row["image"] for row in await mirror.page(mover.ports.db, number, b"", 1_000_000)}
            assert ours == theirs, name

"""A toy shop on the run's MariaDB, moving into a fresh move database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pymysql
import pytest
from pydantic import SecretStr

from banyan.foundation.service import Ports
from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Adapter
from banyan.move.mover import Mover
from banyan.move.rows import pack
from banyan.move.source import read_tables, select
from banyan.move.storage import mirror, tables
from tests.conftest import OpenShop
from tests.move.core.toy import SCHEMA, Shelves, Toy


@dataclass
class Moving:
    """One toy shop that moves. `con` writes to the legacy shop; `catalog` is what took its records."""

    ports: Ports
    mover: Mover
    con: "pymysql.Connection[Any]"
    catalog: Shelves
    mariadb: MariaDb
    database: str
    _task: "asyncio.Task[None] | None" = None

    def sql(self, statement: str, *args: object) -> None:
        """Run a statement in the legacy shop, committed by itself unless a transaction was begun."""
        with self.con.cursor() as cursor:
            cursor.execute(statement, args or None)

    def many(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        with self.con.cursor() as cursor:
            cursor.executemany(statement, rows)

    def work(self) -> None:
        self._task = asyncio.create_task(self.mover.work())

    async def rest(self) -> None:
        """The worker is gone, wherever it was."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def until(self, holds: Callable[[], Any], seconds: float = 20) -> None:
        """Wait until something holds; it may be a coroutine function."""
        async with asyncio.timeout(seconds):
            while True:
                answer = holds()
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if answer:
                    return
                await asyncio.sleep(0.02)

    async def copied(self) -> None:
        await asyncio.wait_for(self.mover.copied(), 30)

    async def settled(self) -> None:
        """All that the legacy shop did until now is in the mirror and told."""
        now = await self.mover.head()
        assert await self.mover.reached("catalog", now, 20), "the stream did not get there"

    async def same(self) -> None:
        """The mirror is, byte for byte, what the legacy shop has."""
        for name, (ours, theirs) in (await self.both()).items():
            assert ours == theirs, name

    async def both(self) -> dict[str, tuple[dict[bytes, bytes], dict[bytes, bytes]]]:
        found = {}
        with self.mover.source.connect() as con:
            for name, table in read_tables(con, list(self.mover.mirrors.by_name)).items():
                rows = con.query(f"SELECT {select(table)} FROM {name}")
                number = self.mover.mirrors.by_name[name].number
                ours = {row["key"]: row["image"] for row in await mirror.page(self.ports.db, number, b"", 1_000_000)}
                found[name] = (ours, {table.key_of(row): pack(row) for row in rows})
        return found

    async def counts(self) -> dict[str, Any]:
        return {row["name"]: dict(row) for row in await tables.overview(self.ports.db)}


MakeMoving = Callable[..., Awaitable[Moving]]


@pytest.fixture
async def moving(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> AsyncIterator[MakeMoving]:
    """`m = await moving(makers=100)`: the toy shop with so many makers, prepared; `work=True`: copying at once."""
    async with _moving(open_shop, mariadb, legacy_database) as make:
        yield make


@pytest.fixture(scope="module")
async def shared_moving(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> AsyncIterator[MakeMoving]:
    """The same for shops that the tests of a module share."""
    async with _moving(open_shop, mariadb, legacy_database) as make:
        yield make


@asynccontextmanager
async def _moving(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> AsyncIterator[MakeMoving]:
    made: list[Moving] = []

    async def make(
        *, makers: int = 100, shelves: int = 10, work: bool = False, adapter: Adapter | None = None
    ) -> Moving:
        database = legacy_database("")
        con = mariadb.connect(database)
        with con.cursor() as cursor:
            for statement in SCHEMA:
                cursor.execute(statement)
            fill(cursor, makers, shelves)
        shop = await open_shop(service(), legacy_url=SecretStr(mariadb.url(database)), legacy_shop="toy")
        ports, catalog = shop.ports["move"], Shelves()
        shop.peers.add("catalog", catalog.local(ports))
        mover = await Mover.open(ports, adapter or Toy())
        found = Moving(ports, mover, con, catalog, mariadb, database)
        made.append(found)
        await mover.prepare()
        if work:
            await mover.copy()
            found.work()
        return found

    yield make
    for each in made:
        await each.rest()
        await each.mover.source.close()
        each.con.close()


def fill(cursor: Any, makers: int, shelves: int) -> None:
    cursor.executemany(
        "INSERT INTO toy_maker (maker_id, name, price, added) VALUES (%s, %s, %s, '2024-02-00')",
        [(number, f"Möbel {number}", number / 7) for number in range(1, makers + 1)],
    )
    cursor.executemany(
        "INSERT INTO toy_maker_text VALUES (%s, %s, %s)",
        [(number, language, f"text {number} 🪑") for number in range(1, makers + 1) for language in ("de", "en")],
    )
    cursor.executemany(
        "INSERT INTO toy_shelf VALUES (%s, %s, %s)",
        [
            (f"Shelf {number:03d}", f"shelf {number}", f"Shelf {number - 1:03d}" if number else None)
            for number in range(shelves)
        ],
    )

"""A whole legacy shop that moves into the five real services, and its legacy side to ask and to trade in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
from pydantic import SecretStr

from banyan import topology
from banyan.foundation import choose, databases
from banyan.foundation.db import Row
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.demo.mariadb import MariaDb
from banyan.move.mover import Mover

GROUPS = ("catalog", "users", "orders")


@dataclass
class Whole:
    """`con` reads and writes the legacy shop as PHP does: every statement is a commit. `manifest`: what was planted."""

    shop: Shop
    mover: Mover
    con: "pymysql.Connection[Any]"
    manifest: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = "oc_"

    @property
    def ports(self) -> Ports:
        return self.shop.ports["move"]

    def legacy(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """Rows of the legacy shop; `{name}` in the statement stands for a table."""
        return [tuple(row.values()) for row in self.rows(sql, *args)]

    def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """The same by column; of two columns of a name the later one."""
        with self.con.cursor() as cursor:
            cursor.execute(_Tables(self.prefix).fill(sql), args or None)
            names = [each[0] for each in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, sql: str, *args: object) -> Any:
        """The first column of the first row."""
        return self.legacy(sql, *args)[0][0]

    def write(self, sql: str, *args: object) -> int:
        """Run a statement in the legacy shop; the id that it gave a new row."""
        with self.con.cursor() as cursor:
            cursor.execute(_Tables(self.prefix).fill(sql), args or None)
            return int(cursor.lastrowid or 0)

    def insert(self, table: str, **values: object) -> int:
        """Add a row as OpenCart does; columns that are not named get what fits their type."""
        columns = self.legacy(
            """SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = DATABASE()
               AND table_name = %s AND column_default IS NULL AND is_nullable = 'NO' AND extra = ''""",
            self.prefix + table,
        )
        given = {name: _nothing(kind) for name, kind in columns} | values
        names = ", ".join(f"`{name}`" for name in given)
        marks = ", ".join(["%s"] * len(given))
        return self.write(f"INSERT INTO {{{table}}} ({names}) VALUES ({marks})", *given.values())

    async def ours(self, service: str, sql: str, *args: object) -> list[Row]:
        """Rows of a service's own database."""
        return await self.shop.ports[service].db.fetch(sql, *args)

    async def our(self, service: str, sql: str, *args: object) -> Any:
        return await self.shop.ports[service].db.fetchval(sql, *args)

    async def id(self, kind: str, key: object) -> str:
        """Our id of a legacy aggregate; of a `sku`, the SKU."""
        found = await self.our("move", "SELECT id FROM identity WHERE kind = $1 AND key = $2", kind, str(key))
        assert found, f"{kind} {key} has no id"
        return str(found)

    async def settled(self, seconds: float = 60) -> None:
        """All that the legacy shop did until now is here, told, and what the services do by themselves is done."""
        now = await self.mover.head()
        for group in GROUPS:
            assert await self.mover.reached(group, now, seconds), f"{group} did not get there: {await self.open()}"
        async with asyncio.timeout(seconds):
            while await self.our("orders", "SELECT count(*) FROM payment_due"):
                await asyncio.sleep(0.05)

    async def open(self) -> list[tuple[Any, ...]]:
        """What is due, quarantined or differs, for an assertion's words."""
        due = await self.ours("move", "SELECT kind, count(*), max(tries) FROM due GROUP BY kind")
        return [tuple(row) for row in [*due, *await self.quarantined()]]

    async def quarantined(self) -> list[Row]:
        return await self.ours("move", "SELECT kind, key, why FROM quarantine WHERE state = 'open' ORDER BY kind, key")


@asynccontextmanager
async def moved_in(
    server: str, folder: Path, mariadb: MariaDb, database: str, version: str, manifest: Mapping[str, Any]
) -> AsyncIterator[Whole]:
    """The shop in this database, moved in whole; its mover goes on following."""
    urls = await databases.ensure(server, ("bus", *topology.SERVICES), f"whole_{database}")
    settings = Settings(
        data_dir=folder,
        search_url=SecretStr("embedded://memory"),
        pool_size=5,
        legacy_url=SecretStr(mariadb.url(database)),
        legacy_shop=version,
        currency="USD",
    )
    clock = SystemClock()
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
    services = [topology.service(name) for name in topology.SERVICES]
    for each in services:
        await shop.open(each, urls[each.name])
    for each in services:
        await shop.follow(each)
        shop.work(each)
    mover = await Mover.open(shop.ports["move"])
    con = mariadb.connect(database)
    whole = Whole(shop, mover, con, manifest, mover.prefix)
    await mover.prepare()
    await mover.copy()
    await asyncio.wait_for(mover.copied(), 600)
    await whole.settled(600)
    yield whole
    con.close()
    await mover.source.close()
    await shop.close()


Eventually = Callable[[], Awaitable[Any]]


async def until(holds: Eventually, seconds: float = 20) -> Any:
    """Wait for what another service does on its own; what it came to."""
    async with asyncio.timeout(seconds):
        while not (found := await holds()):
            await asyncio.sleep(0.05)
        return found


class _Tables(dict[str, str]):
    """Table names by what stands in braces."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, name: str) -> str:
        return f"`{self._prefix}{name}`"

    def fill(self, sql: str) -> str:
        return sql.format_map(self)


def _nothing(kind: str) -> object:
    if kind in ("date", "datetime", "timestamp"):
        return "0000-00-00 00:00:00"[: 10 if kind == "date" else 19]
    return 0 if kind.endswith("int") or kind in ("decimal", "double", "float") else ""

"""A database of its own for each test, a writer that may write anything, and everything the log says from a place on."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from banyan.move.binlog import Follower, Start
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import Change, Table, Transaction, Values, unpack
from banyan.move.source import Connection, Source, head, read_tables, select

_ids = count(7000)


@dataclass
class Legacy:
    """`run` writes, leniently: values that MariaDB bends are bent. `watched` is what a follower watches."""

    source: Source
    con: Connection
    watched: dict[str, Table] = field(default_factory=dict)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.con.execute(statement)

    def watch(self, *names: str) -> None:
        self.watched = read_tables(self.con, names or None)

    def here(self) -> Start:
        now = head(self.con)
        return Start(now.file, now.offset, 1, now.server_id)

    def rows(self, table: str) -> list[Values]:
        found = self.watched.get(table) or read_tables(self.con, [table])[table]
        sql = f"SELECT {select(found)} FROM `{table}` ORDER BY 1"
        return [unpack(image) for images in self.con.images(sql) for image in images]

    def follower(self, start: Start) -> Follower:
        return Follower(self.source, start, lambda name: self.watched.get(name), server_id=next(_ids))

    async def since(self, start: Start) -> list[Transaction]:
        """All transactions from `start` to now."""
        now = head(self.con)
        follower, found = self.follower(start), []
        try:
            async with asyncio.timeout(20):
                while not found or (found[-1].position.file, found[-1].position.offset) < (now.number, now.offset):
                    found += await follower.next()
        finally:
            await follower.close()
        return found

    async def changes(self, start: Start) -> list[Change]:
        return [change for each in await self.since(start) for change in each.changes]

    async def halted(self, start: Start) -> Exception:
        """What stops the stream."""
        follower = self.follower(start)
        try:
            async with asyncio.timeout(20):
                while True:
                    await follower.next()
        except TimeoutError:
            raise
        except Exception as error:
            return error
        finally:
            await follower.close()


@pytest.fixture
def legacy(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Iterator[Legacy]:
    source = Source(mariadb.url(legacy_database("")))
    con = source.connect(sql_mode="ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO", foreign_key_checks=1)
    yield Legacy(source, con)
    con.close()

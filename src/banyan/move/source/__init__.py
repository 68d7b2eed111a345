"""A legacy database: connections whose answers are exact, what tables it has, and SQL that puts rows back as they were."""

import asyncio

from banyan.kernel.refusals import Unavailable
from banyan.move.rows import Values
from banyan.move.source.address import Address
from banyan.move.source.connection import Connection, argument
from banyan.move.source.head import Head, file_name, file_number, head, log_end
from banyan.move.source.literals import delete, labels, literal, select, upsert, where
from banyan.move.source.tables import read_tables
from banyan.move.source.wire import SqlError

__all__ = [
    "Connection",
    "Head",
    "Source",
    "SqlError",
    "argument",
    "delete",
    "file_name",
    "file_number",
    "head",
    "labels",
    "literal",
    "log_end",
    "read_tables",
    "select",
    "upsert",
    "where",
]
_KEPT = 2  # connections kept open for questions


class Source:
    """One legacy database by its URL: `mysql://user:password@host:port/database[?ssl=off|required|verify&ssl_ca=FILE]`.

    WrongSettings says what is wrong with the URL, without the password.
    """

    def __init__(self, url: str) -> None:
        self.address = Address.of(url)
        self.name = self.address.name
        self.database = self.address.database
        self._kept: list[Connection] = []

    def __repr__(self) -> str:
        return f"Source({self.name})"

    def connect(self, **session: object) -> Connection:
        """A connection of one's own, to be used in a thread and closed. Unavailable when it cannot be had.

        `session`: variables to set, as `lock_wait_timeout=1`; user variables by `**{"@banyan_pass": "…"}`.
        """
        return Connection(self.address, session)

    async def query(self, sql: str, *args: object) -> list[Values]:
        """Ask once, in a thread, on a connection kept for such questions. Each of them stands alone: no transaction."""
        return await asyncio.to_thread(self._query, sql, args)

    async def close(self) -> None:
        """Close the connections kept for questions."""
        while self._kept:
            await asyncio.to_thread(self._kept.pop().close)

    def _query(self, sql: str, args: tuple[object, ...]) -> list[Values]:
        con = self._free()
        try:
            return con.query(sql, *args)
        finally:
            if con.wire.open and len(self._kept) < _KEPT:
                self._kept.append(con)
            else:
                con.close()

    def _free(self) -> Connection:
        """One that still answers: the server hangs up on those that were silent for long."""
        while True:
            try:
                con = self._kept.pop()  # atomic, whatever threads there are
            except IndexError:
                return self.connect()
            try:
                con.query("SELECT 1")
            except Unavailable:
                continue
            return con

"""A rehearsal's own copy of the shop's database, on the same server: made, filled, and gone afterwards whatever happens.

Its name is written down before it is made, and our mark stands in it before anything else does; a database without the mark
is nobody's to drop, whatever it is called.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote, urlsplit

from banyan.kernel.refusals import Unavailable
from banyan.move.source import Connection, Source, SqlError
from banyan.move.storage import log, scratches
from banyan.move.way_back.ground import Ground, Moves, ground_of

MARK = "banyan_rehearsal"
_log = logging.getLogger(__name__)


@asynccontextmanager
async def scratch(ground: Ground, rows: int | None) -> AsyncIterator[tuple[str, int]]:
    """A database beside the shop's with its tables in it: its URL, and how many rows it has. Gone at the end."""
    db = ground.ports.db
    name = f"{ground.source.database}_{ground.ports.ids.new('rehearsal')[-8:]}"
    url = urlsplit(ground.ports.settings.legacy_url.get_secret_value())._replace(path="/" + quote(name)).geturl()
    async with scratches.used(db, name):
        try:
            yield url, await asyncio.to_thread(_fill, ground, name, rows)
        finally:
            await asyncio.to_thread(_drop, ground.source, name)
            await scratches.forget(db, name)


async def sweep(ground: Ground) -> list[str]:
    """Drop what rehearsals left that were ended before they could; the names of what was dropped."""
    db, gone = ground.ports.db, []
    for name in await scratches.names(db):
        async with scratches.unused(db, name) as left:
            if not left:
                continue
            if await asyncio.to_thread(_drop, ground.source, name):
                gone.append(name)
            await scratches.forget(db, name)
    if gone:
        async with db.transaction() as tx:
            await log.add(tx, "what an interrupted rehearsal left was cleared away", databases=gone)
    return gone


async def sweeping(mover: Moves) -> None:
    """Once, when somebody begins to work; what cannot be cleared now is at the next beginning, or the next rehearsal."""
    try:
        await sweep(await ground_of(mover))
    except (SqlError, Unavailable) as error:
        _log.warning("what an interrupted rehearsal left is still there", extra={"why": str(error)})
    await asyncio.Event().wait()


def _fill(ground: Ground, name: str, rows: int | None) -> int:
    copied = 0
    with ground.source.connect() as con:
        con.execute(f"CREATE DATABASE `{quoted(name)}`")
        con.execute(f"CREATE TABLE `{quoted(name)}`.{MARK} (id int NOT NULL PRIMARY KEY)")
        con.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")  # reads lock nothing then
        with suppress(SqlError):
            con.execute("SET SESSION sql_log_bin = 0")  # the shop's own log need not hold it
        for each in ground.mirrors:
            table, there = each.table, f"`{quoted(name)}`.`{quoted(each.name)}`"
            columns = ", ".join(f"`{quoted(column.name)}`" for column in table.columns if not column.generated)
            con.execute(f"CREATE TABLE {there} LIKE `{quoted(each.name)}`")
            newest = _newest(table.key, rows)
            copied += con.execute(
                f"INSERT INTO {there} ({columns}) SELECT {columns} FROM `{quoted(each.name)}`{newest}"
            )
    return copied


def _newest(key: Sequence[str], rows: int | None) -> str:
    if rows is None or not key:
        return ""
    return " ORDER BY " + ", ".join(f"`{quoted(name)}` DESC" for name in key) + f" LIMIT {rows:d}"


def _drop(source: Source, name: str) -> bool:
    """Drop it if it is ours: our mark is in it, or it is empty, as one is whose maker ended before the mark."""
    with source.connect() as con:
        tables = _tables(con, name)
        if tables is None or (tables and MARK.encode() not in tables):
            return False
        con.execute(f"DROP DATABASE `{quoted(name)}`")
        return True


def _tables(con: Connection, name: str) -> set[bytes | None] | None:
    """None: there is no such database."""
    there = con.query("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", name)
    if not there:
        return None
    return {
        row[0] for row in con.query("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", name)
    }


def quoted(name: str) -> str:
    """A name between backticks."""
    return name.replace("`", "``")

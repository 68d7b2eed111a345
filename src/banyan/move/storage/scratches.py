"""Which databases rehearsals made on the legacy server, and which of them nobody uses any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from banyan.foundation.db import Db

_LOCK = 7070


@asynccontextmanager
async def used(db: Db, name: str) -> AsyncIterator[None]:
    """Write a name down, and show for as long as this process lives that it is in use."""
    async with db.own() as con:
        await con.execute(f"SELECT pg_advisory_lock({_LOCK}, hashtext($1))", name)
        await db.execute("INSERT INTO scratch (name) VALUES ($1)", name)
        yield


@asynccontextmanager
async def unused(db: Db, name: str) -> AsyncIterator[bool]:
    """Whether who made it is gone and it is still written down; nobody else clears it away meanwhile."""
    async with db.own() as con:
        mine = await con.fetchval(f"SELECT pg_try_advisory_lock({_LOCK}, hashtext($1))", name)
        yield bool(mine and await con.fetchval("SELECT true FROM scratch WHERE name = $1", name))


async def names(db: Db) -> list[str]:
    return [row["name"] for row in await db.fetch("SELECT name FROM scratch ORDER BY name")]


async def forget(db: Db, name: str) -> None:
    await db.execute("DELETE FROM scratch WHERE name = $1", name)

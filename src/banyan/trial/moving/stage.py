"""The stage of a moving day: a filled legacy shop with its web server, and an empty shop of ours in front of it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.trial.own_shop import OwnShop, own_shop

DATABASE = "old"
Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """The legacy shop and ours, both running; `move` runs a command as a user would."""

    clock: Clock
    ids: Ids
    mariadb: MariaDb
    shop: OwnShop
    old_url: str
    env: dict[str, str]
    say: Say

    async def move(self, *words: str, quiet: bool = False) -> tuple[int, Any]:
        """`banyan move …` with --json: its exit status and what it told."""
        if not quiet:
            self.say(f"$ banyan move {' '.join(words)}")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "banyan.cli", "move", *words, "--json", "--data-dir", str(self.shop.data_dir)),
            env={**os.environ, **self.env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        try:
            told = orjson.loads(out) if out.strip() else {}
        except orjson.JSONDecodeError:
            told = {"text": out.decode(errors="replace")}
        if process.returncode and not told:
            told = {"error": err.decode(errors="replace").strip()[-500:]}
        return process.returncode or 0, told


@contextlib.asynccontextmanager
async def stage(folder: Path, size: stocking.Size, *, clock: Clock, ids: Ids, say: Say) -> AsyncIterator[Stage]:
    """A filled legacy shop with its web server, and an empty shop of ours in front of it. Unavailable without MariaDB."""
    mariadb = MariaDb(folder / "mariadb")
    await asyncio.to_thread(mariadb.start)
    try:
        port = free_port()
        old_url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(_fill, mariadb, clock, ids, old_url, size)
        async with _old_shop(mariadb, port), _ours(folder, mariadb, old_url, clock) as shop:
            env = {name: value for name, value in shop.env.items() if name.startswith("BANYAN_LEGACY")}
            yield Stage(clock, ids, mariadb, shop, old_url, env, say)
    finally:
        await asyncio.to_thread(mariadb.stop)


def _ours(
    folder: Path, mariadb: MariaDb, old_url: str, clock: Clock
) -> contextlib.AbstractAsyncContextManager[OwnShop]:
    return _started(
        own_shop(
            folder / "shop",
            clock,
            options=("--empty",),
            legacy_url=mariadb.url(DATABASE),
            legacy_shop="opencart4",
            legacy_http=old_url,
            rate_limits="false",
            prices_include_tax="false",  # as the legacy shop counts
            pay_later="cod,bank_transfer",  # its ways to pay
        )
    )


@contextlib.asynccontextmanager
async def _started(making: contextlib.AbstractAsyncContextManager[OwnShop]) -> AsyncIterator[OwnShop]:
    async with making as shop:
        await shop.start()
        yield shop


@contextlib.asynccontextmanager
async def _old_shop(mariadb: MariaDb, port: int) -> AsyncIterator[None]:
    """Its web server, a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.move.demo.old_shop", "--port", str(port), "--database", mariadb.url(DATABASE)),
        start_new_session=True,  # Ctrl-C is for us: it goes on serving until we end it
    )
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.025)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            process.terminate()
        await process.wait()


def _fill(mariadb: MariaDb, clock: Clock, ids: Ids, old_url: str, size: stocking.Size) -> None:
    with mariadb.connect() as con, con.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    con = mariadb.connect(DATABASE)
    con.autocommit(False)
    stocking.fill(con, ids=ids, now=clock.now().replace(tzinfo=None, microsecond=0), origin=old_url, size=size)
    con.close()

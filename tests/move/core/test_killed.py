"""A worker that is killed at any moment, again and again, leaves the same mirror as one that is left in peace."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from banyan.foundation import choose
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move import throttle
from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.mover import Mover
from banyan.move.storage import mirror
from tests.move.core.conftest import Moving, fill
from tests.move.core.test_streaming import _write_some
from tests.move.core.toy import SCHEMA, Shelves, Toy

KILLS = int(os.environ.get("KILLS", "4"))
ROOT = Path(__file__).parents[3]


@contextmanager
def worker(legacy: str, urls: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A worker at work; killed at the end."""
    command = [sys.executable, "-m", "tests.move.core.worker", legacy, urls["move"], urls["bus"]]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "works\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def test_killed_at_random_moments_it_ends_with_the_same_rows(
    fresh: Callable[..., Awaitable[dict[str, str]]],
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    chance = random.Random(11)
    legacy = mariadb.url(legacy_database(""))
    con = mariadb.connect(legacy.rpartition("/")[2])
    with con.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        fill(cursor, 4_000, 50)
    urls, clock = await fresh("move", "bus"), SystemClock()
    settings = Settings(data_dir=tmp_path, legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory"))
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
    try:
        ports = await shop.open(service(), urls["move"])
        shop.peers.add("catalog", Shelves().local(ports))
        m = Moving(ports, await Mover.open(ports, Toy()), con, Shelves(), mariadb, "")
        await m.mover.prepare()
        await throttle.turn(ports.db, "chunk_ms", "1", "test")
        await m.mover.copy()
        for _ in range(KILLS):
            with worker(legacy, urls):
                until = asyncio.get_running_loop().time() + chance.uniform(0.02, 0.7)
                while asyncio.get_running_loop().time() < until:
                    await asyncio.to_thread(_write_some, m, chance)
        m.work()
        await m.copied()
        await m.settled()
        await m.same()
        for row in (await m.counts()).values():
            assert row["seen"] == row["applied"] + row["coalesced"] + row["filtered"] + row["quarantined"]
            assert row["rows_copied"] >= row["rows_expected"] * 0.5
        for each in m.mover.mirrors:
            rows, _ = await mirror.digest(ports.db, each.number)
            assert rows == len((await m.both())[each.name][1])
        await m.rest()
    finally:
        await shop.close()
        con.close()

"""How long a whole shop takes to move in: an OpenCart shop that has traded for years, into our five services.

`.venv/bin/python bench/move_whole.py [--seed 1] [--products 5000] [--customers 20000] [--orders 40000]`. It starts a private
MariaDB and a private PostgreSQL in a temporary folder, grows the shop with ../shared/legacy/generate.py and moves it in, all
services and the mover in this one process. Prints the seconds until everything is copied, told and verified, records a second
by kind, and the most memory. Exit status 1 where anything differs in the end.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from banyan import topology
from banyan.foundation import choose, databases, embedded, telemetry
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.demo.mariadb import PASSWORD, USER, MariaDb
from banyan.move.mover import Mover
from banyan.move.storage import due
from banyan.move.verify.verifier import Verifier

LEGACY = Path(__file__).parents[2] / "shared" / "legacy"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=40_000)
    parser.add_argument("--profile", help="write what took the time to this file")
    given = parser.parse_args()
    telemetry.start_logging("warning")
    if not (LEGACY / "generate.py").exists():
        sys.exit(f"{LEGACY} is not there: the generator of a big legacy shop is beside the checkout")
    with tempfile.TemporaryDirectory(prefix="banyan-whole-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        source = MariaDb(folder / "mariadb", {"sync-binlog": "0"})
        source.start()
        target = embedded.start(folder / "data")
        try:
            grow(source, given)
            told = cProfile.Profile() if given.profile else None
            good = told.runcall(asyncio.run, move_in(source, target.url, folder)) if told else None
            if told is None:
                good = asyncio.run(move_in(source, target.url, folder))
            else:
                with Path(given.profile).open("w") as file:
                    pstats.Stats(told, stream=file).sort_stats("tottime").print_stats(70).sort_stats(
                        "cumulative"
                    ).print_stats("banyan|asyncpg", 150)
        finally:
            target.stop()
            source.stop(kill=True)
    sys.exit(0 if good else 1)


def grow(source: MariaDb, given: argparse.Namespace) -> None:
    source.load("shop", LEGACY / "opencart-4.1.sql.gz")
    began = time.monotonic()
    login = ["--port", str(source.port), "--user", USER, "--password", PASSWORD, "--db", "shop"]
    sizes = [f"--{name}={getattr(given, name)}" for name in ("seed", "products", "customers", "orders")]
    manifest = source.folder / "manifest"
    subprocess.run([sys.executable, LEGACY / "generate.py", *login, *sizes, "--manifest", manifest], check=True)
    print(f"the legacy shop is there after {time.monotonic() - began:.0f} s", flush=True)


async def move_in(source: MariaDb, target: str, folder: Path) -> bool:
    clock = SystemClock()
    urls = await databases.ensure(target, (*topology.SERVICES, "bus"), "whole")
    settings = Settings(
        data_dir=folder / "shop",
        legacy_url=SecretStr(source.url("shop")),
        legacy_shop="opencart4",
        currency="USD",
        search_url=SecretStr("embedded://memory"),
    )
    shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
    for name in topology.SERVICES:
        await shop.open(topology.service(name), urls[name])
    for name in topology.SERVICES:
        await shop.follow(topology.service(name))
        shop.work(topology.service(name))
    mover = await Mover.open(shop.ports["move"])
    try:
        return await timed(mover)
    finally:
        await mover.source.close()
        await shop.close()


async def timed(mover: Mover) -> bool:
    db = mover.ports.db
    await mover.prepare()
    began = time.monotonic()
    await mover.copy()
    copied, last = 0.0, began
    while True:
        await asyncio.sleep(0.1)
        open_ = await db.fetchval("SELECT count(*) FROM legacy_table WHERE state <> 'live'")
        if not copied and not open_:
            copied = time.monotonic() - began
            rows = int(await db.fetchval("SELECT sum(rows_copied) FROM legacy_table"))
            print(f"copied after {copied:.1f} s: {rows} rows, {rows / copied:,.0f} a second", flush=True)
        left = await db.fetchval("SELECT count(*) FROM due WHERE tries = 0")
        if time.monotonic() - last > 10:
            last = time.monotonic()
            print(f"  {last - began:.0f} s: {await _told(db)}; {left} due; {_memory():.0f} MB", flush=True)
        if copied and not left:
            break
    await mover.copied()
    took = time.monotonic() - began
    told = await due.delivered(db)
    count = sum(row["taken"] for row in told)
    print(f"told after {took:.1f} s: {count} aggregates, {count / took:,.0f} a second: {await _told(db)}")
    used = time.process_time()
    print(
        f"{used:.0f} s of a processor in this process, at most {_memory():.0f} MB, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return await verified(mover)


async def verified(mover: Mover) -> bool:
    assert await mover.reached("orders", await mover.head(), 60)
    began, good = time.monotonic(), True
    for group in mover.adapter.groups:
        verdict = await Verifier(mover).whole(group)
        good &= verdict.clean
        print(f"{time.monotonic() - began:.0f} s", *verdict.lines()[:12], sep="\n  ", flush=True)
    for row in await mover.ports.db.fetch(
        "SELECT kind, why, count(*) AS n, min(key) AS one FROM quarantine WHERE state = 'open' GROUP BY 1, 2 ORDER BY 1, 3 DESC"
    ):
        print(f"quarantine: {row['n']} × {row['kind']}: {row['why'][:150]} (as {row['one']})")
    return good


async def _told(db: Any) -> str:
    return ", ".join(f"{row['kind']} {row['taken']}" for row in await due.delivered(db))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

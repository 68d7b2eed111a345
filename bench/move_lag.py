"""How far the mirror is behind: from a commit of the source to its being applied and checkpointed, at several rates.

`.venv/bin/python bench/move_lag.py [--seconds 30] [--rates 200,500] [--full]` (`--full`: 5 minutes each). A writer in a process
of its own commits numbered transactions of two rows at a steady rate to a private MariaDB and notes when each commit returned;
the mover follows in this process's child; we look at the mirror's number every few milliseconds. The lag of the first and of
the last third of a run tells whether it grows.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from banyan.contracts.legacy import Record
from banyan.foundation import choose, databases, embedded
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.app import service
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import NewRows, Page, Ref, Refused, Rows, Stock, Use, View
from banyan.move.mover import Mover
from banyan.move.rows import Row, unpack
from banyan.move.source import Source

TABLES = (
    """CREATE TABLE item (id int NOT NULL PRIMARY KEY, name varchar(64) NOT NULL, price decimal(15,4) NOT NULL,
        quantity int NOT NULL, words text NOT NULL, changed datetime NOT NULL) ENGINE=InnoDB CHARSET=utf8mb4""",
    "INSERT INTO item SELECT seq, CONCAT('item ', seq), seq, 0, REPEAT('x', 100), NOW() FROM seq_1_to_5000",
    "CREATE TABLE beat (id int NOT NULL PRIMARY KEY, number int NOT NULL) ENGINE=InnoDB",
    "INSERT INTO beat VALUES (1, 0)",
)
LOOK = 0.003


class Shelf:
    """Items are brands that no service is told of."""

    name = "lag"
    groups: tuple[str, ...] = ("catalog",)
    pages: tuple[Page, ...] = ()
    ignored: frozenset[str] = frozenset()
    keyed: Mapping[str, str] = {}
    uses: Mapping[str, Use] = {
        "item": Use("item", "catalog", (View("brand", "catalog", "id"),)),
        "beat": Use("beat", "catalog"),
    }

    def prefix(self, tables: Iterable[str]) -> str:
        return ""

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        return "EUR"

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:
        return ()

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        return {}

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        return None

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        return ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rates", default="200,500")
    parser.add_argument("--full", action="store_true", help="5 minutes at each rate")
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write[0], float(given.write[1]), float(given.write[2]))
    elif given.work:
        asyncio.run(work(*given.work))
    else:
        measure([int(rate) for rate in given.rates.split(",")], 300 if given.full else given.seconds)


def measure(rates: Sequence[int], seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="banyan-lag-") as folder:
        Path(folder).chmod(0o755)
        source = MariaDb(Path(folder) / "mariadb", {"sync-binlog": "0"})
        source.start()
        target = embedded.start(Path(folder) / "data")
        try:
            with source.connect() as con, con.cursor() as cursor:
                cursor.execute("CREATE DATABASE shop")
                cursor.execute("USE shop")
                for statement in TABLES:
                    cursor.execute(statement)
            urls = asyncio.run(databases.ensure(target.url, ("move", "bus"), "lag"))
            worker = subprocess.Popen(
                [sys.executable, __file__, "--work", source.url("shop"), urls["move"], urls["bus"]],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert worker.stdout is not None
            worker.stdout.readline()
            try:
                for rate in rates:
                    lags = asyncio.run(run(source.url("shop"), urls["move"], rate, seconds))
                    tell(rate, lags)
            finally:
                worker.kill()
                worker.wait()
        finally:
            target.stop()
            source.stop(kill=True)


def tell(rate: int, lags: Sequence[float]) -> None:
    ordered = sorted(lags)
    third = len(lags) // 3
    first, last = statistics.median(lags[:third]), statistics.median(lags[-third:])
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    grows = "grows" if last > first * 2 + 0.05 else "does not grow"
    print(
        f"{rate} transactions/s, {len(lags)} in all: commit to applied p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, most "
        f"{ordered[-1] * 1000:.0f} ms; median of the first third {first * 1000:.0f} ms, of the last {last * 1000:.0f} ms: it "
        f"{grows} (load {os.getloadavg()[0]:.1f})",
        flush=True,
    )


async def run(legacy: str, move: str, rate: int, seconds: float) -> list[float]:
    """The lag of each transaction, in order, in seconds."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--write", legacy, str(rate), str(seconds), stdout=subprocess.PIPE, limit=1 << 30
    )
    con = await databases.reach(move)
    number = await con.fetchval("SELECT number FROM legacy_table WHERE name = 'beat'")
    look = await con.prepare(f"SELECT image FROM mirror_{number}")
    seen: list[tuple[int, float]] = []
    told = asyncio.ensure_future(writer.communicate())
    last = -1
    ended = None
    while ended is None or time.monotonic() - ended < 60:
        value = int(unpack(await look.fetchval())[1] or 0)
        if value != last:
            seen.append((value, time.monotonic()))
            last = value
        if told.done():
            ended = ended or time.monotonic()
            lines = told.result()[0].decode().split()
            if lines and value >= int(lines[-1].partition(":")[0]):
                break
        await asyncio.sleep(LOOK)
    await con.close()
    commits = [(int(which), float(when)) for which, _, when in (line.partition(":") for line in lines)]
    lags, place = [], 0
    for which, when in commits:
        while place < len(seen) and seen[place][0] < which:
            place += 1
        lags.append(max(0.0, seen[place][1] - when) if place < len(seen) else 60.0)
    return lags


def write(legacy: str, rate: float, seconds: float) -> None:
    """Commit numbered transactions at a steady rate; tell when each commit returned."""
    with Source(legacy).connect() as con:
        number = int(con.query("SELECT number FROM beat")[0][0] or 0)
        began = time.monotonic()
        told = []
        for turn in range(int(rate * seconds)):
            wait = began + turn / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            number += 1
            con.execute("START TRANSACTION")
            con.execute(f"UPDATE item SET quantity = {number}, changed = NOW() WHERE id = {number * 7 % 5000 + 1}")
            con.execute(f"UPDATE beat SET number = {number} WHERE id = 1")
            con.execute("COMMIT")
            told.append(f"{number}:{time.monotonic():.6f}")
        took = time.monotonic() - began
    if took > seconds * 1.1:
        print(f"the source managed {rate * seconds / took:.0f} transactions/s only", file=sys.stderr)
    print("\n".join(told))


async def work(legacy: str, move: str, bus: str) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory")
        )
        shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
        ports = await shop.open(service(), move)
        mover = await Mover.open(ports, Shelf())
        await mover.prepare()
        await mover.copy()
        async with mover.working():
            await mover.copied()
            print("in sync", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    main()

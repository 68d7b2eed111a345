"""How fast a table is copied in bulk: pgloader and our copy, turn by turn, of the same table into the same PostgreSQL server.

`.venv/bin/python bench/move_bulk.py [--rows 300000] [--turns 3]`. It starts a private MariaDB and a private PostgreSQL in a
temporary folder. Debian's pgloader copies the table of twelve columns with its primary key and two indexes as tables of
PostgreSQL; ours keeps every row byte for byte in the mirror with its two indexes. Prints medians, their ratio and each
one's most memory.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from banyan.move.rows import Row

TABLE = """CREATE TABLE bulk (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, maker_id int NOT NULL,
    name varchar(64) NOT NULL, price decimal(15,4) NOT NULL, added datetime NOT NULL, quantity int NOT NULL,
    shown tinyint(1) NOT NULL, email varchar(96) NOT NULL, words text NOT NULL, day date NOT NULL,
    points int unsigned NOT NULL, code varchar(12) NOT NULL, KEY (maker_id), KEY (email))
    ENGINE=InnoDB CHARSET=utf8mb4"""
FILL = """INSERT INTO bulk SELECT seq, seq % 5000, CONCAT('name ', seq), seq / 7, '2026-01-01' + INTERVAL seq % 5000 MINUTE,
    seq % 90, seq % 2, CONCAT('user', seq, '@example.com'), REPEAT('x', 60), '2026-01-01' + INTERVAL seq % 300 DAY, seq,
    'abc' FROM seq_1_to_{rows}"""


class Bulk:
    """One table whose rows belong to makers; no service is told of any."""

    name = "bulk"
    groups: tuple[str, ...] = ("catalog",)
    pages: tuple[Page, ...] = ()
    ignored: frozenset[str] = frozenset()
    keyed: Mapping[str, str] = {}
    uses: Mapping[str, Use] = {"bulk": Use("bulk", "catalog", (View("brand", "catalog", "maker_id"),))}

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
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--copy", nargs=3, help=argparse.SUPPRESS)  # our turn, in a process of its own
    given = parser.parse_args()
    if given.copy:
        asyncio.run(copy(*given.copy))
        return
    if shutil.which("pgloader") is None:
        sys.exit("pgloader is not installed: on Debian `apt-get install pgloader` brings it")
    with tempfile.TemporaryDirectory(prefix="banyan-bulk-") as folder:
        Path(folder).chmod(0o755)
        source = MariaDb(Path(folder) / "mariadb", {"sync-binlog": "0"})
        source.start()
        target = embedded.start(Path(folder) / "data")
        try:
            compare(source, target.url, given.rows, given.turns, Path(folder))
        finally:
            target.stop()
            source.stop(kill=True)


def compare(source: MariaDb, target: str, rows: int, turns: int, folder: Path) -> None:
    with source.connect() as con, con.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("USE shop")
        cursor.execute(TABLE)
        cursor.execute(FILL.format(rows=rows))
        cursor.execute("ANALYZE TABLE bulk")
    found: dict[str, list[tuple[float, float]]] = {"pgloader": [], "ours": []}
    for turn in range(turns):
        found["pgloader"].append(pgloader(source, target, turn, rows, folder))
        found["ours"].append(ours(source, target, turn, rows))
        told = "  ".join(
            f"{name} {rows / took:,.0f} rows/s, {memory:.0f} MB" for name, ((took, memory),) in _last(found)
        )
        print(f"turn {turn + 1}: {told}  (load {os.getloadavg()[0]:.1f})", flush=True)
    middle = {name: statistics.median(took for took, _ in each) for name, each in found.items()}
    most = {name: max(memory for _, memory in each) for name, each in found.items()}
    for name in found:
        print(f"{name:<9} {rows / middle[name]:>9,.0f} rows/s (median of {turns}), at most {most[name]:.0f} MB")
    print(
        f"ours is {middle['pgloader'] / middle['ours']:.2f} times as fast as pgloader (asked for: 1.2; at most 250 MB)"
    )


def _last(found: dict[str, list[tuple[float, float]]]) -> list[tuple[str, list[tuple[float, float]]]]:
    return [(name, each[-1:]) for name, each in found.items()]


def pgloader(source: MariaDb, target: str, turn: int, rows: int, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of one run of pgloader."""
    url = asyncio.run(databases.ensure(target, ("loaded",), f"pgloader{turn}"))["loaded"]
    _, _, rest = url.partition("://")
    login, _, place = rest.rpartition("@")
    database, _, query = place.lstrip("/").partition("?")
    sockets = dict(each.split("=", 1) for each in query.split("&"))["host"].replace("%2F", "/")
    command = folder / "load"
    command.write_text(
        f"LOAD DATABASE FROM {source.url('shop')} INTO postgresql://{login}@unix:{sockets}:/{database}\n"
        "WITH include drop, create tables, create indexes, reset sequences, foreign keys;\n"
    )
    began = time.monotonic()
    child = subprocess.Popen(
        ["pgloader", "--quiet", str(command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder
    )
    _, _, usage = os.wait4(child.pid, 0)
    took = time.monotonic() - began
    there = asyncio.run(_count(url, "shop.bulk"))
    if there != rows:
        said = child.stderr.read().decode()[-2000:] if child.stderr else ""
        sys.exit(f"pgloader loaded {there} rows of {rows}\n{said}")
    return took, usage.ru_maxrss / 1024


def ours(source: MariaDb, target: str, turn: int, rows: int) -> tuple[float, float]:
    """Seconds and megabytes of our copy, in a process of its own; from the start of the copy until the table is live."""
    urls = asyncio.run(databases.ensure(target, ("move", "bus"), f"ours{turn}"))
    given = [sys.executable, __file__, "--copy", source.url("shop"), urls["move"], urls["bus"]]
    took, memory, there = subprocess.run(given, check=True, capture_output=True, text=True).stdout.split()
    if int(there) != rows:
        sys.exit(f"we copied {there} rows of {rows}")
    return float(took), float(memory)


async def copy(legacy: str, move: str, bus: str) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), legacy_url=SecretStr(legacy), search_url=SecretStr("embedded://memory")
        )
        shop = Shop.over(settings, await choose.bus(bus), clock=clock, ids=SystemIds(clock))
        ports = await shop.open(service(), move)
        mover = await Mover.open(ports, Bulk())
        await mover.prepare()
        async with mover.working():
            await asyncio.sleep(1)
            began = time.monotonic()
            await mover.copy()
            while not await ports.db.fetchval("SELECT bool_and(state = 'live') FROM legacy_table"):
                await asyncio.sleep(0.01)
            took = time.monotonic() - began
            there = await ports.db.fetchval("SELECT count(*) FROM mirror")
        await shop.close()
    print(took, _most_memory(), there)


def _most_memory() -> float:
    """Megabytes this program held at most; getrusage would count what its parent held when it was started."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


async def _count(url: str, table: str) -> Any:
    con = await databases.reach(url)
    try:
        return await con.fetchval(f"SELECT count(*) FROM {table}")
    finally:
        await con.close()


if __name__ == "__main__":
    main()

"""Verification going on by itself while an OpenCart shop trades: it must say nothing that is not so, and miss nothing that is.

`.venv/bin/python bench/move_verify.py [--minutes 10] [--rate 50] [--faults 200]`. It starts a private MariaDB and a private
PostgreSQL in a temporary folder, grows a shop with ../shared/legacy/generate.py and moves it in; then so many writes a second are
committed there (prices, stock, names, histories, carts, addresses; rows are changed, added, deleted and made again under old
keys) while the mover follows and compares. Prints a line a minute: writes, findings, how old the oldest unverified change is. In
the end it stops, verifies all, spoils rows of the mirror and verifies again. Exit status 1 for a false alarm, for a fault that
was not found, or where not all is verified in the end.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import pymysql
from pydantic import SecretStr

from banyan import topology
from banyan.foundation import choose, databases, embedded, telemetry
from banyan.foundation.db import Db
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.demo.mariadb import PASSWORD, USER, MariaDb
from banyan.move.mover import Mover
from banyan.move.rows import pack, unpack
from banyan.move.storage import checkpoints
from banyan.move.verify.verifier import Verifier

LEGACY = Path(__file__).parents[2] / "shared" / "legacy"
SHOP = "shop"
SPOILT = ("oc_product", "oc_customer", "oc_order", "oc_order_total", "oc_address")
"""Tables in which faults are put."""
_NOTE = "INSERT INTO oc_order_history (order_id, order_status_id, comment, date_added) VALUES (%s, 2, %s, NOW())"
_INTO_CART = """INSERT INTO oc_cart (customer_id, session_id, product_id, `option`, quantity, date_added)
    VALUES (%s, %s, %s, '[]', 1, NOW())"""
_ADDRESS = """INSERT INTO oc_address (address_id, customer_id, firstname, lastname, address_1, city, postcode, country_id,
    zone_id, custom_field) VALUES (%s, %s, 'Ann', 'New', %s, 'York', '', 222, 0, '[]')"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50, help="writes a second")
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    for name, default in (("products", 800), ("customers", 2_000), ("orders", 4_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    telemetry.start_logging("warning")
    if not (LEGACY / "generate.py").exists():
        sys.exit(f"{LEGACY} is not there: the generator of a big legacy shop is beside the checkout")
    with tempfile.TemporaryDirectory(prefix="banyan-verify-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        source = MariaDb(folder / "mariadb", {"sync-binlog": "0"})
        source.start()
        target = embedded.start(folder / "data")
        try:
            grow(source, given)
            good = asyncio.run(watched(source, target.url, folder, given))
        finally:
            target.stop()
            source.stop(kill=True)
    sys.exit(0 if good else 1)


def grow(source: MariaDb, given: argparse.Namespace) -> None:
    source.load(SHOP, LEGACY / "opencart-4.1.sql.gz")
    login = ["--port", str(source.port), "--user", USER, "--password", PASSWORD, "--db", SHOP]
    sizes = [f"--{name}={getattr(given, name)}" for name in ("seed", "products", "customers", "orders")]
    command = [
        sys.executable,
        str(LEGACY / "generate.py"),
        *login,
        *sizes,
        "--manifest",
        str(source.folder / "manifest"),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Traders:
    """Who writes, in a thread: one transaction after the other at a steady rate, never more than it says."""

    def __init__(self, source: MariaDb, rate: float, seed: int) -> None:
        self._con = source.connect(SHOP)
        self._rate, self._random = rate, random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._trade, name="traders")
        self.writes = 0
        self._most = {name: self._count(name) for name in ("product", "customer", "order", "address")}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._con.close()

    def _count(self, table: str) -> int:
        with self._con.cursor() as cursor:
            cursor.execute(f"SELECT max({table}_id) FROM oc_{table}")
            [[most]] = cursor.fetchall()
            return int(most)

    def _trade(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            due += 1 / self._rate
            time.sleep(max(0.0, due - time.monotonic()))
            self._write()
            self.writes += 1

    def _write(self) -> None:
        one = {name: self._random.randint(1, most) for name, most in self._most.items()}
        number = self._random.randint(1, 100_000)
        product, customer, order, address = (one[name] for name in ("product", "customer", "order", "address"))
        deeds: tuple[list[tuple[str, tuple[object, ...]]], ...] = (
            [("UPDATE oc_product SET price = price + 0.01, quantity = %s WHERE product_id = %s", (number, product))],
            [("UPDATE oc_customer SET firstname = %s WHERE customer_id = %s", (f"Zoë {number} 🪑", customer))],
            [
                ("UPDATE oc_order SET order_status_id = 2, date_modified = NOW() WHERE order_id = %s", (order,)),
                (_NOTE, (order, f"note {number}")),
            ],
            [(_INTO_CART, (customer, f"{number:026d}", product))],
            [("DELETE FROM oc_cart WHERE customer_id > 0 ORDER BY cart_id LIMIT 3", ())],
            [
                ("DELETE FROM oc_address WHERE address_id = %s", (address,)),
                (_ADDRESS, (address, customer, f"{number} Mill Lane")),
            ],
            [("DELETE FROM oc_address WHERE address_id = %s", (address,))],
        )
        with self._con.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                for sql, values in self._random.choice(deeds):
                    cursor.execute(sql, values)
                cursor.execute("COMMIT")
            except pymysql.IntegrityError:  # an address that is there again
                cursor.execute("ROLLBACK")


async def watched(source: MariaDb, target: str, folder: Path, given: argparse.Namespace) -> bool:
    clock = SystemClock()
    urls = await databases.ensure(target, (*topology.SERVICES, "bus"), "verify")
    settings = Settings(
        data_dir=folder / "shop",
        legacy_url=SecretStr(source.url(SHOP)),
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
        await mover.prepare()
        await mover.copy()
        await mover.copied()
        for group in mover.adapter.groups:
            await mover.reached(group, await mover.head(), 600)
        print(f"moved in; load {os.getloadavg()[0]:.1f}", flush=True)
        alarms = await _traded(mover, source, given)
        return await _ended(mover, given) and not alarms
    finally:
        await mover.source.close()
        await shop.close()


async def _traded(mover: Mover, source: MariaDb, given: argparse.Namespace) -> int:
    """Watch for as long as was asked; how many false alarms there were."""
    db, verifier = mover.ports.db, Verifier(mover)
    traders = Traders(source, given.rate, given.seed)
    traders.start()
    began, told, ages = time.monotonic(), 0, list[float]()
    try:
        while (past := time.monotonic() - began) < given.minutes * 60:
            await asyncio.sleep(1)
            worst = [await verifier.coverage(group) for group in mover.adapter.groups]
            ages.append(max(each.oldest_seconds for each in worst))
            if past // 60 >= told:
                told += 1
                print(
                    f"{past / 60:.0f} min: {traders.writes} writes; {await _alarms(db)} alarms; "
                    f"{sum(each.unverified for each in worst)} of {sum(each.rows for each in worst)} rows unverified, the oldest "
                    f"{ages[-1]:.1f} s; load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    finally:
        await asyncio.to_thread(traders.stop)
    alarms = await _alarms(db)
    print(
        f"{given.minutes:g} min, {traders.writes} writes, {traders.writes / given.minutes / 60:.1f} a second: {alarms} alarms. "
        f"The oldest unverified change was {median(ages):.1f} s old (median), {max(ages):.1f} s at most",
        flush=True,
    )
    for row in await db.fetch("SELECT kind, key, table_name, what, found_at FROM finding LIMIT 20"):
        print("  false alarm:", *row.values())
    return alarms


async def _ended(mover: Mover, given: argparse.Namespace) -> bool:
    """All of it verified once nobody writes; and faults are found."""
    good, db = True, mover.ports.db
    at = await mover.head()
    for group in mover.adapter.groups:
        assert await mover.reached(group, at, 120), f"the stream did not reach {at}: {await checkpoints.read(db)}"
        verdict = await Verifier(mover).whole(group)
        good &= verdict.clean
        print(*verdict.lines()[:6], sep="\n  ", flush=True)
    wrong = await _spoil(mover, given)
    found = set[tuple[str, bytes]]()
    for group in mover.adapter.groups:
        findings = (await Verifier(mover).whole(group)).findings
        found |= {(each.table, each.row_key) for each in findings if each.row_key is not None}
    print(f"{len(wrong)} rows of the mirror were spoilt: {len(wrong & found)} found, {len(found - wrong)} others")
    return good and found == wrong


async def _spoil(mover: Mover, given: argparse.Namespace) -> set[tuple[str, bytes]]:
    """Flip a byte in rows here and there, as no event would."""
    chance, wrong = random.Random(given.seed), set[tuple[str, bytes]]()
    tables = [each for each in mover.mirrors if each.name in SPOILT]
    for each in tables:
        rows = await mover.ports.db.fetch(f"SELECT key, image FROM mirror_{each.number} ORDER BY key")
        for row in chance.sample(rows, given.faults // len(tables)):
            values = list(unpack(row["image"]))
            place = next(n for n, value in enumerate(values) if value and n not in each.table.key_places)
            value = values[place]
            assert value is not None
            values[place] = bytes([value[0] ^ 1]) + value[1:]
            await mover.ports.db.execute(
                f"UPDATE mirror_{each.number} SET image = $2 WHERE key = $1", row["key"], pack(values)
            )
            wrong.add((each.name, row["key"]))
    return wrong


async def _alarms(db: Db) -> int:
    """Every finding there ever was, mended or not."""
    found: int = await db.fetchval("SELECT count(*) FROM finding")
    return found


if __name__ == "__main__":
    main()

"""How fast the binlog is decoded: the same fixed log drained by mysql-replication and by ours, turn by turn, in one run.

`.venv/bin/python bench/move_decode.py [--transactions 20000] [--rows 100000] [--turns 3]`. It starts a private MariaDB in a
temporary folder, writes single-row transactions and one bulk insert of a table of twelve columns, and prints medians.
"""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from banyan.move.binlog import Follower, Start
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import Table
from banyan.move.source import Head, Source, head, read_tables

TABLE = """CREATE TABLE item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(64) NOT NULL, price DECIMAL(15,4) NOT NULL,
  added DATETIME NOT NULL, quantity INT NOT NULL, shown TINYINT(1) NOT NULL, email VARCHAR(96) NOT NULL, words TEXT NOT NULL,
  day DATE NOT NULL, points INT UNSIGNED NOT NULL, code VARCHAR(12) NOT NULL, seen TIMESTAMP NOT NULL DEFAULT NOW())"""
ROW = """CONCAT('name ', n), n / 7, NOW() - INTERVAL n % 5000 MINUTE, n % 90, n % 2, CONCAT('user', n, '@example.com'),
  REPEAT('x', 60), CURDATE() - INTERVAL n % 300 DAY, n, 'abc', NOW()"""
NAMES = "name, price, added, quantity, shown, email, words, day, points, code, seen"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="banyan-decode-") as folder:
        Path(folder).chmod(0o755)
        server = MariaDb(Path(folder), {"sync-binlog": "0"})
        server.start()
        try:
            singles, bulk, table, source = write(server, given.transactions, given.rows)
            compare("single-row transactions", given.transactions, singles, table, source, server, given.turns)
            compare("rows in bulk", given.rows, bulk, table, source, server, given.turns)
            print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        finally:
            server.stop(kill=True)


def write(server: MariaDb, transactions: int, rows: int) -> tuple[Head, Head, Table, Source]:
    """Fill the log: first the single rows in a file of their own, then the bulk in the next."""
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("USE shop")
        cursor.execute(TABLE)
        cursor.execute(
            "CREATE PROCEDURE fill(most INT) BEGIN DECLARE n INT DEFAULT 0; WHILE n < most DO "
            f"INSERT INTO item ({NAMES}) SELECT {ROW}; SET n = n + 1; END WHILE; END"
        )
        source = Source(server.url("shop"))
        with source.connect() as ours:
            table = read_tables(ours)["item"]
            cursor.execute("FLUSH BINARY LOGS")
            singles = head(ours)
            cursor.execute("CALL fill(%s)", (transactions,))
            cursor.execute("FLUSH BINARY LOGS")
            bulk = head(ours)
            numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})"
            cursor.execute("SET max_recursive_iterations = 100000000")
            cursor.execute(f"INSERT INTO item ({NAMES}) {numbers} SELECT {ROW} FROM numbers")
            cursor.execute("FLUSH BINARY LOGS")
    return singles, bulk, table, source


def compare(what: str, count: int, start: Head, table: Table, source: Source, server: MariaDb, turns: int) -> None:
    rates: dict[str, list[tuple[float, float]]] = {"mysql-replication": [], "banyan": []}
    for _ in range(turns):
        rates["mysql-replication"].append(timed(lambda: theirs(server, start, count)))
        rates["banyan"].append(timed(lambda: ours(source, table, start, count)))
    print(what)
    medians = {}
    for name, seconds in rates.items():
        wall, cpu = (statistics.median(each) for each in zip(*seconds, strict=True))
        medians[name] = wall
        print(f"  {name:18} {count / wall:>10,.0f} a second   {count / cpu:>10,.0f} a CPU second")
    print(f"  ratio              {medians['mysql-replication'] / medians['banyan']:>10.1f}")


def timed(work: Callable[[], int]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def theirs(server: MariaDb, start: Head, count: int) -> int:
    from pymysqlreplication import BinLogStreamReader
    from pymysqlreplication.row_event import WriteRowsEvent

    stream = BinLogStreamReader(
        connection_settings={"host": "127.0.0.1", "port": server.port, "user": "mover", "passwd": "mover"},
        server_id=901,
        log_file=start.file,
        log_pos=start.offset,
        resume_stream=True,
        only_events=[WriteRowsEvent],
        blocking=True,
    )
    got = 0
    for event in stream:
        got += len(event.rows)
        if got >= count:
            break
    stream.close()
    return got


def ours(source: Source, table: Table, start: Head, count: int) -> int:
    async def drain() -> int:
        follower = Follower(source, Start(start.file, start.offset), {"item": table}.get, server_id=902)
        got = 0
        while got < count:
            for transaction in await follower.next():
                for _ in transaction.changes:
                    got += 1
        await follower.close()
        return got

    return asyncio.run(drain())


if __name__ == "__main__":
    main()

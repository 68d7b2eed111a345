"""Every committed transaction comes once, whole, in order, wherever one begins and whatever breaks; nothing else comes."""

import asyncio
from pathlib import Path

import pytest

from banyan.move.binlog import Follower, Halt, Start
from banyan.move.binlog.held import SPOOL_AT, Spooled
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import Position, Transaction
from banyan.move.source import Source, head, read_tables
from tests.move.binlog.conftest import Legacy


@pytest.fixture
def shop(legacy: Legacy) -> Legacy:
    legacy.run(
        "CREATE TABLE item (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0, words LONGTEXT)",
        "CREATE TABLE page (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=MyISAM",
        "CREATE TABLE noise (id INT PRIMARY KEY AUTO_INCREMENT, words TEXT, v INT AS (id + 1) VIRTUAL)",
    )
    legacy.watch("item", "page")
    return legacy


def ids(transactions: list[Transaction]) -> list[tuple[str, bytes | None, bytes | None]]:
    """(table, id before, id after) of each change."""
    return [
        (change.table.name, change.before and change.before[0], change.after and change.after[0])
        for each in transactions
        for change in each.changes
    ]


def write_all_sorts(shop: Legacy) -> None:
    shop.run(
        "INSERT INTO item (id) VALUES (1), (2), (3)",
        "UPDATE item SET id = id + 10 ORDER BY id DESC",
        "INSERT INTO page (id) VALUES (1), (2)",
        "START TRANSACTION",
        "INSERT INTO item (id) VALUES (20)",
        "UPDATE item SET n = 1 WHERE id = 20",
        "DELETE FROM item WHERE id = 12",
        "COMMIT",
        "CREATE TABLE other (id INT)",
        "INSERT INTO noise (words) VALUES ('a'), (NULL)",
        "DROP TABLE other",
        "DELETE FROM page",
        "FLUSH BINARY LOGS",
        "REPLACE INTO item (id, n) VALUES (20, 5)",
    )


async def test_it_goes_on_from_the_end_of_every_transaction(shop: Legacy) -> None:
    start = shop.here()
    write_all_sorts(shop)
    everything = await shop.since(start)
    assert [each.seen for each in everything if each.seen] == [
        {"item": 3}, {"item": 3}, {"page": 2}, {"item": 3}, {"noise": 2}, {"page": 2}, {"item": 1},
    ]  # fmt: skip
    assert [each.position for each in everything] == sorted({each.position for each in everything})
    file = start.file
    for place, each in enumerate(everything[:-1]):
        file = f"binlog.{each.position.file:06d}"
        rest = await shop.since(Start(file, each.position.offset, 1, start.server_id, each.gtid))
        assert ids(rest) == ids(everything[place + 1 :])
        assert rest[-1].position == everything[-1].position
        assert Position.of(each.position.at) == each.position


async def test_a_transaction_tells_who_wrote_it_and_when(shop: Legacy) -> None:
    start = shop.here()
    shop.run("SET SESSION server_id = 4711", "SET timestamp = 1700000000", "INSERT INTO item (id) VALUES (1)")
    shop.run("SET timestamp = DEFAULT", "SET SESSION server_id = 3307")
    [found] = [each for each in await shop.since(start) if each.changes]
    assert (found.server_id, found.at) == (4711, 1700000000)
    assert found.gtid.startswith("0-4711-")


async def test_what_was_rolled_back_does_not_come_and_what_myisam_kept_does(shop: Legacy) -> None:
    start = shop.here()
    shop.run("START TRANSACTION", "INSERT INTO item (id) VALUES (1)", "ROLLBACK")
    shop.run("START TRANSACTION", "INSERT INTO item (id) VALUES (2)", "INSERT INTO page (id) VALUES (2)")
    shop.run("SAVEPOINT `a b`", "INSERT INTO item (id) VALUES (3)", "INSERT INTO page (id) VALUES (3)")
    shop.run("ROLLBACK TO `a b`", "INSERT INTO item (id) VALUES (4)", "COMMIT")
    shop.run("START TRANSACTION", "INSERT INTO page (id) VALUES (5)", "CREATE TEMPORARY TABLE t (id INT)")
    shop.run("INSERT INTO item (id) VALUES (5)", "DROP TEMPORARY TABLE t", "ROLLBACK")
    came = {(table, after) for table, _, after in ids(await shop.since(start))}
    assert came == {("page", b"2"), ("page", b"3"), ("page", b"5"), ("item", b"2"), ("item", b"4")}
    assert [row[0] for row in shop.rows("item")] == [b"2", b"4"]


async def test_an_xa_transaction_comes_when_it_is_decided(shop: Legacy) -> None:
    start = shop.here()
    for name, number, end in (("'a'", 1, "COMMIT"), ("'b','c',7", 2, "ROLLBACK"), ("'d'", 3, "COMMIT")):
        shop.run(f"XA START {name}", f"INSERT INTO item (id) VALUES ({number})", f"XA END {name}", f"XA PREPARE {name}")
        prepared = shop.here()
        if number == 1:
            shop.run(f"XA {end} {name}")
            continue
        shop.run(f"XA {end} {name}")
    shop.run("XA START 'e'", "INSERT INTO item (id) VALUES (4)", "XA END 'e'", "XA COMMIT 'e' ONE PHASE")
    found = await shop.since(start)
    assert [after for _, _, after in ids(found)] == [b"1", b"3", b"4"]
    assert ids(await shop.since(prepared)) == [("item", None, b"3"), ("item", None, b"4")], "looked up in the past"


async def test_a_large_transaction_is_kept_in_a_file(shop: Legacy) -> None:
    start = shop.here()
    shop.run(
        "INSERT INTO item (id, words) SELECT seq, REPEAT('x', 200) FROM seq_1_to_30000", "UPDATE item SET n = n + 1"
    )
    inserted, updated = (each for each in await shop.since(start) if each.changes)
    assert isinstance(inserted.changes, Spooled)
    assert len(inserted.changes) == len(updated.changes) == 30_000
    assert inserted.seen == {"item": 30_000}
    for _ in range(2):
        assert [change.after and change.after[0] for change in inserted.changes] == [
            b"%d" % n for n in range(1, 30_001)
        ]
    assert all(change.before and change.after and change.after[1] == b"1" for change in updated.changes)


async def test_no_more_is_read_than_may_wait(shop: Legacy) -> None:
    start = shop.here()
    for number in range(40):
        shop.run(f"INSERT INTO item (id, words) VALUES ({number}, REPEAT('x', 500000))")
    follower = shop.follower(start)
    got = await follower.next()
    await asyncio.sleep(0.5)
    got += await follower.next()
    assert len(got) <= 25
    while len(ids(got)) < 40:
        got += await follower.next()
    assert [after for _, _, after in ids(got)] == [b"%d" % n for n in range(40)]
    await follower.close()


async def test_one_row_of_more_than_a_packet(shop: Legacy) -> None:
    start = shop.here()
    shop.run("INSERT INTO item (id, words) VALUES (1, REPEAT('x', 17000000)), (2, 'y')")
    assert SPOOL_AT < 17_000_000
    first, second = await shop.changes(start)
    assert first.after
    assert first.after[2] == b"x" * 17_000_000
    assert second.after == (b"2", b"0", b"y")


async def test_a_lost_connection_is_taken_up_where_it_broke(shop: Legacy) -> None:
    start = shop.here()
    follower = shop.follower(start)
    got: list[Transaction] = []

    async def write() -> None:
        for number in range(150):
            await asyncio.to_thread(shop.run, f"INSERT INTO item (id) VALUES ({number * 2}), ({number * 2 + 1})")
            if number % 30 == 7:
                while follower.connections <= number // 30:
                    await asyncio.sleep(0.01)
                for row in await asyncio.to_thread(shop.con.query, "SHOW PROCESSLIST"):
                    if row[4] == b"Binlog Dump":
                        await asyncio.to_thread(shop.run, f"KILL {(row[0] or b'').decode()}")

    writing = asyncio.create_task(write())
    async with asyncio.timeout(20):
        while len(ids(got)) < 300:
            got += await follower.next()
    await writing
    assert [after for _, _, after in ids(got)] == [b"%d" % n for n in range(300)]
    assert follower.connections > 4
    assert [each.position for each in got] == sorted({each.position for each in got})
    await follower.close()


async def test_a_server_that_stops_or_dies_and_comes_back_is_followed_on(tmp_path: Path) -> None:
    server = MariaDb(tmp_path, {"innodb-buffer-pool-size": "16M"})
    server.start()
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("CREATE TABLE shop.item (id INT PRIMARY KEY)")
        cursor.execute("CREATE TABLE shop.other (id INT PRIMARY KEY, w TEXT)")
    source = Source(server.url("shop"))
    with source.connect() as ours:
        tables, now = read_tables(ours), head(ours)
    follower = Follower(source, Start(now.file, now.offset, 1, now.server_id), tables.get, server_id=77)
    got: list[Transaction] = []
    for number, kill in enumerate((False, True, False)):
        with server.connect("shop") as con, con.cursor() as cursor:  # in turns, so that their numbers in the log change
            first, second = ("item", "other") if number % 2 else ("other", "item")
            cursor.execute(f"INSERT INTO {first} (id) VALUES ({number})")
            cursor.execute(f"INSERT INTO {second} (id) VALUES ({number})")
        async with asyncio.timeout(30):
            while len(ids(got)) < 2 * number + 2:
                got += await follower.next()
        await asyncio.to_thread(server.stop, kill=kill)
        await asyncio.to_thread(server.start)
    assert sorted(ids(got)) == sorted((name, None, b"%d" % n) for name in ("item", "other") for n in range(3))
    assert [each.position for each in got] == sorted({each.position for each in got})
    await follower.close()
    server.stop()


async def test_closing_ends_what_waits(shop: Legacy) -> None:
    follower = shop.follower(shop.here())
    waiting = asyncio.create_task(follower.next())
    await asyncio.sleep(0.1)
    await follower.close()
    with pytest.raises(Exception, match="closed"):
        await waiting


@pytest.mark.parametrize("least", [10, 1_000_000])
async def test_a_compressed_log_is_read_whole(shop: Legacy, least: int) -> None:
    start = shop.here()
    was = shop.con.query("SELECT @@GLOBAL.log_bin_compress_min_len")[0][0]
    shop.run("SET GLOBAL log_bin_compress = ON", f"SET GLOBAL log_bin_compress_min_len = {least}")
    try:
        writer = shop.source.connect()
        writer.execute("INSERT INTO item (id, words) SELECT seq, REPEAT(seq, 100) FROM seq_1_to_500")
        writer.execute("UPDATE item SET words = CONCAT(words, 'é')")
        writer.execute(
            "CREATE TABLE a_table_with_a_long_statement_so_that_it_is_compressed (id INT, another_column_too INT)"
        )
        rows = shop.rows("item")
        writer.execute("DELETE FROM item")
        writer.close()
    finally:
        shop.run("SET GLOBAL log_bin_compress = OFF", f"SET GLOBAL log_bin_compress_min_len = {(was or b'').decode()}")
    changes = await shop.changes(start)
    assert len(changes) == 1500
    assert [change.after for change in changes[500:1000]] == rows
    assert [change.before for change in changes[1000:]] == rows


async def test_a_log_without_checksums(shop: Legacy) -> None:
    start = shop.here()
    shop.run("SET GLOBAL binlog_checksum = NONE")
    try:
        shop.run("INSERT INTO item (id) VALUES (1)")
        found = await shop.since(start)
    finally:
        shop.run("SET GLOBAL binlog_checksum = CRC32")
    shop.run("INSERT INTO item (id) VALUES (2)")
    assert ids(found) == [("item", None, b"1")]
    assert ids(await shop.since(start)) == [("item", None, b"1"), ("item", None, b"2")]


async def test_a_table_begins_to_matter_while_the_stream_runs(shop: Legacy) -> None:
    start = shop.here()
    shop.run("INSERT INTO noise (words) VALUES ('before')")
    follower = shop.follower(start)
    got = await follower.next()
    while not any("noise" in each.seen for each in got):
        got += await follower.next()
    assert ids(got) == []
    shop.watch("item", "page", "noise")
    shop.run("INSERT INTO noise (words) VALUES ('after')")
    while not ids(got):
        got += await follower.next()
    [change] = got[-1].changes
    assert change.after == (b"2", b"after"), "a virtual column is no part of it"
    await follower.close()


async def test_who_asks_again_after_a_halt_gets_it_again(shop: Legacy) -> None:
    start = shop.here()
    shop.run("INSERT INTO item (id) VALUES (1)", "TRUNCATE item")
    follower = shop.follower(start)
    assert ids(await follower.next()) == [("item", None, b"1")]
    for _ in range(2):
        with pytest.raises(Halt, match="emptied"):
            await follower.next()
    await follower.close()

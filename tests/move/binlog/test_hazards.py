"""What cannot be taken in stops the stream with a reason that says what to do; what does not concern us lets it run."""

import asyncio
from pathlib import Path
from zlib import crc32

import pymysql
import pytest

from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import Emptied, Follower, Halt, LogGone, SchemaChanged, Start, dump
from banyan.move.binlog.assembly import Assembly, Place
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import Position, Transaction
from banyan.move.source import Source, head, read_tables
from tests.move.binlog.conftest import Legacy


@pytest.fixture
def shop(legacy: Legacy) -> Legacy:
    legacy.run(
        "CREATE TABLE item (id INT PRIMARY KEY, n INT UNSIGNED, kind ENUM('a','b'), words VARCHAR(20), price DECIMAL(9,2))",
        "CREATE TABLE page (id INT PRIMARY KEY, n INT)",
    )
    legacy.watch("item")
    return legacy


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE item ADD COLUMN more INT",
        "ALTER TABLE item ADD COLUMN more INT FIRST",
        "alter online table `item` add index (n), drop column words",
        "ALTER TABLE item MODIFY n INT",
        "ALTER TABLE item DROP PRIMARY KEY, ADD PRIMARY KEY (id, n)",
        "ALTER TABLE item RENAME old_item",
        "RENAME TABLE page TO p2, item TO old_item",
        "DROP TABLE page, item",
        "CREATE OR REPLACE TABLE item (id INT)",
        "SET STATEMENT max_statement_time = 10 FOR ALTER TABLE item COMMENT = 'x', ENGINE = Aria",
        "/*!50001 ALTER TABLE item DROP words */",
        "ALTER TABLE {database}.item ENGINE = MyISAM",
    ],
)
async def test_a_change_of_a_watched_table_stops_it_and_tells_where_to_go_on(shop: Legacy, statement: str) -> None:
    start = shop.here()
    shop.run(statement.format(database=shop.source.database))
    end = shop.here()
    error = await shop.halted(start)
    assert isinstance(error, SchemaChanged)
    assert error.table == "item"
    assert "item" in error.reason
    assert error.after
    assert (error.file, error.after.offset) == (end.file, end.offset)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE page ADD COLUMN more INT",
        "ALTER TABLE item ADD INDEX (words), ADD UNIQUE KEY u (n, id)",
        "ALTER TABLE item AUTO_INCREMENT = 700",
        "/*!40000 ALTER TABLE `item` DISABLE KEYS */",
        "CREATE INDEX w ON item (words)",
        "CREATE TRIGGER keep BEFORE UPDATE ON item FOR EACH ROW SET NEW.n = NEW.n",
        "CREATE TABLE IF NOT EXISTS item (other INT)",
        "CREATE TEMPORARY TABLE item (other INT)",
        "CREATE TABLE new_one LIKE item",
        "CREATE VIEW v AS SELECT * FROM item",
        "ANALYZE TABLE item",
        "OPTIMIZE TABLE item",
        "TRUNCATE page",
        "DROP TABLE page",
        "CREATE TABLE copied SELECT * FROM item",
        "CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM item)",
    ],
)
async def test_what_leaves_watched_rows_and_columns_alone_lets_it_run(shop: Legacy, statement: str) -> None:
    start = shop.here()
    for each in (statement, "DROP TEMPORARY TABLE IF EXISTS item"):
        shop.run(each) if not each.startswith(("ANALYZE", "OPTIMIZE")) else shop.con.query(each)
    shop.run("INSERT INTO item (id) VALUES (1)")
    [change] = await shop.changes(start)
    assert change.after == (b"1", None, None, None, None)


async def test_truncate_is_told_as_such(shop: Legacy) -> None:
    start = shop.here()
    shop.run("TRUNCATE TABLE item")
    error = await shop.halted(start)
    assert isinstance(error, Emptied)
    assert error.after
    shop.run("INSERT INTO item (id) VALUES (1)")
    on = Start(error.file, error.after.offset, 1)
    assert [change.after and change.after[0] for change in await shop.changes(on)] == [b"1"]


async def test_a_dropped_database_is_gone(shop: Legacy) -> None:
    start = shop.here()
    shop.run(f"DROP DATABASE {shop.source.database}")
    shop.run(f"CREATE DATABASE {shop.source.database}")
    assert "dropped" in str(await shop.halted(start))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO item (id) VALUES (1)",
        "UPDATE page SET n = 2",
        "/* a shop's */ REPLACE INTO item (id) VALUES (1)",
        "DELETE FROM {database}.item",
        "INSERT INTO page SELECT 1, RAND()",
        "INSERT INTO page VALUES (@x, LAST_INSERT_ID())",
        "LOAD DATA INFILE '{file}' INTO TABLE page",
    ],
)
async def test_a_statement_in_place_of_rows_stops_it(shop: Legacy, statement: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "f").write_text("9\t9\n")
    start = shop.here()
    shop.run("SET SESSION binlog_format = STATEMENT", "SET @x = 3")
    shop.run(statement.format(database=shop.source.database, file=tmp_path / "f"))
    error = await shop.halted(start)
    assert "binlog_format" in str(error)
    assert shop.here().offset > start.offset


async def test_a_statement_on_another_database_lets_it_run(shop: Legacy) -> None:
    shop.run("CREATE DATABASE elsewhere", "CREATE TABLE elsewhere.t (id INT)")
    start = shop.here()
    shop.run("USE elsewhere", "SET SESSION binlog_format = STATEMENT", "INSERT INTO t VALUES (1)")
    shop.run("SET SESSION binlog_format = ROW", "INSERT INTO t VALUES (2)")
    assert [each.seen for each in await shop.since(start) if each.seen] == []
    start = shop.here()
    shop.run(
        "SET SESSION binlog_format = STATEMENT",
        f"INSERT INTO {shop.source.database}.item (id) VALUES (1)",
        "DROP DATABASE elsewhere",
    )
    assert "binlog_format" in str(await shop.halted(start))


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
async def test_rows_that_are_not_whole_stop_it(shop: Legacy, image: str) -> None:
    shop.run("CREATE TABLE b (id INT PRIMARY KEY, n INT, w TEXT)", "INSERT INTO b VALUES (1, 1, 'a')")
    shop.watch("b")
    start = shop.here()
    shop.run(f"SET SESSION binlog_row_image = {image}", "UPDATE b SET n = 2")
    assert "binlog_row_image" in str(await shop.halted(start))
    shop.watched = {}
    assert await shop.changes(start) == [], "in a table that does not matter"


async def test_a_log_without_names_stops_it(shop: Legacy) -> None:
    start = shop.here()
    shop.run("SET GLOBAL binlog_row_metadata = NO_LOG")
    try:
        shop.run("CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO b VALUES (1)", "INSERT INTO item (id) VALUES (1)")
    finally:
        shop.run("SET GLOBAL binlog_row_metadata = FULL")
    assert "binlog_row_metadata" in str(await shop.halted(start))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("MODIFY n INT", "signed"),
        ("MODIFY kind ENUM('b','a')", "may hold"),
        ("MODIFY words VARCHAR(20) CHARACTER SET latin1", "latin1"),
        ("MODIFY price DECIMAL(9,3)", "size"),
        ("MODIFY words INT", "type"),
        ("ADD more INT", "new columns (more)"),
        ("DROP words", "lost columns (words)"),
        ("CHANGE words text INT", "new columns (text) and has lost columns (words)"),
        ("MODIFY words VARCHAR(20) AFTER id", "order"),
    ],
)
async def test_rows_of_a_table_that_is_not_what_was_read_stop_it(shop: Legacy, change: str, told: str) -> None:
    shop.run(f"ALTER TABLE item {change}")
    start = shop.here()
    shop.run("INSERT INTO item (id) VALUES (1)")
    error = await shop.halted(start)
    assert isinstance(error, SchemaChanged)
    assert told in error.reason


async def test_another_server_or_another_log_is_not_followed(shop: Legacy) -> None:
    shop.run("INSERT INTO item (id) VALUES (1)")
    now = head(shop.con)
    for wrong, told in (
        (Start(now.file, now.offset, 1, 999), "was 999"),
        (Start(now.file, now.offset, 1, now.server_id, "0-3307-999999"), "begun anew"),
        (Start("binlog.000999", 4, 1, now.server_id, now.gtid), "no place"),
        (Start("binlog.000999", 4), "no longer"),
        (Start(now.file, now.offset + 100_000), "no longer"),
    ):
        error = await shop.halted(wrong)
        assert isinstance(error, LogGone)
        assert told in error.reason
    shop.run("INSERT INTO item (id) VALUES (2)")
    assert len(await shop.changes(Start(now.file, now.offset, 1, now.server_id, now.gtid))) == 1, "the right one is"


async def purged_to(cursor: pymysql.cursors.Cursor, file: str) -> None:
    """All files before `file` are gone: MariaDB keeps those that it still needs, and says nothing of it."""
    async with asyncio.timeout(60):
        while True:
            cursor.execute(f"PURGE BINARY LOGS TO '{file}'")
            cursor.execute("SHOW BINARY LOGS")
            if cursor.fetchall()[0][0] == file:
                return
            await asyncio.sleep(0.02)


async def test_a_deleted_or_restarted_log_stops_it(tmp_path: Path) -> None:
    server = MariaDb(tmp_path, {"innodb-buffer-pool-size": "16M"})
    server.start()
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("CREATE TABLE shop.item (id INT PRIMARY KEY)")
        source = Source(server.url("shop"))
        with source.connect() as ours:
            now, tables = head(ours), read_tables(ours)
        start = Start(now.file, now.offset, 1, now.server_id, now.gtid)
        cursor.execute("FLUSH BINARY LOGS")
        cursor.execute("FLUSH BINARY LOGS")
        await purged_to(cursor, "binlog.000003")
        gone = Legacy(source, source.connect(), tables)
        error = await gone.halted(start)
        assert isinstance(error, LogGone)
        assert "binlog.000003" in error.reason
        cursor.execute("RESET MASTER")
        for number in range(10):
            cursor.execute(f"INSERT INTO shop.item VALUES ({number})")
        assert isinstance(await gone.halted(start), LogGone)
        cursor.execute("CREATE USER nobody@'127.0.0.1' IDENTIFIED BY 'x'")
        cursor.execute("GRANT SELECT ON shop.* TO nobody@'127.0.0.1'")
    gone.source = Source(server.url("shop").replace("mover:mover", "nobody:x"))
    assert "GRANT REPLICATION SLAVE" in str(await gone.halted(Start("binlog.000001", 4)))
    gone.con.close()
    server.stop(kill=True)


async def test_a_source_that_cannot_be_reached_is_waited_for(tmp_path: Path) -> None:
    follower = Follower(Source("mysql://u:secret@127.0.0.1:1/shop"), Start("binlog.000001", 4), {}.get, server_id=5)
    waiting = asyncio.create_task(follower.next())
    while not follower.trouble:
        await asyncio.sleep(0.01)
    assert "127.0.0.1:1/shop cannot be reached" in follower.trouble
    assert "secret" not in follower.trouble
    await follower.close()
    with pytest.raises(Unavailable):
        await waiting


# Shapes that this MariaDB does not write, made from what it does write.


def packets(shop: Legacy, start: Start) -> list[bytes]:
    """All events from `start` to now, as the server sends them."""
    with shop.source.connect() as con:
        dump.begin(con, start, 6999, ends=True)
        found: list[bytes] = []
        while True:
            for packet in con.wire.receive():
                if packet[0] != 0:
                    return found
                found.append(packet)


def fed(shop: Legacy, start: Start, events: list[bytes]) -> list[Transaction]:
    names = dump.charsets(shop.con)
    assembly = Assembly(shop.source.database, shop.watched.get, names, Place(start.file, start.offset), 1)
    for event in events:
        assembly.feed(event)
    return assembly.done


def altered(packet: bytes, at: int, new: bytes) -> bytes:
    """With some bytes of its event changed and the checksum right again."""
    event = bytearray(packet[1:-4])
    event[at : at + len(new)] = new
    return b"\0" + event + crc32(event).to_bytes(4, "little")


def busy(shop: Legacy) -> list[bytes]:
    start = shop.here()
    shop.run("INSERT INTO item (id, words) VALUES (1, 'a')", "START TRANSACTION", "UPDATE item SET n = 2")
    shop.run("INSERT INTO item (id) VALUES (2)", "COMMIT", "CREATE TABLE x (id INT)", "DELETE FROM item")
    return packets(shop, start)


async def test_positions_are_right_where_the_log_has_none_inside_transactions(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    plain = fed(shop, start, events)
    ends = {each.position.offset for each in plain}
    bare = []
    for packet in events:  # as MariaDB writes them since 11.4
        inside = int.from_bytes(packet[14:18], "little") not in ends and packet[5] not in (4, 15)
        bare.append(altered(packet, 13, bytes(4)) if inside else packet)
    assert [each.position for each in fed(shop, start, bare)] == [each.position for each in plain]
    every = [altered(packet, 13, bytes(4)) if packet[5] not in (4, 15) else packet for packet in events]
    assert [each.position for each in fed(shop, start, every)] == [each.position for each in plain]
    assert plain[-1].position == Position(1, head(shop.con).number, head(shop.con).offset)


async def test_a_file_of_more_than_four_gigabytes(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    far = 3 << 32
    moved = Start(start.file, start.offset + far)
    rotate = altered(events[0], 19, moved.offset.to_bytes(8, "little"))
    found = fed(shop, moved, [rotate, *events[1:]])
    assert [each.position.offset - far for each in found] == [each.position.offset for each in fed(shop, start, events)]


@pytest.mark.parametrize("kind", [20, 24 + 15, 40, 172, 250, 1])
async def test_an_event_of_an_unknown_kind_stops_it(shop: Legacy, kind: int) -> None:
    start = shop.here()
    events = busy(shop)
    with pytest.raises(Halt):
        fed(shop, start, [*events[:4], altered(events[4], 4, bytes((kind,))), *events[5:]])


async def test_an_incident_stops_it(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    incident = altered(events[2], 4, b"\x1a")
    with pytest.raises(Halt, match="incomplete"):
        fed(shop, start, [*events[:2], incident])


async def test_a_damaged_event_stops_it(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    place = next(place for place, packet in enumerate(events) if packet[5] == 23)
    for at in range(20, len(events[place])):
        broken = bytearray(events[place])
        broken[at] ^= 0x10
        with pytest.raises(Halt, match="checksum"):
            fed(shop, start, [*events[:place], bytes(broken)])


async def test_rows_cut_short_stop_it(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    place = next(place for place, packet in enumerate(events) if packet[5] == 23)
    event = events[place][1:-5]
    short = b"\0" + event + crc32(event).to_bytes(4, "little")
    with pytest.raises(Halt, match="cannot be read"):
        fed(shop, start, [*events[:place], short, *events[place + 1 :]])


async def test_a_transaction_the_server_did_not_finish_does_not_come(shop: Legacy) -> None:
    start = shop.here()
    events = busy(shop)
    until = next(place for place, packet in enumerate(events) if packet[5] == 16)
    rotate = events[0]
    assert fed(shop, start, [*events[:until], rotate, *events[1:2]]) == []
    shop.run("CREATE TABLE m (id INT) ENGINE=MyISAM")
    shop.watch("m")
    start = shop.here()
    shop.run("INSERT INTO m VALUES (1)")
    events = packets(shop, start)
    with pytest.raises(Halt, match="MyISAM"):
        fed(shop, start, [*events[:-1], rotate])

"""The copy takes every row once, in chunks that any key can be cut by, and goes on where it was cut off."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.copying import Copy
from banyan.move.copying.chunks import LEAST, MOST, by_chunks, chunk_sql, next_limit
from banyan.move.copying.framing import Framing
from banyan.move.legacy import Use, View
from banyan.move.rows import Column, Table, pack, unpack
from banyan.move.source import Source, read_tables
from banyan.move.storage import checkpoints, mirror, tables
from banyan.move.storage.tables import Mirrored
from tests.move.core.conftest import MakeMoving, Moving
from tests.move.core.interrupted import cut_off

KEYS = {
    "words": "w varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY",
    "bytes": "w varbinary(20) NOT NULL PRIMARY KEY",
    "pair": "a int NOT NULL, w varchar(20) CHARACTER SET latin1 NOT NULL, PRIMARY KEY (a, w)",
    "three": "a int NOT NULL, b date NOT NULL, c decimal(6,2) NOT NULL, PRIMARY KEY (b, a, c)",
    "listed": "w enum('zebra', 'ant', 'bee') NOT NULL, a int NOT NULL, PRIMARY KEY (w, a)",
    "last": "n int NOT NULL, w varchar(20) NOT NULL, a int NOT NULL, PRIMARY KEY (a, n)",
}


def rows_of(name: str) -> list[tuple[object, ...]]:
    words = [f"{letter}{number}" for number in range(25) for letter in ("a", "É", "ß", "🪑", "zz", "  ", "\\", "'")]
    if name == "words":
        return [(word,) for word in words]
    if name == "bytes":
        return [(bytes([number % 256, 0, number // 3]),) for number in range(200)]
    if name == "pair":
        return [(number % 7 - 3, f"{'é' if number % 2 else 'E'}{number}") for number in range(200)]
    if name == "three":
        days = ("0000-00-00", "2024-02-00", "2026-11-22")
        return [(number % 9 - 4, days[number % 3], number / 100 - 1) for number in range(200)]
    if name == "listed":
        return [(("zebra", "ant", "bee")[number % 3], number) for number in range(200)]
    return [(number % 11, f"w{number}", number // 11 - 9) for number in range(200)]


@pytest.mark.parametrize("name", KEYS)
async def test_chunks_by_any_key_have_every_row_once(
    name: str, mariadb: object, legacy_database: Callable[[str], str]
) -> None:
    database = legacy_database("")
    with mariadb.connect(database) as con, con.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SET sql_mode = ''")
        cursor.execute(f"CREATE TABLE t ({KEYS[name]})")
        rows = rows_of(name)
        cursor.executemany(f"INSERT INTO t VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)

    def chunked() -> list[bytes]:
        with Source(mariadb.url(database)).connect() as con:  # type: ignore[attr-defined]
            table = read_tables(con)["t"]
            found: list[bytes] = []
            after = None
            while True:
                sql = chunk_sql(table, after, 7 if by_chunks(table) else None)
                chunk = [image for images in con.images(sql) for image in images]
                found += chunk
                if len(chunk) < 7 or not by_chunks(table):
                    return found
                values = unpack(chunk[-1])
                after = tuple(values[place] for place in table.key_places)

    found = await asyncio.to_thread(chunked)
    assert len(found) == len(set(found)) == 200


values = st.lists(st.none() | st.binary(max_size=300), min_size=3, max_size=3)


@given(st.lists(values, max_size=5))
def test_a_framed_row_is_its_key_its_parent_and_its_image(rows: list[list[bytes | None]]) -> None:
    columns = tuple(Column(name, "varbinary", "varbinary(999)", None, None, True) for name in "abc")
    for key in (("a",), ("a", "b"), ("c", "a")):
        table = Table("t", columns, key)
        use = Use("t", "g", (View("brand", "g", lambda row: "x" if row["b"] else None),))
        framing = Framing(Mirrored(7, "t", "g", "copying", None, use, table, "", copy_from=9))
        images = [pack(row) for row in rows]
        framed = framing.frame(images)
        expected = b""
        for row, image in zip(rows, images, strict=True):
            packed = table.key_of(row)
            parent = (1).to_bytes(4, "big") + b"x" if row[1] else b"\xff\xff\xff\xff"
            expected += (5).to_bytes(2, "big") + (4).to_bytes(4, "big") + (7).to_bytes(4, "big")
            expected += len(packed).to_bytes(4, "big") + packed + parent
            expected += len(image).to_bytes(4, "big") + image + (8).to_bytes(4, "big") + (9).to_bytes(8, "big")
            assert framing.key(image) == packed
        assert framed.piece == expected
        assert not framed.odd


@given(st.integers(LEAST, MOST), st.floats(0, 100))
def test_a_chunk_grows_and_shrinks_by_at_most_twice(limit: int, took: float) -> None:
    new = next_limit(limit, took, 0.2)
    assert LEAST <= new <= MOST
    assert limit // 2 <= new <= limit * 2 or new in (LEAST, MOST)
    if took > 0.4:
        assert new <= limit


async def _ready_to_copy(moving: MakeMoving, **given: int) -> tuple[Moving, Mirrored, threading.Event]:
    """Makers are being copied, and nobody does it yet."""
    m = await moving(**given)
    await m.mover.copy()
    checkpoint = await checkpoints.read(m.ports.db)
    assert checkpoint is not None
    maker = m.mover.mirrors.by_name["toy_maker"]
    async with m.ports.db.transaction() as tx:
        await tables.begin_copy(tx, [each.number for each in m.mover.mirrors], checkpoint.at)
    await tables.refresh(m.ports.db, m.mover.mirrors, m.mover.adapter)
    free = threading.Event()
    free.set()
    return m, maker, free


async def test_a_copy_that_is_cut_off_at_any_await_goes_on_and_has_every_row_once(moving: MakeMoving) -> None:
    m, maker, free = await _ready_to_copy(moving, makers=130)
    at, was_cut = 0, True
    while was_cut:
        at += 1
        was_cut = await cut_off(_copy(m, maker, free), at)
        await tables.refresh(m.ports.db, m.mover.mirrors, m.mover.adapter)
        await _copy(m, maker, free)
        number, digest = await mirror.digest(m.ports.db, maker.number)
        assert number == (await m.counts())["toy_maker"]["rows_copied"] == 130
        async with m.ports.db.transaction() as tx:
            await tables.begin_again(tx, [maker.number])
            await mirror.empty(tx, maker.number)
            await tables.begin_copy(tx, [maker.number], maker.copy_from or 0)
        await tables.refresh(m.ports.db, m.mover.mirrors, m.mover.adapter)
    assert at > 10
    await _copy(m, maker, free)
    ours, theirs = (await m.both())["toy_maker"]
    assert ours == theirs
    assert (await mirror.digest(m.ports.db, maker.number))[1] == digest


async def _copy(m: Moving, maker: Mirrored, free: threading.Event) -> None:
    con = m.mover.source.connect()
    try:
        await Copy(m.ports.db, m.ports.ids, con, maker, free, first=30).run()
    finally:
        con.close()


async def test_of_two_who_copy_one_table_one_is_sent_away(moving: MakeMoving) -> None:
    m, maker, free = await _ready_to_copy(moving, makers=400)
    two = [Copy(m.ports.db, m.ports.ids, m.mover.source.connect(), maker, free, first=50) for _ in range(2)]
    outcomes = await asyncio.gather(*(copy.run() for copy in two), return_exceptions=True)
    assert any(outcome is None for outcome in outcomes) or (await m.counts())["toy_maker"]["rows_copied"] < 400
    await tables.refresh(m.ports.db, m.mover.mirrors, m.mover.adapter)
    await _copy(m, maker, free)
    ours, theirs = (await m.both())["toy_maker"]
    assert ours == theirs
    assert (await m.counts())["toy_maker"]["rows_copied"] == 400


async def test_a_row_whose_key_is_too_long_is_put_aside_and_the_others_come(moving: MakeMoving) -> None:
    m = await moving(makers=5)
    m.sql("ALTER TABLE toy_shelf MODIFY code varchar(600) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL")
    long = "🪑" * 550
    m.sql("INSERT INTO toy_shelf VALUES (%s, 'too far', NULL)", long)
    await m.mover.resume(again=True)
    await m.mover.copy()
    m.work()
    await m.copied()
    ours, theirs = (await m.both())["toy_shelf"]
    assert len(theirs) == len(ours) + 1 == 11
    (case,) = await m.ports.db.fetch("SELECT kind, table_name, why FROM quarantine WHERE state = 'open'")
    assert case["kind"] == "row"
    assert "is 2203 bytes long" in case["why"]
    m.sql("UPDATE toy_shelf SET code = 'short' WHERE code = %s", long)
    await m.settled()
    await m.same()
    assert await m.ports.db.fetchval("SELECT count(*) FROM quarantine WHERE state = 'open'") == 0
    counts = (await m.counts())["toy_shelf"]
    assert counts["seen"] == counts["applied"] + counts["coalesced"] + counts["filtered"] + counts["quarantined"]


async def test_large_rows_go_through(moving: MakeMoving) -> None:
    m = await moving(makers=2)
    m.sql("ALTER TABLE toy_maker_text MODIFY body longtext NOT NULL")
    m.many("INSERT INTO toy_maker_text VALUES (%s, 'xx', %s)", [(number, "x" * (1 << 20)) for number in (1, 2)])
    m.sql("INSERT INTO toy_maker_text VALUES (3, 'xx', REPEAT('y', 6000000))")
    await m.mover.resume(again=True)
    await m.mover.copy()
    m.work()
    await m.copied()
    m.sql("UPDATE toy_maker_text SET body = CONCAT(body, 'z') WHERE language = 'xx'")
    await m.settled()
    await m.same()
    assert await mirror.digest(m.ports.db, m.mover.mirrors.by_name["toy_maker_text"].number)

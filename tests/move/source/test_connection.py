"""Answers are exact, of any size, and nothing that breaks is taken for an answer."""

import asyncio
import threading
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.kernel.refusals import Unavailable
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import pack, unpack
from banyan.move.source import Connection, Source, SqlError, head


def test_values_are_raw_bytes_in_utc_and_nothing_is_mended(con: Connection) -> None:
    con.execute("CREATE TABLE t (w VARCHAR(9) CHARACTER SET latin1, d DATE, s TIMESTAMP NULL, f DOUBLE)")
    con.execute("INSERT INTO t VALUES (_latin1 x'E9C3A9', '2024-02-00', '2024-07-01 12:00:00', 1)")
    con.set({"time_zone": "+00:00"})
    assert con.query("SELECT * FROM t") == [(b"\xe9\xc3\xa9", b"2024-02-00", b"2024-07-01 12:00:00", b"1.0")]
    assert con.columns == ("w", "d", "s", "f")
    with pytest.raises(SqlError) as refused:
        con.execute("INSERT INTO t VALUES ('much too long', NULL, NULL, NULL)")
    assert refused.value.code == 1406
    assert con.query("SELECT COUNT(*) FROM t") == [(b"1",)]


def test_rows_come_as_images(con: Connection) -> None:
    con.execute("CREATE TABLE t (id INT PRIMARY KEY, w VARCHAR(300), f DOUBLE)")
    assert (
        con.execute("INSERT INTO t SELECT seq, IF(seq % 3, REPEAT('x', seq % 300), NULL), seq / 4 FROM seq_1_to_5000")
        == 5000
    )
    images = [image for some in con.images("SELECT id, w, f FROM t ORDER BY id") for image in some]
    assert len(images) == 5000
    for number, image in enumerate(images, 1):
        expected = (b"%d" % number, b"x" * (number % 300) if number % 3 else None, repr(number / 4).encode())
        assert image == pack(expected)
    assert list(con.images("SELECT * FROM t WHERE id < 0")) == []


@pytest.mark.parametrize("size", [(1 << 24) - 20, (1 << 24) - 9, (1 << 24) - 8, (1 << 24) - 5, 1 << 24, (2 << 24) + 7])
def test_rows_of_more_than_a_packet(con: Connection, size: int) -> None:
    [[image]] = con.images(f"SELECT 'a', REPEAT('x', {size}), NULL")
    assert unpack(image) == (b"a", b"x" * size, None)
    assert con.query("SELECT 1") == [(b"1",)]


def test_statements_of_more_than_a_packet(con: Connection) -> None:
    words = "y" * (17 << 20)
    assert con.query(f"SELECT LENGTH('{words}')") == [(b"%d" % len(words),)]


def test_several_statements_go_at_once_and_none_behind_one_that_is_refused(con: Connection) -> None:
    con.execute("CREATE TABLE t (id INT PRIMARY KEY, f DOUBLE)")
    asked = [
        b"INSERT INTO t VALUES (1, 0.1), (2, NULL)",
        b"SELECT * FROM t ORDER BY id",
        b"SELECT 1 FROM t WHERE id > 9",
    ]
    assert con.several([*asked, b"DELETE FROM t WHERE id = 2"]) == [[], [(b"1", b"0.1"), (b"2", None)], [], []]
    with pytest.raises(SqlError) as refused:
        con.several([b"INSERT INTO t VALUES (%d, 0)" % each for each in (3, 1, 4)])
    assert refused.value.code == 1062
    with pytest.raises(SqlError):
        con.several([b"SELECT id FROM t", b"SELECT nothing FROM t", b"DELETE FROM t"])
    assert con.query("SELECT id FROM t ORDER BY id") == [(b"1",), (b"3",)]
    assert con.several([]) == []


def test_several_statements_of_any_size_are_answered_each(con: Connection) -> None:
    long = "z" * 300_000
    asked = [f"SELECT LENGTH('{long}'), {number}".encode() for number in range(5)]
    many = b"SELECT seq, REPEAT('x', 100) FROM seq_1_to_20000"
    *lengths, rows, last = con.several([*asked, many, b"SELECT 7"])
    assert [found for [found] in lengths] == [(b"300000", b"%d" % number) for number in range(5)]
    assert (len(rows), rows[-1]) == (20_000, (b"20000", b"x" * 100))
    assert last == [(b"7",)]


ARGUMENTS = (
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.binary(max_size=30) | st.text(max_size=30)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(ARGUMENTS.filter(lambda value: not isinstance(value, str) or value.isprintable()), min_size=1, max_size=5)
)
def test_arguments_arrive_as_they_are(con: Connection, values: list[object]) -> None:
    (got,) = con.query("SELECT " + ", ".join(["%s"] * len(values)), *values)
    for value, came in zip(values, got, strict=True):
        if isinstance(value, bool):
            assert came == (b"1" if value else b"0")
        elif isinstance(value, int):
            assert came == str(value).encode()
        else:
            assert came == (value.encode() if isinstance(value, str) else value)


def test_session_variables_and_lists_can_be_given(source: Source) -> None:
    with source.connect(lock_wait_timeout=3, **{"@banyan_pass": "it's \\ é"}) as con:
        assert con.query("SELECT @@lock_wait_timeout, @banyan_pass") == [(b"3", "it's \\ é".encode())]
        assert con.query("SELECT 2 IN %s, 'x%%'", [1, 2]) == [(b"1", b"x%")]
    with pytest.raises(TypeError):
        source.connect().query("SELECT %s", object())


def test_a_refused_statement_leaves_the_connection_usable(con: Connection) -> None:
    for _ in range(3):
        with pytest.raises(SqlError, match="1146"):
            con.query("SELECT * FROM no_such_table")
        with pytest.raises(SqlError):
            con.execute("nonsense")
        assert con.query("SELECT 1") == [(b"1",)]


def test_an_error_in_the_middle_of_rows_is_one(con: Connection) -> None:
    con.execute("CREATE TABLE t (n INT)")
    con.execute("INSERT INTO t SELECT seq FROM seq_1_to_50000")
    with pytest.raises(SqlError):
        list(con.images("SELECT n, REPEAT('x', 50), IF(n < 49000, 1, (SELECT n FROM t a WHERE a.n < 3)) FROM t"))
    assert con.query("SELECT 1") == [(b"1",)]


def test_procedures_are_not_called(con: Connection) -> None:
    for ask in (con.query, con.execute):
        with pytest.raises(ValueError, match="procedures"):
            ask(" call p()")


def test_who_stops_reading_early_closes_the_connection(con: Connection) -> None:
    reading = con.images("SELECT seq, REPEAT('x', 100) FROM seq_1_to_100000")
    next(reading)
    with pytest.raises(Unavailable):
        con.query("SELECT 1")
    reading.close()
    with pytest.raises(Unavailable, match="closed"):
        con.query("SELECT 1")


def test_a_lost_connection_is_unavailable(source: Source, con: Connection) -> None:
    with source.connect() as other:
        other.execute(f"KILL {con.wire.thread_id}")
    with pytest.raises(Unavailable):
        asked_twice(con)
    con.close()
    con.close()


def asked_twice(con: Connection) -> None:
    """Its death may be told to the first question, as an error of the server's."""
    with suppress(SqlError):
        con.query("SELECT 1")
    con.query("SELECT 1")


def test_hanging_up_wakes_who_waits(con: Connection) -> None:
    done: list[BaseException] = []

    def wait() -> None:
        try:
            con.query("SELECT SLEEP(20)")
        except BaseException as error:
            done.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    con.wire.break_off()
    thread.join(5)
    assert isinstance(done[0], Unavailable)


async def test_questions_are_asked_in_threads_and_survive_lost_connections(source: Source) -> None:
    answers = await asyncio.gather(*(source.query("SELECT %s + 1", number) for number in range(8)))
    assert answers == [[(b"%d" % (number + 1),)] for number in range(8)]
    [kept] = {con.wire.thread_id for con in source._kept[-1:]}
    with source.connect() as con:
        con.execute(f"KILL {kept}")
    assert await source.query("SELECT 1") == [(b"1",)]
    await source.close()


def test_a_wrong_password_is_told_without_it(mariadb: MariaDb) -> None:
    with pytest.raises(Unavailable) as refused:
        Source(mariadb.url("mysql").replace("mover:mover", "mover:geheim")).connect()
    assert "Access denied" in refused.value.detail
    assert "geheim" not in refused.value.detail


def test_the_head_moves_with_the_log(source: Source, con: Connection) -> None:
    before = head(con)
    con.execute("CREATE TABLE t (id INT)")
    after = head(con)
    assert (after.number, after.offset) > (before.number, before.offset)
    assert after.file == f"binlog.{after.number:06d}"
    assert after.gtid != before.gtid
    assert after.server_id == 3307

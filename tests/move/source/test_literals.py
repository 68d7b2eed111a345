"""SQL made of values stores exactly those bytes, in the row of that very key and in no other."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.move.rows import Column, Table
from banyan.move.source import Connection, SqlError, delete, literal, read_tables, upsert, where

LATIN1 = Column("w", "varchar", "varchar(9)", "latin1", None, True)


def plain(kind: str) -> Column:
    return Column("c", kind, kind, None, None, True)


def test_texts_and_bytes_are_written_as_digits() -> None:
    assert literal(LATIN1, b"\xe9'\\\0") == b"_latin1 x'e9275c00'"
    assert literal(plain("blob"), b"'; DROP TABLE x") == b"x'273b2044524f50205441424c452078'"
    assert literal(LATIN1, b"") == b"_latin1 x''"
    assert literal(LATIN1, None) == b"NULL"


@pytest.mark.parametrize("kind", ["int", "decimal", "double", "date", "datetime", "time", "year"])
@given(value=st.binary(max_size=20) | st.text("0123456789-+.:e ", max_size=20).map(str.encode))
def test_what_is_no_number_and_no_time_is_refused(kind: str, value: bytes) -> None:
    try:
        written = literal(plain(kind), value)
    except ValueError:
        return
    assert written in (value, b"'" + value + b"'")
    assert not set(value) & set(b"'\\\0;`\"")


@pytest.fixture
def tables(con: Connection) -> dict[str, Table]:
    con.execute("CREATE TABLE t (k VARCHAR(20) CHARACTER SET utf8mb4 PRIMARY KEY, v VARBINARY(50), u INT UNIQUE)")
    con.execute("CREATE TABLE free (v INT)")
    con.execute(
        "CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, twice INT AS (n * 2) STORED, e ENUM('a'), n TINYINT)"
    )
    return read_tables(con)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=20).map(lambda text: text.rstrip("\0")), st.none() | st.binary(max_size=50))
def test_any_row_is_stored_as_it_is(con: Connection, tables: dict[str, Table], key: str, value: bytes | None) -> None:
    try:
        stored = key.encode()
    except UnicodeEncodeError:
        return
    con.execute("DELETE FROM t")
    con.execute(upsert(tables["t"], (stored, value, None)))
    assert con.query("SELECT k, v FROM t") == [(stored, value)]
    assert con.execute(delete(tables["t"], (stored,))) == 1


def test_a_key_that_only_looks_equal_is_another_key_to_delete(con: Connection, tables: dict[str, Table]) -> None:
    con.execute(upsert(tables["t"], (b"ABC", b"1", None)))
    for near in (b"abc", b"ABC ", b"\xc3\x80BC"):
        assert con.execute(delete(tables["t"], (near,))) == 0
    con.execute(upsert(tables["t"], (b"abc", b"2", None)))
    assert con.query("SELECT k, v FROM t") == [(b"abc", b"2")], "by collation it is the same row, now with these bytes"


def test_a_row_in_the_way_by_another_unique_key_is_left_alone(con: Connection, tables: dict[str, Table]) -> None:
    con.execute(upsert(tables["t"], (b"a", b"1", b"7")))
    with pytest.raises(SqlError) as refused:
        con.execute(upsert(tables["t"], (b"b", b"2", b"7")))
    assert refused.value.code == 1048
    assert con.query("SELECT k, v, u FROM t") == [(b"a", b"1", b"7")]


def test_computed_columns_and_values_off_the_list(con: Connection, tables: dict[str, Table]) -> None:
    con.execute(upsert(tables["g"], (b"0", b"whatever", b"", b"5")))
    assert con.query("SELECT * FROM g") == [(b"0", b"10", b"", b"5")]
    with pytest.raises(SqlError):
        con.execute(upsert(tables["g"], (b"1", None, b"a", b"500")))
    assert con.query("SELECT @@sql_mode LIKE '%%STRICT_ALL%%', COUNT(*) FROM g WHERE n > %s", 0) == [(b"1", b"1")]


def test_a_table_without_a_key_can_be_added_to_but_not_deleted_from(con: Connection, tables: dict[str, Table]) -> None:
    con.execute(upsert(tables["free"], (b"1",)))
    con.execute(upsert(tables["free"], (b"1",)))
    assert con.query("SELECT * FROM free") == [(b"1",), (b"1",)]
    with pytest.raises(ValueError, match="no key"):
        delete(tables["free"], ())


def test_a_condition_finds_its_row_by_the_index(con: Connection, tables: dict[str, Table]) -> None:
    con.execute("INSERT INTO t SELECT CONCAT('k', seq), 'x', seq FROM seq_1_to_100")
    [plan] = con.query("EXPLAIN SELECT * FROM t WHERE " + where(tables["t"], (b"k7",)).decode())
    assert plan[3] in (b"const", b"ref", b"range", b"eq_ref")

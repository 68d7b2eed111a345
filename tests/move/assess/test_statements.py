"""SQL gives up its tables whatever its form; nothing makes the reader fail or take for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.assess.statements import HOLE, PREFIX, tables_in

READS = {
    "SELECT *, (SELECT x FROM `a`) FROM `b` p LEFT JOIN c ON (p.x=c.x) WHERE 1": ["a", "b", "c"],
    "SELECT * FROM a, b AS x, `c d` y WHERE EXTRACT(YEAR FROM a.day) = 2": ["a", "b", "c d"],
    "SELECT DISTINCT * FROM t WHERE a IS DISTINCT FROM b": ["t"],
    "SELECT TRIM(BOTH 'x' FROM n) FROM r FOR UPDATE": ["r"],
    "SELECT * FROM (SELECT * FROM k) x NATURAL JOIN shop.l": ["k", "l"],
    "SELECT 'FROM z', \"JOIN y\" FROM t -- FROM x\n/* FROM w */ # FROM v": ["t"],
    "SELECT * FROM information_schema.tables JOIN mysql.user JOIN t": ["t"],
    "SHOW COLUMNS FROM `t`": ["t"],
    "SELECT REPLACE(a, 'b', 'c') FROM t": ["t"],
    f"SELECT * FROM `{PREFIX}order` o LEFT JOIN {PREFIX}zone": [f"{PREFIX}order", f"{PREFIX}zone"],
}
WRITES = {
    "INSERT INTO `x` SET a='from z'": ["x"],
    "INSERT IGNORE x (a) VALUES (1) ON DUPLICATE KEY UPDATE b = 1": ["x"],
    "REPLACE INTO x VALUES (1)": ["x"],
    "DELETE FROM q WHERE x": ["q"],
    "DELETE LOW_PRIORITY FROM q": ["q"],
    "UPDATE LOW_PRIORITY a, b SET a.x = 1": ["a", "b"],
    "TRUNCATE TABLE t": ["t"],
    "TRUNCATE `t`": ["t"],
    "DROP TABLE IF EXISTS u": ["u"],
    "CREATE TABLE IF NOT EXISTS v (x int)": ["v"],
    "ALTER TABLE `w` ADD c INT": ["w"],
    "BEGIN INSERT INTO log VALUES (NEW.id); UPDATE product SET x = 1; END": ["log", "product"],
}


@pytest.mark.parametrize("sql", READS)
def test_tables_that_are_read(sql: str) -> None:
    assert tables_in(sql).reads == READS[sql]
    assert not tables_in(sql).writes


@pytest.mark.parametrize("sql", WRITES)
def test_tables_that_are_written(sql: str) -> None:
    assert tables_in(sql).writes == WRITES[sql]
    assert not tables_in(sql).reads


def test_one_statement_may_do_both() -> None:
    touched = tables_in("INSERT INTO a SELECT * FROM b JOIN c")
    assert (touched.reads, touched.writes) == (["b", "c"], ["a"])
    assert tables_in("DELETE x, y.* FROM ta x JOIN tb y ON 1").writes == ["ta", "tb"]


def test_a_name_that_is_not_known_whole_is_a_hole() -> None:
    touched = tables_in(f"SELECT * FROM `{PREFIX}{HOLE}` JOIN a")
    assert (touched.reads, touched.holes) == (["a"], [f"{PREFIX}{HOLE}"])


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    tables_in(text)
    tables_in("SELECT a FROM " + text)


@pytest.mark.parametrize("piece", ["'", '"', "`", "\\", "(", "FROM ", "/*", "a,", "DELETE ", "\\'", "''", "JOIN a "])
def test_long_hostile_text_takes_no_time_to_speak_of(piece: str) -> None:
    tables_in("SELECT * FROM a " + piece * 20_000)

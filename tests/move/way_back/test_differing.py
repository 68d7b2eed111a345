"""Rows go back with the fewest statements, and never with somebody else's column."""

from collections.abc import Callable

import pytest

from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Unwritable
from banyan.move.rows import Column, Row, Table, Values
from banyan.move.source import Source, read_tables, select
from banyan.move.way_back.differing import statements


def column(name: str, type_: str = "int", charset: str | None = None) -> Column:
    return Column(name, type_, type_, charset, None, nullable=True)


ITEM = Table("oc_item", (column("id"), column("name", "varchar", "utf8mb4"), column("quantity")), ("id",))
TABLES = {"item": ITEM}
MINE = {"item": (frozenset({"id", "name"}), True)}
THEIRS = {"item": (frozenset({"quantity"}), False)}


def rows(*values: Values) -> dict[str, list[Row]]:
    return {"item": [Row(ITEM, each) for each in values]}


def test_only_columns_that_differ_are_written() -> None:
    was, now = (b"1", b"a", b"5"), (b"1", b"b", b"5")
    [one] = statements(rows(was), {"item": [now]}, TABLES, MINE)
    assert one == b"UPDATE `oc_item` SET `name` = _utf8mb4 x'62' WHERE `id` <=> 1"
    assert list(statements(rows(was), {"item": [was]}, TABLES, MINE)) == []


def test_a_row_that_is_not_there_any_more_goes_after_the_others_came() -> None:
    added, gone = statements(rows((b"1", b"a", b"5")), {"item": [(b"2", b"a", b"5")]}, TABLES, MINE)
    assert added.startswith(b"INSERT INTO `oc_item`")
    assert gone == b"DELETE FROM `oc_item` WHERE `id` <=> 1"


def test_a_table_of_which_nothing_is_left_is_emptied() -> None:
    assert len(list(statements(rows((b"1", b"a", b"5")), {}, TABLES, MINE))) == 1


@pytest.mark.parametrize("now", [[(b"1", b"b", b"4")], [], [(b"1", b"a", b"4"), (b"2", b"a", b"1")]])
def test_what_another_group_owns_is_not_touched(now: list[Values]) -> None:
    with pytest.raises(Unwritable, match="another group's"):
        list(statements(rows((b"1", b"a", b"5")), {"item": now}, TABLES, THEIRS))
    assert len(list(statements(rows((b"1", b"a", b"5")), {"item": [(b"1", b"a", b"4")]}, TABLES, THEIRS))) == 1


def test_statements_make_the_rows_and_done_twice_change_nothing(
    mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> None:
    source = Source(mariadb.url(legacy_database("")))
    with source.connect() as con:
        con.execute("CREATE TABLE t (id int PRIMARY KEY, name varchar(9), at date, price double) CHARACTER SET latin1")
        con.execute(
            "INSERT INTO t VALUES (1, 'é', '0000-00-00', 0.1), (2, NULL, '2024-02-00', 1e300), (3, 'x', NULL, 3)"
        )
        table = read_tables(con)["t"]
        was = {"t": [Row(table, values) for values in con.query(f"SELECT {select(table)} FROM t ORDER BY id")]}
        now: list[Values] = [
            (b"1", b"\xe8", b"2024-00-00", b"0.30000000000000004"),
            was["t"][1].values,
            (b"4", None, b"0000-00-00", b"-0.5"),
        ]
        owned = {"t": (frozenset({"id", "name", "at", "price"}), True)}
        for statement in 2 * list(statements(was, {"t": now}, {"t": table}, owned)):
            con.execute(statement)
        assert con.query(f"SELECT {select(table)} FROM t ORDER BY id") == now

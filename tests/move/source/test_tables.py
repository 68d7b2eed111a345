"""Tables are described as they are, with the key by which a row is known."""

from banyan.move.source import Connection, labels, read_tables, select


def made(con: Connection, columns: str) -> None:
    con.execute(f"CREATE TABLE t ({columns})")


def test_columns_are_described(con: Connection) -> None:
    made(
        con,
        "id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, w VARCHAR(9) CHARACTER SET latin1 NOT NULL DEFAULT 'it''s', "
        "p DECIMAL(9,2) DEFAULT 1.5, d DATETIME DEFAULT NOW(), n TEXT, e ENUM('a''b','c\\\\d','é') NOT NULL, "
        "g INT AS (id2 + 1) STORED, v INT AS (id2 + 1) VIRTUAL, id2 INT DEFAULT NULL, f FLOAT",
    )
    table = read_tables(con)["t"]
    by_name = {column.name: column for column in table.columns}
    assert list(by_name) == ["id", "w", "p", "d", "n", "e", "g", "id2", "f"]
    assert (table.key, table.auto_increment, table.engine, table.computed) == (("id",), "id", "InnoDB", frozenset("v"))
    assert by_name["id"].unsigned
    assert (by_name["id"].type, by_name["id"].full, by_name["id"].charset) == ("int", "int(10) unsigned", None)
    assert (by_name["w"].charset, by_name["w"].collation, by_name["w"].nullable) == (
        "latin1",
        "latin1_swedish_ci",
        False,
    )
    assert [by_name[name].default for name in ("w", "p", "d", "n", "id2")] == [b"it's", b"1.50", None, None, None]
    assert labels(by_name["e"]) == ("a'b", "c\\d", "é")
    assert by_name["g"].generated
    assert select(table).endswith("`id2`, CAST(`f` AS DOUBLE)")


def key(con: Connection, columns: str) -> tuple[str, ...]:
    con.execute("DROP TABLE IF EXISTS t")
    made(con, columns)
    return read_tables(con)["t"].key


def test_a_row_is_known_by_its_primary_key_or_else_by_a_unique_one_that_is_never_null(con: Connection) -> None:
    assert key(con, "a INT, b INT, PRIMARY KEY (b, a), UNIQUE (a)") == ("b", "a")
    assert key(con, "a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, UNIQUE (a, b), UNIQUE (c)") == ("c",)
    assert key(con, "a INT, b INT NOT NULL, UNIQUE (a), UNIQUE (b)") == ("b",)
    assert key(con, "a INT, b INT NOT NULL, UNIQUE (a, b)") == ()
    assert key(con, "a VARCHAR(90) NOT NULL, UNIQUE (a(5))") == ()
    assert key(con, "a INT NOT NULL, KEY (a)") == ()


def test_only_what_is_asked_for_and_only_tables(con: Connection) -> None:
    made(con, "id INT")
    con.execute("CREATE TABLE `odd ``name` (`c ol` INT PRIMARY KEY)")
    con.execute("CREATE VIEW v AS SELECT * FROM t")
    assert sorted(read_tables(con)) == ["odd `name", "t"]
    assert sorted(read_tables(con, ["t", "v", "none"])) == ["t"]
    assert read_tables(con, []) == {}

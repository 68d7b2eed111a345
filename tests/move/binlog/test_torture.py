"""Values that break movers: the same bytes by copy and by binlog, and stored again exactly as they were."""

import re

import pytest

from banyan.move.rows import Values, pack
from banyan.move.source import delete, read_tables, upsert
from tests.move.binlog.conftest import Legacy

TEXTS = ["''", "'a'", "'NULL'", "'tail  '", "'it''s \\\\ \"q\"'", "_utf8mb4'é€'", "x'00610062'", "'0'", "'0xFB'"]
MATRIX: dict[str, list[str]] = {
    "TINYINT": ["-128", "-1", "0", "127"],
    "TINYINT UNSIGNED": ["0", "128", "255"],
    "TINYINT(1)": ["0", "1"],
    "SMALLINT": ["-32768", "32767"],
    "SMALLINT UNSIGNED": ["65535"],
    "MEDIUMINT": ["-8388608", "-1", "8388607"],
    "MEDIUMINT UNSIGNED": ["16777215"],
    "INT": ["-2147483648", "0", "2147483647"],
    "INT(9) UNSIGNED ZEROFILL": ["0", "42", "4294967295"],
    "TINYINT ZEROFILL": ["7", "255"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "BIGINT UNSIGNED": ["0", "18446744073709551615"],
    "DECIMAL(65,30)": [
        "'12345678901234567890123456789012345.123456789012345678901234567890'",
        "'-99999999999999999999999999999999999.999999999999999999999999999999'",
        "'0.000000000000000000000000000001'",
        "'-0.000000000000000000000000000001'",
        "0",
    ],
    "DECIMAL(15,4)": ["0", "0.0001", "-1.5", "99999999999.9999", "-99999999999.9999", "1000000000"],
    "DECIMAL(5,5)": ["0.12345", "-0.99999", "0"],
    "DECIMAL(10,0)": ["-9999999999", "7"],
    "DECIMAL(9,2) ZEROFILL": ["1.5", "1234567.89"],
    "FLOAT": ["0.1", "-0.0", "1e38", "1.17549e-38", "16777217", "497.8 - 0.1", "1/3"],
    "FLOAT(7,2)": ["12345.67", "-0.01"],
    "DOUBLE": ["0.1", "'-0.0'", "1.7976931348623157e308", "5e-324", "1e16", "123456789.123456789", "-1/3", "1e22"],
    "DOUBLE(12,3)": ["123456789.123", "-0.001"],
    "BIT(1)": ["b'0'", "b'1'"],
    "BIT(8)": ["b'11111111'", "0"],
    "BIT(13)": ["b'1000000000001'"],
    "BIT(64)": ["b'1111111111111111111111111111111111111111111111111111111111111111'", "1"],
    "YEAR": ["0", "1901", "2155", "'0000'", "2024"],
    "DATE": ["'0000-00-00'", "'2024-02-00'", "'2024-00-15'", "'2023-02-30'", "'9999-12-31'", "'0001-01-01'"],
    "TIME": ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'", "'23:59:59'"],
    "TIME(1)": ["'-00:00:00.1'", "'100:00:00.9'"],
    "TIME(3)": ["'-838:59:59'", "'-00:00:00.001'", "'12:34:56.789'"],
    "TIME(6)": ["'-838:59:58.999999'", "'-01:00:00.000001'", "'838:59:59'", "'-00:00:00.5'"],
    "DATETIME": ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-00 01:02:03'", "'1000-01-01'"],
    "DATETIME(1)": ["'2024-03-31 02:30:00.9'"],
    "DATETIME(3)": ["'0000-00-00'", "'2024-10-27 02:30:00.001'"],
    "DATETIME(6)": ["'9999-12-31 23:59:59.999999'", "'2024-02-29 00:00:00.000001'", "'0000-00-00'"],
    "TIMESTAMP NULL": ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 02:30:00'"],
    "TIMESTAMP(2) NULL": ["'2024-03-31 01:00:00.25'", "0"],
    "TIMESTAMP(6) NULL": ["'2038-01-19 03:14:07.999999'", "'1970-01-01 00:00:01.000001'", "0"],
    "CHAR(20)": TEXTS,
    "VARCHAR(20)": [*TEXTS, "_utf8mb4 x'F09F8DB0F09F91A8E2808DF09F91A9'", "REPEAT('é', 20)"],
    "VARCHAR(300)": [*TEXTS, "REPEAT('é', 300)", "REPEAT('a', 250)", "REPEAT('a', 251)"],
    "CHAR(255)": ["'x'", "REPEAT('é', 255)"],
    "VARCHAR(20) CHARACTER SET utf8mb3": ["_utf8mb4'é'", "_utf8mb3'日本'"],
    "VARCHAR(20) CHARACTER SET latin1": ["_latin1 x'E9'", "_latin1 x'C3A9'", "_latin1 x'8081FF'", "'€'"],
    "CHAR(4) CHARACTER SET latin1": ["_latin1 x'E9'", "'x '"],
    "VARCHAR(20) CHARACTER SET gbk": ["_gbk x'C4E3BAC3'", "_gbk x'815C'"],
    "VARCHAR(20) CHARACTER SET utf16": ["'a'", "_utf8mb4 x'F09F8DB0'", "''"],
    "CHAR(5) CHARACTER SET ucs2": ["'é '", "''"],
    "VARCHAR(20) CHARACTER SET ascii": ["'plain'"],
    "VARCHAR(20) CHARACTER SET koi8r": ["_utf8mb4'привет'"],
    "TEXT": [*TEXTS, "REPEAT('€', 1000)"],
    "TINYTEXT": ["''", "REPEAT('a', 255)"],
    "MEDIUMTEXT": ["REPEAT('a', 70000)"],
    "LONGTEXT": ["''", "REPEAT('b', 66000)"],
    "JSON": ["'{\"a\": [1, null, \"é\"]}'", "'[]'", "'\"\\\\u00e9\"'"],
    "BINARY(5)": ["x'0102'", "x'0000000000'", "x'2020202020'", "''", "x'FFFFFFFFFF'"],
    "BINARY(255)": ["x'01'"],
    "VARBINARY(10)": ["x''", "x'00'", "x'0020'", "x'2000'", "x'FB'"],
    "VARBINARY(300)": ["REPEAT(x'FF', 300)"],
    "BLOB": ["x''", "x'00FF'", "REPEAT(x'00', 65535)"],
    "TINYBLOB": ["REPEAT(x'FB', 251)"],
    "MEDIUMBLOB": ["REPEAT(x'AB', 65536)"],
    "LONGBLOB": ["x'00'", "REPEAT(x'CD', 17000000)"],
    "ENUM('a','B c','it''s','é','')": ["'a'", "'it''s'", "'é'", "''", "4"],
    "ENUM('x','y') CHARACTER SET latin1": ["'nope'", "'y'"],
    "ENUM('\\\\','ä') CHARACTER SET latin1": ["1", "'ä'"],
    "SET('a','b','c','é')": ["''", "'a,c'", "'a,b,c,é'"],
    f"SET({','.join(repr(f'm{n}') for n in range(64))})": ["0", "18446744073709551615", "'m0,m63'"],
    "GEOMETRY": ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))', 4326)"],
    "POINT": ["ST_GeomFromText('POINT(-0.5 1e10)')"],
    "UUID": ["'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'", "UUID()"],
    "INET6": ["'::'", "'::1'", "'::ffff:1.2.3.4'", "'::1.2.3.4'", "'2001:db8::'", "'1:0:0:2::3'", "'fe80::1:0'", "'1::'"],
    "INET4": ["'0.0.0.0'", "'10.0.0.0'", "'255.255.255.255'"],
    "VARCHAR(400) COMPRESSED": ["''", "'a'", "REPEAT('é', 400)", "UUID()"],
    "BLOB COMPRESSED": ["''", "REPEAT('b', 5000)", "x'00'"],
    "TEXT COMPRESSED CHARACTER SET latin1": ["REPEAT('abc', 20000)"],
}  # fmt: skip


NAMES = {f"t{number}": kind for number, kind in enumerate(MATRIX)}


def make(legacy: Legacy) -> None:
    """A table for each type."""
    for name, kind in NAMES.items():
        legacy.run(f"CREATE TABLE {name} (id INT PRIMARY KEY, v {kind}, after_it VARCHAR(9) NOT NULL DEFAULT '')")
    legacy.watch()


def fill(legacy: Legacy) -> None:
    """A row for each value and one of NULL."""
    for name, kind in NAMES.items():
        pairs = ", ".join(f"({place}, {value})" for place, value in enumerate([*MATRIX[kind], "NULL"]))
        legacy.run(f"INSERT INTO {name} (id, v) VALUES {pairs}")


async def test_copy_and_binlog_give_the_same_bytes_for_insert_update_and_delete(legacy: Legacy) -> None:
    assert sum(len(values) for values in MATRIX.values()) >= 200
    make(legacy)
    start = legacy.here()
    fill(legacy)
    first = {name: legacy.rows(name) for name in NAMES}
    for name, kind in NAMES.items():  # every row takes the value of its neighbour
        legacy.run(
            f"CREATE TEMPORARY TABLE next_one SELECT id, v FROM {name}",
            f"UPDATE {name}, next_one n SET {name}.v = n.v, after_it = 'x' "
            f"WHERE n.id = ({name}.id + 1) % {len(MATRIX[kind]) + 1}",
            "DROP TEMPORARY TABLE next_one",
        )
    second = {name: legacy.rows(name) for name in NAMES}
    for name in NAMES:
        legacy.run(f"DELETE FROM {name}")
    changes = await legacy.changes(start)
    for name, kind in NAMES.items():
        of_table = [change for change in changes if change.table.name == name]
        inserted = [change.after for change in of_table if change.before is None]
        updated = [change for change in of_table if change.before is not None and change.after is not None]
        deleted = [change.before for change in of_table if change.after is None]
        assert sorted_(inserted) == first[name], kind
        assert sorted_([change.before for change in updated]) == first[name], kind
        assert sorted_([change.after for change in updated]) == second[name], kind
        assert sorted_(deleted) == second[name], kind


async def test_rows_written_back_are_the_same_to_the_last_byte(legacy: Legacy) -> None:
    make(legacy)
    fill(legacy)
    strict = legacy.source.connect()
    for name, kind in NAMES.items():
        legacy.run(f"CREATE TABLE twin_{name} LIKE {name}")
        twin = read_tables(strict, [f"twin_{name}"])[f"twin_{name}"]
        rows = legacy.rows(name)
        for values in rows:
            strict.execute(upsert(twin, values))
        assert checksum(legacy, f"twin_{name}") == checksum(legacy, name), kind
        assert hexed(legacy, f"twin_{name}") == hexed(legacy, name), kind
        for values in rows:
            if len(values[1] or b"") < 100_000:
                assert strict.execute(upsert(twin, values)) == 0, f"{kind}: writing what is there changes nothing"
        for values in rows:
            assert strict.execute(delete(twin, values[:1])) == 1, kind
    strict.close()


@pytest.mark.parametrize("kind", ["TIME", "TIME(1)", "TIME(4)", "TIME(6)", "DATETIME", "DATETIME(2)", "DATETIME(3)",
                                  "DATETIME(6)", "TIMESTAMP NULL", "TIMESTAMP(1) NULL", "TIMESTAMP(5) NULL"])  # fmt: skip
async def test_times_of_tables_from_before_mariadb_10_1(legacy: Legacy, kind: str) -> None:
    legacy.run("SET GLOBAL mysql56_temporal_format = OFF")
    try:
        legacy.run(f"CREATE TABLE old (id INT PRIMARY KEY, v {kind})")
    finally:
        legacy.run("SET GLOBAL mysql56_temporal_format = ON")
    values = MATRIX[re.sub(r"\(\d\)", "", kind)]
    legacy.watch()
    start = legacy.here()
    fractions = [value[:-1] + ".987654'" for value in values if value.count(":") == 2 and "838" not in value]
    for place, value in enumerate([*values, *fractions, "NULL"]):
        legacy.run(f"INSERT INTO old VALUES ({place}, {value})")
    assert [change.after for change in await legacy.changes(start)] == legacy.rows("old")


async def test_wide_rows_with_and_without_nulls(legacy: Legacy) -> None:
    """All types side by side, so that what stands after a value of each kind is found."""
    kinds = {
        kind: values for kind, values in MATRIX.items() if "LONGBLOB" not in kind and not kind.startswith("SET('m0")
    }
    columns = ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))
    legacy.run(f"CREATE TABLE wide (id INT PRIMARY KEY, {columns}) ENGINE=Aria")
    legacy.watch("wide")
    start = legacy.here()
    legacy.run(f"INSERT INTO wide VALUES (1, {', '.join(values[0] for values in kinds.values())})")
    for place, values in enumerate(kinds.values()):
        legacy.run(f"INSERT INTO wide (id, c{place}) VALUES ({place + 2}, {values[-1]})")
    assert [change.after for change in await legacy.changes(start)] == legacy.rows("wide")


def sorted_(rows: list[Values | None]) -> list[Values]:
    return sorted((row for row in rows if row is not None), key=lambda row: int(row[0] or 0))


def checksum(legacy: Legacy, table: str) -> bytes | None:
    return legacy.con.query(f"CHECKSUM TABLE {table}")[0][1]


def hexed(legacy: Legacy, table: str) -> list[bytes]:
    return [pack(row) for row in legacy.con.query(f"SELECT id, HEX(v), v IS NULL FROM {table} ORDER BY id")]

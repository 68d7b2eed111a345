"""What a real Debezium engine makes of every kind of column comes out as the bytes that the source itself gives."""

import asyncio
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.binlog import Follower, Halt, Start
from banyan.move.debezium import Stream, feed
from banyan.move.debezium.values import UNSURE, Lossy, spelling
from banyan.move.rows import Change, Column, Position, Table, Transaction
from banyan.move.source import read_tables, select
from banyan.move.storage import checkpoints
from tests.move.core.conftest import Moving
from tests.move.debezium.conftest import MakeToldOf

TABLE = """CREATE TABLE v (
    id int unsigned NOT NULL PRIMARY KEY, ti tinyint(1), zf int(6) unsigned zerofill, bs bigint, bu bigint unsigned,
    de decimal(15,4) NOT NULL DEFAULT 0, dz decimal(8,2) unsigned zerofill, dw decimal(20,0), fl float, db double,
    b1 bit(1), b12 bit(12), ch char(5), vl varchar(20) CHARACTER SET latin1, vc varchar(9) CHARACTER SET cp1251,
    vs varchar(9) CHARACTER SET sjis, vn varchar(9) NULL DEFAULT 'given', vb varbinary(10), bi binary(5), bl blob, tx text,
    d date, dn date NOT NULL DEFAULT '0000-00-00', dt datetime, dtn datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
    dt6 datetime(6), dt3 datetime(3), ts timestamp NULL, ts6 timestamp(6) NULL,
    tsn timestamp NOT NULL DEFAULT '0000-00-00 00:00:00', t time, t6 time(6), y year, e enum('a','b,c','d''e','ü'),
    s set('x','y','z'), j json, p point, ls linestring, comp int AS (ti + 2) VIRTUAL, st int AS (ti + 1) STORED
) ENGINE=InnoDB CHARSET=utf8mb4"""
ROWS = (
    """(id, ti, zf, bs, bu, de, dz, dw, fl, db, b1, b12, ch, vl, vc, vs, vb, bi, bl, tx, d, dn, dt, dtn, dt6, dt3, ts, ts6, tsn,
        t, t6, y, e, s, j, p, ls)
       VALUES (1, 2, 42, -9223372036854775808, 18446744073709551615, -12345.6789, 1.5, -99999999999999999999, 0.1, 1e100, 1,
        b'101000000001', 'é🪑 ', 'é€', 'жук', '表', x'00ff10', x'0102', x'deadbeef00', 'a\\0b\\n', '2024-02-29', '1999-01-01',
        '2024-02-29 01:02:03', '0012-01-01 00:00:00', '2024-02-29 01:02:03.000456', '9999-12-31 23:59:59.120',
        '2024-02-29 01:02:03', '2024-02-29 01:02:03.120000', '2020-01-01 00:00:01', '-838:59:59', '26:00:00.000001', 0,
        'b,c', 'x,z', '{"a": 1}', ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('LINESTRING(0 0,1 1)'))""",
    """(id, d, dn, dt, dtn, tsn, y, e, s, t, vn, fl, db)
       VALUES (2, '0000-00-00', '2024-02-00', '2024-00-00 00:00:00', '1970-01-01', '0000-00-00 00:00:00', 2155, 'nonsense', '',
        '-00:00:01', NULL, -3.4e38, -0.0000001)""",
    "(id, d, dn, dt, ts6, y, vl, vn, e) VALUES (3, '1970-01-01', '1970-01-01', NULL, NULL, 1901, x'81e9', 'given', 'ü')",
    "(id, ch, tx, bu, t6, dt6) VALUES (4, '', x'fff0', 0, '00:00:00', '1969-12-31 23:59:59.999999')",
)


async def _read(follower: Follower | Stream, until: int) -> list[Transaction]:
    found: list[Transaction] = []
    while not found or found[-1].position.at < until:
        found += await asyncio.wait_for(follower.next(), 20)
    return found


def _changes(found: list[Transaction]) -> list[Change]:
    return [change for each in found for change in each.changes]


async def _written(m: Moving, table: Table) -> tuple[list[Transaction], list[Transaction]]:
    """What was written so far, by Debezium and by the binlog."""
    known = await checkpoints.read(m.ports.db)
    assert known is not None
    start = Start(known.file, Position.of(known.at).offset, gtid=known.gtid)
    until = await m.mover.head()
    watch = {table.name: table}.get
    stream = Stream(feed(m.ports.settings.legacy_stream), m.ports.db, m.mover.source, start, watch)
    follower = Follower(m.mover.source, start, watch, server_id=4712)
    try:
        return await _read(stream, until), await _read(follower, until)
    finally:
        await stream.close()
        await follower.close()


def _source(m: Moving) -> tuple[Table, list[tuple[bytes | None, ...]]]:
    with m.mover.source.connect() as con:
        table = read_tables(con, ["v"])["v"]
        return table, con.query(f"SELECT {select(table)} FROM v ORDER BY id")


async def test_every_kind_of_value_is_exact(told_of: MakeToldOf) -> None:
    m, _ = await told_of(TABLE)
    m.sql("SET sql_mode = '', time_zone = '+00:00'")
    m.sql("BEGIN")
    for row in ROWS:
        m.sql(f"INSERT INTO v {row}")
    m.sql("COMMIT")
    table, there = await asyncio.to_thread(_source, m)
    told, logged = await _written(m, table)
    names = [column.name for column in table.columns]
    for change, other, row in zip(_changes(told), _changes(logged), there, strict=True):
        assert change.after is not None
        assert dict(zip(names, change.after, strict=True)) == dict(zip(names, row, strict=True))
        assert (change.before, change.after) == (other.before, other.after)
    assert told[-1].position in [each.position for each in logged], (
        "the end of a transaction is where the binlog has it"
    )
    by_gtid = {each.gtid: each for each in logged}
    for each in told:
        other_ = by_gtid[each.gtid]
        assert (each.at, each.server_id) == (other_.at, other_.server_id)
        assert each.position <= other_.position


def column(full: str, *, nullable: bool = True, charset: str | None = None) -> Column:
    return Column("c", full.partition("(")[0].split()[0], full, charset, None, nullable)


LOSSY = {
    "decimal(9,2)": {"type": "double"},
    "tinyint(1)": {"type": "boolean"},
    "varbinary(9)": {"type": "string"},
    "datetime(6)": {"type": "int64", "name": "org.apache.kafka.connect.data.Timestamp"},
    "time": {"type": "int32", "name": "io.debezium.time.Time"},
    "date": {"type": "string", "name": "io.debezium.time.IsoDate"},
    "timestamp": {"type": "int64", "name": "org.apache.kafka.connect.data.Timestamp"},
}


@pytest.mark.parametrize("full", LOSSY)
def test_a_setting_that_loses_something_is_refused_by_name(full: str) -> None:
    with pytest.raises(Lossy, match=r"set .*=|set no "):
        spelling(column(full), LOSSY[full])


def test_what_cannot_be_told_is_not_guessed() -> None:
    days = spelling(column("date"), {"type": "int32", "name": "io.debezium.time.Date"})
    assert (days(0), days(None), days(1)) == (UNSURE, UNSURE, b"1970-01-02")
    text = spelling(column("varchar(9)", charset="latin1"), {"type": "string", "default": "x"})
    assert (text("x"), text("\ufffd"), text("ж"), text("é"), text(None)) == (UNSURE, UNSURE, UNSURE, b"\xe9", None)
    assert spelling(column("uuid"), {"type": "string"})("a") is UNSURE
    with pytest.raises(Halt, match="NULL for c"):
        spelling(column("int", nullable=False), {"type": "int32"})(None)


@given(st.decimals(-99999999999, 99999999999, places=4))
def test_decimals_as_text_are_exact(number: Decimal) -> None:
    spell = spelling(column("decimal(15,4)"), {"type": "string"})
    assert spell(f"{number:f}") == (b"0.0000" if not number else f"{number:.4f}".encode())


@given(st.integers(0, (1 << 64) - 1))
def test_unsigned_numbers_are_exact_in_either_mode(number: int) -> None:
    spell = spelling(column("bigint(20) unsigned"), {"type": "int64"})
    assert spell(number - (1 << 64) if number >> 63 else number) == b"%d" % number


@given(st.datetimes())
def test_days_and_times_are_those_of_the_calendar(when: datetime) -> None:
    micros = (when - datetime(1970, 1, 1)) // (datetime(1970, 1, 2) - datetime(1970, 1, 1)) * 86_400_000_000
    micros += ((when.hour * 60 + when.minute) * 60 + when.second) * 1_000_000 + when.microsecond
    spell = spelling(column("datetime(6)"), {"type": "int64", "name": "io.debezium.time.MicroTimestamp"})
    assert spell(micros) == (when.isoformat(" ", "microseconds").encode() if micros else UNSURE)

"""Hazards that cannot be planted on a running server are found in what one would have said; and how grants are read."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.assess.checks.rights import like, read
from banyan.move.assess.doctor import diagnose
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.kinds import KINDS
from banyan.move.assess.samples import MOJIBAKE, Samples
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import Column
from banyan.move.source import Source
from tests.move.assess.little import Little
from tests.move.assess.test_doctor import IN_THE_ROWS, IN_THE_SCHEMA, SETTINGS, Shop, kinds

KEY = Column("order_id", "int", "int(10) unsigned", None, None, False)
ORDERS = Found(
    "orders", "BASE TABLE", "InnoDB", 1000, 1 << 20, 0, 1001, "", (KEY,), ("order_id",), {"order_id": "auto_increment"}
)
CLEAN = Survey(
    source="legacy:3306/shop",
    database="shop",
    version="10.11.6-MariaDB-log",
    user="mover@%",
    variables={
        "log_bin": "ON",
        "binlog_format": "ROW",
        "binlog_row_image": "FULL",
        "server_id": "1",
        "sql_mode": "STRICT_TRANS_TABLES",
        "system_time_zone": "UTC",
        "time_zone": "SYSTEM",
        "max_allowed_packet": "16777216",
        "gtid_strict_mode": "OFF",
        "log_slave_updates": "OFF",
    },
    tables={"orders": ORDERS},
    grants=("GRANT ALL PRIVILEGES ON *.* TO `mover`@`%`",),
    gtid_state="0-1-99",
)
MYSQL = replace(CLEAN, version="8.0.36")


def having(seen: Survey = CLEAN, **variables: str) -> Survey:
    return replace(seen, variables={**seen.variables, **variables})


def with_column(kind: str, seen: Survey = CLEAN) -> Survey:
    column = Column("body", kind, kind, None, None, True)
    return replace(seen, tables={"orders": replace(ORDERS, columns=(KEY, column))})


SAID = {
    "binlog-off": having(log_bin="OFF", binlog_format="STATEMENT"),
    "binlog-packed": having(MYSQL, binlog_transaction_compression="ON"),
    "binlog-partial-json": having(MYSQL, binlog_row_value_options="PARTIAL_JSON"),
    "binlog-filtered": replace(CLEAN, do_db=("another",)),
    "binlog-filter-set": replace(CLEAN, do_db=("another", "shop")),
    "server-id-zero": having(MYSQL, server_id="0"),
    "replica-unlogged": replace(CLEAN, is_replica=True),
    "version-old": replace(CLEAN, version="5.5.5-10.3.39-MariaDB"),
    "time-zone-system": having(system_time_zone="CEST"),
    "long-transaction": replace(CLEAN, transactions=(("17", 95, "SELECT SLEEP(1000)"), ("18", 2, ""))),
    "disk-low": replace(CLEAN, disks=(("/", 100 << 30, 2 << 30), ("/home", 100 << 30, 50 << 30))),
    "type-unsupported": with_column("json", MYSQL),
}


@pytest.mark.parametrize(
    "seen", [CLEAN, MYSQL, with_column("json"), having(system_time_zone="UTC", time_zone="Europe/Berlin")]
)
def test_a_clean_server_of_either_make_has_no_hazard(seen: Survey) -> None:
    assert diagnose(seen, Samples()) == ()


@pytest.mark.parametrize("kind", SAID)
def test_what_a_server_says_is_found_alone(kind: str) -> None:
    (hazard,) = diagnose(SAID[kind], Samples())
    assert (hazard.kind, hazard.severity) == (kind, KINDS[kind].severity)


def test_every_kind_of_hazard_is_planted_by_some_test() -> None:
    planted = {*IN_THE_SCHEMA, *IN_THE_ROWS, *SETTINGS, *SAID}
    by_name = {
        "statements-logged",
        "truncates-logged",
        "xa-prepared",
        "replicas",
        "server-id-shared",
        "gtid-domains",
        "gtid-loose",
    }
    rights = {kind for kind in KINDS if kind.startswith("right-")}
    of_debezium = {kind for kind in KINDS if kind.startswith("debezium-")}  # planted in test_connector.py
    assert planted | by_name | rights | of_debezium | {"tables-missing", "tables-unknown"} == set(KINDS)
    assert len(KINDS) >= 60


async def test_filters_zones_and_a_missing_log_are_read_from_a_server_started_so(
    shop: Shop, server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banyan.move.assess.doctor import doctor

    source = shop()
    good = dict(server.settings)
    try:
        for settings, expected in (
            ({"binlog-ignore-db": source.database}, {"binlog-filtered", "time-zone-system"}),
            ({"skip-log-bin": "1"}, {"binlog-off", "time-zone-system"}),
        ):
            server.stop()
            monkeypatch.setenv("TZ", "Europe/Berlin")
            server.settings = {**good, **settings}
            server.start()
            assert kinds(await doctor(Source(server.url(source.database)), Little())) == expected
    finally:
        server.stop()
        monkeypatch.delenv("TZ")
        server.settings = good
        server.start()


def test_grants_are_read_as_the_server_means_them() -> None:
    grants = read(
        (
            "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `mover`@`%` IDENTIFIED BY PASSWORD '*00'",
            "GRANT SELECT (`a`, `b`), INSERT ON `shop\\_1`.`orders` TO `mover`@`%`",
            "GRANT ALL PRIVILEGES ON `te%`.* TO `mover`@`%` WITH GRANT OPTION",
            "GRANT `role` TO `mover`@`%`",
        )
    )
    assert [sorted(grant.rights) for grant in grants] == [
        ["BINLOG MONITOR", "REPLICATION SLAVE"],
        ["INSERT"],
        ["ALL PRIVILEGES"],
    ]
    assert grants[1].allows("INSERT", "shop_1", "orders")
    assert not grants[1].allows("INSERT", "shopx1", "orders")
    assert not grants[1].allows("SELECT", "shop_1", "orders")
    assert grants[2].allows("TRIGGER", "test", "anything")
    assert not grants[2].allows("TRIGGER", "shop", "anything")


@given(st.text(max_size=50), st.text(alphabet="ab_%\\", max_size=12), st.text(alphabet="ab_%\\", max_size=12))
def test_hostile_grants_and_patterns_do_no_harm(line: str, pattern: str, name: str) -> None:
    read((line, f"GRANT {line} ON *.* TO `x`@`y`"))
    like(pattern, name)
    assert like("%", name)
    assert like(name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%"), name)


@given(st.text(alphabet=st.characters(min_codepoint=0xC0, max_codepoint=0x17F), min_size=1, max_size=20))
def test_what_was_misread_is_known_as_mojibake(text: str) -> None:
    misread = "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in text.encode())
    signs = "\u00a0…‘’“”–—»"  # after Ä and Å these are left alone
    told = [letter for letter in text if ord(letter) < 0x100 or misread_second(letter) not in signs]
    assert bool(re.search(MOJIBAKE, misread)) or not told


@pytest.mark.parametrize("text", ["cœur", "đ và ở", "Łódź", "Ősz", "“quoted”", "it’s", "👍"])
def test_signs_that_belong_to_a_misread_letter_are_told_from_punctuation(text: str) -> None:
    assert re.search(MOJIBAKE, "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in text.encode()))


def misread_second(letter: str) -> str:
    raw = letter.encode()[1:2]
    return raw.decode("cp1252", "ignore") or chr(raw[0])


@pytest.mark.parametrize(
    "text",
    [
        "Ça va ? « Oui »",
        "Spaß“",
        "Ångström",
        "SÃO PAULO",
        "naïve café",
        "Zoë",
        "日本",
        "😀",
        "À « bientôt »",
        "“Ä” och Å–Ä",
    ],
)
def test_good_text_is_none(text: str) -> None:
    assert not re.search(MOJIBAKE, text)

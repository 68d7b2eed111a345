"""Every hazard is found where it was planted, alone, with what mends it; and a clean shop has none."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from banyan.move.assess.asking import Asking
from banyan.move.assess.doctor import SECONDS, doctor
from banyan.move.assess.hazards import Diagnosis, Severity
from banyan.move.assess.kinds import KINDS
from banyan.move.assess.samples import sample
from banyan.move.assess.survey import survey
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Use
from banyan.move.source import Source
from tests.move.assess.little import Little, run

Shop = Callable[..., Source]

IN_THE_SCHEMA = {
    "engine-unsafe": "ALTER TABLE orders ENGINE = MyISAM",
    "engine-foreign": "CREATE TABLE visits (visit_id INT NOT NULL PRIMARY KEY) ENGINE = MEMORY",
    "no-key": "CREATE TABLE visits (page INT NOT NULL, UNIQUE KEY (page, at), at INT NULL)",
    "key-folded": "CREATE TABLE visits (code VARCHAR(32) NOT NULL PRIMARY KEY)",
    "cascade": "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customer (customer_id) ON DELETE CASCADE",
    "trigger": "CREATE TRIGGER sold AFTER INSERT ON order_line FOR EACH ROW UPDATE product SET price = price",
    "event": "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders WHERE placed < '2000-01-01'",
    "routine": "CREATE PROCEDURE tidy() DELETE FROM orders WHERE placed < '2000-01-01'",
    "view": "CREATE VIEW best AS SELECT * FROM product",
    "generated-column": "ALTER TABLE orders ADD COLUMN cents BIGINT AS (total * 100) PERSISTENT",
    "system-versioned": "CREATE TABLE rates (rate_id INT NOT NULL PRIMARY KEY) WITH SYSTEM VERSIONING",
    "partitioned": "ALTER TABLE orders PARTITION BY HASH (order_id) PARTITIONS 2",
    "name-case": "ALTER TABLE orders ADD COLUMN Note INT",
    "auto-increment-full": "CREATE TABLE rates (rate_id TINYINT NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 120",
    "type-uncarried": "ALTER TABLE customer ADD COLUMN seen_from INET6, ADD COLUMN public UUID",
    "column-compressed": "ALTER TABLE product ADD COLUMN story TEXT COMPRESSED",
    "float-money": "ALTER TABLE orders ADD COLUMN shipping_cost FLOAT",
    "charset-mixed": "ALTER TABLE product ADD COLUMN ean VARCHAR(20) CHARACTER SET ascii",
    "charset-unknown": "CREATE TABLE notes (note_id INT NOT NULL PRIMARY KEY, text VARCHAR(20) CHARACTER SET armscii8)",
    "utf8mb3": "CREATE TABLE notes (note_id INT NOT NULL PRIMARY KEY, text VARCHAR(20) CHARACTER SET utf8mb3)",
}
IN_THE_ROWS = {
    "zero-date": "UPDATE customer SET joined = 0 WHERE customer_id = 1",
    "partial-date": "UPDATE customer SET joined = '2024-02-00 00:00:00'",
    "mojibake": "UPDATE customer SET name = CONVERT(CAST('Zoë Brûlée' AS BINARY) USING latin1)",
    "latin1-holds-utf8": """CREATE TABLE notes (note_id INT NOT NULL PRIMARY KEY, text VARCHAR(20) CHARACTER SET latin1);
        INSERT INTO notes VALUES (1, CONVERT(CAST('Brûlée' AS BINARY) USING latin1)), (2, 'Brûlée')""",
    "utf8-invalid": """CREATE TABLE notes (note_id INT NOT NULL PRIMARY KEY, text BLOB);
        INSERT INTO notes VALUES (1, 'Brûlée'), (2, 'plain'), (3, x'4272FB6CE965')""",
    "emoji-lost": """CREATE TABLE notes (note_id INT NOT NULL PRIMARY KEY, text VARCHAR(20) CHARACTER SET utf8mb3);
        INSERT INTO notes VALUES (1, 'well done ????')""",
    "email-duplicate": "INSERT INTO customer VALUES (3, 'bo@example.com', 'Bo', NOW()), (4, '', '', NOW()), (5, ' ', '', NOW())",
    "email-clash": "INSERT INTO customer VALUES (3, 'Bo@Example.com ', 'Bo', NOW())",
    "sku-duplicate": "INSERT INTO product VALUES (3, 'LAMP-1', 'Lamp', 1)",
    "sku-clash": "INSERT INTO product VALUES (3, 'lamp-1', 'Lamp', 1)",
}
COMPANY = {"emoji-lost": {"utf8mb3"}}
"""Kinds that cannot come alone."""


def kinds(found: Diagnosis) -> set[str]:
    return {hazard.kind for hazard in found.hazards}


async def test_a_clean_shop_has_no_hazard_and_all_of_it_was_examined(shop: Shop) -> None:
    found = await doctor(shop(), Little())
    assert not found.hazards
    assert not found.unseen
    assert found.tables_in_use == found.tables == 4
    assert "no hazards" in found.lines()[0]


@pytest.mark.parametrize("kind", [*IN_THE_SCHEMA, *IN_THE_ROWS])
async def test_a_hazard_of_tables_and_rows_is_found_alone(kind: str, shop: Shop) -> None:
    found = await doctor(shop({**IN_THE_SCHEMA, **IN_THE_ROWS}[kind] + ";\n"))
    assert kinds(found) == {kind} | COMPANY.get(kind, set())
    (hazard,) = (each for each in found.hazards if each.kind == kind)
    assert hazard.severity is KINDS[kind].severity
    assert hazard.tables
    assert not found.unseen


SETTINGS = {
    "binlog-format": "SET GLOBAL binlog_format = MIXED",
    "binlog-row-image": "SET GLOBAL binlog_row_image = MINIMAL",
    "binlog-row-metadata": "SET GLOBAL binlog_row_metadata = NO_LOG",
    "binlog-compressed": "SET GLOBAL log_bin_compress = ON",
    "binlog-checksum": "SET GLOBAL binlog_checksum = NONE",
    "binlog-not-synced": "SET GLOBAL sync_binlog = 0",
    "retention-short": "SET GLOBAL binlog_expire_logs_seconds = 1",
    "retention-slim": "SET GLOBAL binlog_expire_logs_seconds = 86400",
    "read-only": "SET GLOBAL read_only = ON",
    "time-zone-offset": "SET GLOBAL time_zone = '+02:00'",
    "sql-mode-loose": "SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'",
    "sql-mode-zero-dates": "SET GLOBAL sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE'",
    "sql-mode-odd": "SET GLOBAL sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'",
    "packet-small": "SET GLOBAL max_allowed_packet = 1048576",
}


@pytest.mark.parametrize("kind", SETTINGS)
async def test_a_bad_setting_is_found_and_its_fix_mends_it(kind: str, shop: Shop, server: MariaDb) -> None:
    big = "ALTER TABLE product ADD COLUMN film LONGBLOB;\nUPDATE product SET film = REPEAT('x', 700000) WHERE product_id = 1;\n"
    source = shop(big if kind == "packet-small" else "")
    variable = SETTINGS[kind].split()[2]
    with server.connect(user="root", password="") as con, con.cursor() as cursor:
        cursor.execute(f"SELECT @@GLOBAL.{variable}")
        (before,) = cursor.fetchone() or ("",)
        try:
            cursor.execute(SETTINGS[kind])
            found = await doctor(source, Little())
            assert kinds(found) == {kind}
            mended = found.hazards[0].fix[0].partition(" -- ")[0]
            if mended.startswith("SET GLOBAL"):
                cursor.execute(mended)
                assert not (await doctor(source, Little())).hazards
        finally:
            cursor.execute(f"SET GLOBAL {variable} = %s", (before,))


async def test_what_a_session_logged_as_a_statement_is_found(shop: Shop, server: MariaDb) -> None:
    source = shop()
    run(
        server,
        source.database,
        """FLUSH BINARY LOGS;
        SET SESSION binlog_format = STATEMENT;
        UPDATE product SET price = price + 1;
        TRUNCATE TABLE order_line;
        """,
    )
    found = await doctor(source, Little())
    assert kinds(found) == {"statements-logged", "truncates-logged"}
    assert "UPDATE product SET price" in found.hazards[0].found
    assert found.hazards[0].sampled
    run(server, None, "FLUSH BINARY LOGS")
    assert not (await doctor(source, Little())).hazards


async def test_open_and_prepared_transactions_are_seen(shop: Shop, server: MariaDb) -> None:
    source = shop()
    with server.connect(source.database) as con, con.cursor() as cursor:
        cursor.execute("XA START 'half'")
        cursor.execute("UPDATE product SET price = 1")
        cursor.execute("XA END 'half'")
        cursor.execute("XA PREPARE 'half'")
        found = await doctor(source, Little())
        assert kinds(found) == {"xa-prepared"}
        assert "XA COMMIT 'half'" in found.hazards[0].fix[0]
        cursor.execute("XA ROLLBACK 'half'")


async def test_a_replica_with_our_servers_own_id_is_found(shop: Shop, server: MariaDb) -> None:
    source = shop()
    with server.connect() as con:
        payload = (3307).to_bytes(4, "little") + b"\x07replica\x00\x00" + bytes(2 + 4 + 4)
        con._execute_command(0x15, payload)  # type: ignore[attr-defined]
        con._read_ok_packet()  # type: ignore[attr-defined]
        found = await doctor(source, Little())
    assert kinds(found) == {"replicas", "server-id-shared"}


async def test_several_writers_and_domains_of_one_log_are_found(shop: Shop, server: MariaDb) -> None:
    source = shop()
    run(
        server,
        source.database,
        "SET SESSION gtid_domain_id = 7;\nSET SESSION server_id = 99;\nUPDATE product SET price = price + 1",
    )
    assert kinds(await doctor(source, Little())) == {"gtid-domains", "gtid-loose"}
    with server.connect(user="root", password="") as con, con.cursor() as cursor:
        cursor.execute("RESET MASTER")
    assert not (await doctor(source, Little())).hazards


async def test_an_account_without_rights_is_told_each_of_them_and_how_to_get_it(shop: Shop, server: MariaDb) -> None:
    source = shop()
    database = source.database
    run(server, None, f"CREATE USER poor@'%' IDENTIFIED BY 'poor';\nGRANT SELECT ON {database}.product TO poor@'%'")
    poor = Source(server.url(database).replace("mover:mover", "poor:poor"))
    found = await doctor(poor, Little(more={"customer": Use("customer", "users", optional=True)}))
    rights = {kind for kind in KINDS if kind.startswith("right-")}
    assert rights - kinds(found) == {"right-select"}  # tables that he may not even see are missing to him
    assert "tables-missing" in kinds(found)
    assert {each.what for each in found.unseen} >= {"open transactions", "the newest log"} or found.unseen
    mending = [fix for hazard in found.hazards if hazard.kind.startswith("right-") for fix in hazard.fix]
    run(server, None, ";\n".join(fix.rstrip(";") for fix in mending) + f";\nGRANT SELECT ON {database}.* TO poor@'%'")
    assert not kinds(await doctor(poor, Little()))
    run(server, None, "DROP USER poor@'%'")


async def test_a_table_that_may_be_changed_but_not_read_is_told(shop: Shop, server: MariaDb) -> None:
    source = shop()
    run(server, None, f"CREATE USER blind@'%' IDENTIFIED BY 'blind';\nGRANT INSERT ON {source.database}.* TO blind@'%'")
    blind = Source(server.url(source.database).replace("mover:mover", "blind:blind"))
    found = await doctor(blind, Little())
    (hazard,) = (each for each in found.hazards if each.kind == "right-select")
    assert set(hazard.tables) == {"customer", "product", "orders", "order_line"}
    run(server, None, "DROP USER blind@'%'")


async def test_tables_that_are_not_moved_give_notes_and_unknown_ones_are_listed(shop: Shop) -> None:
    source = shop(
        "CREATE TABLE visits (page INT) ENGINE = MyISAM;\nCREATE TABLE plugin (plugin_id INT NOT NULL PRIMARY KEY)"
    )
    found = await doctor(source, Little(ignored=frozenset({"visits"})))
    assert {(h.kind, h.severity, h.tables) for h in found.hazards} == {
        ("tables-unknown", Severity.NOTE, ("plugin",)),
        ("engine-unsafe", Severity.NOTE, ("visits",)),
        ("no-key", Severity.NOTE, ("visits",)),
    }
    assert not found.blockers
    assert kinds(await doctor(source)) == {"engine-unsafe", "no-key"}
    assert (await doctor(source)).blockers


async def test_a_shop_of_another_kind_is_told_by_its_missing_tables(shop: Shop) -> None:
    found = await doctor(
        shop(), Little(more={"voucher": Use("voucher", "orders"), "extra": Use("extra", "users", optional=True)})
    )
    assert [(h.kind, h.tables) for h in found.blockers] == [("tables-missing", ("voucher",))]


async def test_our_own_tables_and_fences_there_are_no_hazard(shop: Shop) -> None:
    source = shop(
        """CREATE TABLE banyan_watermark (number INT) ENGINE = MyISAM;
        CREATE TRIGGER banyan_fence BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = NEW.total;
        """
    )
    assert not (await doctor(source, Little())).hazards


async def test_a_schemas_fixes_mend_it(shop: Shop, server: MariaDb) -> None:
    script = (
        "engine-unsafe",
        "cascade",
        "float-money",
        "key-folded",
        "auto-increment-full",
        "column-compressed",
        "partitioned",
    )
    source = shop(
        ";\n".join(f"{IN_THE_SCHEMA[kind]}" for kind in script if kind not in ("engine-unsafe", "partitioned")) + ";\n"
    )
    run(server, source.database, "CREATE TABLE log (a INT) ENGINE = MyISAM;\n" + IN_THE_ROWS["mojibake"])
    found = await doctor(source)
    fixes = [fix.partition("; -- ")[0].rstrip(";") for hazard in found.hazards for fix in hazard.fix]
    run(server, source.database, ";\n".join(fixes))
    assert not (await doctor(source)).hazards
    rows = await source.query("SELECT name FROM customer")
    assert {row[0] for row in rows} == {"Zoë Brûlée".encode()}


async def test_latin1_that_holds_utf8_is_mended_without_loss(shop: Shop, server: MariaDb) -> None:
    source = shop(IN_THE_ROWS["latin1-holds-utf8"].replace(", (2, 'Brûlée')", ""))
    (hazard,) = (await doctor(source)).hazards
    run(server, source.database, hazard.fix[0].partition("; -- ")[0].replace("; ", ";\n"))
    assert await source.query("SELECT text FROM notes") == [("Brûlée".encode(),)]
    assert not (await doctor(source)).hazards


async def test_what_was_found_is_told_to_people_and_to_programs(shop: Shop) -> None:
    found = await doctor(shop(IN_THE_SCHEMA["cascade"] + ";\n" + IN_THE_ROWS["zero-date"]))
    told = "\n".join(found.lines())
    assert told.index("BLOCKER cascade") < told.index("NOTE zero-date")
    assert "    why: " in told
    assert "    fix: ALTER TABLE `orders` DROP FOREIGN KEY" in told
    as_json = found.as_json()
    assert as_json["blockers"] == 1
    assert [each["kind"] for each in as_json["hazards"]] == ["cascade", "zero-date"]
    assert as_json["next_steps"]


async def test_a_large_table_is_sampled_in_places_and_it_is_said(shop: Shop) -> None:
    source = shop(
        """INSERT INTO orders SELECT seq + 10, 1, 1, IF(seq MOD 50 = 0, 0, NOW()) FROM seq_1_to_420000;
        ANALYZE TABLE orders;
        """
    )
    began = monotonic()
    found = await doctor(source, Little())
    assert monotonic() - began < SECONDS + 1
    (hazard,) = found.hazards
    assert (hazard.kind, hazard.sampled) == ("zero-date", True)
    assert "of 5000" in hazard.found


async def test_a_real_shop_as_it_was_installed_has_no_blocker(real_shop: Callable[[str], Source]) -> None:
    first, second = await doctor(real_shop("opencart-4.1")), await doctor(real_shop("opencart-3.0"))
    assert not first.blockers
    assert not {"cascade", "no-key", "mojibake", "engine-unsafe"} & kinds(first)
    assert {"engine-unsafe", "utf8mb3", "zero-date"} <= kinds(second)


async def test_a_question_that_takes_too_long_is_given_up_and_noted(shop: Shop) -> None:
    def ask_slowly() -> tuple[list[str], object]:
        with shop().connect() as con:
            ask = Asking(con, statement=0.1)
            began = monotonic()
            assert ask.tried("sleep", "SELECT SLEEP(60)") is None
            assert monotonic() - began < 30
            late = Asking(con, seconds=0)
            assert late.tried("anything", "SELECT 1") is None
            return [each.what for each in (*ask.unseen, *late.unseen)], sample(late, survey(late, "x", None)).unseen

    what, unseen = await asyncio.to_thread(ask_slowly)
    assert what[:2] == ["sleep", "anything"]
    assert len(unseen) == 4  # type: ignore[arg-type]


async def test_of_peoples_addresses_only_the_ends_are_shown(shop: Shop) -> None:
    (hazard,) = (await doctor(shop(IN_THE_ROWS["email-duplicate"]), Little())).hazards
    assert "b…@example.com" in hazard.found
    (hazard,) = (
        await doctor(shop("INSERT INTO customer VALUES (3, 'zoë@example.com', 'Zoë', NOW())"), Little())
    ).hazards
    assert "z…@example.com" in hazard.found


def test_every_kind_is_in_the_documentation_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "moving" / "doctor.md").read_text()
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE) == list(KINDS)
    for kind in KINDS.values():
        assert f"| {kind.severity.value} | {kind.why} |" in page

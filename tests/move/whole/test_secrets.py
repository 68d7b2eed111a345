"""The legacy shop's own passwords and keys stay there: in no table of ours, no log, report or answer."""

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

import banyan.move
from banyan import topology
from banyan.foundation import loopback
from banyan.move.assess.doctor import doctor
from banyan.move.assess.goings_on import without_values
from banyan.move.assess.plan import plan
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy.opencart.tables import SETTINGS
from banyan.move.mover import Mover
from banyan.move.report import report
from banyan.move.rows import unpack
from banyan.move.status import status
from banyan.move.storage import mirror, tables
from banyan.move.verify import Verifier
from tests.conftest import OpenShop
from tests.move.api.conftest import Doorman

CANARY = "cAnArY-7f3e"
SERVICES = ("move", "users", "catalog", "inventory", "orders", "payments")
SAID = (
    f"""INSERT INTO oc_setting (store_id, code, `key`, value, serialized)
        VALUES (0, 'payment_card', 'payment_card_whatever', '{CANARY} 1', 0)""",
    f"UPDATE oc_setting SET value = '{CANARY} 2' WHERE `key` = 'config_mail_smtp_password'",
    f"UPDATE oc_setting SET value = '{CANARY} 3' WHERE `key` = 'config_encryption'",
)


@pytest.mark.parametrize("version", ["4.1", "3.0"])
async def test_the_shops_own_secrets_are_never_written_down(
    version: str,
    open_shop: OpenShop,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    database = legacy_database(f"opencart-{version}")
    with mariadb.connect(database) as con, con.cursor() as cursor:
        for statement in SAID:  # before the copy
            cursor.execute(statement)
        cursor.execute(f"UPDATE oc_setting SET value = '{CANARY} é\\xff' WHERE `key` = 'config_mail_engine'")
        shop = await open_shop(
            *map(topology.service, SERVICES),
            legacy_url=SecretStr(mariadb.url(database)),
            legacy_shop=f"opencart{version[0]}",
        )
        ports = shop.ports["move"]
        ports.authority = Doorman()  # type: ignore[assignment]
        mover = await Mover.open(ports)
        await mover.prepare()
        await mover.copy()
        said: list[object] = []
        async with mover.working():
            await asyncio.wait_for(mover.copied(), 60)
            for statement in SAID:  # and as they are followed
                cursor.execute(statement.replace(CANARY, CANARY + " again"))
            cursor.execute("DELETE FROM oc_setting WHERE `key` = 'config_encryption'")
            cursor.execute("UPDATE oc_setting SET value = 'Our shop' WHERE `key` = 'config_name'")
            assert await mover.reached("orders", await mover.head(), 30)
            verdict = await Verifier(mover).whole("catalog")
            assert [each for each in verdict.findings if each.table == "oc_setting"] == []
            said += [verdict.as_json(), verdict.lines()]
        written = await report(mover)
        told = await status(ports.db, mover.adapter)
        said += [written.as_json(), written.lines(), told.as_json(), told.lines()]
        local = shop.peers.local("move")
        assert local is not None
        for path in ("", "/catalog", "/catalog/log", "/quarantine?state=all"):
            answer = await loopback.request(
                local.app, "GET", f"/v1/move{path}", headers={"authorization": "Bearer operator"}
            )
            assert answer.status == 200, answer.body
            said.append(answer.body)
        said.append((await doctor(mover.source, mover.adapter)).as_json())
        said.append((await plan(mover.source, mover.adapter)).as_json())
    assert CANARY not in str(said)
    assert CANARY not in caplog.text
    assert "oc_setting" in str(written.as_json())
    await _nowhere(ports.db)
    number = mover.mirrors.by_name["oc_setting"].number
    rows = [unpack(image) for image in await mirror.all_of(ports.db, number)]
    place = mover.mirrors.by_name["oc_setting"].table.place
    kept = {row[place["key"]]: row[place["value"]] for row in rows}
    assert {(key or b"").decode() for key in kept} <= SETTINGS
    assert kept[b"config_name"] == b"Our shop"
    (counts,) = [row for row in await tables.overview(ports.db) if row["name"] == "oc_setting"]
    assert counts["filtered"] > 100
    assert counts["seen"] == counts["applied"] + counts["coalesced"] + counts["filtered"] + counts["quarantined"]
    await mover.source.close()


async def _nowhere(db: object) -> None:
    """No row of any table of the move database has it, whatever its columns are."""
    names = await db.fetch(  # type: ignore[attr-defined]
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    hidden = CANARY.encode().hex()
    for (name,) in names:
        found = await db.fetchval(  # type: ignore[attr-defined]
            f'SELECT count(*) FROM "{name}" t WHERE t::text LIKE $1 OR t::text LIKE $2', f"%{CANARY}%", f"%{hidden}%"
        )
        assert not found, name


def test_every_setting_that_is_read_is_kept() -> None:
    folder = Path(banyan.move.__file__).parent
    texts = [path.read_text() for part in ("legacy", "doors") for path in (folder / part).rglob("*.py")]
    read = {name for text in texts for name in re.findall(r'"(config_[a-z_]+)"', text)}
    assert read == SETTINGS


def test_a_statement_is_told_without_the_text_in_it() -> None:
    cut = "UPDATE oc_setting SET value = 'it''s \\' a \"key\"', `code` = \"x\" WHERE `key` = 'mail_pass"
    assert without_values(cut) == "UPDATE oc_setting SET value = '…', `code` = '…' WHERE `key` = '…'"

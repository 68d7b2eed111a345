"""A rehearsal that is killed leaves nothing behind for longer than until the next one, or until somebody works again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.move.core.conftest import fill
from tests.move.core.test_killed import Fresh, begun, moved
from tests.move.core.toy import SCHEMA
from tests.move.kills.mother import Mother

from banyan.move.cutover.scratch import MARK, scratch, sweep, sweeping
from banyan.move.demo.mariadb import MariaDb
from banyan.move.storage import scratches
from banyan.move.way_back.ground import ground_of


@pytest.fixture
async def mother(tmp_path: Path) -> AsyncIterator[Mother]:
    mother = await Mother.of("tests.move.cutover.scratch_worker", tmp_path / "rehearsals.log")
    yield mother
    await mother.close()


async def test_what_a_killed_rehearsal_left_is_cleared_away_and_nothing_else(
    mother: Mother, fresh: Fresh, mariadb: MariaDb, legacy_database: Callable[[str], str], tmp_path: Path
) -> None:
    database = legacy_database("")
    with mariadb.connect(database) as con, con.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        fill(cursor, 100, 5)
    async with moved(mariadb, database, fresh, tmp_path) as (m, arguments):

        def beside() -> set[str]:
            with mariadb.connect() as con, con.cursor() as cursor:
                cursor.execute("SELECT schema_name FROM information_schema.schemata")
                return {name for (name,) in cursor.fetchall() if name.startswith(f"{database}_")}

        ground, ours = await ground_of(m.mover), f"{database}_00000000"
        with mariadb.connect() as con, con.cursor() as cursor:  # a name like those, which somebody else has chosen
            cursor.execute(f"CREATE DATABASE {ours}")
            cursor.execute(f"CREATE TABLE {ours}.things (id int)")
        killed = await begun(mother, arguments, tmp_path / "killed")
        running = await begun(mother, arguments, tmp_path / "running")
        one, two = sorted(beside() - {ours})
        await killed.kill()
        async with scratch(ground, None):
            assert len(beside()) == 4
        # Neither the one in use nor what is not written down is touched; nor what has that name and lacks our mark.
        (gone,) = await sweep(ground)
        (left,) = {one, two} - {gone}
        assert beside() == {ours, left} == {ours, *await scratches.names(m.ports.db)}
        await m.ports.db.execute("INSERT INTO scratch (name) VALUES ($1), ('never made')", ours)
        assert await sweep(ground) == []
        assert beside() == {ours, left}
        assert await scratches.names(m.ports.db) == [left]

        # The other one is killed, too: who begins to work clears it away.
        await running.kill()
        m.mover.besides = {"rehearsals": sweeping}
        async with m.mover.working(), asyncio.timeout(30):
            while beside() != {ours}:
                await asyncio.sleep(0.05)
        with mariadb.connect() as con, con.cursor() as cursor:
            cursor.execute(f"SHOW TABLES FROM {ours}")
            assert cursor.fetchall() == (("things",),)
            cursor.execute(f"DROP DATABASE {ours}")
        assert MARK not in m.mover.tables

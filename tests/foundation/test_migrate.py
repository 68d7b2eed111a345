"""Schema steps are applied once, in order and whole; what does not fit stops the upgrade and says what to do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from banyan.foundation import migrate
from banyan.foundation.migrate import WrongSchema

Fresh = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
async def url(fresh: Fresh) -> str:
    return (await fresh("shelf"))["shelf"]


OF_FOUNDATION = len(migrate.steps(migrate.FOUNDATION))


def package(folder: Path, *steps: str) -> Path:
    """A package with these steps, numbered from 1."""
    (folder / "schema").mkdir(exist_ok=True)
    for number, sql in enumerate(steps, 1):
        (folder / "schema" / f"{number:04}_step.sql").write_text(sql)
    return folder


async def tables(url: str) -> set[str]:
    con = await asyncpg.connect(url)
    try:
        return {row[0] for row in await con.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    finally:
        await con.close()


async def test_each_step_is_applied_once_and_only_new_ones_later(url: str, tmp_path: Path) -> None:
    applied = await migrate.upgrade(url, "shelf", package(tmp_path, "CREATE TABLE one ()"))
    assert applied == ["foundation 0001_foundation", "foundation 0002_tenure", "foundation 0003_bus", "shelf 0001_step"]
    assert await migrate.upgrade(url, "shelf", tmp_path) == []
    package(tmp_path, "CREATE TABLE one ()", "ALTER TABLE one ADD COLUMN n int; CREATE TABLE two (a int)")
    assert await migrate.upgrade(url, "shelf", tmp_path) == ["shelf 0002_step"]
    assert {"one", "two", "outbox", "inbox"} <= await tables(url)


async def test_many_who_upgrade_at_once_apply_each_step_once(url: str, tmp_path: Path) -> None:
    package(tmp_path, "CREATE TABLE one ()", "CREATE TABLE two ()")
    applied = await asyncio.gather(*(migrate.upgrade(url, "shelf", tmp_path) for _ in range(6)))
    assert sorted(map(len, applied)) == [0, 0, 0, 0, 0, OF_FOUNDATION + 2]


async def test_a_step_that_fails_leaves_nothing_of_the_upgrade(url: str, tmp_path: Path) -> None:
    package(tmp_path, "CREATE TABLE one ()", "CREATE TABLE two (); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate.upgrade(url, "shelf", tmp_path)
    assert await tables(url) == set()
    package(tmp_path, "CREATE TABLE one ()", "CREATE TABLE two ()")
    assert len(await migrate.upgrade(url, "shelf", tmp_path)) == OF_FOUNDATION + 2


async def test_a_step_changed_after_it_was_applied_stops_the_upgrade(url: str, tmp_path: Path) -> None:
    await migrate.upgrade(url, "shelf", package(tmp_path, "CREATE TABLE one ()"))
    package(tmp_path, "CREATE TABLE one (n int)", "CREATE TABLE two ()")
    with pytest.raises(WrongSchema, match=r"0001_step\.sql was changed after it was applied; add a new step"):
        await migrate.upgrade(url, "shelf", tmp_path)
    assert "two" not in await tables(url)


async def test_the_version_before_starts_again_beside_one_that_has_added_to_the_schema(
    url: str, tmp_path: Path
) -> None:
    package(tmp_path, "CREATE TABLE one ()", "CREATE TABLE two ()")
    await migrate.upgrade(url, "shelf", tmp_path)
    (tmp_path / "schema" / "0002_step.sql").unlink()
    assert await migrate.upgrade(url, "shelf", tmp_path) == []


async def test_a_version_that_needs_what_was_taken_away_does_not_start(url: str, tmp_path: Path) -> None:
    package(
        tmp_path,
        "CREATE TABLE one ()",
        "CREATE TABLE two ()",
        "-- needs 2: who knows one step reads one\nDROP TABLE one",
    )
    await migrate.upgrade(url, "shelf", tmp_path)
    (tmp_path / "schema" / "0003_step.sql").unlink()
    assert await migrate.upgrade(url, "shelf", tmp_path) == []
    (tmp_path / "schema" / "0002_step.sql").unlink()
    with pytest.raises(WrongSchema, match=r"shelf is at step 3, and this version knows 1: too few\. Use a newer one"):
        await migrate.upgrade(url, "shelf", tmp_path)


async def test_a_step_lets_who_uses_the_table_pass_and_is_done_after_them(url: str, tmp_path: Path) -> None:
    await migrate.upgrade(url, "shelf", package(tmp_path, "CREATE TABLE one ()"))
    con, other = await asyncpg.connect(url), await asyncpg.connect(url)
    transaction = con.transaction()
    await transaction.start()
    await con.execute("LOCK TABLE one IN ACCESS SHARE MODE")
    package(tmp_path, "CREATE TABLE one ()", "ALTER TABLE one ADD COLUMN n int")
    upgrade = asyncio.create_task(migrate.upgrade(url, "shelf", tmp_path))
    for _ in range(3):  # each of these would stand behind the step for good
        await other.fetch("SELECT count(*) FROM one")
        await asyncio.sleep(0.5)
    await transaction.commit()
    assert await upgrade == ["shelf 0002_step"]
    await con.close()
    await other.close()


@pytest.mark.parametrize("names", [["0002_a.sql"], ["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_steps_with_gaps_or_twins_are_refused(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "schema").mkdir()
    for name in names:
        (tmp_path / "schema" / name).touch()
    with pytest.raises(WrongSchema, match="without gaps"):
        migrate.steps(tmp_path)


def test_a_package_without_tables_has_no_steps(tmp_path: Path) -> None:
    assert migrate.steps(tmp_path) == []

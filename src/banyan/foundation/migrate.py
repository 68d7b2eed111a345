"""Schema changes: numbered SQL files, applied in order and only forward; expand/contract, so N and N−1 run together.

A file is `<folder>/schema/NNNN_what.sql`; files only ever get added, and one that changed after it was applied stops
the upgrade. A step adds; the version before goes on beside it, and starts again on a schema it does not know all of. A step
that takes away what an earlier version uses says in its first line which versions it leaves: `-- needs 7`, those that know
seven steps of this line. docs/decisions/0005-plain-sql-migrations.md says why this is not Alembic.
"""

import asyncio
import re
from hashlib import sha256
from pathlib import Path

import asyncpg

from banyan.foundation import databases
from banyan.kernel.refusals import Unavailable

FOUNDATION = Path(__file__).parent
_LOCK = 0x62616E79616E  # one upgrade at a time per database
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_step (
    line text, number integer, name text NOT NULL, digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), needs integer NOT NULL DEFAULT 0, PRIMARY KEY (line, number));
ALTER TABLE schema_step ADD COLUMN IF NOT EXISTS needs integer NOT NULL DEFAULT 0"""
_HAS_NEEDS = "SELECT FROM pg_attribute WHERE attrelid = to_regclass('schema_step') AND attname = 'needs'"
_NEEDS = re.compile(r"-- needs (\d+)\b")
_TURNS, _PATIENCE = (
    10,
    "2s",
)  # of a step that waits for a table: shoppers stand behind it, so it lets them pass in between


class WrongSchema(Exception):
    """The database cannot be brought to this version's schema; the text says why and what to do."""


def steps(folder: Path) -> list[Path]:
    """The SQL files of a package's schema folder, in order. WrongSchema when numbers are missing or doubled."""
    found = sorted((folder / "schema").glob("[0-9][0-9][0-9][0-9]_*.sql"))
    if [int(step.name[:4]) for step in found] != list(range(1, len(found) + 1)):
        raise WrongSchema(f"{folder}: schema files must be numbered 0001, 0002 … without gaps")
    return found


async def upgrade(url: str, service: str, folder: Path) -> list[str]:
    """Bring a service's database up to date; the names of the steps applied. Many processes may ask at once.

    Unavailable when the database does not answer.
    """
    con = await databases.reach(url)
    try:
        for _ in range(_TURNS):
            try:
                return await _upgrade(con, service, folder)
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(1)
        raise Unavailable(
            f"the tables of {service} are busy, so they could not be changed; start it again", retry_after=5
        )
    finally:
        await con.close()


async def _upgrade(con: "asyncpg.Connection[asyncpg.Record]", service: str, folder: Path) -> list[str]:
    async with con.transaction():
        await con.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        await con.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        if not await con.fetchval("SELECT to_regclass('schema_step') IS NOT NULL AND EXISTS (" + _HAS_NEEDS + ")"):
            await con.execute(_TABLE)
        applied = []
        for line, place in (("foundation", FOUNDATION), (service, folder)):
            applied += await _apply(con, line, steps(place))
        return applied


async def _apply(con: "asyncpg.Connection[asyncpg.Record]", line: str, files: list[Path]) -> list[str]:
    rows = await con.fetch("SELECT number, digest, needs FROM schema_step WHERE line = $1 ORDER BY number", line)
    have = {row["number"]: row["digest"] for row in rows}
    if any(row["needs"] > len(files) for row in rows):
        raise WrongSchema(
            f"the database of {line} is at step {len(have)}, and this version knows {len(files)}: too few. Use a newer one."
        )
    applied = []
    for number, file in enumerate(files, 1):
        sql = file.read_text(encoding="utf-8")
        digest = sha256(sql.encode()).hexdigest()
        if number in have:
            if have[number] != digest:
                raise WrongSchema(f"{file.name} was changed after it was applied; add a new step instead")
            continue
        await con.execute(sql)
        needs = int(found[1]) if (found := _NEEDS.match(sql)) else 0
        await con.execute(
            "INSERT INTO schema_step (line, number, name, digest, needs) VALUES ($1, $2, $3, $4, $5)",
            *(line, number, file.stem, digest, needs),
        )
        applied.append(f"{line} {file.stem}")
    return applied

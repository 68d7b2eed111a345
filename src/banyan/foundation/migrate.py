"""Schema changes: numbered SQL files, applied in order and only forward; expand/contract, so N and N−1 run together.

A file is `<folder>/schema/NNNN_what.sql`; files only ever get added, and one that changed after it was applied stops
the upgrade. docs/decisions/0005-plain-sql-migrations.md says why this is not Alembic.
"""

from hashlib import sha256
from pathlib import Path

import asyncpg

from banyan.foundation import databases

FOUNDATION = Path(__file__).parent
_LOCK = 0x62616E79616E  # one upgrade at a time per database
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_step (
    line text, number integer, name text NOT NULL, digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (line, number))"""


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
        async with con.transaction():
            await con.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await con.execute(_TABLE)
            applied = []
            for line, place in (("foundation", FOUNDATION), (service, folder)):
                applied += await _apply(con, line, steps(place))
            return applied
    finally:
        await con.close()


async def _apply(con: "asyncpg.Connection[asyncpg.Record]", line: str, files: list[Path]) -> list[str]:
    rows = await con.fetch("SELECT number, digest FROM schema_step WHERE line = $1 ORDER BY number", line)
    have = {row["number"]: row["digest"] for row in rows}
    if len(have) > len(files):
        raise WrongSchema(
            f"the database of {line} is at step {len(have)}; this version knows {len(files)}. Use a newer one."
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
        await con.execute("INSERT INTO schema_step VALUES ($1, $2, $3, $4)", line, number, file.stem, digest)
        applied.append(f"{line} {file.stem}")
    return applied

"""How far each place of a feed of change events was read: a row of `checkpoint` each, beside that of the stream itself."""

from collections.abc import Mapping

from banyan.foundation.db import Db
from banyan.move.storage.checkpoints import BINLOG

_PREFIX = "debezium:"


async def kept(db: Db, lineage: int) -> dict[str, int]:
    """The next offset of each place; none of an earlier lineage, whose events are no concern of this one."""
    rows = await db.fetch(
        "SELECT stream, at FROM checkpoint WHERE starts_with(stream, $1) AND file = $2", _PREFIX, str(lineage)
    )
    return {row["stream"].removeprefix(_PREFIX): row["at"] for row in rows}


async def keep(db: Db, lineage: int, reached: int, places: Mapping[str, int]) -> None:
    """Write the offsets down, if the stream's effects up to `reached` are."""
    await db.execute(
        """INSERT INTO checkpoint (stream, at, gtid, file)
           SELECT $1 || place, at, '', $2 FROM unnest($3::text[], $4::bigint[]) AS new (place, at)
           WHERE EXISTS (SELECT 1 FROM checkpoint WHERE stream = $5 AND at >= $6)
           ON CONFLICT (stream) DO UPDATE SET at = excluded.at, file = excluded.file, applied_at = shop_now()""",
        _PREFIX,
        str(lineage),
        list(places),
        list(places.values()),
        BINLOG,
        reached,
    )

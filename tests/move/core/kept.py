"""Shelves that outlive the worker who fills them: a catalog's records in a database of its own."""

from banyan.contracts.legacy import CatalogTake, Fate, Fates, Outcome, Record
from banyan.foundation.db import Db, Tx
from banyan.foundation.service import Ports
from tests.move.core.toy import Shelves

TABLE = """CREATE TABLE IF NOT EXISTS taken (kind text, id text, version bigint NOT NULL, name text NOT NULL,
    removed boolean NOT NULL, PRIMARY KEY (kind, id))"""


class KeptShelves(Shelves):
    """The newest version wins, and a category waits for its parent; each call is one transaction."""

    def __init__(self, db: Db) -> None:
        super().__init__()
        self.db = db

    async def take(self, ports: Ports, call: CatalogTake) -> Fates:
        async with self.db.transaction() as tx:
            waiting = await self._waiting(tx, call.records)
            ready = [record for record in call.records if (record.kind, record.id) not in waiting]
            taken = await tx.fetch(
                """INSERT INTO taken AS t SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bool[])
                   ON CONFLICT (kind, id) DO UPDATE
                   SET version = excluded.version, name = excluded.name, removed = excluded.removed
                   WHERE t.version < excluded.version RETURNING kind, id""",
                [record.kind for record in ready],
                [record.id for record in ready],
                [record.version for record in ready],
                [record.name for record in ready],  # type: ignore[union-attr]
                [record.removed for record in ready],  # type: ignore[union-attr]
            )
        fates = {(row["kind"], row["id"]): Outcome.TAKEN for row in taken} | dict.fromkeys(waiting, Outcome.WAITS)
        return Fates(
            fates=tuple(
                Fate(kind=each.kind, id=each.id, outcome=fates.get((each.kind, each.id), Outcome.STALE))
                for each in call.records
            )
        )

    async def _waiting(self, tx: Tx, records: tuple[Record, ...]) -> set[tuple[str, str]]:
        """Those whose parent is not here, nor comes with them before them."""
        there = {row["id"] for row in await tx.fetch("SELECT id FROM taken WHERE kind = 'category'")}
        waiting = set[tuple[str, str]]()
        for record in records:
            parent = getattr(record, "parent_id", None)
            if parent and parent not in there:
                waiting.add((record.kind, record.id))
            else:
                there.add(record.id)
        return waiting

    async def all(self) -> list[tuple[str, str]]:
        """Kind and name of everything that is there; twice what is there twice."""
        return [
            tuple(row) for row in await self.db.fetch("SELECT kind, name FROM taken WHERE NOT removed ORDER BY 1, 2")
        ]

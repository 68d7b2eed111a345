"""The legacy shop as it was: aggregates and rows with the log's later changes undone."""

from collections.abc import Sequence
from typing import Any

from banyan.contracts.legacy import CartRecord, Customer
from banyan.foundation.db import Row as DbRow
from banyan.foundation.service import Ports
from banyan.move.delivering.lookups import KeptNames, Lookups
from banyan.move.doors.books import Books
from banyan.move.legacy import Ref, Refused, Rows, views
from banyan.move.mover import Mover
from banyan.move.rows import Row, Unreadable, unpack
from banyan.move.storage import dual


class ReadNames(KeptNames):
    """Names as they are: playing claims none."""

    def claim(self, kind: str, key: str, wishes: Sequence[str]) -> str:
        self.held(kind, key)
        return wishes[0]


class PlayLookups(Lookups):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._names = self.stock.names = ReadNames()


class PastBooks(Books):
    """The mirror as it was: a row that a write has changed or taken away since, as it was before."""

    def __init__(self) -> None:
        super().__init__()
        self.at: int | None = None

    async def row(self, ports: Ports, table: str, *key: str) -> Row | None:
        mirrored = await self._table(ports, table)
        if mirrored is not None and self.at is not None and len(key) == len(mirrored.table.key):
            packed = mirrored.table.key_of(_keyed(mirrored.table, key))
            before = await dual.row_before(ports.db, table, packed, self.at)
            if before is not None:
                return Row(mirrored.table, unpack(before))
        return await super().row(ports, table, *key)


class Past:
    """Aggregates as the log had them."""

    def __init__(self, mover: Mover) -> None:
        settings = mover.ports.settings
        told = {"time_zone": settings.legacy_time_zone, "http": settings.legacy_http}
        self._db, self._adapter, self._tables = mover.ports.db, mover.adapter, mover.tables
        self._lookups = PlayLookups(self._db, mover.ports.ids, mover.adapter, mover.mirrors, told)

    async def refresh(self) -> None:
        """Read the small tables again."""
        await self._lookups.load_references()

    async def record(self, ref: Ref, at: int) -> Customer | CartRecord | None:
        """The aggregate as the log had it at a position; None where it was not there."""
        for _ in range(5):
            changes = await dual.changes_of(self._db, ref.kind, ref.key)
            rows = (await self._lookups.rows([ref]))[ref]
            if len(await dual.changes_of(self._db, ref.kind, ref.key)) == len(changes):
                break
        if isinstance(rows, str):
            raise Unreadable(rows)
        then = self._undone(ref, rows, [each for each in changes if each["at"] > at])
        if not any(then.values()):
            return None
        found = await self._lookups.settled(lambda stock: self._adapter.record(ref, then, stock, at))
        if isinstance(found, Refused):
            raise Unreadable(found.why)
        record = found[0] if found else None
        return record if isinstance(record, Customer | CartRecord) else None

    def _undone(self, ref: Ref, rows: Rows, changes: Sequence[DbRow]) -> Rows:
        """The rows without these changes, the last one undone first."""
        found = {name: {row.table.key_of(row.values): row for row in some} for name, some in rows.items()}
        for change in reversed(changes):
            use, table = self._adapter.uses[change["tbl"]], self._tables[change["tbl"]]
            there = found.setdefault(change["tbl"], {})
            there.pop(change["row_key"], None)
            if change["before"] is not None:
                row = Row(table, unpack(change["before"]))
                if views.belongs(use, row, ref.kind, ref.key):
                    there[change["row_key"]] = row
        return {name: list(some.values()) for name, some in found.items()}


def _keyed(table: Any, key: Sequence[str]) -> list[bytes | None]:
    values: list[bytes | None] = [None] * len(table.columns)
    for place, part in zip(table.key_places, key, strict=True):
        values[place] = part.encode()
    return values

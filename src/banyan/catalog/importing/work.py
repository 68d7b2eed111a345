"""An import at work: rows in batches, each in a transaction that also notes the place, so that a killed one goes on there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from banyan.catalog.importing.batch import Moved, Shelves, settle
from banyan.catalog.importing.files import Raw
from banyan.catalog.importing.report import Fate, ImportReport, Outcome
from banyan.catalog.importing.rows import Row, read
from banyan.catalog.storage import importing as store
from banyan.catalog.storage.clashes import CLASHES
from banyan.contracts.inventory import SetStock, StockCount
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid

BATCH = 500
_LONGEST_BATCH = 4 * BATCH  # rows, where one product has so many
_ATTEMPTS = 4

Note = Callable[[Sequence[Outcome]], None]


class _Rehearsed(Exception):
    """A dry run got as far as its end; what it did is undone."""


@dataclass(slots=True)
class Work:
    """One run. `note` hears of every row when its batch is settled."""

    ports: Ports
    run_id: str
    report: ImportReport
    stock_default: int | None = None  # units a new variant gets where its row says nothing
    note: Note | None = None
    _shelf: Shelves = field(default_factory=Shelves)

    async def begin(self) -> int:
        """Take the run up where it was left: the last row that is done."""
        async with self.ports.db.transaction() as tx:
            left = await store.begin(tx, self.run_id, self.report.name)
        self.report.counts.update(left["counts"])
        self.report.resumed_at = left["rows_done"]
        await self._tell_stock([StockCount.model_validate(each) for each in left["stock"]], [])
        return int(left["rows_done"])

    async def run(self, raws: Iterable[Raw], done: Callable[[], None] = lambda: None) -> None:
        """Take all rows; `done` is called after each batch."""
        for batch in _batches(raws):
            outcomes = await self._take(batch)
            self.report.note(outcomes)
            if self.note:
                self.note(outcomes)
            done()

    async def finish(self, *, forget: bool) -> None:
        async with self.ports.db.transaction() as tx:
            await store.finish(tx, self.run_id, forget=forget)

    async def _take(self, batch: Sequence[Raw]) -> list[Outcome]:
        rows, refused = self._read(batch)
        rows, twice = await self._claim(rows)
        outcomes = await self._settle(rows, [*refused, *twice], batch[-1].number)
        return sorted(outcomes, key=lambda outcome: outcome.row)

    def _read(self, batch: Sequence[Raw]) -> tuple[list[Row], list[Outcome]]:
        rows, refused = [], []
        for raw in batch:
            try:
                if raw.values is None:
                    raise ValueError(raw.fault)
                rows.append(read(raw.number, raw.values, self.ports.settings.currency))
            except ValueError as wrong:
                refused.append(Outcome(raw.number, _called(raw), Fate.REFUSED, str(wrong)[:300]))
        return rows, refused

    async def _claim(self, rows: Sequence[Row]) -> tuple[list[Row], list[Outcome]]:
        """A SKU is the first row's that has it: if the last won, every run over the file would change things."""
        first: dict[str, int] = {}
        for row in rows:
            first.setdefault(row.sku, row.number)
        if first:
            async with self.ports.db.transaction() as tx:
                first = await store.claim(tx, self.run_id, list(first), list(first.values()))
        own = [row for row in rows if first[row.sku] == row.number]
        return own, [
            Outcome(row.number, row.sku, Fate.REFUSED, f"row {first[row.sku]} has this SKU")
            for row in rows
            if first[row.sku] != row.number
        ]

    async def _settle(self, rows: Sequence[Row], refused: list[Outcome], last: int) -> list[Outcome]:
        """Commit the rows. Where others are in the way again and again, in ever smaller parts, to find out which it is."""
        for _ in range(_ATTEMPTS):
            try:
                return await self._commit(rows, refused, last)
            except (*CLASHES, Moved):
                self._shelf = Shelves()
        if len(rows) == 1:
            why = "somebody else is changing this product; import the file again"
            return await self._settle([], [*refused, Outcome(rows[0].number, rows[0].sku, Fate.REFUSED, why)], last)
        half = len(rows) // 2
        first = await self._settle(rows[:half], [], rows[half - 1].number)
        return first + await self._settle(rows[half:], refused, last)

    async def _commit(self, rows: Sequence[Row], refused: list[Outcome], last: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        stock: list[StockCount] = []

        async def effect(tx: Tx) -> None:
            nonlocal outcomes, stock
            planned = await settle(tx, self.ports, rows, self._shelf) if rows else None
            outcomes = [*refused, *(planned.outcomes if planned else ())]
            stock = self._stock(rows, outcomes)
            counts = self.report.counts.copy()
            counts.update(outcome.fate.value for outcome in outcomes)
            await store.advance(tx, self.run_id, last, counts, stock)
            if self.report.dry_run:
                await tx.flush()
                raise _Rehearsed

        try:
            await self.ports.db.retrying(effect)
        except _Rehearsed:
            self._shelf = Shelves()
            return outcomes
        return await self._tell_stock(stock, outcomes)

    def _stock(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[StockCount]:
        """What inventory is to be told of these rows."""
        fates = {outcome.sku: outcome.fate for outcome in outcomes}
        counts = []
        for row in rows:
            fate = fates.get(row.sku)
            units = row.stock if row.stock is not None else self.stock_default if fate is Fate.ADDED else None
            if units is not None and fate is not Fate.REFUSED:
                counts.append(
                    StockCount(sku=row.sku, on_hand=units, low_stock_at=row.low_stock_at, backorder=row.backorder)
                )
        return counts

    async def _tell_stock(self, counts: Sequence[StockCount], outcomes: list[Outcome]) -> list[Outcome]:
        """Set counted stock. What inventory refuses is said beside the row, and stops nothing else."""
        if not counts or self.report.dry_run:
            return outcomes
        try:
            await self.ports.peers.ask(SetStock(counts=tuple(counts), reason="imported"))
            return outcomes
        except Conflict as refusal:
            if len(counts) == 1:
                self.report.stock_refused += 1
                return [_beside(outcome, counts[0].sku, refusal) for outcome in outcomes]
        half = len(counts) // 2
        return await self._tell_stock(counts[half:], await self._tell_stock(counts[:half], outcomes))


def _batches(raws: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Rows in batches; those of one product that stand together stay together. A file that breaks off is taken so far."""
    batch: list[Raw] = []
    broken: Invalid | None = None
    try:
        for raw in raws:
            if len(batch) >= BATCH and (not _same(batch[-1], raw) or len(batch) >= _LONGEST_BATCH):
                yield batch
                batch = []
            batch.append(raw)
    except Invalid as refusal:
        broken = refusal
    if batch:
        yield batch
    if broken:
        raise broken


def _same(one: Raw, other: Raw) -> bool:
    handle = (one.values or {}).get("product")
    return handle is not None and handle == (other.values or {}).get("product")


def _called(raw: Raw) -> str:
    """What a row that cannot be read calls itself, as far as that can be said."""
    said: Any = (raw.values or {}).get("sku")
    return said[:100].encode("utf-8", "replace").decode() if isinstance(said, str) else ""


def _beside(outcome: Outcome, sku: str, refusal: Conflict) -> Outcome:
    return replace(outcome, reason=f"its stock: {refusal.detail}") if outcome.sku == sku else outcome

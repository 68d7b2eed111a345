"""A shop of our own with three tables, an adapter for it, and a service that takes what it is given: the mover's least stage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from banyan.contracts.legacy import BrandRecord, CatalogTake, CategoryRecord, Fate, Fates, Outcome, Record
from banyan.foundation.peers import Local
from banyan.foundation.service import Ports
from banyan.move.legacy import NewRows, Page, Ref, Refused, Rows, Stock, Use, View
from banyan.move.rows import Row

SCHEMA = (
    """CREATE TABLE toy_maker (
        maker_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(64) NOT NULL,
        price decimal(15,4) NOT NULL DEFAULT 0, viewed int NOT NULL DEFAULT 0, added datetime NULL
    ) ENGINE=InnoDB CHARSET=utf8mb4""",
    """CREATE TABLE toy_maker_text (
        maker_id int unsigned NOT NULL, language varchar(8) NOT NULL, body text NOT NULL, PRIMARY KEY (maker_id, language)
    ) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci""",
    """CREATE TABLE toy_shelf (
        code varchar(40) NOT NULL PRIMARY KEY, name varchar(64) NOT NULL, parent varchar(40) NULL
    ) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci""",
    "CREATE TABLE toy_word (word_id int NOT NULL PRIMARY KEY, word varchar(32) NOT NULL) ENGINE=InnoDB CHARSET=utf8mb4",
    "INSERT INTO toy_word VALUES (1, 'Maker of'), (2, 'Shelf')",
)


class Toy:
    """Makers are brands, shelves are categories; a maker without a name is refused."""

    name = "toy"
    groups: tuple[str, ...] = ("catalog",)
    pages: tuple[Page, ...] = ()
    ignored: frozenset[str] = frozenset()
    keyed: Mapping[str, str] = {"brand": "maker", "maker": "maker"}
    uses: Mapping[str, Use] = {
        use.table: use
        for use in (
            Use("word", "catalog", reference=True),
            Use("maker", "catalog", (View("brand", "catalog", "maker_id"),), noise=frozenset({"viewed"})),
            Use("maker_text", "catalog", (View("brand", "catalog", "maker_id"),)),
            Use("shelf", "catalog", (View("category", "catalog", "code"),)),
        )
    }

    def prefix(self, tables: Iterable[str]) -> str:
        return "toy_"

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        return "EUR"

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:
        if ref.kind == "category":
            return (self._category(ref, rows, stock, version),)
        id_ = stock.id("brand", ref.key)
        if not rows["maker"]:
            return (BrandRecord(id=id_, version=version, name="gone", removed=True),)
        (maker,) = rows["maker"]
        if not maker.text("name"):
            return Refused(ref, f"the maker {ref.key} has no name: give it one")
        word = stock.reference["word"][0].text("word")
        texts = " ".join(row.text("body") for row in rows["maker_text"])
        return (BrandRecord(id=id_, version=version, name=f"{word} {maker.text('name')} {texts}".strip()),)

    def _category(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> CategoryRecord:
        id_ = stock.id("category", ref.key)
        if not rows["shelf"]:
            return CategoryRecord(id=id_, version=version, name="gone", removed=True)
        (shelf,) = rows["shelf"]
        parent = shelf.text("parent")
        return CategoryRecord(
            id=id_, version=version, name=shelf.text("name"), parent_id=stock.id("category", parent) if parent else None
        )

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        raise NotImplementedError

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        raise NotImplementedError

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        raise NotImplementedError


@dataclass
class Shelves:
    """A catalog that takes records: the newest version wins; a category waits for its parent."""

    taken: dict[tuple[str, str], Record] = field(default_factory=dict)
    offered: list[tuple[str, str, int]] = field(default_factory=list)

    async def take(self, ports: Ports, call: CatalogTake) -> Fates:
        return Fates(fates=tuple(self._take(record) for record in call.records))

    def _take(self, record: Record) -> Fate:
        self.offered.append((record.kind, record.id, record.version))
        known = self.taken.get((record.kind, record.id))
        if known is not None and known.version >= record.version:
            return Fate(kind=record.kind, id=record.id, outcome=Outcome.STALE)
        parent = getattr(record, "parent_id", None)
        if parent and ("category", parent) not in self.taken:
            return Fate(kind=record.kind, id=record.id, outcome=Outcome.WAITS, why=f"its parent {parent} is not here")
        if isinstance(record, BrandRecord) and "forbidden" in record.name:
            return Fate(kind=record.kind, id=record.id, outcome=Outcome.REFUSED, why="that name is not allowed here")
        self.taken[record.kind, record.id] = record
        return Fate(kind=record.kind, id=record.id, outcome=Outcome.TAKEN)

    def local(self, ports: Ports) -> Local:
        return Local(ports, {CatalogTake: self.take}, None)

    def names(self, kind: str) -> set[str]:
        return {record.name for (each, _), record in self.taken.items() if each == kind and not record.removed}  # type: ignore[union-attr]

"""What is known of each kind of legacy shop: which rows make up which record, both ways. Pure: rows in, records out.

An adapter is a lens. `record` reads rows; `rows` puts a record back into the rows it came from and leaves alone every
column that the record does not differ in, so that putting back what was just read changes not a byte.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from banyan.contracts.legacy import Record
from banyan.move.rows import Row, Table, Values


@dataclass(frozen=True, slots=True)
class Ref:
    """An aggregate of the legacy shop by its own key: `Ref("order", "1042")`."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class View:
    """How a table's rows belong to one kind of aggregate.

    `key` names the column that holds the aggregate's key, or computes it from the row (None: the row belongs to none).
    `columns`: only a change in one of these concerns the aggregate, and so does every new and deleted row; empty for all.
    Which group owns a column says `owner`.
    """

    kind: str
    group: str
    key: str | Callable[[Row], str | None]
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """What a legacy table is to us. Without views it is mirrored and belongs to no record.

    `reference`: small, read whole by every record (countries, statuses); with views it is an aggregate's too (categories).
    Without views a reference table is the administrator's own and no group's fence stands on it, unless it is `fenced`: then
    rows of it may come with a record of ours (options with a product), and it changes hands with its group.
    `noise`: columns whose change alone is filtered. `keeps`: the rows that are mirrored; others (passwords and keys among a
    shop's settings) are filtered before anything of them is written down, and are no part of any comparison.
    """

    table: str  # without the shop's prefix
    group: str  # whose fence stands on it; each column belongs to one group, see View.columns
    views: tuple[View, ...] = ()
    reference: bool = False
    noise: frozenset[str] = frozenset()
    optional: bool = False  # not every shop of this kind has it
    keeps: Callable[[Row], bool] | None = None  # None: every row
    fenced: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A legacy URL the gateway may take over: an `index.php?route=…`, and who answers it on our side.

    `kind`: `read` may be asked twice and shadowed; `unsafe_read` is a GET that writes; `write` is a write.
    `to` is our own path for a page, with `{product_id}` and the like filled from the query; empty where a door answers.
    `also` is another group that it writes to; `first` is the door that does that part while that one alone is ours.
    """

    method: str  # GET, POST
    route: str  # `product/product`; a trailing * matches any rest
    group: str
    kind: Literal["read", "unsafe_read", "write"]
    to: str = ""
    door: str = ""
    also: str = ""
    first: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows that no record can be made of; `why` says in plain words what is wrong and what to do."""

    ref: Ref
    why: str


class Unwritable(Exception):
    """The legacy shop cannot hold a record at all; the text says in plain words why, and what to do."""


class Names:
    """Names that only one key of a kind may hold at a time: SKUs, e-mail addresses. This one forgets; the mover's does not,
    it keeps them among the identities (kind, key, id = the name). The last of the wishes is unique by its making."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], str] = {}
        self._holder: dict[tuple[str, str], str] = {}

    def held(self, kind: str, key: str) -> str:
        """The name this key holds, or ""."""
        return self._held.get((kind, key), "")

    def holder(self, kind: str, name: str) -> str:
        """The key that holds a name, or ""."""
        return self._holder.get((kind, name), "")

    def keep(self, kind: str, key: str, wishes: Sequence[str]) -> str:
        """The name this key holds already; else the first of the wishes that no other key holds, for good."""
        return self.held(kind, key) or self.claim(kind, key, wishes)

    def claim(self, kind: str, key: str, wishes: Sequence[str]) -> str:
        """The first of the wishes that no other key holds; what this key held before is free again."""
        name = next((wish for wish in wishes if self.holder(kind, wish) in ("", key)), wishes[-1])
        self._holder.pop((kind, self.held(kind, key)), None)
        self._held[kind, key], self._holder[kind, name] = name, key
        return name


@dataclass(slots=True)
class Stock:
    """What an adapter may look up while it works: the rows at hand, reference tables, ids and settings.

    `id(kind, key)` gives our id of a legacy aggregate, `key(kind, id)` the way back (a new legacy key where it has none);
    `next(table)` a fresh auto-increment value for a row that the way back adds. All are durable before they are used.

    `settings`: `time_zone`, and what an adapter's documentation names. A changed reference table is a new sequence.
    """

    reference: Mapping[str, Sequence[Row]]
    tables: Mapping[str, Table]
    id: Callable[[str, str], str]
    key: Callable[[str, str], str]
    next: Callable[[str], int]
    currency: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


Rows = Mapping[str, Sequence[Row]]
"""Table name without prefix → its rows that belong to the aggregate, by key."""
NewRows = Mapping[str, Sequence[Values]]


class Adapter(Protocol):
    """One kind of legacy shop."""

    name: str
    uses: Mapping[str, Use]
    groups: tuple[str, ...]  # in the order in which to move them, least critical first
    pages: tuple[Page, ...]
    ignored: frozenset[str]  # tables that are left behind, each with its reason in the adapter's documentation
    keyed: Mapping[str, str]  # kind of key → the table whose auto-increment values such keys are

    def prefix(self, tables: Iterable[str]) -> str:
        """What this shop's table names begin with (`oc_`), found from all names in its database."""
        ...

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        """The currency that the shop keeps its amounts in."""
        ...

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:
        """The records of one aggregate as its rows say: mostly one, `stock` one for each SKU, none for what is no order
        yet. An aggregate whose main row is gone gives its record with `removed` or `closed`."""
        ...

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        """All rows of the aggregate as they must be to say what `record` says; what does not differ keeps its bytes.

        A table of which `rows` has some and the answer none has lost them. Whoever writes writes only columns that differ:
        the others may belong to another group. Unwritable when the legacy shop cannot hold the record at all.
        """
        ...

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        """Which legacy aggregate a record of ours belongs to, a new one where it is new; None: the legacy shop has no
        place for it (a guest's cart that began here)."""
        ...

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        """What of the record `rows` cannot say there, in plain words, each naming its field; () when nothing is lost."""
        ...


def owner(use: Use, column: str) -> str:
    """The group that owns a column: the table's own, unless only views of one other group name it (`product.quantity`)."""
    groups = {view.group for view in use.views if column in view.columns}
    return groups.pop() if len(groups) == 1 else use.group


def adapter(name: str) -> Adapter:
    """`opencart4`, `opencart3`, or the path of a mapping file. WrongSettings when it is neither."""
    from pathlib import Path

    from banyan.foundation.settings import WrongSettings

    if name == "opencart4":
        from banyan.move.legacy.opencart4 import OpenCart4

        return OpenCart4()
    if name == "opencart3":
        from banyan.move.legacy.opencart3 import OpenCart3

        return OpenCart3()
    if name and Path(name).exists():
        from banyan.move.legacy.mapping import read

        return read(Path(name))
    raise WrongSettings(
        f"{name or 'no shop'} is not known: --shop (BANYAN_LEGACY_SHOP) is opencart4, opencart3 or the path of a mapping file"
    )

"""What a legacy server and its database look like: everything that doctor and plan read there except the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from banyan.move.assess.asking import number
from banyan.move.assess.hazards import Unseen
from banyan.move.legacy import Page, Use
from banyan.move.rows import Column

OURS = "banyan_"
"""What our own tables and triggers on the legacy side begin with."""


class Knowledge(Protocol):
    """What is used of an adapter here."""

    @property
    def uses(self) -> Mapping[str, Use]: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def pages(self) -> tuple[Page, ...]: ...
    @property
    def ignored(self) -> frozenset[str]: ...
    def prefix(self, tables: Iterable[str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A table as information_schema tells of it. `rows` is the server's estimate."""

    name: str
    sort: str  # BASE TABLE, SYSTEM VERSIONED, SEQUENCE
    engine: str
    rows: int
    bytes: int  # without indexes
    index_bytes: int
    auto_increment: int  # the next value; 0 where there is none
    options: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # of the primary key, or of a unique key whose columns are never NULL
    extras: Mapping[str, str] = field(
        default_factory=dict
    )  # column → what is said of it: auto_increment, VIRTUAL GENERATED

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: str
    table: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    on_delete: str
    on_update: str


@dataclass(frozen=True, slots=True)
class Program:
    """A trigger, event or routine; `text` is empty where we may not read it."""

    sort: str  # trigger, event, procedure, function
    name: str
    table: str  # a trigger's
    text: str
    when: str = ""  # AFTER INSERT


@dataclass(frozen=True)
class Survey:
    """One legacy database at one moment. `variables` are the global ones, in the server's own spelling."""

    source: str
    database: str
    version: str
    user: str
    variables: Mapping[str, str]
    tables: Mapping[str, Found]
    views: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    programs: tuple[Program, ...] = ()
    grants: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)  # what was tried and refused → the server's words
    do_db: tuple[str, ...] = ()
    ignore_db: tuple[str, ...] = ()
    gtid_state: str = ""
    readers: tuple[int, ...] = ()  # server ids of those who read the log now
    is_replica: bool = False
    transactions: tuple[tuple[str, int, str], ...] = ()  # thread, seconds it is open, its statement
    prepared: tuple[str, ...] = ()  # XA transactions
    statements: tuple[str, ...] = ()  # writing statements found in the log
    truncates: tuple[str, ...] = ()
    disks: tuple[tuple[str, int, int], ...] = ()  # path, bytes in all, bytes free
    uses: Mapping[str, Use] = field(default_factory=dict)  # full table name → what it is to us
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def maria(self) -> bool:
        return "mariadb" in self.version.lower()

    @property
    def in_use(self) -> list[Found]:
        """The tables that are moved: those the adapter uses, or all where there is no adapter."""
        return [table for name, table in self.tables.items() if not self.uses or name in self.uses]

    def used(self, table: str) -> bool:
        return not self.uses or table in self.uses

    def on(self, variable: str) -> bool:
        return self.variables.get(variable, "").upper() in ("ON", "1", "YES", "TRUE")

    def size(self, variable: str) -> int:
        return number(self.variables.get(variable))

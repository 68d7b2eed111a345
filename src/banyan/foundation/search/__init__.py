"""What a search of the shop's products promises: found by words, narrowed by facets, kept with a position."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

DEEPEST = 10_000
"""No page reaches further than this many results: deeper is a crawl, not a search."""

PATH = " > "
"""Between the names of a category path, in a query's category and in a category facet."""


class IndexInUse(RuntimeError):
    """Another process, or another part of this one, has this index open."""


class WritesLost(RuntimeError):
    """What was put since the last commit is lost, through a full disk or the like: start again from the position."""


class Sort(StrEnum):
    """Orders of the results. Equal ones follow their ids, ascending, whatever the order."""

    RELEVANCE = "relevance"
    """Best match first; without words it is the same as popularity."""
    PRICE = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"
    NAME = "name"
    POPULARITY = "popularity"


@dataclass(frozen=True, slots=True)
class Document:
    """One product as search sees it."""

    id: str
    name: str
    brand: str = ""
    categories: tuple[str, ...] = ()
    """The path to its category, root first: ("Cell Phones", "Prepaid Phones")."""
    description: str = ""
    keywords: str = ""
    """SKUs, option values and attribute texts."""
    price: int = 0
    """Of the cheapest variant, in minor units of the index's currency."""
    popularity: int = 0
    created: int = 0
    """Unix seconds."""
    available: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What a shopper asks. The text may be anything at all: it is cut to size, never refused."""

    text: str = ""
    category: str | None = None
    """A name anywhere in the path, or the path itself from its root: "Cell Phones > Prepaid Phones"."""
    brands: tuple[str, ...] = ()
    """Any of these; none of them means all."""
    price_min: int | None = None
    price_max: int | None = None
    """Both inclusive, in minor units."""
    available_only: bool = False
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 20

    def __post_init__(self) -> None:
        if self.offset < 0 or self.limit < 0 or self.offset + self.limit > DEEPEST:
            raise ValueError(f"a page lies within the first {DEEPEST:,} results")


@dataclass(frozen=True, slots=True)
class Facet:
    """A value to narrow by, and how many products would be left."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Prices from low to high, both inclusive, ready to be a query's price_min and price_max."""

    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """A page of ids and what the whole result is made of.

    Facets are exact, at most twenty, by count and then by value, and each ignores the filter on itself: choosing
    one brand leaves the counts of the others. Category facets are paths, so that equal names stay apart.
    """

    ids: tuple[str, ...]
    total: int
    brands: tuple[Facet, ...] = ()
    categories: tuple[Facet, ...] = ()
    prices: tuple[PriceBand, ...] = ()
    corrected: str | None = None
    """The words these results are for, where they are not the ones typed."""


class Search(Protocol):
    """An index of products. Writes are seen by searches after the next commit, and then at once.

    One that lies on a server raises Unavailable where that does not answer.
    """

    keeps: bool
    """Whether it is kept up to date here; if not, somebody else keeps it, and what is written here goes nowhere."""

    common: str
    """The name of an index that other processes write to as well: one of them at a time is to keep it. Empty: none do."""

    async def put(self, documents: Sequence[Document]) -> None:
        """Add, or replace by id."""
        ...

    async def remove(self, ids: Iterable[str]) -> None:
        """Forget these; unknown ids are no fault."""
        ...

    async def search(self, query: Query) -> Results: ...

    async def suggest(self, prefix: str, limit: int = 8) -> tuple[str, ...]:
        """Brands, categories and product names which complete what was typed so far."""
        ...

    async def position(self) -> str | None:
        """What the last commit was told; None for an index to be filled from the beginning."""
        ...

    async def commit(self, position: str | None = None) -> None:
        """Publish what was put and removed, and keep the position with it; None keeps the one before.

        The position may fall behind the documents in a crash, never ahead: to put again is harmless.
        """
        ...

    async def clear(self) -> None:
        """Begin an empty index, and forget the position at once.

        What was there may be found until the next commit: a shop that is filled anew is not empty meanwhile.
        """
        ...

    async def count(self) -> int:
        """How many documents a search can find."""
        ...

    async def close(self) -> None:
        """Let go of the index. What was not committed is lost."""
        ...

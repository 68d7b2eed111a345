"""What shoppers read: lists, a product, the tree, brands. Each is one statement, and one more for what is not rendered yet."""

from dataclasses import dataclass
from typing import Any

from banyan.catalog.domain import shown
from banyan.catalog.domain.naming import key_of
from banyan.catalog.domain.product import Status
from banyan.catalog.showcase import Showcase, page
from banyan.catalog.storage import reading, shelves
from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list is narrowed to. `category` and `brand` are ids or slugs, `brand` a name too."""

    status: Status = Status.PUBLISHED
    category: str | None = None
    brand: str | None = None
    sku: str | None = None


async def products(
    ports: Ports, showcase: Showcase, narrow: Listed, *, currency: str | None, limit: int, cursor: str | None
) -> bytes:
    """A page by id, oldest first: products added meanwhile come last and move nothing. One or two statements."""
    after = web.place(cursor, str)
    db = ports.reads if narrow.status is Status.PUBLISHED else ports.db  # who writes must read what was just written
    seen = await reading.listed(
        db,
        status=narrow.status,
        after=after[0] if after else "",
        limit=limit + 1,
        category=narrow.category,
        brand=None if narrow.brand is None else key_of(narrow.brand),
        sku=narrow.sku,
    )
    cards = await showcase.cards(db, seen[:limit], currency or ports.settings.currency)
    return page(cards, web.cursor(seen[limit - 1][0]) if len(seen) > limit else None)


@dataclass(frozen=True, slots=True)
class Found:
    slug: str
    published: bool
    tag: str  # of the version and revision, for ETag
    body: bytes


async def product(ports: Ports, showcase: Showcase, name: str, *, currency: str | None, drafts: bool) -> Found:
    """A product by id or any slug it has or had. NotFound for one that is not published, without `drafts`."""
    db = ports.db if drafts else ports.reads
    found = await reading.find(db, name)
    if found is not None and (drafts or found["status"] == Status.PUBLISHED):
        told = await showcase.product(db, found["id"], found["revision"], currency or ports.settings.currency)
        if told is not None:
            return Found(found["slug"], found["status"] == Status.PUBLISHED, *told)
    raise NotFound("there is no such product", code="no_such_product")


async def categories(ports: Ports) -> list[dict[str, Any]]:
    """The tree, with counts. One statement."""
    return shown.tree(await shelves.categories(ports.reads))


async def category(ports: Ports, name: str) -> tuple[int, dict[str, Any]]:
    """A category by id or slug, and its version. One statement."""
    rows = await shelves.categories(ports.reads)
    for row in rows:
        if name in (row["id"], row["slug"]):
            return row["version"], shown.category(rows, row["id"])
    raise NotFound(f"there is no category {name}", code="no_such_category")


async def brands(ports: Ports, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """A page by name, and the cursor of the next. One statement."""
    after = web.place(cursor, str)
    rows = await shelves.brands(ports.reads, after[0] if after else "", limit + 1)
    page = [{name: row[name] for name in ("id", "name", "slug", "count")} for row in rows[:limit]]
    return page, web.cursor(rows[limit - 1]["name_key"]) if len(rows) > limit else None


async def attributes(ports: Ports) -> list[dict[str, Any]]:
    """All of them by code. One statement."""
    names = ("code", "name", "kind", "unit", "choices")
    return [{name: row[name] for name in names} for row in await shelves.attributes(ports.reads)]

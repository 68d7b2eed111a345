"""What shoppers search for: the index answers with ids, the database with what they are at this moment."""

from dataclasses import dataclass, replace
from typing import Any

import orjson

from banyan.catalog.actions.without_index import WithoutIndex
from banyan.catalog.domain.naming import key_of
from banyan.catalog.showcase import Showcase
from banyan.catalog.storage import reading, shelves
from banyan.catalog.tree import Tree
from banyan.foundation import web
from banyan.foundation.search import DEEPEST, Query, Results
from banyan.foundation.search.circuit import Circuit
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Malformed, Unavailable


@dataclass(frozen=True, slots=True)
class Page:
    """Rendered results. `degraded`: they are the database's, as the index does not answer."""

    body: bytes
    degraded: bool


class Finder:
    """Asks the index; while that does not answer, nobody waits for it and the database finds what it can."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._tree = Tree(ports.clock)
        self._index = Circuit("search index", ports.clock)
        self._plain = WithoutIndex()

    async def search(self, showcase: Showcase, asked: Query, *, currency: str | None, cursor: str | None) -> Page:
        """A page of results with facets. One or two statements; one more for a filter by brand, and each second."""
        ports = self._ports
        offset, limit = _offset(cursor, asked.limit), asked.limit
        found, degraded = await self._find(replace(asked, offset=offset))
        shown = await reading.shown(ports.reads, found.ids) if found.ids else {}
        wanted = [(name, shown[name]) for name in found.ids if name in shown]
        cards = await showcase.cards(ports.reads, wanted, currency or ports.settings.currency)
        further = offset + limit
        rest = {
            "total": found.total,
            "facets": _facets(found, await self._tree.slugs(ports.db)),
            "next_cursor": web.cursor(further) if further < min(found.total, DEEPEST - limit + 1) else None,
            "corrected": found.corrected,
        } | ({"degraded": True} if degraded else {})
        return Page(b'{"items":[' + b",".join(cards) + b"]," + orjson.dumps(rest)[1:], degraded)

    async def suggest(self, prefix: str, limit: int) -> tuple[tuple[str, ...], bool]:
        """Completions, and whether there are none because the index does not answer."""
        try:
            return await self._index.ask(lambda: self._ports.search.suggest(prefix, limit)), False
        except Unavailable:
            return (), True

    async def _find(self, asked: Query) -> tuple[Results, bool]:
        """The index knows categories and brands by their names alone; shoppers' links say slugs."""
        ports, category, brands = self._ports, asked.category, asked.brands
        if brands:
            brands = tuple(await shelves.brand_names(ports.db, list(map(key_of, brands)))) or brands
        if category is not None:
            category = (await self._tree.names(ports.db)).get(category, category)
        named = replace(asked, category=category, brands=brands)
        try:
            return await self._index.ask(lambda: ports.search.search(named)), False
        except Unavailable:
            if category is not None:
                category = (await self._tree.slugs(ports.db)).get(category, category)
            return await self._plain.find(ports, replace(named, category=category)), True


def _offset(cursor: str | None, limit: int) -> int:
    place = web.place(cursor, int)
    offset: int = place[0] if place else 0
    if not 0 <= offset <= DEEPEST - limit:
        raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
    return offset


def _facets(found: Results, slugs: dict[str, str]) -> dict[str, Any]:
    """Each `value` is what to send to narrow by it."""
    return {
        "brand": [{"value": each.value, "count": each.count} for each in found.brands],
        "category": [
            {"value": slugs.get(each.value, each.value), "label": each.value, "count": each.count}
            for each in found.categories
        ],
        "price": [{"low": each.low, "high": each.high, "count": each.count} for each in found.prices],
    }

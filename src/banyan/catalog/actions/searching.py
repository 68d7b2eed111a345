"""What shoppers search for: the index answers with ids, the database with what they are at this moment."""

from dataclasses import replace
from typing import Any

import orjson

from banyan.catalog.domain.naming import key_of
from banyan.catalog.showcase import Showcase
from banyan.catalog.storage import reading, shelves
from banyan.catalog.tree import Tree
from banyan.foundation import web
from banyan.foundation.search import DEEPEST, Query, Results
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Malformed


async def search(
    ports: Ports, showcase: Showcase, tree: Tree, asked: Query, *, currency: str | None, cursor: str | None
) -> bytes:
    """A page of results with facets, rendered. One or two statements; one more for a filter by brand, and each second."""
    offset, limit = _offset(cursor, asked.limit), asked.limit
    found = await ports.search.search(replace(await _named(ports, tree, asked), offset=offset))
    shown = await reading.shown(ports.db, found.ids) if found.ids else {}
    wanted = [(name, shown[name]) for name in found.ids if name in shown]
    cards = await showcase.cards(ports.db, wanted, currency or ports.settings.currency)
    further = offset + limit
    rest = {
        "total": found.total,
        "facets": _facets(found, await tree.slugs(ports.db)),
        "next_cursor": web.cursor(further) if further < min(found.total, DEEPEST - limit + 1) else None,
        "corrected": found.corrected,
    }
    return b'{"items":[' + b",".join(cards) + b"]," + orjson.dumps(rest)[1:]


async def _named(ports: Ports, tree: Tree, asked: Query) -> Query:
    """The index knows categories and brands by their names alone; shoppers' links say slugs."""
    category, brands = asked.category, asked.brands
    if category is not None:
        category = (await tree.names(ports.db)).get(category, category)
    if brands:
        brands = tuple(await shelves.brand_names(ports.db, list(map(key_of, brands)))) or brands
    return replace(asked, category=category, brands=brands)


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

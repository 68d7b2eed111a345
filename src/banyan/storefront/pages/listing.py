"""Lists of products: a category's, or what a search found; narrowed, sorted and turned page by page through the address alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from banyan.foundation.face.forms import Form
from banyan.foundation.face.places import segment, with_query
from banyan.kernel.money import exponent, parse
from banyan.kernel.refusals import NotFound
from banyan.storefront import shown
from banyan.storefront.aisles import Tree
from banyan.storefront.places import Pairs, linked, toggled, without
from banyan.storefront.shop_api import catalog
from banyan.storefront.shop_api.shapes import Category, FacetValue, Found
from banyan.storefront.visit import Visit

PAGE = 24  # products
LONGEST = 200  # characters of a search
MOST_BRANDS = 20
MOST_AISLES = 14
PATH = " > "  # between the names in a category facet's label
SORTS = {
    "relevance": "Best match",
    "popularity": "Most popular",
    "newest": "Newest first",
    "price": "Price: low to high",
    "-price": "Price: high to low",
    "name": "Name",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list's address says. `pairs` is its query, cleaned, without the place in the list."""

    path: str
    text: str
    category: str
    brands: tuple[str, ...]
    low: int | None
    high: int | None
    low_text: str
    high_text: str
    available: bool
    sort: str
    cursor: str
    pairs: Pairs

    @property
    def narrowed(self) -> bool:
        return bool(self.brands or self.low is not None or self.high is not None or self.available)

    def api(self, currency: str) -> list[tuple[str, str]]:
        """The same as the catalogue is asked it."""
        return [
            ("q", self.text),
            ("category", self.category),
            *(("brand", brand) for brand in self.brands),
            ("price_min", "" if self.low is None else str(self.low)),
            ("price_max", "" if self.high is None else str(self.high)),
            ("available", "true" if self.available else ""),
            ("sort", self.sort),
            ("currency", currency),
            ("limit", str(PAGE)),
            ("cursor", self.cursor),
        ]


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that narrows a list or takes a narrowing back."""

    label: str
    url: str
    count: int = 0
    chosen: bool = False
    depth: int = 0


async def category(visit: Visit) -> Response:
    """`/c/{slug}`"""
    tree = await visit.front.tree.get()
    slug = visit.path["slug"]
    way = tree.way(slug)
    if not way and tree.roots:
        raise NotFound("there is no such aisle")
    if not way:
        way = (Category(id="", slug=slug, name=slug.replace("-", " ").capitalize()),)
    asked = read(f"/c/{segment(slug)}", visit.query, visit.currency, category=slug)
    found = await catalog.search(visit.line, asked.api(visit.currency))
    return await visit.page(
        "category.html", way=way, category=way[-1], **_context(visit, tree, asked, found, under=way[-1])
    )


async def search(visit: Visit) -> Response:
    """`/search`"""
    tree = await visit.front.tree.get()
    asked = read("/search", visit.query, visit.currency)
    found = await catalog.search(visit.line, asked.api(visit.currency))
    under = tree.find(asked.category)
    window = await visit.front.window.get() if not found.items else None
    return await visit.page(
        "search.html", asked=asked.text, window=window, **_context(visit, tree, asked, found, under=under)
    )


def read(path: str, query: Form, currency: str, category: str = "") -> Asked:
    """A list's address. What cannot be meant is left out instead of refused: links get old and are cut off."""
    text = query["q"][:LONGEST] if not category else ""
    sort = query["sort"] if query["sort"] in SORTS else ("relevance" if text else "popularity")
    low, high = _minor(query["min"], currency), _minor(query["max"], currency)
    brands = tuple(
        dict.fromkeys(value[:100] for name, value in query.pairs if name == "brand" and value.isprintable() and value)
    )
    pairs = [
        ("q", text),
        ("category", "" if category else query["category"]),
        *(("brand", brand) for brand in brands[:MOST_BRANDS]),
        ("min", query["min"] if low is not None else ""),
        ("max", query["max"] if high is not None else ""),
        ("available", "1" if query["available"] == "1" else ""),
        ("sort", query["sort"] if query["sort"] in SORTS else ""),
    ]
    return Asked(
        path=path,
        text=text,
        category=category or query["category"],
        brands=brands[:MOST_BRANDS],
        low=low,
        high=high,
        low_text=query["min"] if low is not None else "",
        high_text=query["max"] if high is not None else "",
        available=query["available"] == "1",
        sort=sort,
        cursor=query["cursor"][:500],
        pairs=[pair for pair in pairs if pair[1]],
    )


def _minor(text: str, currency: str) -> int | None:
    """What somebody typed as a price, in minor units."""
    try:
        amount = parse(text.replace(",", "."), currency).amount
    except ValueError:
        return None
    return amount if amount >= 0 else None


def _major(minor: int, currency: str) -> str:
    digits = exponent(currency)
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}d}" if part else str(whole)


def _context(visit: Visit, tree: Tree, asked: Asked, found: Found, under: Category | None) -> dict[str, Any]:
    currency = visit.currency
    sorts = [("relevance", SORTS["relevance"])] if asked.text else []
    sorts += [each for each in SORTS.items() if each[0] != "relevance"]
    return {
        "list": asked,
        "found": found,
        "brands": _brands(asked, found),
        "prices": _prices(asked, found, currency),
        "aisles": _aisles(asked, found, under),
        "chips": _chips(asked, currency, tree),
        "sorts": sorts,
        "stock_url": with_query(asked.path, toggled(asked.pairs, "available", "1")),
        "clear_url": with_query(asked.path, without(asked.pairs, "brand", "min", "max", "available", "category")),
        "first_url": with_query(asked.path, asked.pairs),
        "next_url": with_query(asked.path, [*asked.pairs, ("cursor", found.next_cursor)]) if found.next_cursor else "",
        "kept": without(asked.pairs, "sort"),
        "kept_for_price": without(asked.pairs, "min", "max"),
    }


def _brands(asked: Asked, found: Found) -> list[Choice]:
    seen = [(each.value, each.count) for each in found.facets.brand]
    seen += [(brand, 0) for brand in asked.brands if brand not in dict(seen)]
    return [
        Choice(value, with_query(asked.path, toggled(asked.pairs, "brand", value)), count, value in asked.brands)
        for value, count in seen
    ]


def _prices(asked: Asked, found: Found, currency: str) -> list[Choice]:
    others = without(asked.pairs, "min", "max")
    choices = []
    for band in found.facets.price:
        chosen = (asked.low, asked.high) == (band.low, band.high)
        bounds = [("min", _major(band.low, currency)), ("max", _major(band.high, currency))]
        label = f"{shown.round_money(band.low, currency)} – {shown.round_money(band.high + 1, currency)}"
        choices.append(
            Choice(label, with_query(asked.path, others if chosen else [*others, *bounds]), band.count, chosen)
        )
    return choices


def _aisles(asked: Asked, found: Found, under: Category | None) -> list[Choice]:
    """In a category its children; in a search the aisles the results are in."""
    if asked.path != "/search":
        return [
            Choice(each.name, f"/c/{linked(each.slug)}", each.count)
            for each in (under.children if under else ())
            if each.count
        ]
    return [_aisle(asked, each) for each in sorted(found.facets.category, key=_shelf_order(found))][:MOST_AISLES]


def _aisle(asked: Asked, facet: FacetValue) -> Choice:
    chosen = facet.value == asked.category
    others = without(asked.pairs, "category")
    path = (facet.label or facet.value).split(PATH)
    return Choice(
        label=path[-1],
        url=with_query(asked.path, others if chosen else [*others, ("category", facet.value)]),
        count=facet.count,
        chosen=chosen,
        depth=min(2, len(path) - 1),
    )


def _shelf_order(found: Found) -> Callable[[FacetValue], list[tuple[int, str]]]:
    """Each aisle below the one it is part of; the fullest first."""
    counts = {each.label or each.value: each.count for each in found.facets.category}

    def place(facet: FacetValue) -> list[tuple[int, str]]:
        path = (facet.label or facet.value).split(PATH)
        return [(-counts.get(PATH.join(path[: deep + 1]), 0), path[deep]) for deep in range(len(path))]

    return place


def _chips(asked: Asked, currency: str, tree: Tree) -> list[Choice]:
    """What narrows the list now, each with the way to take it back."""
    chips = []
    if asked.path == "/search" and asked.category:
        known = tree.find(asked.category)
        chips.append(
            Choice(known.name if known else asked.category, with_query(asked.path, without(asked.pairs, "category")))
        )
    for brand in asked.brands:
        chips.append(Choice(brand, with_query(asked.path, toggled(asked.pairs, "brand", brand))))  # noqa: PERF401
    if asked.low is not None or asked.high is not None:
        chips.append(
            Choice(_range(asked.low, asked.high, currency), with_query(asked.path, without(asked.pairs, "min", "max")))
        )
    if asked.available:
        chips.append(Choice("In stock", with_query(asked.path, without(asked.pairs, "available"))))
    return chips


def _range(low: int | None, high: int | None, currency: str) -> str:
    if high is None:
        return f"From {shown.round_money(low or 0, currency)}"
    if not low:
        return f"Up to {shown.round_money(high, currency)}"
    return f"{shown.round_money(low, currency)} – {shown.round_money(high, currency)}"

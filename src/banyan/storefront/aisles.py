"""What everybody sees alike: the tree of categories, and what stands in the window of the home page."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from banyan.foundation.face.line import Line
from banyan.storefront.shop_api import catalog
from banyan.storefront.shop_api.shapes import Card, Category

TREE_SECONDS = 5.0
WINDOW_SECONDS = 10.0


class Tree:
    """The categories by slug, each with the way to it."""

    def __init__(self, roots: tuple[Category, ...] = ()) -> None:
        self.roots = tuple(root for root in roots if root.count)
        self._ways: dict[str, tuple[Category, ...]] = dict(_ways(roots, ()))

    def way(self, slug: str | None) -> tuple[Category, ...]:
        """From the root to this category; empty for none of ours."""
        return self._ways.get(slug or "", ())

    def find(self, slug: str) -> Category | None:
        way = self.way(slug)
        return way[-1] if way else None


@dataclass(frozen=True, slots=True)
class Window:
    """`loved` and `fresh` are products; `faces` a picture for each root category."""

    loved: tuple[Card, ...] = ()
    fresh: tuple[Card, ...] = ()
    hero: tuple[Card, ...] = ()
    faces: dict[str, Card] = field(default_factory=dict)


async def load_tree(line: Line) -> Tree:
    return Tree(await catalog.categories(line))


async def load_window(line: Line, tree: Tree, currency: str) -> Window:
    """Two questions at once: the most popular, and the newest."""
    popular, newest = await asyncio.gather(
        catalog.search(line, [("sort", "popularity"), ("limit", "100"), ("currency", currency)]),
        catalog.search(line, [("sort", "newest"), ("limit", "24"), ("currency", currency)]),
    )
    sold = [card for card in popular.items if card.available and card.image]
    hero = _varied(sold, tree, 4)
    faces: dict[str, Card] = {}
    for card in sorted((card for card in popular.items if card.image), key=lambda card: card in hero):
        way = tree.way(card.category)
        if way:
            faces.setdefault(way[0].slug, card)
    shown = [*hero, *faces.values()]
    loved = _varied([card for card in sold if card not in shown], tree, 8)
    fresh = _varied([card for card in newest.items if card.available and card not in shown + loved], tree, 4)
    return Window(tuple(loved), tuple(fresh), tuple(hero), faces)


def _varied(cards: list[Card], tree: Tree, count: int) -> list[Card]:
    """The first of each aisle in turn, so that no aisle fills the window alone."""
    queues: dict[str, list[Card]] = {}
    for card in cards:
        way = tree.way(card.category)
        queues.setdefault(way[0].slug if way else "", []).append(card)
    chosen: list[Card] = []
    while len(chosen) < count and any(queues.values()):
        for queue in queues.values():
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return chosen


def _ways(level: tuple[Category, ...], above: tuple[Category, ...]) -> Iterator[tuple[str, tuple[Category, ...]]]:
    for category in level:
        way = (*above, category)
        yield category.slug, way
        yield from _ways(category.children, way)

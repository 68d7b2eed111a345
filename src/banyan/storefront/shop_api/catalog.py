"""The catalogue over HTTP: the tree of categories, products, search."""

from collections.abc import Iterable

from banyan.storefront.places import segment
from banyan.storefront.shop_api.line import Line, shaped
from banyan.storefront.shop_api.shapes import Card, Category, Found, Product, Seen


class _Tree(Seen):
    items: tuple[Category, ...]


class _Cards(Seen):
    items: tuple[Card, ...]


async def categories(line: Line) -> tuple[Category, ...]:
    """The roots of the tree."""
    return shaped(_Tree, await line.get("catalog", "/v1/categories")).items


async def product(line: Line, name: str, currency: str) -> Product:
    """By its slug; one it used to have answers too."""
    return shaped(Product, await line.get("catalog", f"/v1/products/{segment(name)}", [("currency", currency)]))


async def search(line: Line, asked: Iterable[tuple[str, str]]) -> Found:
    """`asked`: q, category, brand (any number), price_min, price_max, available, sort, limit, cursor."""
    return shaped(Found, await line.get("catalog", "/v1/search", asked))

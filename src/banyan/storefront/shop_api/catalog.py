"""The catalogue over HTTP: the tree of categories, products, search."""

from collections.abc import Iterable

from banyan.foundation.face.line import Line, Seen
from banyan.foundation.face.places import segment
from banyan.storefront.shop_api.shapes import Card, Category, Found, Product


class _Tree(Seen):
    items: tuple[Category, ...]


class _Cards(Seen):
    items: tuple[Card, ...]


async def categories(line: Line) -> tuple[Category, ...]:
    """The roots of the tree."""
    return (await line.get(_Tree, "catalog", "/v1/categories")).items


async def product(line: Line, name: str, currency: str) -> Product:
    """By its slug; one it used to have answers too."""
    return await line.get(Product, "catalog", f"/v1/products/{segment(name)}", [("currency", currency)])


async def search(line: Line, asked: Iterable[tuple[str, str]]) -> Found:
    """`asked`: q, category, brand (any number), price_min, price_max, available, sort, limit, cursor."""
    return await line.get(Found, "catalog", "/v1/search", asked)

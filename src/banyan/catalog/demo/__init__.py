"""The demo catalogue: a believable shop of invented brands, the same rows and pictures each time, without any I/O."""

from collections.abc import Iterator

from banyan.catalog.demo.pictures import paths, picture
from banyan.catalog.demo.prices import abroad, priced
from banyan.catalog.demo.products import Product, Variant, products

__all__ = ["picture", "rows"]


def rows() -> Iterator[dict[str, object]]:
    """Import rows (the shop's JSON Lines format), one per variant; rows of one product are neighbours.

    Every image is `media:` and a path that `picture` can draw.
    """
    for product in products().values():
        for variant in product.variants:
            yield _row(product, variant)


def _row(product: Product, variant: Variant) -> dict[str, object]:
    images = [f"media:{path}" for path in paths(product)]
    return {
        "product": product.handle,
        "sku": variant.sku,
        "name": product.name,
        "description": product.description,
        "brand": product.brand.name,
        "categories": list(product.kind.path),
        "price": priced(variant.euros, product.handle),
        "currency": "EUR",
        "prices": abroad(variant.euros, product.handle),
        "options": dict(variant.options),
        "attributes": dict(product.facts),
        "image": images[0],
        "images": images,
        "popularity": product.popularity,
        "stock": variant.stock,
        "low_stock_at": 5,
        "tax_class": "standard",
    }

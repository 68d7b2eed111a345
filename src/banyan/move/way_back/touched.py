"""Which aggregates a fact of ours says something about. Pure.

By the names of its fields, so that a fact that is new to the shop is understood too. A mark that is one too many costs
a look; one too few would cost a change.
"""

from collections.abc import Iterator
from typing import Any

from banyan.contracts.legacy import KINDS

FIELDS = {
    "user_id": "customer",
    "product_id": "product",
    "category_id": "category",
    "brand_id": "brand",
    "sku": "stock",
    "order_id": "order",
    "cart_id": "cart",
}
"""Field of a fact → the kind of aggregate whose id it holds."""


def touched(owner: str, data: dict[str, Any]) -> set[tuple[str, str]]:
    """Aggregates (kind, id) that the service `owner` tells of in a fact; ids of other services' aggregates do not count."""
    return {
        (kind, value)
        for field, value in _fields(data)
        if isinstance(value, str) and value and (kind := FIELDS.get(field)) and KINDS[kind] == owner
    }


def _fields(part: object) -> Iterator[tuple[str, object]]:
    if isinstance(part, dict):
        for field, value in part.items():
            if isinstance(value, (dict, list)):
                yield from _fields(value)
            else:
                yield field, value
    elif isinstance(part, list):
        for each in part:
            yield from _fields(each)

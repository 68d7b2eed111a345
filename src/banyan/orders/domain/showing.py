"""A cart as its shopper gets it: `CartShown` describes it, and this makes it, as values that JSON knows."""

from typing import Any

from banyan.kernel.money import Money
from banyan.orders.domain.cart import Line, Look, World
from banyan.orders.domain.pricing import LinePrice

CartJson = dict[str, Any]
"""The fields of CartShown in their order, without a model made for each answer: half of what an answer cost."""


def shown(look: Look, world: World) -> CartJson:
    """A look as the shopper gets it."""
    cart, price = look.cart, look.price
    return {
        "id": cart.id,
        "status": cart.status,
        "version": cart.version,
        "currency": cart.currency,
        "email": cart.email,
        "address": dict(cart.address) if cart.address else None,
        "shipping_option": cart.shipping_option if look.shipping else None,
        "lines": [_line(line, cost, world) for line, cost in zip(look.lines, price.lines, strict=True)],
        "changes": [dict(change) for change in look.changes],
        "subtotal": price.subtotal,
        "discount": price.discount,
        "shipping": price.shipping,
        "tax": price.tax,
        "tax_included": price.tax_included,
        "total": price.total,
        "estimated": look.shipping is None,
        "stale": look.stale,
        "expires_at": cart.expires_at,
        "merged_into": cart.merged_into,
        "order_id": cart.order_id,
    }


def _line(line: Line, cost: LinePrice, world: World) -> dict[str, Any]:
    item = line.seen
    return {
        "id": line.id,
        "sku": line.sku,
        "product_id": item.product_id,
        "slug": item.slug,
        "name": item.name,
        "options": item.options,
        "image": item.image,
        "quantity": line.quantity,
        "unit_price": item.price or Money(0, cost.total.currency),
        "total": cost.total,
        "tax": cost.tax,
        "sellable": item.sellable,
        "available": world.available(line.sku),
    }

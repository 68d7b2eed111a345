"""Step 2 of the checkout: the order is placed at the price that was seen, or not at all."""

from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.orders.actions.placing import Means, Telling, place, placement, resume
from banyan.orders.actions.reaching import closed, reached, world
from banyan.orders.domain.cart import Cart, CartStatus, Look, look
from banyan.orders.storage import sagas


async def check_out(ports: Ports, who: Principal, cart_id: str, means: Means, key: Key) -> Answer:
    """Order what is in the cart: 201 with the order once it is settled, 202 while it goes on by itself.

    Conflict, with nothing placed: `cart_empty`, `delivery_missing`, `cart_changed` (with `changes`; look at the cart
    again), `already_ordered`. Unavailable when nobody knows today's prices.
    """
    told = await Telling.of(ports, key)
    async with ports.db.transaction() as tx:
        if kept := await idempotency.begin(tx, key):
            return kept
        cart = await reached(tx, who, cart_id)
        placed = await sagas.placed_by(tx, placement(key))
    if placed:
        return await resume(told, placed)
    if cart.status is not CartStatus.OPEN:
        raise closed(cart)
    return await place(told, await _as_seen(ports, cart), who.user_id or cart.user_id, means)


async def _as_seen(ports: Ports, cart: Cart) -> Look:
    """The cart at today's prices, if they are those the shopper saw."""
    if not cart.lines:
        raise Conflict("put something into the cart first", code="cart_empty")
    if cart.email is None or cart.address is None or cart.shipping_option is None:
        raise Conflict("say first where it goes: PUT …/delivery", code="delivery_missing")
    now = await world(ports, cart, stock=False, prices_needed=True)
    looked = look(cart, now, tax_included=ports.settings.prices_include_tax)
    if looked.shipping is None:
        raise Conflict("choose another way to send it: PUT …/delivery", code="delivery_missing")
    if looked.blocked or looked.price.total.amount != cart.seen_total:
        raise Conflict(
            "this is not what you saw last; look at the cart again, then order",
            code="cart_changed",
            more={
                "changes": [change.model_dump(mode="json") for change in looked.changes],
                "total": looked.price.total,
            },
        )
    return looked

"""Step 2 of the checkout: the order is placed at the price that was seen, or not at all."""

from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, Refusal
from banyan.orders.actions.placing import Means, place, placement, resume
from banyan.orders.actions.reaching import Reach, closed, reach_many, world
from banyan.orders.actions.telling import Telling
from banyan.orders.domain.cart import Cart, CartStatus, Look, look
from banyan.orders.storage import rounds


async def check_out(ports: Ports, who: Principal, cart_id: str, means: Means, key: Key) -> Answer:
    """Order what is in the cart: 201 with the order once it is settled, 202 while it goes on by itself.

    Conflict, with nothing placed: `cart_empty`, `delivery_missing`, `cart_changed` (with `changes`; look at the cart
    again), `already_ordered`. Invalid when a guest wants a way to pay kept. Unavailable when nobody knows today's prices.
    """
    if means.save and who.user_id is None:
        raise Invalid("sign in to keep a way to pay", code="save_needs_account")
    told = await Telling.of(ports, key)
    found: Cart | Answer = await ports.together(reach_many, Reach(who, cart_id, key))
    if isinstance(found, Answer):
        return found
    try:
        looked = await _as_seen(ports, found)
    except Refusal:
        placed = await rounds.placed_by(ports.db, [placement(key)])
        if not placed:
            raise
        return await resume(told, placed[placement(key)])
    return await place(told, looked, who.user_id or found.user_id, means)


async def _as_seen(ports: Ports, cart: Cart) -> Look:
    """The cart at today's prices, if they are those the shopper saw."""
    if cart.status is not CartStatus.OPEN:
        raise closed(cart)
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

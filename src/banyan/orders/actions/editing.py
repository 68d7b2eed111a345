"""Every edit of a cart goes the same way: held, changed, looked at, remembered as seen, answered."""

from collections.abc import Awaitable, Callable

from pydantic_core import to_json

from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.web import etag, must_match
from banyan.kernel.refusals import Invalid
from banyan.orders.actions.reaching import closed, reached
from banyan.orders.domain.cart import MOST_LINES, Cart, CartShown, CartStatus, World, look, shown
from banyan.orders.storage import carts

Change = Callable[[Tx], Awaitable[int]]
"""Change the cart in this transaction; the HTTP status that tells what was done."""


async def begun(ports: Ports, who: Principal, cart_id: str, key: Key | None) -> Cart | Answer:
    """The open cart to be edited, or the answer given to this key before."""
    async with ports.db.transaction() as tx:
        if key is not None and (kept := await idempotency.begin(tx, key)):
            return kept
        cart = await reached(tx, who, cart_id)
    if cart.status is not CartStatus.OPEN:
        raise closed(cart)
    return cart


async def edit(
    ports: Ports, cart: Cart, world: World, change: Change, *, key: Key | None = None, if_match: str | None = None
) -> Answer:
    """Change an open cart; the answer is the cart as it is then."""

    async def effect(tx: Tx) -> Answer:
        version = await carts.touch(tx, cart.id)
        if version is None:
            raise closed(await carts.load(tx, cart.id) or cart)
        if if_match is not None:
            must_match(if_match, version - 1)
        status = await change(tx)
        after = await carts.load(tx, cart.id)
        assert after is not None
        if len(after.lines) > MOST_LINES:
            raise Invalid(f"a cart has at most {MOST_LINES} lines", code="too_many_lines")
        told = await seen(tx, after, world, tax_included=ports.settings.prices_include_tax)
        return Answer(status, to_json(told), headers=(("etag", etag(version)),))

    return await idempotency.once(ports.db, key, effect)


async def seen(tx: Tx, cart: Cart, world: World, *, tax_included: bool) -> CartShown:
    """The cart as the shopper gets it, remembered as such."""
    looked = look(cart, world, tax_included=tax_included)
    if looked.news and not looked.stale:
        await carts.remember(tx, cart, looked.lines, looked.price.total.amount)
    return shown(looked, world)

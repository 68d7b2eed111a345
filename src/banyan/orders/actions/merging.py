"""At sign-in the guest's cart goes into the user's."""

from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.orders.actions.editing import seen
from banyan.orders.actions.reaching import closed, is_cart_id, reached, world
from banyan.orders.domain.cart import MOST_LINES, Cart, CartStatus, Line, World
from banyan.orders.domain.showing import CartJson
from banyan.orders.storage import carts


async def merge(ports: Ports, who: Principal, cart_id: str, token: str | None) -> CartJson:
    """Put the lines of a guest's cart, reached by its token, into the user's open cart, or into a new one.

    Quantities add up, as far as there is stock. Asked again: the same cart. Unauthenticated for a guest.
    """
    user_id = who.signed_in()
    holder = Principal(user_id=user_id, cart_token=token or who.cart_token)
    guest = await _reached(ports, holder, cart_id)
    if guest.status is CartStatus.MERGED and guest.merged_into:
        guest = await reached(ports.db, holder, guest.merged_into)
    if guest.status is not CartStatus.OPEN:
        raise closed(guest)
    mine = guest if guest.user_id == user_id else await carts.current(ports.db, user_id, None)
    now = await world(ports, guest, *(mine.skus if mine else ()))
    fresh_id = ports.ids.new("crt")
    line_ids = {line.sku: ports.ids.new("lin") for line in guest.lines}

    async def effect(tx: Tx) -> CartJson:
        into = await _target(tx, user_id, guest, mine, fresh_id)
        if into != guest.id:
            await _move(tx, guest.id, into, now, line_ids)
        after = await carts.load(tx, into)
        assert after is not None
        return await seen(tx, after, now, tax_included=ports.settings.prices_include_tax)

    return await ports.db.retrying(effect)


async def _reached(ports: Ports, who: Principal, cart_id: str) -> Cart:
    """The guest's cart; where it was merged before, the user who has it now reaches it without its token too."""
    cart = await carts.load(ports.db, cart_id) if is_cart_id(cart_id) else None
    if cart is not None and cart.merged_into:
        into = await carts.load(ports.db, cart.merged_into)
        if into is not None and into.belongs_to(who.user_id, None):
            return cart
    return await reached(ports.db, who, cart_id)


async def _target(tx: Tx, user_id: str, guest: Cart, mine: Cart | None, fresh_id: str) -> str:
    """The id of the user's cart to merge into: held, open, and the guest's own when that is already the user's."""
    held = {cart.id: cart for cart in await carts.locked(tx, guest.id, *([mine.id] if mine else []))}
    now = held.get(guest.id)
    if now is None or now.status is not CartStatus.OPEN:
        if now is not None and now.status is CartStatus.MERGED and now.merged_into:
            return now.merged_into  # the same request, a moment earlier
        raise closed(now or guest)
    target = held.get(mine.id) if mine else None
    if target is not None and target.status is CartStatus.OPEN and target.currency == guest.currency:
        return target.id
    fresh = Cart(
        id=fresh_id,
        user_id=user_id,
        token_hash=None,
        currency=guest.currency,
        status=CartStatus.OPEN,
        merged_into=None,
        version=1,
        email=guest.email,
        address=guest.address,
        shipping_option=guest.shipping_option,
        seen_total=None,
        expires_at=guest.expires_at,
        lines=(),
    )
    await carts.insert(tx, fresh)
    return fresh_id


async def _move(tx: Tx, guest_id: str, into: str, now: World, line_ids: dict[str, str]) -> None:
    guest, target = await carts.load(tx, guest_id), await carts.load(tx, into)
    if guest is None or target is None or guest.status is CartStatus.MERGED:
        return
    await carts.touch(tx, into)
    there = {line.sku: line for line in target.lines}
    room_for_lines = MOST_LINES - len(there)
    for line in guest.lines:
        have = there[line.sku].quantity if line.sku in there else 0
        more = min(line.quantity, max(0, now.room(line.sku) - have)) if have else line.quantity
        if more == 0 or (not have and room_for_lines <= 0):
            continue
        room_for_lines -= 0 if have else 1
        moved = Line(line_ids.get(line.sku, line.id), line.sku, more, line.seen)
        await carts.add_line(tx, into, moved, room=have + more)
    await carts.merge(tx, guest_id, into)

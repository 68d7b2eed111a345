"""Whose cart it is, and what the world says about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from banyan.contracts.catalog import AskItems
from banyan.contracts.inventory import AskStock
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, NotFound, Refusal
from banyan.orders.domain.cart import Cart, CartStatus, World
from banyan.orders.storage import Reader, carts

_CART_ID = re.compile(r"crt_[0-9a-z]{26}")


def hashed(token: str | None) -> bytes | None:
    """What is kept of a cart's token."""
    return sha256(token.encode()).digest() if token else None


def is_cart_id(text: str) -> bool:
    """Whether there could be such a cart: what is asked of the database is of known shape."""
    return bool(_CART_ID.fullmatch(text))


async def reached(db: Reader, who: Principal, cart_id: str) -> Cart:
    """The cart, if it is this caller's. NotFound for any other, so that nobody learns which there are."""
    return _theirs(who, await carts.load(db, cart_id) if is_cart_id(cart_id) else None)


@dataclass(frozen=True, slots=True)
class Reach:
    """Somebody wants to look at a cart, or to edit it with this key."""

    who: Principal
    cart_id: str
    key: Key | None = None


async def begun(ports: Ports, who: Principal, cart_id: str, key: Key | None = None) -> Cart | Answer:
    """The open cart to be edited, or the answer given to this key before."""
    found: Cart | Answer = await ports.together(reach_many, Reach(who, cart_id, key))
    if isinstance(found, Cart) and found.status is not CartStatus.OPEN:
        raise closed(found)
    return found


async def looked_for(ports: Ports, who: Principal, cart_id: str) -> Cart:
    """As `reached`, together with what others look for."""
    found: Cart | Answer = await ports.together(reach_many, Reach(who, cart_id))
    assert isinstance(found, Cart)
    return found


async def reach_many(ports: Ports, asked: Sequence[Asked[Reach]]) -> list[Cart | Answer | Exception]:
    """A round of looks: for each the cart, the answer given to its key before, or a refusal."""
    wishes = [each.wish for each in asked]
    said = await idempotency.look_many(ports.db, [wish.key for wish in wishes])
    wanted = {
        wish.cart_id for wish, kept in zip(wishes, said, strict=True) if kept is None and is_cart_id(wish.cart_id)
    }
    found = await carts.load_many(ports.db, wanted) if wanted else {}
    return [kept or _reached(wish, found) for wish, kept in zip(wishes, said, strict=True)]


def _reached(wish: Reach, found: Mapping[str, Cart]) -> Cart | Refusal:
    try:
        return _theirs(wish.who, found.get(wish.cart_id))
    except Refusal as refusal:
        return refusal


def _theirs(who: Principal, cart: Cart | None) -> Cart:
    if cart is None or not cart.belongs_to(who.user_id, hashed(who.cart_token)):
        raise NotFound("there is no such cart, or it is not yours", code="no_such_cart")
    return cart


def closed(cart: Cart) -> Conflict:
    """Why a cart cannot be changed or ordered."""
    if cart.status is CartStatus.ORDERED:
        more = {"order_id": cart.order_id} if cart.order_id else {}
        return Conflict("this cart has been ordered", code="already_ordered", more=more)
    if cart.status is CartStatus.MERGED:
        return Conflict("this cart went into another", code="cart_merged", more={"merged_into": cart.merged_into})
    return Conflict("the cart has just been changed; look at it again", code="cart_changed", more={"changes": []})


async def world(ports: Ports, cart: Cart, *also: str, stock: bool = True, prices_needed: bool = False) -> World:
    """Today's items and stock of a cart's SKUs, and of others. Who does not answer is left out.

    With `prices_needed` a catalogue that does not answer is a refusal: nothing is sold at a price nobody knows.
    """
    skus = tuple(dict.fromkeys((*cart.skus, *also)))
    if not skus:
        return World(frozenset(), {}, {})
    items, levels = None, None
    try:
        found = await ports.peers.ask(AskItems(skus=skus, currency=cart.currency))
        items = {item.sku: item for item in found.items}
    except Refusal:
        if prices_needed:
            raise
    try:
        if stock:
            answer = await ports.peers.ask(AskStock(skus=skus, for_cart=cart.id))
            levels = {level.sku: level for level in answer.levels}
    except Refusal:
        pass  # what is in stock is found out again at the checkout, where it counts
    return World(frozenset(skus), items, levels)

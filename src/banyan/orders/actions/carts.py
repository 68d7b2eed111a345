"""Making a cart, and looking at one."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from dataclasses import replace

import orjson
from pydantic_core import to_json

from banyan.foundation import idempotency, tenure
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.orders.actions.editing import seen
from banyan.orders.actions.reaching import hashed, reached, world
from banyan.orders.domain.cart import Cart, CartShown, CartStatus, NewCart, World, look, shown
from banyan.orders.storage import carts

_SEALED_FOR = "orders cart token"
_HARD_TO_GUESS = 16  # characters


async def open_cart(ports: Ports, who: Principal, currency: str | None, key: Key | None) -> tuple[Answer, str | None]:
    """A new cart: the answer, and a guest's token, which is told this once and kept only as its hash.

    All guests share a scope of keys: one that could be guessed would hand over another guest's cart, so a short key
    of a guest is not replayed. A replay finds the token sealed beside the answer.
    """
    if who.caller == "guest" and key is not None and len(key.key) < _HARD_TO_GUESS:
        key = None
    guest = who.user_id is None
    token = "ct_" + urlsafe_b64encode(ports.ids.secret(32)).decode().rstrip("=") if guest else None
    sealed = b64encode(await ports.keys.seal(token.encode(), _SEALED_FOR)).decode() if token and key else ""
    cart_id = ports.ids.new("crt")
    tax_included = ports.settings.prices_include_tax

    async def effect(tx: Tx) -> Answer:
        await carts.insert(tx, _empty(cart_id, who, hashed(token), currency or ports.settings.currency, ports))
        cart = await carts.load(tx, cart_id)
        assert cart is not None
        nothing = World(frozenset(), {}, {})
        made = shown(look(cart, nothing, tax_included=tax_included), nothing)
        return Answer(201, to_json({"cart": made, "sealed": sealed}))

    answer = await idempotency.once(ports.db, key, effect)
    kept = orjson.loads(answer.body)
    if answer.replayed and kept["sealed"]:
        token = (await ports.keys.open(b64decode(kept["sealed"]), _SEALED_FOR)).decode()
    return replace(answer, body=to_json(NewCart(**kept["cart"], token=token))), token


async def see(ports: Ports, who: Principal, cart_id: str) -> CartShown:
    """The cart, with today's prices and stock."""
    return await _looked_at(ports, await reached(ports.db, who, cart_id))


async def current(ports: Ports, who: Principal) -> CartShown:
    """The cart a shopper used last. NotFound when there is none open."""
    cart = await carts.current(ports.db, who.user_id, hashed(who.cart_token))
    if cart is None or cart.status is not CartStatus.OPEN:
        raise NotFound("there is no open cart; make one", code="no_such_cart")
    return await _looked_at(ports, cart)


async def _looked_at(ports: Ports, cart: Cart) -> CartShown:
    tax_included = ports.settings.prices_include_tax
    if cart.status is not CartStatus.OPEN:
        then = World(frozenset(), {}, None)
        return shown(look(cart, then, tax_included=tax_included), then)
    now = await world(ports, cart)
    looked = look(cart, now, tax_included=tax_included)
    if not looked.news or looked.stale or await tenure.legacy_owns(ports.db):
        return shown(looked, now)
    async with ports.db.transaction() as tx:
        return await seen(tx, cart, now, tax_included=tax_included)


def _empty(cart_id: str, who: Principal, token_hash: bytes | None, currency: str, ports: Ports) -> Cart:
    return Cart(
        id=cart_id,
        user_id=who.user_id,
        token_hash=token_hash,
        currency=currency,
        status=CartStatus.OPEN,
        merged_into=None,
        version=1,
        email=None,
        address=None,
        shipping_option=None,
        seen_total=None,
        expires_at=ports.clock.now(),
        lines=(),
    )

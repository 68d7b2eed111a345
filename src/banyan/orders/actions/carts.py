"""Making a cart, and looking at one."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from banyan.foundation import idempotency, tenure
from banyan.foundation.auth import Principal
from banyan.foundation.db import AGAIN, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Refusal
from banyan.orders.actions.editing import as_bytes, seen
from banyan.orders.actions.reaching import hashed, looked_for, world
from banyan.orders.domain.cart import Cart, CartStatus, World, look
from banyan.orders.domain.showing import CartJson, shown
from banyan.orders.storage import carts, many_carts

_SEALED_FOR = "orders cart token"
_HARD_TO_GUESS = 16  # characters


@dataclass(frozen=True, slots=True)
class Opening:
    """A cart to be made, with its guest's token as it is kept beside the answer: sealed."""

    cart: Cart
    sealed: str
    key: Key | None


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
    cart = empty(ports, ports.ids.new("crt"), who.user_id, hashed(token), currency or ports.settings.currency)
    answer = await ports.together(open_many, Opening(cart, sealed, key))
    kept = orjson.loads(answer.body)
    if answer.replayed and kept["sealed"]:
        token = (await ports.keys.open(b64decode(kept["sealed"]), _SEALED_FOR)).decode()
    return replace(answer, body=orjson.dumps({**kept["cart"], "token": token})), token


async def open_many(ports: Ports, asked: Sequence[Asked[Opening]]) -> list[Answer | Exception]:
    """A round of new carts. Keys are looked at only where one of them turns out to be known."""
    openings = [each.wish for each in asked]
    keys = [each.key for each in openings if each.key]
    if not keys:
        made = await many_carts.insert(ports.db, [each.cart for each in openings])
        return [_made(ports, each, made) for each in openings]
    if len({key.name for key in keys}) == len(keys):
        with suppress(*AGAIN):
            async with ports.db.transaction() as tx:
                return await _open(tx, ports, openings, [None] * len(openings))

    async def looked(tx: Tx) -> list[Answer | Exception]:
        said = await idempotency.begin_many(tx, [each.key for each in openings])
        return await _open(tx, ports, openings, said)

    return await ports.db.retrying(looked)


async def _open(
    tx: Tx, ports: Ports, openings: Sequence[Opening], said: Sequence[Answer | Refusal | None]
) -> list[Answer | Exception]:
    free = [each for each, kept in zip(openings, said, strict=True) if kept is None]
    made = await many_carts.insert(tx, [each.cart for each in free]) if free else {}
    told: list[Answer | Exception] = [
        kept or _made(ports, each, made) for each, kept in zip(openings, said, strict=True)
    ]
    fresh = zip(openings, told, strict=True)
    await idempotency.keep_many(
        tx,
        [
            (each.key, answer)
            for each, answer in fresh
            if each.key and each.cart.id in made and isinstance(answer, Answer)
        ],
    )
    return told


def _made(ports: Ports, opening: Opening, made: Mapping[str, datetime]) -> Answer:
    nothing = World(frozenset(), {}, {})
    cart = replace(opening.cart, expires_at=made[opening.cart.id])
    fields = shown(look(cart, nothing, tax_included=ports.settings.prices_include_tax), nothing)
    return Answer(201, b'{"cart":%s,"sealed":"%s"}' % (as_bytes(fields), opening.sealed.encode()))


async def see(ports: Ports, who: Principal, cart_id: str) -> CartJson:
    """The cart, with today's prices and stock."""
    return await _looked_at(ports, await looked_for(ports, who, cart_id))


async def current(ports: Ports, who: Principal) -> CartJson:
    """The cart a shopper used last. NotFound when there is none open."""
    cart = await carts.current(ports.db, who.user_id, hashed(who.cart_token))
    if cart is None or cart.status is not CartStatus.OPEN:
        raise NotFound("there is no open cart; make one", code="no_such_cart")
    return await _looked_at(ports, cart)


async def _looked_at(ports: Ports, cart: Cart) -> CartJson:
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


def empty(ports: Ports, cart_id: str, user_id: str | None, token_hash: bytes | None, currency: str) -> Cart:
    return Cart(
        id=cart_id,
        user_id=user_id,
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

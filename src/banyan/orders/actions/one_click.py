"""One click: a signed-in shopper with a saved address and way to pay buys one thing."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from banyan.contracts.payments import AskDefaultMethod, Method
from banyan.contracts.users import Address, AskShopper
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Fault, Refusal
from banyan.orders.actions.lines import out_of_stock, sellable
from banyan.orders.actions.placing import Means, place, placement, resume
from banyan.orders.actions.reaching import world
from banyan.orders.actions.telling import Telling
from banyan.orders.domain import shipping
from banyan.orders.domain.cart import Cart, CartStatus, Line, Look, look
from banyan.orders.storage import rounds

T = TypeVar("T")


async def buy_now(ports: Ports, who: Principal, sku: str, quantity: int, unit_price: Money | None, key: Key) -> Answer:
    """Order so many of a SKU, as a checkout does. `unit_price` is what the shopper saw, where that is to be checked.

    Conflict: `one_click_not_ready` (its errors say what is missing), `out_of_stock`, `price_changed`.
    """
    user_id = who.signed_in()
    told = await Telling.of(ports, key)
    async with ports.db.transaction() as tx:
        if kept := await idempotency.begin(tx, key):
            return kept
        placed = await rounds.placed_by(tx, [placement(key)])
    if placed:
        return await resume(told, placed[placement(key)])
    email, address, method = await _ready(ports, user_id)
    looked = await _priced(ports, user_id, email, address, sku, quantity)
    now = looked.lines[0].seen.price
    if unit_price is not None and now != unit_price:
        raise Conflict("the price is another one now", code="price_changed", more={"before": unit_price, "after": now})
    return await place(told, looked, user_id, Means(method.provider, method.token), one_click=True)


async def _ready(ports: Ports, user_id: str) -> tuple[str, Address, Method]:
    """What one click needs, or all of what is missing."""
    shopper = await _if_there(ports.peers.ask(AskShopper(user_id=user_id)))
    method = await _if_there(ports.peers.ask(AskDefaultMethod(user_id=user_id)))
    if shopper and shopper.address and method:
        return shopper.email, shopper.address, method
    missing = []
    if shopper is None or shopper.address is None:
        missing.append(Fault("/address", "address_missing", "save a default address first"))
    if method is None:
        missing.append(Fault("/payment_method", "payment_method_missing", "save a way to pay first"))
    raise Conflict("one click needs a saved address and way to pay", code="one_click_not_ready", errors=missing)


async def _if_there(asked: Awaitable[T]) -> T | None:
    try:
        return await asked
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return None


async def _priced(ports: Ports, user_id: str, email: str, address: Address, sku: str, quantity: int) -> Look:
    """A cart made for this one purchase, with the usual way to send it."""
    currency = ports.settings.currency
    cart = Cart(
        id=ports.ids.new("crt"),
        user_id=user_id,
        token_hash=None,
        currency=currency,
        status=CartStatus.ORDERED,
        merged_into=None,
        version=1,
        email=email,
        address=address,
        shipping_option=shipping.options(address.country, Money(0, currency))[0].id,
        seen_total=None,
        expires_at=ports.clock.now(),
        lines=(),
    )
    now = await world(ports, cart, sku, prices_needed=True)
    item = sellable(now, sku)
    if quantity > now.room(sku):
        raise out_of_stock(sku, now.room(sku))
    line = Line(ports.ids.new("lin"), sku, quantity, item)
    return look(replace(cart, lines=(line,)), now, tax_included=ports.settings.prices_include_tax)

"""Step 1 of the checkout: who gets it, where, and how."""

from dataclasses import replace

from banyan.contracts.inventory import HoldOutcome, HoldStock, StockLine
from banyan.contracts.users import Address
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid
from banyan.orders.actions.editing import edit
from banyan.orders.actions.reaching import begun, looked_for, world
from banyan.orders.domain import shipping, tax
from banyan.orders.domain.cart import Cart, goods_worth, look


async def shipping_options(
    ports: Ports, who: Principal, cart_id: str, country: str | None
) -> tuple[shipping.Option, ...]:
    """Ways to send this cart: to the given country, else to its address, else to where its currency is used."""
    cart = await looked_for(ports, who, cart_id)
    looked = look(cart, await world(ports, cart, stock=False), tax_included=ports.settings.prices_include_tax)
    there = country or (cart.address.country if cart.address else tax.likely_country(cart.currency))
    return shipping.options(there, goods_worth(looked))


async def deliver(
    ports: Ports, who: Principal, cart_id: str, email: str, address: Address, option: str, if_match: str | None
) -> Answer:
    """Note contact, address and way; the answer shows tax and total. With `hold_at=delivery` the units are set aside.

    Conflict (`cart_empty`, `out_of_stock`), Invalid (`unknown_shipping_option`).
    """
    cart = await begun(ports, who, cart_id)
    assert isinstance(cart, Cart)
    now = await world(ports, cart)
    looked = look(cart, now, tax_included=ports.settings.prices_include_tax)
    if not looked.lines:
        raise Conflict("put something into the cart first", code="cart_empty")
    if shipping.option(option, address.country, goods_worth(looked)) is None:
        fault = Fault("/body/shipping_option", "unknown_shipping_option", "GET shipping-options tells which there are")
        raise Invalid("there is no such way to send it", code="unknown_shipping_option", errors=[fault])
    if ports.settings.hold_at == "delivery":
        await _hold(ports, cart)

    def change(cart: Cart) -> tuple[Cart, int]:
        return replace(cart, email=email, address=address, shipping_option=option), 200

    return await edit(ports, cart, now, change, if_match=if_match)


async def _hold(ports: Ports, cart: Cart) -> None:
    lines = tuple(StockLine(sku=line.sku, quantity=line.quantity) for line in cart.lines)
    held = await ports.peers.ask(HoldStock(cart_id=cart.id, lines=lines, seconds=ports.settings.hold_seconds))
    if held.outcome is HoldOutcome.REFUSED:
        short = [each.model_dump() for each in held.short]
        raise Conflict("there is not enough of everything any more", code="out_of_stock", more={"short": short})

"""What is in a cart: adding, changing, removing."""

from banyan.contracts.catalog import Item
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound
from banyan.orders.actions.editing import edit
from banyan.orders.actions.reaching import begun, world
from banyan.orders.domain.cart import Cart, Line, World
from banyan.orders.domain.filling import added, with_quantity


async def add(
    ports: Ports, who: Principal, cart_id: str, sku: str, quantity: int, key: Key | None, if_match: str | None
) -> Answer:
    """So many more of a SKU: 201 with a new line, 200 where there was one. Conflict (`out_of_stock`) beyond the stock."""
    cart = await begun(ports, who, cart_id, key)
    if isinstance(cart, Answer):
        return cart
    now = await world(ports, cart, sku, prices_needed=True)
    item, room = sellable(now, sku), now.room(sku)
    new_id = ports.ids.new("lin")

    def change(cart: Cart) -> tuple[Cart, int]:
        after = added(cart, Line(new_id, sku, quantity, item), room)
        if after is None:
            raise out_of_stock(sku, room)
        return after, 201 if len(after.lines) > len(cart.lines) else 200

    return await edit(ports, cart, now, change, key=key, if_match=if_match)


async def set_quantity(
    ports: Ports, who: Principal, cart_id: str, line_id: str, quantity: int, if_match: str | None
) -> Answer:
    """Change how many there are of a line; 0 removes it. Fewer is always possible, more only while there is stock."""
    cart = await begun(ports, who, cart_id)
    assert isinstance(cart, Cart)
    line = next((each for each in cart.lines if each.id == line_id), None)
    if line is None:
        raise NotFound("there is no such line in this cart", code="no_such_line")
    now = await world(ports, cart)
    if quantity > max(now.room(line.sku), line.quantity):
        raise out_of_stock(line.sku, now.room(line.sku))

    def change(cart: Cart) -> tuple[Cart, int]:
        after = with_quantity(cart, line_id, quantity)
        if after is None:
            raise NotFound("there is no such line in this cart any more", code="no_such_line")
        return after, 200

    return await edit(ports, cart, now, change, if_match=if_match)


def sellable(now: World, sku: str) -> Item:
    """The item, if it can be bought. Invalid (`unknown_sku`), or Conflict (`out_of_stock`) when it is not for sale."""
    item = now.items.get(sku) if now.items is not None else None
    if item is None:
        fault = Fault("/body/sku", "unknown_sku", "nothing has this SKU")
        raise Invalid(f"nothing has the SKU {sku}", code="unknown_sku", errors=[fault])
    if not item.sellable or item.price is None:
        raise out_of_stock(sku, 0)
    return item


def out_of_stock(sku: str, available: int) -> Conflict:
    """There are not so many."""
    detail = f"only {available} of {sku} can be bought" if available else f"{sku} cannot be bought now"
    return Conflict(detail, code="out_of_stock", more={"sku": sku, "available": available})

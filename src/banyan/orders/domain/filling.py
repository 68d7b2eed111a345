"""What is put into a cart and taken out of it."""

from dataclasses import replace

from banyan.orders.domain.cart import Cart, Line


def added(cart: Cart, line: Line, room: int) -> Cart | None:
    """So many more: in the line of this SKU, or in a new one. None when there would be more than `room` of it."""
    old = next((each for each in cart.lines if each.sku == line.sku), None)
    quantity = line.quantity + (old.quantity if old else 0)
    if quantity > room:
        return None
    if old is None:
        return replace(cart, lines=(*cart.lines, line))
    return _with(cart, replace(line, id=old.id, quantity=quantity))


def with_quantity(cart: Cart, line_id: str, quantity: int) -> Cart | None:
    """Another number of units in a line, which is gone at 0. None when there is no such line."""
    line = next((each for each in cart.lines if each.id == line_id), None)
    if line is None:
        return None
    if quantity == 0:
        return replace(cart, lines=tuple(each for each in cart.lines if each is not line))
    return _with(cart, replace(line, quantity=quantity))


def _with(cart: Cart, line: Line) -> Cart:
    return replace(cart, lines=tuple(line if each.id == line.id else each for each in cart.lines))

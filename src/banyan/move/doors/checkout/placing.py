"""Doors of the last steps: the order is shown with what it comes to, placed for that or not at all, and thanked for."""

from html import escape

from starlette.responses import HTMLResponse, Response

from banyan.foundation import web
from banyan.foundation.face.line import Seen, shaped
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal
from banyan.move.doors.checkout import OURS, offered, there
from banyan.move.doors.shopper import MONTH, Cart, Cookie, patiently
from banyan.move.doors.visit import Visit

SUCCESS = "index.php?route=checkout/success"
AGAIN = "index.php?route=checkout/checkout"
_GOOD = frozenset(("processing", "confirmed", "fulfilled"))
_AGAIN = frozenset(("cart_changed", "cart_empty", "delivery_missing"))
_GONE = frozenset(("already_ordered", "cart_merged", "no_such_cart"))


class _Order(Seen):
    number: str
    status: str


async def confirm(visit: Visit) -> Response:
    """The order as it would be placed: its lines, where it goes, its sum."""
    cart = await visit.shopper.cart()
    if cart is None or not cart.lines or not offered(visit):
        return visit.go(OURS)
    if cart.address is None or cart.shipping_option is None:
        cart = await there.carried_over(visit, cart)
    if cart is None:
        return visit.go(OURS)
    visit.shopper.jar.put(Cookie.CONFIRMED, _shown(cart), MONTH)
    return HTMLResponse(_piece(cart, offered(visit)))


async def place(visit: Visit) -> Response:
    """Order what was shown, to be paid as the route says. Whoever sends it again is told of the same order."""
    method = visit.route.rpartition("/")[2].partition(".")[0]
    if method not in offered(visit):
        return visit.go(OURS)
    cart = await visit.shopper.cart()
    if cart is None or not cart.lines:
        return await _placed_before(visit)
    if visit.shopper.jar.get(Cookie.CONFIRMED) != _shown(cart):
        order = await there.order_there(visit)
        if order is not None and there.is_placed(order) and await there.is_of(visit, order, cart):
            await there.cleared(visit, cart)
            return _done(order.text("order_id"))
        shown = None if order is None or there.is_placed(order) else there.shown_there(order)
        found = await there.carried_over(visit, cart) if shown is not None else None
        if found is None or found.total != shown:  # it comes to something else here: to be shown first
            return web.json({"redirect": AGAIN})
        cart = found
    return await _ordered(visit, cart, method)


async def success(visit: Visit) -> Response:
    """Thanks. The cart of an order that the legacy shop placed is emptied here, as it would have been there."""
    order = await there.order_there(visit)
    if order is not None and there.is_placed(order):
        cart = await visit.shopper.cart()
        if cart is not None and await there.is_of(visit, order, cart):
            await there.cleared(visit, cart)
    return visit.go("/account/orders" if visit.shopper.signed_in else "/")


async def _ordered(visit: Visit, cart: Cart, method: str) -> Response:
    at, key = f"/v1/carts/{segment(cart.id)}/checkout", visit.key() or visit.ports.ids.secret(16).hex()
    body = {"payment": {"provider": method, "token": "later"}}
    try:
        sent = await patiently(visit.ports.clock, lambda: visit.shopper.line.send("orders", "POST", at, body, key=key))
    except Refusal as refusal:
        if refusal.code in _GONE:
            return await _placed_before(visit)
        if refusal.code in _AGAIN:
            return web.json({"redirect": AGAIN})
        return visit.faults(refusal, {}, back=OURS)
    order = shaped(_Order, sent)
    visit.shopper.jar.drop(Cookie.CONFIRMED)
    if order.status not in _GOOD:
        return visit.wrong("Warning: This order could not be placed; nothing was charged. Please try again.")
    visit.shopper.jar.drop(Cookie.COUNT)
    return _done(order.number)


async def _placed_before(visit: Visit) -> Response:
    """Nothing is in the cart: the order that it went into, if there is one, else it is begun again."""
    known = visit.shopper.jar.get(Cookie.CART_ID)
    try:
        cart = await visit.shopper.line.get(Cart, "orders", f"/v1/carts/{segment(known)}") if known else None
        if cart is not None and cart.order_id:
            order = await visit.shopper.line.get(_Order, "orders", f"/v1/orders/{segment(cart.order_id)}")
            if order.status in _GOOD:
                return _done(order.number)
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
    order_there = await there.order_there(visit)
    if order_there is not None and there.is_placed(order_there):
        return _done(order_there.text("order_id"))
    return web.json({"redirect": AGAIN})


def _done(number: str) -> Response:
    return web.json({"redirect": SUCCESS, "order_id": number})


def _shown(cart: Cart) -> str:
    return f"{cart.id}.{cart.total.amount}"


def _piece(cart: Cart, ways: dict[str, str]) -> str:
    address = cart.address or {}
    lines = "".join(
        f"<tr><td>{line.quantity} × {escape(line.name)}</td><td>{line.total}</td></tr>" for line in cart.lines
    )
    parts = {"Sub-Total": cart.subtotal, "Shipping": cart.shipping, "Tax": cart.tax, "Total": cart.total}
    sums = "".join(f"<tr><td>{name}</td><td>{amount}</td></tr>" for name, amount in parts.items())
    place = ", ".join(
        escape(str(address[each])) for each in ("name", "line1", "postal_code", "city") if address.get(each)
    )
    buttons = "".join(
        f'<button type="button" data-route="extension/opencart/payment/{code}.confirm">Confirm Order ({name})</button>'
        for code, name in ways.items()
    )
    return f'<div id="checkout-confirm"><p>{place}</p><table>{lines}{sums}</table>{buttons}</div>'

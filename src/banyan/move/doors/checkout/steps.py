"""Doors of the steps before an order is shown: where it goes, how it is sent, how it is paid."""

from starlette.responses import Response

from banyan.foundation import web
from banyan.foundation.face.line import Seen
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money
from banyan.kernel.refusals import Refusal
from banyan.move.doors import accounts
from banyan.move.doors.checkout import OURS, offered
from banyan.move.doors.checkout.there import STANDARD, carried_over, to_address
from banyan.move.doors.shopper import Cart
from banyan.move.doors.visit import Visit

WAY = "banyan"
"""Before the names of our ways to send: `banyan.express`."""


class _Way(Seen):
    id: str
    name: str
    price: Money


class _Ways(Seen):
    items: tuple[_Way, ...]


async def address(visit: Visit) -> Response:
    """`address_id`: one of the account's."""
    cart = await visit.shopper.cart()
    if cart is None or not visit.shopper.signed_in or not offered(visit):
        return visit.go(OURS)
    try:
        await to_address(visit, cart, visit.form["address_id"])
    except Refusal as refusal:
        return visit.faults(refusal, {}, back=OURS)
    return visit.done("Success: You have changed shipping address!")


async def new_address(visit: Visit) -> Response:
    """The fields of an address: it is added to the account's, and the order goes there."""
    cart = await visit.shopper.cart()
    if cart is None or not visit.shopper.signed_in or not offered(visit):
        return visit.go(OURS)
    try:
        id = await accounts.add_address(visit, await accounts.fields(visit))
        await to_address(visit, cart, id)
    except Refusal as refusal:
        return visit.faults(refusal, accounts.ADDRESS, back=OURS)
    return visit.done("Success: You have added an address!", address_id=id)


async def ways(visit: Visit) -> Response:
    """How this cart may be sent to where it goes."""
    cart = await _delivered(visit)
    if cart is None:
        return visit.go(OURS)
    found = await visit.shopper.line.get(_Ways, "orders", f"/v1/carts/{segment(cart.id)}/shipping-options")
    quotes = {
        each.id: {
            "code": f"{WAY}.{each.id}",
            "name": each.name,
            "cost": each.price.major(),
            "tax_class_id": 0,
            "text": str(each.price),
        }
        for each in found.items
    }
    name = visit.ports.settings.shop_name
    return web.json({"shipping_methods": {WAY: {"name": name, "quote": quotes, "sort_order": 1, "error": False}}})


async def way(visit: Visit) -> Response:
    """`shipping_method=banyan.express`; what a page that the legacy shop made has chosen is our usual way."""
    cart = await _delivered(visit)
    if cart is None or cart.email is None or cart.address is None:
        return visit.go(OURS)
    said, _, named = visit.form["shipping_method"].partition(".")
    wanted = named if said == WAY else STANDARD
    try:
        if cart.shipping_option != wanted:
            await visit.shopper.deliver(cart, cart.email, cart.address, wanted)
    except Refusal as refusal:
        return visit.faults(refusal, {}, back=OURS)
    return visit.done("Success: You have changed shipping method!")


async def means(visit: Visit) -> Response:
    """Ways to pay."""
    taken = offered(visit)
    if not taken:
        return visit.go(OURS)
    listed = {
        code: {"name": name, "option": {code: {"code": f"{code}.{code}", "name": name}}, "sort_order": place}
        for place, (code, name) in enumerate(taken.items(), 1)
    }
    return web.json({"payment_methods": listed})


async def pay(visit: Visit) -> Response:
    """`payment_method=cod.cod`. Nothing is kept of it: the last step says it again."""
    if visit.form["payment_method"].partition(".")[0] not in offered(visit):
        return visit.go(OURS)
    return visit.done("Success: You have changed payment method!")


async def _delivered(visit: Visit) -> Cart | None:
    """The cart with where it goes; None where nobody has said so."""
    cart = await visit.shopper.cart() if offered(visit) else None
    if cart is None or cart.address is not None:
        return cart
    return await carried_over(visit, cart)

"""The browser's cart: found by its cookies, made when it is first needed, let go of when it was ordered."""

from banyan.foundation.face.line import or_none
from banyan.kernel.refusals import Refusal
from banyan.storefront.cookies import MONTH, Cookie
from banyan.storefront.shop_api import carts
from banyan.storefront.shop_api.shapes import Cart
from banyan.storefront.visit import Visit

_GONE = (404, 409)  # not there, not ours, ordered or merged: a new one is made


async def find(visit: Visit) -> Cart | None:
    """The open cart of this browser or of who is signed in; None where there is none."""
    if not (visit.visitor.signed_in or visit.jar.get(Cookie.CART)):
        return None
    try:
        cart = await carts.current(visit.line)
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        let_go(visit)
        return None
    hold(visit, cart)
    return cart


async def add(visit: Visit, sku: str, quantity: int) -> Cart:
    """Put something into the cart; the cart is made if need be. Invalid, Conflict (`out_of_stock`).

    Without a key: who goes back to a product's page and presses again wants one more.
    """
    cart_id = visit.jar.get(Cookie.CART_ID)
    if cart_id:
        try:
            cart = await carts.add(visit.line, cart_id, sku, quantity)
            hold(visit, cart)
            return cart
        except Refusal as refusal:
            if refusal.status not in _GONE or refusal.code == "out_of_stock":
                raise
    cart = await find(visit) or await _make(visit)
    cart = await carts.add(visit.line, cart.id, sku, quantity)
    hold(visit, cart)
    return cart


def hold(visit: Visit, cart: Cart) -> None:
    """Remember which cart it is and how much is in it."""
    visit.jar.put(Cookie.CART_ID, cart.id, MONTH)
    visit.count(cart.pieces)


def let_go(visit: Visit) -> None:
    """The next one is a new one. Its token stays: it still opens the order that a guest's cart became."""
    visit.jar.drop(Cookie.CART_ID)
    visit.count(0)


async def after_sign_in(visit: Visit) -> None:
    """What the guest had in the cart goes into the user's own. Signing in does not fail where this does."""
    cart_id, token = visit.jar.get(Cookie.CART_ID), visit.jar.get(Cookie.CART)
    if cart_id and token:
        merged = await or_none(carts.merge(visit.line, cart_id, token))
        if merged is None:
            return
        visit.jar.drop(Cookie.CART)
        hold(visit, merged)
        return
    await or_none(find(visit))


def after_sign_out(visit: Visit) -> None:
    """A shared computer shows the next one nothing."""
    for cookie in (Cookie.CART, Cookie.CART_ID, Cookie.COUNT):
        visit.jar.drop(cookie)


async def _make(visit: Visit) -> Cart:
    cart = await carts.make(visit.line)
    if cart.token:
        visit.jar.put(Cookie.CART, cart.token, MONTH)
    return cart

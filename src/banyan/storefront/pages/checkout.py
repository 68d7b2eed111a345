"""The checkout in two steps: where it goes, then how it is paid. Every step asks the cart again what it costs now."""

import asyncio
from dataclasses import dataclass

from starlette.responses import Response

from banyan.foundation.face.forms import Form
from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal
from banyan.storefront import addresses, basket, countries
from banyan.storefront.cookies import Cookie
from banyan.storefront.forms import faults
from banyan.storefront.pages.card import card_fields
from banyan.storefront.pages.paying import CARD, Means, chosen_means, place, usual, ways_to_pay
from banyan.storefront.shop_api import carts, people
from banyan.storefront.shop_api.shapes import Address, Cart, SavedAddress
from banyan.storefront.visit import Visit

NEW = "new"  # the choice of another address than the saved ones


@dataclass(frozen=True, slots=True)
class Delivery:
    """What step one shows in its fields."""

    email: str
    address: Address
    chosen: str  # id of a saved address, or NEW
    shipping_option: str


async def delivery(visit: Visit) -> Response:
    """`/checkout/delivery`"""
    cart = await basket.find(visit)
    if cart is None or not cart.lines:
        return visit.to("/cart", "cart-empty")
    if cart.blocked:
        return visit.to("/cart", "cart-changed")
    saved, email = await _known(visit)
    return await _delivery_page(visit, cart, saved, _remembered(visit, cart, saved, email))


async def deliver(visit: Visit) -> Response:
    """`POST /checkout/delivery`"""
    cart = await basket.find(visit)
    if cart is None or not cart.lines:
        return visit.to("/cart", "cart-empty")
    saved, email = await _known(visit)
    wanted = _typed(visit.form, saved, email)
    wrong = addresses.missing(wanted.address) | ({} if wanted.email else {"email": "Where shall we send the receipt?"})
    if visit.form["do"] == "options":  # another country: first what it costs to send it there
        return await _delivery_page(visit, cart, saved, wanted)
    if wrong:
        return await _delivery_page(visit, cart, saved, wanted, wrong)
    try:
        cart = await carts.deliver(
            visit.line,
            cart.id,
            email=wanted.email,
            address=wanted.address,
            shipping_option=wanted.shipping_option or "standard",
        )
    except Refusal as refusal:
        if refusal.status in (400, 422):
            return await _delivery_page(visit, cart, saved, wanted, faults(refusal, addresses.POINTED))
        if refusal.status == 409:
            return visit.to("/cart", "cart-changed")
        raise
    if wanted.chosen == NEW and visit.form["save"] and visit.visitor.signed_in:
        await or_none(people.add_address(visit.line, wanted.address, key=visit.form["key"]))
    return visit.to("/checkout/payment")


async def payment(visit: Visit) -> Response:
    """`/checkout/payment`"""
    before = visit.jar.get(Cookie.CART_ID)
    cart = await basket.find(visit)
    if cart is None or not cart.lines:
        return await _went_on(visit, before)
    if cart.address is None or cart.estimated:
        return visit.to("/checkout/delivery", "delivery-first")
    if cart.blocked:
        return visit.to("/cart", "cart-changed")
    return await _payment_page(visit, cart)


async def _went_on(visit: Visit, cart_id: str | None) -> Response:
    """Whoever goes back from their bank's page finds the order that waits for them, and not an empty cart."""
    was = await or_none(carts.read(visit.line, cart_id)) if cart_id else None
    return visit.to(f"/orders/{segment(was.order_id)}") if was and was.order_id else visit.to("/cart", "cart-empty")


async def pay(visit: Visit) -> Response:
    """`POST /checkout/place`: once per form, however often it is sent."""
    cart_id, key = (
        visit.form["cart"],
        visit.form["key"],
    )  # the form's own cart: the browser's may be the next one already
    if not cart_id:
        return visit.to("/cart", "cart-empty")
    cart = await or_none(carts.read(visit.line, cart_id))
    if cart is not None and cart.status == "open" and visit.form["total"] != str(cart.total.amount):
        basket.hold(visit, cart)
        return await _payment_page(
            visit, cart, 409, {"": "The total is another one now. Please look it over before you pay."}
        )
    means = await chosen_means(visit, key)
    if not isinstance(means, Means):
        return visit.to("/cart", "cart-empty") if cart is None else await _payment_page(visit, cart, 422, means)
    return await place(visit, cart_id, means, key)


async def _payment_page(visit: Visit, cart: Cart, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    ways = await ways_to_pay(visit, "/checkout/payment", cart.total, errors or {})
    card = card_fields(visit, "/checkout/payment", errors or {})
    return await visit.page(
        "payment.html",
        status,
        cart=cart,
        address_lines=_lines(cart.address or Address()),
        ways=ways,
        chosen=visit.form["way"] or (CARD if card.ready else usual(visit, ways)),
        card=card,
        form=visit.form,
        errors=errors or {},
    )


async def _delivery_page(
    visit: Visit, cart: Cart, saved: tuple[SavedAddress, ...], wanted: Delivery, errors: dict[str, str] | None = None
) -> Response:
    country = wanted.address.country
    options = await carts.shipping_options(visit.line, cart.id, country if country in countries.COUNTRIES else "")
    chosen = wanted.shipping_option
    if not any(option.id == chosen for option in options):
        chosen = options[0].id if options else ""
    return await visit.page(
        "delivery.html",
        422 if errors else 200,
        cart=cart,
        saved=[(each, _lines(addresses.of_saved(each))) for each in saved],
        wanted=wanted,
        options=options,
        chosen_option=chosen,
        countries=countries.CHOICES,
        errors=errors or {},
    )


async def _known(visit: Visit) -> tuple[tuple[SavedAddress, ...], str]:
    """The saved addresses and the e-mail of who is signed in; a guest has none."""
    if not visit.visitor.signed_in:
        return (), ""
    saved, me = await asyncio.gather(or_none(people.addresses(visit.line)), or_none(people.me(visit.line)))
    return saved or (), me.email if me else ""


def _remembered(visit: Visit, cart: Cart, saved: tuple[SavedAddress, ...], email: str) -> Delivery:
    """The fields as they first stand: what the cart knows, else the default address, else what is likely."""
    address, chosen = cart.address, NEW
    if address is None and saved:
        address, chosen = addresses.of_saved(saved[0]), saved[0].id
    elif address is not None:
        chosen = next((each.id for each in saved if addresses.of_saved(each) == address), NEW)
    if address is None:
        address = Address(country=countries.likely(visit.request.headers.get("accept-language", ""), visit.currency))
    return Delivery(cart.email or email, address, chosen, cart.shipping_option or "")


def _typed(form: Form, saved: tuple[SavedAddress, ...], email: str) -> Delivery:
    picked = next((each for each in saved if each.id == form["address"]), None)
    address = addresses.of_saved(picked) if picked else addresses.typed(form)
    return Delivery(form["email"] or email, address, picked.id if picked else NEW, form["shipping_option"])


def _lines(address: Address) -> list[str]:
    return addresses.lines(address, countries.COUNTRIES.get(address.country, address.country))

"""Ways to pay: saved cards, a card that is handed to the vault, and on a laptop the test bank's tokens."""

import re
from dataclasses import dataclass

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal
from banyan.storefront import basket
from banyan.storefront.cookies import Cookie
from banyan.storefront.forms import faults
from banyan.storefront.places import local
from banyan.storefront.shop_api import carts, wallet
from banyan.storefront.shop_api.shapes import VaultCard
from banyan.storefront.visit import Visit

PROVIDER = "testbank"
CARD, SAVED, TEST = "card", "saved:", "test:"
TESTS = {"tok_ok": "It is paid", "tok_declined": "The bank declines", "tok_timeout": "The bank answers late"}
_POINTED = {"number": "number", "exp_month": "expiry", "exp_year": "expiry", "cvc": "cvc"}
_EXPIRY = re.compile(r"(\d{1,2})\s*[/ .-]?\s*(\d{2}|20\d{2})")


@dataclass(frozen=True, slots=True)
class Way:
    """One choice of the payment form."""

    value: str
    label: str
    note: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Means:
    """A provider and its token."""

    provider: str
    token: str


async def ways_to_pay(visit: Visit) -> list[Way]:
    """What can be chosen, the likeliest first."""
    ways = []
    if visit.visitor.signed_in:
        for method in await or_none(wallet.methods(visit.line)) or ():
            brand = method.brand or "Card"
            ways.append(
                Way(f"{SAVED}{method.id}", f"{brand.capitalize()} ending in {method.last4 or '····'}", brand=brand)
            )
    ways.append(Way(CARD, "Card", "Credit or debit card"))
    if visit.front.laptop:
        ways += [Way(f"{TEST}{token}", label) for token, label in TESTS.items()]
    return ways


def usual(visit: Visit, ways: list[Way]) -> str:
    """What is chosen before anybody chose: a saved card; on a laptop the test bank, which pays without any typing."""
    return f"{TEST}tok_ok" if visit.front.laptop and ways[0].value == CARD else ways[0].value


async def chosen_means(visit: Visit, key: str) -> Means | dict[str, str]:
    """What the form pays with; what is wrong, by field, where it cannot."""
    way = visit.form["way"]
    if way.startswith(TEST) and visit.front.laptop and way.removeprefix(TEST) in TESTS:
        return Means(PROVIDER, way.removeprefix(TEST))
    if way.startswith(SAVED):
        for method in await wallet.methods(visit.line):
            if method.id == way.removeprefix(SAVED):
                return Means(method.provider, method.token)
        return {"": "This card is not saved any more. Please choose another way to pay."}
    if way != CARD:
        return {"": "Please choose how to pay."}
    card = await vaulted(visit, key)
    return Means(PROVIDER, card.token) if isinstance(card, VaultCard) else card


async def vaulted(visit: Visit, key: str) -> VaultCard | dict[str, str]:
    """The card of the form, handed to the vault: its number is in no log, no cookie and no memory of ours."""
    number, cvc = re.sub(r"[ -]", "", visit.form["number"]), visit.form["cvc"]
    expiry = _EXPIRY.fullmatch(visit.form["expiry"])
    wrong = {}
    if not re.fullmatch(r"[0-9]{12,19}", number):
        wrong["number"] = "A card number has 12 to 19 digits"
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        wrong["expiry"] = "Like 08/29"
    if not re.fullmatch(r"[0-9]{3,4}", cvc):
        wrong["cvc"] = "3 or 4 digits"
    if wrong or expiry is None:
        return wrong
    month, year = int(expiry[1]), int(expiry[2])
    try:
        return await visit.front.cards.once(
            f"{visit.nonce} {key}",
            lambda: wallet.keep_card(
                visit.line, number=number, exp_month=month, exp_year=year if year > 99 else 2000 + year, cvc=cvc
            ),
        )
    except Refusal as refusal:
        if refusal.status not in (400, 402, 409, 422):
            raise
        return faults(refusal, _POINTED)


async def place(visit: Visit, cart_id: str, means: Means, key: str) -> Response:
    """Place the order and go to its page, which tells how it went."""
    try:
        order = await carts.check_out(visit.line, cart_id, provider=means.provider, token=means.token, key=key)
    except Refusal as refusal:
        return await _not_placed(visit, cart_id, refusal)
    if order.status not in ("payment_failed", "rejected") and visit.jar.get(Cookie.CART_ID) == cart_id:
        basket.let_go(visit)
    # The link opens it for a guest even after the next cart has begun.
    here = f"/orders/{segment(order.id)}"
    return visit.to(here if visit.visitor.signed_in else local(order.links.view, here))


async def _not_placed(visit: Visit, cart_id: str, refusal: Refusal) -> Response:
    if refusal.code == "delivery_missing":
        return visit.to("/checkout/delivery", "delivery-first")
    if refusal.code in ("cart_changed", "cart_empty", "out_of_stock"):
        return visit.to("/cart", "cart-changed")
    if refusal.status == 404:
        basket.let_go(visit)
        return visit.to("/cart", "changed-meanwhile")
    if refusal.status in (409, 422):  # sent twice, and the other one was quicker: on to what it placed
        cart = await or_none(carts.read(visit.line, cart_id))
        if cart is not None and cart.order_id:
            return visit.to(f"/orders/{cart.order_id}")
        if cart is not None and refusal.code in ("in_flight", "already_ordered"):
            return visit.to("/checkout/payment", "still-placing")
        if cart is not None and refusal.status == 422:
            return visit.to("/checkout/payment", "not-accepted")
    raise refusal

"""Ways to pay: saved cards, a card that was typed at the vault or at its provider, and on a laptop the test bank's tokens."""

from dataclasses import dataclass

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money
from banyan.kernel.refusals import Refusal
from banyan.storefront import basket
from banyan.storefront.cookies import Cookie
from banyan.storefront.pages import hosted
from banyan.storefront.pages.card import typed_card
from banyan.storefront.pages.hosted import StripeFields
from banyan.storefront.places import local
from banyan.storefront.shop_api import carts, wallet
from banyan.storefront.shop_api.shapes import Method, PaymentOption, VaultCard
from banyan.storefront.visit import Visit

PROVIDER = "testbank"
CARD, SAVED, TEST, AT = "card", "saved:", "test:", "at:"
TESTS = {
    "tok_ok": "It is paid",
    "tok_3ds": "The bank asks you to confirm",
    "tok_declined": "The bank declines",
    "tok_timeout": "The bank answers late",
}
_NAMES = {  # by provider where it takes several, else by method
    "bank_transfer": ("Bank transfer", "We send the goods when the money is here"),
    "cheque": ("Cheque", "We send the goods when the money is here"),
    "cod": ("Cash on delivery", "Pay when the parcel comes"),
    "paypal": ("PayPal", "You confirm it at PayPal, and come back"),
    "upi": ("UPI", "You confirm it in your app, and come back"),
    "razorpay": ("UPI, card, bank or wallet", "You pay at Razorpay, and come back"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One choice of the payment form."""

    value: str
    label: str
    note: str = ""
    brand: str = ""
    stripe: StripeFields | None = None  # where the card is typed in Stripe's fields


@dataclass(frozen=True, slots=True)
class Means:
    """A provider and its token; None: payments chooses the provider. `save`: it is kept for the next time."""

    provider: str | None
    token: str
    save: bool = False


async def ways_to_pay(visit: Visit, page: str, total: Money, errors: dict[str, str]) -> list[Way]:
    """What can be chosen on the page at `page`, the likeliest first; nothing, where nothing can be paid with just now."""
    saved = (await or_none(wallet.methods(visit.line)) or ()) if visit.visitor.signed_in else ()
    options = await or_none(wallet.options(visit.line, visit.currency))
    away = {each.provider for each in options or () if not each.available}
    # A card of our vault is good with every provider: it waits for none.
    waits = [each for each in saved if each.provider in away and not each.token.startswith("card_")]
    ways = [_saved_way(each) for each in saved if each not in waits]
    ways += typed_ways(visit, options, page, total, errors)
    for each in options or ():
        if each.token and each.available:
            other = (each.method.replace("_", " ").capitalize(), "You confirm it there")
            label, note = _NAMES.get(each.provider) or _NAMES.get(each.method, other)
            ways.append(Way(f"{AT}{each.provider}/{each.method}", label, note))
    ways += [_saved_way(each, "Not available just now") for each in waits]
    if visit.front.laptop:
        ways += [Way(f"{TEST}{token}", label) for token, label in TESTS.items()]
    return ways


def _saved_way(method: Method, note: str = "") -> Way:
    brand = method.brand or "Card"
    label = f"{brand.capitalize()} ending in {method.last4 or '····'}"
    return Way(f"{SAVED}{method.id}", label, note, brand=brand)


def typed_ways(
    visit: Visit,
    options: tuple[PaymentOption, ...] | None,
    page: str,
    total: Money | None,
    errors: dict[str, str],
) -> list[Way]:
    """Where a card may be typed, each a choice of its own: its number goes to one place only. `total`: None where a card is
    kept and nothing is paid."""
    ways = []
    if stripe := hosted.fields(visit, options or (), page, total, errors):
        ways.append(Way(hosted.WAY, "Card", "Credit or debit card, by Stripe", stripe=stripe))
    if options is None or any(_takes_typed_cards(visit, each) for each in options):
        label, note = ("Card of the test bank", "No money moves") if ways else ("Card", "Credit or debit card")
        ways.append(Way(CARD, label, note))
    return ways


def _takes_typed_cards(visit: Visit, option: PaymentOption) -> bool:
    """Whether a card that is typed in the fields of our vault, or else of the test bank, is good there."""
    if visit.front.settings.card_fields == "vault":
        return option.vault_cards
    return option.provider == PROVIDER and option.method == "card"


def usual(visit: Visit, ways: list[Way]) -> str:
    """What is chosen before anybody chose: a saved card; on a laptop the test bank, which pays without any typing."""
    first = ways[0].value if ways else ""
    return f"{TEST}tok_ok" if visit.front.laptop and first == CARD else first


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
    save = bool(visit.form["save"]) and visit.visitor.signed_in
    if way.startswith(AT):
        for option in await wallet.options(visit.line, visit.currency):
            if option.token and f"{AT}{option.provider}/{option.method}" == way:
                return Means(option.provider, option.token, save)
        return {"": "This way to pay is not offered just now. Please choose another."}
    if way == hosted.WAY:
        typed = hosted.typed(visit)
        return Means(hosted.PROVIDER, typed.token, save) if typed else hosted.TYPE_IT
    if way != CARD:
        return {"": "Please choose how to pay."}
    card = await typed_card(visit, key)
    if not isinstance(card, VaultCard):
        return card
    return Means(None if card.token.startswith("card_") else PROVIDER, card.token, save)


async def place(visit: Visit, cart_id: str, means: Means, key: str) -> Response:
    """Place the order and go to its page, which tells how it went."""
    try:
        order = await carts.check_out(
            visit.line, cart_id, provider=means.provider, token=means.token, save=means.save, key=key
        )
    except Refusal as refusal:
        return await _not_placed(visit, cart_id, refusal)
    if order.next_action:
        visit.count(0)  # its cart is remembered: should they go back from their bank, it leads to the order
    elif order.status not in ("payment_failed", "rejected") and visit.jar.get(Cookie.CART_ID) == cart_id:
        basket.let_go(visit)
    # The link opens it for a guest even after the next cart has begun.
    here = f"/orders/{segment(order.id)}"
    there = here if visit.visitor.signed_in else local(order.links.view, here)
    return visit.to(to_confirm(there) if order.next_action else there)


def to_confirm(place: str) -> str:
    """An order's page that goes on to the payment provider's by itself.

    Not straight there by a redirect: a form of ours may lead to us alone (form-action), wherever it is redirected to.
    """
    return f"{place}{'&' if '?' in place else '?'}go=1"


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

"""Payment methods, the cards behind them, and the customers they are kept for."""

from typing import Any

from banyan.simulators.stripe import cards
from banyan.simulators.stripe.book import ApiError, Book, Obj
from banyan.simulators.stripe.cards import Card

_NOBODY: Obj = {
    "address": {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None},
    "email": None,
    "name": None,
    "phone": None,
}


def create(book: Book, asked: Obj) -> Obj:
    """By a card's number, or by a test token."""
    if asked.get("type") != "card":
        raise ApiError("This simulator knows cards only", param="type")
    card = asked.get("card")
    if not isinstance(card, dict):
        raise ApiError("Missing required param: card.", code="parameter_missing", param="card")
    if "token" in card:
        return _named(book, str(card["token"]), "card[token]")
    number = str(card.get("number", ""))
    month, year = str(card.get("exp_month", "")), str(card.get("exp_year", ""))
    if not (number.isdigit() and 12 <= len(number) <= 19 and cards.passes_luhn(number)):
        raise ApiError("Your card number is incorrect.", 402, "card_error", code="incorrect_number", param="number")
    now = book.clock.now()
    if not (
        month.isdigit()
        and year.isdigit()
        and 1 <= int(month) <= 12
        and (int(year), int(month)) >= (now.year, now.month)
    ):
        raise ApiError("Your card has expired.", 402, "card_error", code="invalid_expiry_year", param="exp_year")
    if "cvc" in card and not (str(card["cvc"]).isdigit() and 3 <= len(str(card["cvc"])) <= 4):
        raise ApiError("Your card's security code is invalid.", 402, "card_error", code="invalid_cvc", param="cvc")
    return _make(book, cards.BY_NUMBER.get(number, Card(number)), int(month), int(year))


def given(book: Book, name: object, param: str = "payment_method") -> Obj:
    """A payment method by its id; a test token makes a new one."""
    if str(name).startswith("pm_card_"):
        return _named(book, str(name), param)
    return book.find("payment_method", name, param)


def card_of(book: Book, method: Obj) -> Card:
    number = book.cards[method["id"]]
    return cards.BY_NUMBER.get(number, Card(number))


def attach(book: Book, method: Obj, customer: str) -> Obj:
    if method["customer"] not in (None, customer):
        raise ApiError("The payment method is attached to another customer.", code="payment_method_unexpected_state")
    if method["customer"] is None:
        method["customer"] = customer
        book.tell("payment_method.attached", method)
    return method


def detach(book: Book, method: Obj) -> Obj:
    if method["customer"] is None:
        raise ApiError("The payment method is not attached to a customer.", code="payment_method_unexpected_state")
    method["customer"] = None
    book.tell("payment_method.detached", method)
    return method


def customer(book: Book, asked: Obj) -> Obj:
    made = book.add(
        "customer",
        "cus",
        address=None,
        balance=0,
        currency=None,
        default_source=None,
        delinquent=False,
        description=asked.get("description"),
        discount=None,
        email=asked.get("email"),
        livemode=False,
        metadata=asked.get("metadata") or {},
        name=asked.get("name"),
        phone=asked.get("phone"),
        preferred_locales=[],
        shipping=None,
        tax_exempt="none",
        test_clock=None,
    )
    book.tell("customer.created", made)
    return made


def details(book: Book, method: Obj) -> Obj:
    """As a charge shows what it was paid with."""
    card = card_of(book, method)
    shown: dict[str, Any] = {
        name: method["card"][name] for name in ("brand", "checks", "country", "exp_month", "exp_year")
    }
    shown |= {"fingerprint": method["card"]["fingerprint"], "funding": card.funding, "last4": card.last4}
    return {"type": "card", "card": shown | {"network": card.brand, "three_d_secure": None, "wallet": None}}


def _named(book: Book, token: str, param: str) -> Obj:
    card = cards.named(token)
    if card is None:
        raise ApiError(f"No such PaymentMethod: '{token}'", code="resource_missing", param=param)
    return _make(book, card, 12, book.clock.now().year + 4)


def _make(book: Book, card: Card, month: int, year: int) -> Obj:
    made = book.add(
        "payment_method",
        "pm",
        billing_details=_NOBODY,
        card={
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "exp_month": month,
            "exp_year": year,
            "fingerprint": f"sim{hash_of(card.number)}",
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        customer=None,
        livemode=False,
        metadata={},
        type="card",
    )
    book.cards[made["id"]] = card.number
    return made


def hash_of(number: str) -> str:
    """The same for the same card; the number cannot be told from it by looking."""
    from hashlib import blake2b

    return blake2b(number.encode(), digest_size=6).hexdigest()

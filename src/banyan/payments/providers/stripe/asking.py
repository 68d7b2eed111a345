"""What Stripe is asked for an authorization: the same for the same errand, as Stripe compares what comes by one key."""

from pydantic import ValidationError

from banyan.contracts.vault import CVC, EXP_MONTH, EXP_YEAR, NUMBER
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.payments.providers import Errand, Rejected, Unclear, vaulted
from banyan.payments.providers.stripe import amounts, wire
from banyan.payments.providers.stripe.finding import EXPANDED, is_test
from banyan.payments.providers.stripe.shapes import Made
from banyan.payments.providers.stripe.wire import Refused, Said, Value
from banyan.payments.storage import customers


async def wanted(ports: Ports, errand: Errand) -> dict[str, Value]:
    """The form of an authorization, the same for the same errand: Stripe compares what comes by one key."""
    customer = await _customer(ports, errand)
    asked = nothing(errand) | {"confirm": True, "expand": EXPANDED}
    if customer:
        asked["customer"] = customer
    if errand.save and customer:
        asked["setup_future_usage"] = "off_session"
    if errand.return_url:
        asked["return_url"] = errand.return_url
    else:
        asked["error_on_requires_action"] = True
        if customer and not errand.save:
            asked["off_session"] = True
    if errand.token.startswith("tok_"):  # all else is pm_…: a card, Apple Pay, Google Pay, Link
        return asked | {"payment_method_data": {"type": "card", "card": {"token": errand.token}}}
    if vaulted.is_ours(errand.token):
        return asked | {"payment_method": await _from_our_vault(ports, errand)}
    return asked | {"payment_method": errand.token}


def nothing(errand: Errand) -> dict[str, Value]:
    """An intent that nobody confirmed."""
    return {
        "amount": minor(errand.whole),
        "currency": errand.whole.currency.lower(),
        "capture_method": "manual",
        "payment_method_types": ["card"],
        "metadata": {"payment_id": errand.payment_id},
    }


def refund(errand: Errand, charge_id: str) -> dict[str, Value]:
    metadata = {"payment_id": errand.payment_id, "reference": errand.reference}
    return {"payment_intent": charge_id, "amount": minor(errand.amount), "metadata": metadata}


async def _customer(ports: Ports, errand: Errand) -> str | None:
    """Who the shopper is at Stripe; made with the first way to pay that is kept for them."""
    user = errand.customer
    if user is None:
        return None
    known = await customers.find(ports.db, user, _mode(ports))
    if known or not errand.save:
        return known
    try:
        return await customer_of(ports, user)
    except Refused as no:
        raise Rejected(no.reason) from None


async def customer_of(ports: Ports, user: str) -> str:
    """Who the shopper is at Stripe, made there where nobody is yet. Refused where Stripe makes none."""
    mode = _mode(ports)
    if known := await customers.find(ports.db, user, mode):
        return known
    said = await wire.post(ports, "/v1/customers", {"metadata": {"user_id": user}}, f"customer.{user}")
    return await customers.keep(ports.db, user, mode, made(said))


def _mode(ports: Ports) -> str:
    """In test mode Stripe knows other customers: a shop that goes live must not ask for them."""
    return "stripe.test" if is_test(ports.settings) else "stripe"


async def _from_our_vault(ports: Ports, errand: Errand) -> str:
    whole, bare = (card(NUMBER, EXP_MONTH, EXP_YEAR, code) for code in (CVC, ""))
    try:
        said = await wire.post_card(
            ports, "/v1/payment_methods", whole, bare, card=errand.token, payment_id=errand.payment_id
        )
    except Refused as no:
        raise Rejected(no.reason) from None
    return made(said)


def card(number: str, month: str, year: str, code: str) -> dict[str, Value]:
    """A payment method by a card; without its code where that is empty."""
    typed = {"number": number, "exp_month": month, "exp_year": year}
    return {"type": "card", "card": typed | ({"cvc": code} if code else {})}


def minor(money: Money) -> int:
    """An amount as Stripe counts. Rejected where it cannot take it."""
    try:
        return amounts.asked(money)
    except ValueError:
        raise Rejected("amount_not_payable") from None


def made(said: Said) -> str:
    """The id of what an answer shows."""
    try:
        return Made.model_validate_json(said.body).id
    except ValidationError:
        raise Unclear("Stripe's answer cannot be read") from None

"""What PayPal is asked for: the order of a payment, as Orders v2 has it."""

from typing import Any

from banyan.kernel.money import Money
from banyan.payments.providers import Errand, Rejected
from banyan.payments.providers.paypal import amounts

SHOPPER = "paypal"
"""The token of who approves at PayPal; any other is a saved one, from PayPal's vault."""


def order(errand: Errand) -> dict[str, Any]:
    """The order to be made; the same for the same payment, whatever it is made for."""
    unit = {"custom_id": errand.payment_id, "invoice_id": errand.payment_id, "amount": amount(errand.whole)}
    return {"intent": "AUTHORIZE", "purchase_units": [unit], "payment_source": {"paypal": _wallet(errand)}}


def _wallet(errand: Errand) -> dict[str, Any]:
    if errand.token != SHOPPER:
        stored = {"payment_initiator": "MERCHANT", "usage": "SUBSEQUENT", "usage_pattern": "UNSCHEDULED_POSTPAID"}
        return {"vault_id": errand.token, "stored_credential": stored}
    wallet: dict[str, Any] = {
        "experience_context": {
            "return_url": errand.return_url,
            "cancel_url": errand.return_url,
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
        }
    }
    if errand.save:
        vault = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "permit_multiple_payment_tokens": True}
        wallet["attributes"] = {"vault": vault}
    return wallet


def amount(money: Money) -> dict[str, str]:
    try:
        return {"currency_code": money.currency, "value": amounts.text(money)}
    except ValueError:
        raise Rejected("currency_not_taken") from None

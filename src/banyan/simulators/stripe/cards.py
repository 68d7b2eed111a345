"""Stripe's test cards (docs.stripe.com/testing): by number, and by the payment method or token that stands for each."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    brand: str = "visa"
    code: str = ""  # of the error with which a charge of it fails
    decline_code: str = ""
    authentication: Literal["", "always", "unless_set_up"] = ""
    refunds: Literal["", "fail", "pend"] = ""
    disputed: bool = False
    funding: str = "credit"

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(number: str, decline_code: str, code: str = "card_declined") -> Card:
    return Card(number, code=code, decline_code=decline_code)


BY_NAME: dict[str, Card] = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556", funding="debit"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "amex": Card("378282246310005", "amex"),
    "discover": Card("6011111111111117", "discover"),
    "chargeDeclined": _declined("4000000000000002", "generic_decline"),
    "visa_chargeDeclined": _declined("4000000000000002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _declined("4000000000009995", "insufficient_funds"),
    "visa_chargeDeclinedInsufficientFunds": _declined("4000000000009995", "insufficient_funds"),
    "visa_chargeDeclinedLostCard": _declined("4000000000009987", "lost_card"),
    "visa_chargeDeclinedStolenCard": _declined("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": _declined("4000000000000069", "", "expired_card"),
    "chargeDeclinedIncorrectCvc": _declined("4000000000000127", "", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _declined("4000000000000119", "", "processing_error"),
    "chargeCustomerFail": _declined("4000000000000341", "generic_decline"),
    "authenticationRequired": Card("4000002760003184", authentication="always"),
    "threeDSecure2Required": Card("4000000000003220", authentication="always"),
    "authenticationRequiredOnSetup": Card("4000002500003155", authentication="unless_set_up"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", code="card_declined", decline_code="insufficient_funds", authentication="always"
    ),
    "createDispute": Card("4000000000000259", disputed=True),
    "refundFail": Card("4000000000005126", refunds="fail"),
    "pendingRefund": Card("4000000000007726", refunds="pend"),
}
BY_NUMBER = {card.number: card for card in BY_NAME.values()}


def named(token: str) -> Card | None:
    """What `pm_card_visa` or `tok_visa` stands for."""
    return BY_NAME.get(token.removeprefix("pm_card_") if token.startswith("pm_") else token.removeprefix("tok_"))


def passes_luhn(number: str) -> bool:
    digits = [int(each) for each in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0

"""PayPal's money: decimal text in major units, with as many digits as PayPal gives the currency, which is not always ISO's."""

import re

from banyan.kernel.money import Money, exponent, parse

_TAKEN = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD"
CURRENCIES = frozenset(_TAKEN.split())
"""What PayPal takes (developer.paypal.com, "Currency codes")."""
_WHOLE = frozenset({"HUF", "JPY", "TWD"})  # "does not support decimals"; for ISO 4217 only the yen has none
_TEXT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,3})?")


def text(amount: Money) -> str:
    """The amount as PayPal writes it: `12.99`, and `1299` for forints. ValueError where it cannot be written exactly."""
    if amount.currency not in CURRENCIES:
        raise ValueError(f"PayPal does not take {amount.currency}")
    if amount.currency not in _WHOLE:
        return amount.major()
    whole, rest = divmod(amount.amount, 10 ** exponent(amount.currency))
    if rest:
        raise ValueError(f"PayPal takes whole {amount.currency} only")
    return str(whole)


def money(value: str, currency: str) -> Money:
    """An amount as PayPal wrote it. ValueError for anything else: signs, exponents, digits that the currency has not."""
    if not _TEXT.fullmatch(value):
        raise ValueError("this is no amount of PayPal")
    return parse(value, currency)

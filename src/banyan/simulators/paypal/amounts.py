"""Money as PayPal counts it: whole numbers of its smallest part, written as decimal text."""

import re

_NONE = frozenset({"HUF", "JPY", "TWD"})  # currencies without decimals at PayPal
_TEXT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,4}))?")
_KNOWN = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD"
KNOWN = frozenset(_KNOWN.split())


def places(currency: str) -> int:
    return 0 if currency in _NONE else 2


def parse(value: object, currency: object) -> tuple[int, str] | str:
    """The amount, or PayPal's issue with it."""
    if currency not in KNOWN or not isinstance(currency, str):
        return "INVALID_CURRENCY_CODE"
    found = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return "INVALID_PARAMETER_SYNTAX"
    digits = found[2] or ""
    if len(digits) > places(currency):
        return "DECIMALS_NOT_SUPPORTED" if not places(currency) else "DECIMAL_PRECISION"
    amount = int(found[1] + digits.ljust(places(currency), "0"))
    return (amount, currency) if amount > 0 else "CANNOT_BE_ZERO_OR_NEGATIVE"


def money(amount: int, currency: str) -> dict[str, str]:
    digits = places(currency)
    sign, text = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    value = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return {"currency_code": currency, "value": sign + value}


def fee(amount: int, currency: str) -> int:
    """3.49 % and a fixed part of 49 hundredths, as in PayPal's list for goods in the US; half up."""
    fixed = 49 if places(currency) else 40
    return min(amount, (amount * 349 + 5_000) // 10_000 + fixed)

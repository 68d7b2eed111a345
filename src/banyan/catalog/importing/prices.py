"""Prices as files write them: major units as text or number, or `{"amount": 4999, "currency": "EUR"}` in minor units."""

import re
from collections.abc import Mapping
from decimal import Decimal

from banyan.catalog.domain.product import CURRENCY, DEAREST
from banyan.kernel.money import exponent, parse

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_CURRENCY = re.compile(CURRENCY)
_NOISE = Decimal("0.000001")


def currency_code(value: object) -> str:
    """ISO 4217 in capitals. ValueError for anything else."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value.strip().upper()):
        raise ValueError("a currency is three letters, such as EUR")
    return value.strip().upper()


def minor_units(value: object, currency: str) -> int:
    """A price in minor units of `currency`. ValueError says what is wrong with it.

    Text must be exact: digits and at most one point, no more decimals than the currency has. A JSON number may carry
    the noise of binary fractions (23.400000000000002), which is less than a millionth of a minor unit's worth.
    """
    if isinstance(value, Mapping):
        return _exact(value, currency)
    if isinstance(value, str):
        text = value.strip()
        if not _PLAIN.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is not a price; write 1234.56, without a currency or separators")
        return _sane(parse(text, currency).amount)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a price is a number or a text")  # noqa: TRY004  # told to people beside the row
    if not 0 <= value <= DEAREST:  # NaN fails here too
        raise ValueError("this is not a price")
    minor = Decimal(str(value)).scaleb(exponent(currency))
    whole = minor.to_integral_value()
    if isinstance(value, float) and abs(minor - whole) <= _NOISE:
        return _sane(int(whole))
    return _sane(parse(Decimal(str(value)), currency).amount)


def _exact(value: Mapping[object, object], currency: str) -> int:
    amount = value.get("amount")
    if set(value) != {"amount", "currency"} or type(amount) is not int:
        raise ValueError('a price in minor units is {"amount": 4999, "currency": "EUR"}')
    if currency_code(value["currency"]) != currency:
        raise ValueError(f"the price is in {value['currency']} where {currency} was said")
    return _sane(amount)


def _sane(amount: int) -> int:
    if not 0 < amount <= DEAREST:
        raise ValueError("a price is more than nothing")
    return amount

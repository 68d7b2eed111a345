"""Amounts as Stripe counts them: minor units by ISO 4217, with its exceptions (docs.stripe.com/currencies)."""

from banyan.kernel.money import Money

_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})  # no minor unit, yet counted in hundredths
_WHOLE = frozenset({"MGA"})  # two digits to us, none to Stripe
_IN_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})  # three digits, of which the last must be zero
_UNKNOWN = frozenset({"IQD", "LYD", "UYI"})


def asked(money: Money) -> int:
    """What Stripe is asked for. ValueError for an amount that it cannot take exactly."""
    amount, currency = money.amount, money.currency
    if currency in _UNKNOWN:
        raise ValueError(f"Stripe does not take {currency}")
    if currency in _IN_HUNDREDTHS:
        return amount * 100
    if (currency in _WHOLE and amount % 100) or (currency in _IN_TENS and amount % 10):
        raise ValueError(f"Stripe cannot take {money} exactly")
    return amount // 100 if currency in _WHOLE else amount


def told(amount: int, currency: str) -> Money:
    """An amount in one of Stripe's answers; `currency` in lower case, as there. ValueError where it cannot be."""
    currency = currency.upper()
    if currency in _IN_HUNDREDTHS:
        if amount % 100:
            raise ValueError(f"{currency} has no minor unit")
        amount //= 100
    return Money(amount * 100 if currency in _WHOLE else amount, currency)

"""Prices as a shop writes them: round enough to remember, a little below the next step."""

from banyan.catalog.demo.choose import pick

ABROAD = {"USD": 1.12, "GBP": 0.87}  # what a euro price is multiplied by before it is rounded


def priced(euros: float, *words: object) -> str:
    """The nearest price a shop would print, ending in .00, .50, .90 or .95."""
    if euros < 20:
        return _ending(euros, pick(("50", "90", "95"), *words))
    if euros < 100:
        return _ending(euros, pick(("00", "90", "95", "95"), *words))
    return f"{_charming(round(euros))}.{pick(('00', '00', '90'), *words)}"


def abroad(euros: float, *words: object) -> dict[str, str]:
    """The same thing's price in the other currencies."""
    return {currency: priced(euros * rate, *words, currency) for currency, rate in ABROAD.items()}


def _ending(euros: float, cents: str) -> str:
    whole = round(euros - int(cents) / 100)
    return f"{max(whole, 1)}.{cents}"


def _charming(whole: int) -> int:
    """249 and not 251: the nearest whole number that ends in 5 or 9."""
    ten = whole // 10 * 10
    return min((ten - 1, ten + 5, ten + 9), key=lambda near: abs(near - whole))

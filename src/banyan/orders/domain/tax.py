"""Value added tax and its like, as data: a rate by country and tax class. Countries not named here pay none at the till."""

from decimal import Decimal

STANDARD = "standard"

# Standard and reduced rates in percent; `zero` and unknown classes are below. Source: the states' published rates, 2026.
_RATES: dict[str, tuple[str, str]] = {
    "AT": ("20", "10"),
    "AU": ("10", "0"),
    "BE": ("21", "6"),
    "BG": ("20", "9"),
    "CA": ("5", "0"),
    "CH": ("8.1", "2.6"),
    "CY": ("19", "5"),
    "CZ": ("21", "12"),
    "DE": ("19", "7"),
    "DK": ("25", "25"),
    "EE": ("24", "9"),
    "ES": ("21", "10"),
    "FI": ("25.5", "13.5"),
    "FR": ("20", "5.5"),
    "GB": ("20", "5"),
    "GR": ("24", "13"),
    "HR": ("25", "5"),
    "HU": ("27", "5"),
    "IE": ("23", "9"),
    "IN": ("18", "5"),
    "IT": ("22", "10"),
    "JP": ("10", "8"),
    "LT": ("21", "9"),
    "LU": ("17", "8"),
    "LV": ("21", "12"),
    "MT": ("18", "5"),
    "NL": ("21", "9"),
    "NO": ("25", "15"),
    "NZ": ("15", "15"),
    "PL": ("23", "8"),
    "PT": ("23", "6"),
    "RO": ("21", "11"),
    "SE": ("25", "6"),
    "SI": ("22", "9.5"),
    "SK": ("23", "5"),
}

# Where a shopper probably is, until the address says so: for an estimate, never for an order.
_LIKELY = {"USD": "US", "GBP": "GB", "JPY": "JP", "CHF": "CH", "AUD": "AU", "CAD": "CA", "INR": "IN", "SEK": "SE"}


def rate(country: str, tax_class: str) -> Decimal:
    """The rate as a fraction: 0.19. `zero` and `exempt` are none; a class nobody knows is taxed as standard."""
    if tax_class in ("zero", "exempt"):
        return Decimal(0)
    standard, reduced = _RATES.get(country, ("0", "0"))
    return Decimal(reduced if tax_class == "reduced" else standard) / 100


def likely_country(currency: str) -> str:
    """Whose rates an estimate uses before there is an address."""
    return _LIKELY.get(currency, "DE")

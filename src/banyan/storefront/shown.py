"""How things are written for shoppers: money, dates, counts and names, in English."""

from datetime import datetime
from typing import Any

from banyan.kernel.money import Money, exponent
from banyan.storefront.countries import COUNTRIES

_SIGNS = {
    "EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$",
    "BRL": "R$", "MXN": "MX$", "CNY": "CN¥", "ILS": "₪", "VND": "₫", "PHP": "₱", "TRY": "₺", "UAH": "₴",
}  # fmt: skip
_UNITS = {
    "cm": "cm",
    "mm": "mm",
    "g": "g",
    "kg": "kg",
    "ml": "ml",
    "l": "l",
    "w": "W",
    "wh": "Wh",
    "mah": "mAh",
    "h": "h",
}


def money(amount: Money) -> str:
    """`€1,299.90`; a currency without a sign of its own by its code: `CHF 12.50`."""
    digits = exponent(amount.currency)
    whole, _, part = Money(abs(amount.amount), amount.currency).major().partition(".")
    sign = _SIGNS.get(amount.currency, f"{amount.currency}\N{NO-BREAK SPACE}")
    text = f"{sign}{int(whole):,}" + (f".{part}" if digits else "")
    return f"\N{MINUS SIGN}{text}" if amount.amount < 0 else text


def round_money(minor: int, currency: str) -> str:
    """Money where a list of prices is told apart by whole units: `€50`, but `€12.50`."""
    text = money(Money(minor, currency))
    digits = exponent(currency)
    return text.removesuffix("." + "0" * digits) if digits else text


def day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"


def moment(when: datetime) -> str:
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 result`, `2,104 results`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def country(code: str) -> str:
    return COUNTRIES.get(code, code)


def named(name: str, value: Any, unit: str = "") -> tuple[str, str] | None:
    """An attribute as a label and a text: `water_column_mm`, 3000 becomes `Water column`, `3,000 mm`. None: nothing to say."""
    words = name.replace("-", "_").replace("_", " ").split()
    if not unit and len(words) > 1 and words[-1].lower() in _UNITS:
        unit = _UNITS[words.pop().lower()]
    label = " ".join(words)
    if isinstance(value, bool):
        text = "Yes" if value else "No"
    elif isinstance(value, int | float):
        text = f"{value:,}"
    else:
        text = str(value or "").strip()
    if not text or not label:
        return None
    if unit:
        text = f"{text}\N{NO-BREAK SPACE}{unit}"
    return label[:1].upper() + label[1:], text[:1].upper() + text[1:]


_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def device(user_agent: str) -> str:
    """A browser and system as people call them: `Firefox on Linux`."""
    browser = next((name for mark, name in _BROWSERS.items() if f"{mark}/" in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser or system or "Another device"

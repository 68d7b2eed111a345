"""Ways to send a parcel, as data: by zone, in hundredths of a currency's unit, standard free above a sum."""

from dataclasses import dataclass

from banyan.kernel.money import Money, exponent

_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_EUROPE = "AD AL BA CH FO GB IS LI MC MD ME MK NO RS SM UA VA"
ZONES: dict[str, frozenset[str]] = {
    "union": frozenset(_UNION.split()),
    "europe": frozenset(_EUROPE.split()),
    "america": frozenset({"CA", "MX", "US"}),
}  # any other country: "world"


@dataclass(frozen=True, slots=True)
class Rate:
    """A way to send; `free_from` is the sum of goods from which it costs nothing."""

    id: str
    name: str
    price: int
    days: tuple[int, int]
    free_from: int | None = None


PICKUP = Rate("pickup", "Pick up at the shop", 0, (1, 2))
RATES: dict[str, tuple[Rate, ...]] = {
    "union": (
        Rate("standard", "Standard delivery", 490, (2, 4), free_from=5000),
        Rate("express", "Express delivery", 1290, (1, 1)),
        PICKUP,
    ),
    "europe": (
        Rate("standard", "Standard delivery", 990, (3, 6), free_from=10000),
        Rate("express", "Express delivery", 2490, (1, 2)),
        PICKUP,
    ),
    "america": (
        Rate("standard", "Standard delivery", 1490, (5, 9), free_from=15000),
        Rate("express", "Express delivery", 3490, (2, 4)),
        PICKUP,
    ),
    "world": (
        Rate("standard", "Standard delivery", 1990, (7, 14)),
        Rate("express", "Express delivery", 4490, (3, 6)),
        PICKUP,
    ),
}


@dataclass(frozen=True, slots=True)
class Option:
    """A way to send this cart to this country: what it costs, and in how many working days it is there."""

    id: str
    name: str
    price: Money
    days: tuple[int, int]


def options(country: str, goods: Money) -> tuple[Option, ...]:
    """What can be chosen for goods of this worth; the usual one first."""
    zone = next((name for name, countries in ZONES.items() if country in countries), "world")
    return tuple(_option(rate, goods) for rate in RATES[zone])


def option(id: str, country: str, goods: Money) -> Option | None:
    """The option of this id, None when it is not offered there."""
    return next((each for each in options(country, goods) if each.id == id), None)


def _option(rate: Rate, goods: Money) -> Option:
    free = rate.free_from is not None and goods.amount >= _minor(rate.free_from, goods.currency).amount
    return Option(
        rate.id, rate.name, Money(0, goods.currency) if free else _minor(rate.price, goods.currency), rate.days
    )


def _minor(hundredths: int, currency: str) -> Money:
    """Hundredths in minor units. Without decimals (JPY) one hundredth becomes one unit: 490 yen, not 5."""
    return Money(hundredths * 10 if exponent(currency) == 3 else hundredths, currency)

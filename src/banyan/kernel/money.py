"""Money in integer minor units of one currency; sums, shares and text. Never a float."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# ISO 4217 exponents that are not 2.
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)
_LARGEST = 2**53 - 1  # what every JSON reader keeps exactly


def exponent(currency: str) -> int:
    """How many decimal digits the currency has (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units. Two currencies never meet: ValueError."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError("a currency is three capital letters (ISO 4217)")
        if abs(self.amount) > _LARGEST:
            raise ValueError("an amount is at most 2^53-1 minor units")

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added up")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.amount * count, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.major()} {self.currency}"

    def major(self) -> str:
        """The amount in major units as text: `12.99`."""
        digits = exponent(self.currency)
        return f"{Decimal(self.amount).scaleb(-digits):.{digits}f}"


def parse(text: str | int | Decimal, currency: str) -> Money:
    """Money from major units such as `"49.99"`. ValueError for more digits than the currency has, or no number."""
    try:
        minor = Decimal(str(text).strip()).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None
    if not minor.is_finite() or abs(minor) > _LARGEST:
        raise ValueError(f"{text!r} is not an amount that can be kept")
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {exponent(currency)} decimal digits, {text!r} has more")
    return Money(int(minor), currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` for none."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result


def portion(amount: Money, rate: Decimal) -> Money:
    """`amount × rate`, rounded half up once."""
    return Money(int((amount.amount * rate).quantize(Decimal(1), ROUND_HALF_UP)), amount.currency)


def included(gross: Money, rate: Decimal) -> Money:
    """The tax inside a gross amount: `gross − gross / (1 + rate)`, rounded half up once."""
    return Money(int((gross.amount * rate / (1 + rate)).quantize(Decimal(1), ROUND_HALF_UP)), gross.currency)


def share(amount: Money, weights: Sequence[int]) -> list[Money]:
    """Split by weight without losing a unit (largest remainder, earlier first). Zero weights all: equal shares."""
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("shares need weights of zero or more")
    if not sum(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    sign = -1 if amount.amount < 0 else 1
    floors = [abs(amount.amount) * weight // whole for weight in weights]
    rests = [abs(amount.amount) * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-rests[place], place))
    for place in order[: abs(amount.amount) - sum(floors)]:
        floors[place] += 1
    return [Money(sign * part, amount.currency) for part in floors]

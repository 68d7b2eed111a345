"""Which provider a payment goes to: by currency, way to pay, what it costs, and whether it is well just now.

The text of BANYAN_PAYMENT_ROUTES is a table, a row each behind a semicolon or on a line of its own:

    stripe 150+25 EUR,GBP; stripe 290+30; paypal/paypal 349+35 EUR,USD; testbank 0+0

A provider, a slash and a way to pay where the row is for one way alone; basis points of the amount plus minor units; the
currencies it is for, where not all. The first row that fits says what a payment costs. A provider that no row names
comes after those that have one.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from banyan.kernel.money import Money

CARD = "card_"  # how tokens of our own vault begin: they are good with every provider that takes cards
_ROW = re.compile(
    r"([a-z][a-z0-9_]*)(?:/([a-z][a-z0-9_]*))? +([0-9]{1,4})\+([0-9]{1,6})(?: +([A-Z]{3}(?:,[A-Z]{3})*))?"
)


class WrongRoutes(ValueError):
    """This is no table of routes; the text says which row is not."""


@dataclass(frozen=True, slots=True)
class Row:
    provider: str
    method: str  # empty: any
    basis_points: int
    fixed: int  # minor units
    currencies: frozenset[str]  # empty: any

    def fits(self, provider: str, method: str, currency: str) -> bool:
        return (
            self.provider == provider
            and self.method in ("", method)
            and (not self.currencies or currency in self.currencies)
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider that could take a payment. `well`: nothing speaks against asking it now."""

    provider: str
    method: str
    well: bool = True


@lru_cache(8)
def read(text: str) -> tuple[Row, ...]:
    """The table in this text. WrongRoutes names the row that is none."""
    rows = []
    for each in filter(None, (row.strip() for row in re.split(r"[;\n]", text))):
        found = _ROW.fullmatch(each)
        if found is None:
            raise WrongRoutes(f"`{each}` is no route: write `provider[/way] BASIS_POINTS+FIXED [CURRENCY,…]`")
        provider, method, points, fixed, currencies = found.groups()
        rows.append(
            Row(provider, method or "", int(points), int(fixed), frozenset((currencies or "").split(",")) - {""})
        )
    return tuple(rows)


def cost(rows: Collection[Row], choice: Choice, amount: Money) -> int | None:
    """What the payment costs there, in ten-thousandths of a minor unit; None where no row says."""
    for row in rows:
        if row.fits(choice.provider, choice.method, amount.currency):
            return amount.amount * row.basis_points + row.fixed * 10_000
    return None


def ranked(rows: Collection[Row], choices: Collection[Choice], amount: Money) -> list[Choice]:
    """In the order in which they are to be tried: the well ones first, of these the cheapest, else as they were given."""

    def rank(choice: Choice) -> tuple[bool, bool, int]:
        costs = cost(rows, choice, amount)
        return not choice.well, costs is None, costs or 0

    return sorted(choices, key=rank)


def others(token: str, provider: str, ranked: Collection[Choice], left: Collection[str]) -> list[str]:
    """Where a payment may go on that `provider` was definitely not asked for: nowhere, unless others can use its token.

    `left`: providers that it left before.
    """
    if not token.startswith(CARD):
        return []
    return [each.provider for each in ranked if each.provider != provider and each.provider not in left and each.well]

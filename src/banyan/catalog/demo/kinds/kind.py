"""What a table of kinds is made of. A kind is a shelf of the shop; its makes are what lies on the shelf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Scalar = str | int | float | bool
Fact = Scalar | Sequence[Scalar]  # a plain value is always so; of several (or of a range) each product has one


@dataclass(frozen=True)
class Axis:
    """Something a shopper chooses besides the colour. Dearer by a share of the price with each step."""

    name: str
    choices: tuple[str, ...]
    fewest: int = 1
    most: int = 12
    dearer: float = 0.0


@dataclass(frozen=True)
class Make:
    """One sort of a kind, such as the two-person tent: its name, its price in whole euros, what is true of it."""

    noun: str
    price: tuple[int, int]
    says: str  # the sentence only this make can say
    facts: Mapping[str, Fact]
    form: int = 0  # which of the drawing's shapes


@dataclass(frozen=True)
class Kind:
    """A leaf category. Sentences may name any fact in braces, and {model}, {brand}, {weight} and {colour}."""

    code: str  # three letters, in every SKU
    drawing: str
    path: tuple[str, ...]
    models: tuple[str, ...]
    colours: tuple[str, ...]
    makes: tuple[Make, ...]
    opens: tuple[str, ...]
    tells: tuple[str, ...]
    closes: tuple[str, ...]
    facts: Mapping[str, Fact]
    shades: int = 1  # at most so many colours to choose from; with one, colour is a fact and no option
    axis: Axis | None = None
    each: int = 3  # products per make

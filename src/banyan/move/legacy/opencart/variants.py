"""What of a product can be bought by itself: one variant, or each combination of the values of its options.

Options of the types select, radio and image make variants; where one need not be chosen, there is a variant without it.
Every other type (text, textarea, file, date, time, datetime, checkbox) makes none: it is told as an attribute of the product.
OpenCart knows no SKU of a combination, so each gets one of ours: the first of `HEA00017`, `HEA00017-17` (with the options' values
behind them where there are any) that is free, and it stays what it is for good. Its key is `17`, or
`17:226=15,229=31`: the product, and by product_option_id the product_option_value_id that was chosen.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from banyan.move.legacy import Names, Rows
from banyan.move.legacy.opencart import text
from banyan.move.legacy.opencart.shop import Named, Shop, alike, grouped
from banyan.move.rows import Row

MAKING_VARIANTS = frozenset({"select", "radio", "image"})
MOST_VARIANTS = 500
LONGEST_SKU = 64
LONGEST_OPTION = 100
_NO_SKU = re.compile(r"[/\\?#%\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_CODE = re.compile(r"[^A-Za-z0-9.]+")


class TooMany(Exception):
    """A product has more combinations than can be kept; the text says how many."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an option of one product. `more` and `weight` are added to the product's own."""

    id: int
    name: str
    more: Decimal
    weight: Decimal
    row: Row


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of one product."""

    id: int
    name: str
    required: bool
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """What a variant is: the values chosen, in the options' order."""

    key: str
    chosen: tuple[tuple[Choice, Value], ...]

    @property
    def options(self) -> dict[str, str]:
        return {choice.name: value.name for choice, value in self.chosen}

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(value for _, value in self.chosen)


def choices(shop: Shop, rows: Rows) -> list[Choice]:
    """The options that make variants, as the shop orders them."""
    values = grouped(rows.get("product_option_value") or (), "product_option_id")
    found = []
    names: set[str] = set()
    for row in _options(shop, rows):
        option = shop.options.get(row.int("option_id"))
        id = row.int("product_option_id")
        if option is None or option.type not in MAKING_VARIANTS or not values.get(id):
            continue
        name = _once(option.name[:LONGEST_OPTION], id, names)
        found.append(Choice(id, name, bool(row.int("required")), _values(shop, values[id])))
    return found


def told(shop: Shop, rows: Rows) -> dict[str, str]:
    """Options that make no variants, as attributes: `Option Engraving: text, required`."""
    values = grouped(rows.get("product_option_value") or (), "product_option_id")
    said: dict[str, str] = {}
    names: set[str] = set()
    for row in _options(shop, rows):
        option = shop.options.get(row.int("option_id"))
        if option is None or option.type in MAKING_VARIANTS:
            continue
        which = ", ".join(value.name for value in _values(shop, values.get(row.int("product_option_id"), ())))
        need = ", required" if row.int("required") else ""
        name = _once(f"Option {option.name}"[:LONGEST_OPTION], row.int("product_option_id"), names)
        said[name] = f"{option.type}{need}{': ' if which else ''}{which}"[:500]
    return said


def combinations(product: str, choices: Sequence[Choice]) -> list[Combination]:
    """Every combination, in the options' order. TooMany beyond MOST_VARIANTS."""
    count = 1
    for choice in choices:
        count *= len(choice.values) + (not choice.required)
    if count > MOST_VARIANTS:
        raise TooMany(
            f"its options have {count:,} combinations, more than {MOST_VARIANTS}: "
            f"make fewer of {', '.join(choice.name for choice in choices)} choices that make variants"
        )
    sides = [
        [*((choice, value) for value in choice.values), *(() if choice.required else (None,))] for choice in choices
    ]
    every = (tuple(each for each in chosen if each) for chosen in itertools.product(*sides))
    return [Combination(key(product, ((choice.id, value.id) for choice, value in chosen)), chosen) for chosen in every]


def key(product: str, chosen: Iterable[tuple[int, int]]) -> str:
    """A variant's key in the legacy shop."""
    pairs = ",".join(f"{option}={value}" for option, value in sorted(chosen))
    return f"{product}:{pairs}" if pairs else product


def parsed(key: str) -> tuple[str, list[tuple[int, int]]]:
    """Product and choices of a key."""
    product, _, pairs = key.partition(":")
    halves = (pair.split("=") for pair in pairs.split(",") if pair)
    return product, [(int(option), int(value)) for option, value in halves]


def made_sku(key: str) -> str:
    """The SKU that nobody else can have: `p17`, `p17-15-31`."""
    product, chosen = parsed(key)
    return "-".join([f"p{product}", *(str(value) for _, value in chosen)])


def sku(names: Names, product: Row, combination: Combination) -> str:
    """The SKU of a variant: the one it was given once, else made of what the shop calls it."""
    id = product.int("product_id")
    own = _code(product.text("sku")) or _code(product.text("model"))
    tail = "-".join(_ascii(value.name) or str(value.id) for value in combination.values)
    wishes = [f"{own}-{tail}", f"{own}-{id}-{tail}"] if tail else [own, f"{own}-{id}"]
    fit = [wish for wish in wishes if own and is_sku(wish)]
    return names.keep("sku", combination.key, [*fit, made_sku(combination.key)])


def known_sku(names: Names, key: str) -> str:
    """The SKU that a variant was given, or would have if nobody has told its product yet."""
    return names.held("sku", key) or made_sku(key)


def is_sku(text: str) -> bool:
    """Whether the catalogue takes it: it stands in paths."""
    return (
        0 < len(text) <= LONGEST_SKU and text == text.strip() and not _NO_SKU.search(text) and text not in (".", "..")
    )


def _code(stored: str) -> str:
    return _NO_SKU.sub("-", text.line(stored)).strip("-. ")


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NO_CODE.sub("", plain)[:20]


def _options(shop: Shop, rows: Rows) -> list[Row]:
    nothing = Named("", 0)
    return sorted(
        rows.get("product_option") or (),
        key=lambda row: (shop.options.get(row.int("option_id"), nothing).order, row.int("product_option_id")),
    )


def _values(shop: Shop, rows: Sequence[Row]) -> tuple[Value, ...]:
    nothing = Named("", 0)
    found = []
    names: set[str] = set()
    known = shop.option_values
    for row in sorted(
        rows,
        key=lambda row: (known.get(row.int("option_value_id"), nothing).order, row.int("product_option_value_id")),
    ):
        id = row.int("product_option_value_id")
        name = known[row.int("option_value_id")].name if row.int("option_value_id") in known else f"#{id}"
        found.append(
            Value(
                id,
                _once(name[:LONGEST_OPTION], id, names),
                _signed(row, "price"),
                _signed(row, "weight"),
                row,
            )
        )
    return tuple(found)


def _signed(row: Row, column: str) -> Decimal:
    value = row.decimal(column)
    return -value if row.text(f"{column}_prefix") == "-" else value


def _once(name: str, id: int, names: set[str]) -> str:
    """A name that none before it has: the same again has its number behind it."""
    tail = f" ({id})"
    found = name if alike(name) not in names else f"{name[: LONGEST_OPTION - len(tail)].rstrip()}{tail}"
    names.add(alike(found))
    return found

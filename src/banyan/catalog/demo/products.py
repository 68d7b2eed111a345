"""The products: every make of every kind, a few times over, each with a name, a text, prices and variants of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from banyan.catalog.demo.brands import BRANDS, Brand
from banyan.catalog.demo.choose import between, fraction, in_turn, pick, shuffled
from banyan.catalog.demo.kinds import KINDS
from banyan.catalog.demo.kinds.kind import Axis, Fact, Kind, Make, Scalar

MOST_VARIANTS = 12


@dataclass(frozen=True)
class Variant:
    sku: str
    options: Mapping[str, str]
    euros: float
    stock: int


@dataclass(frozen=True)
class Product:
    handle: str
    name: str
    description: str
    brand: Brand
    kind: Kind
    make: Make
    facts: Mapping[str, Scalar]
    colours: tuple[str, ...]
    popularity: int
    variants: tuple[Variant, ...]


@lru_cache(maxsize=1)
def products() -> Mapping[str, Product]:
    """All products by handle, in the order of the shelves."""
    return {product.handle: product for kind in KINDS for product in _of_kind(kind)}


def slug(name: str) -> str:
    """Lower-case words with hyphens between them; what is no letter or digit goes."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower().replace("'", "")))


def _of_kind(kind: Kind) -> Iterator[Product]:
    models = shuffled(kind.models, kind.code, "models")
    makers = [brand for brand in BRANDS if kind.path[0] in brand.roots]
    for number, model in enumerate(models[: len(kind.makes) * kind.each]):
        yield _product(kind, kind.makes[number % len(kind.makes)], model, number, makers)


def _product(kind: Kind, make: Make, model: str, number: int, makers: list[Brand]) -> Product:
    name = f"{model} {make.noun}"
    handle = slug(name)
    brand = in_turn(makers, number, kind.code, "brand")
    first = in_turn(kind.colours, number, kind.code, "colour")
    others = [colour for colour in shuffled(kind.colours, handle, "colours") if colour != first]
    colours = (first, *others[: between(1, kind.shades, handle, "shades") - 1])
    facts = {key: _settled(fact, handle, key) for key, fact in {**kind.facts, **make.facts}.items()}
    if len(colours) == 1:
        facts["colour"] = colours[0]
    return Product(
        handle=handle,
        name=name,
        description=_description(kind, make, {**facts, "model": model, "brand": brand.name}, handle),
        brand=brand,
        kind=kind,
        make=make,
        facts=facts,
        colours=colours,
        popularity=int(4000 * fraction(handle, "popularity") ** 3) + 5,
        variants=tuple(_variants(kind, make, colours, f"BAN-{kind.code}-{number + 1:03d}", handle)),
    )


def _settled(fact: Fact, *words: object) -> Scalar:
    if isinstance(fact, str | int | float | bool):
        return fact
    return pick(fact, *words)


def _description(kind: Kind, make: Make, facts: Mapping[str, Scalar], handle: str) -> str:
    known = {**facts, "weight": _weight(facts["weight_g"])}
    sentences = [pick(kind.opens, handle, "opens"), make.says, pick(kind.tells, handle, "tells")]
    if fraction(handle, "closes") < 0.7:
        sentences.append(pick(kind.closes, handle, "close"))
    return " ".join(_capital(sentence.format_map(known)) for sentence in sentences)


def _weight(grams: Scalar) -> str:
    whole = int(grams)
    return f"{whole} g" if whole < 1000 else f"{whole / 1000:.2f}".rstrip("0").rstrip(".") + " kg"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _variants(kind: Kind, make: Make, colours: tuple[str, ...], stem: str, handle: str) -> Iterator[Variant]:
    low, high = make.price
    euros = between(low, high, handle, "price")
    steps = _steps(kind.axis, MOST_VARIANTS // len(colours), handle)
    for colour in colours:
        for place, step in enumerate(steps):
            options = {"Colour": colour} if len(colours) > 1 else {}
            if kind.axis and len(steps) > 1:
                options[kind.axis.name] = step
            sku = "-".join([stem, *map(_code, options.values())])
            dearer = 1 + place * (kind.axis.dearer if kind.axis else 0)
            yield Variant(sku, options, euros * dearer, _stock(sku))


def _steps(axis: Axis | None, room: int, handle: str) -> tuple[str, ...]:
    """Neighbouring choices of the axis, as many as there is room for."""
    if axis is None:
        return ("",)
    count = min(between(axis.fewest, axis.most, handle, "count"), room, len(axis.choices))
    first = between(0, len(axis.choices) - count, handle, "first")
    return axis.choices[first : first + count]


def _code(choice: str) -> str:
    """An option in a SKU: its first word in capitals, cut short."""
    return re.sub(r"[^A-Z0-9]+", "", choice.upper().split("(")[0])[:6]


def _stock(sku: str) -> int:
    """Units on the shelf: one variant in twenty-five is sold out, one in ten nearly so, few are plentiful."""
    luck = fraction(sku, "stock")
    if luck < 0.04:
        return 0
    if luck < 0.14:
        return between(1, 5, sku, "few")
    if luck < 0.95:
        return between(6, 120, sku, "some")
    return between(121, 320, sku, "many")

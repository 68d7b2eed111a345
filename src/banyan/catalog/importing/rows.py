"""One row of an import: what it may say, read into clean values, or refused with the reason."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from banyan.catalog.domain import naming
from banyan.catalog.domain.attributes import LARGEST_NUMBER, MOST_ATTRIBUTES, Value
from banyan.catalog.domain.options import LONGEST_OPTION, MOST_OPTIONS, option_key
from banyan.catalog.domain.product import DEEPEST, HEAVIEST, MOST_PICTURES, MOST_POPULAR, Status
from banyan.catalog.importing.prices import currency_code, minor_units

T = TypeVar("T")
MEDIA = "media:"
"""Before a path below /media, where an image is the shop's own file."""
STEP = ">"
"""Between the names of a category path written as text."""
_MOST_UNITS = 10**9
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be taken. None: not said, so that it stays as it is."""

    number: int
    sku: str
    product: str | None = None  # what the file calls the product: rows that say the same are its variants
    name: str | None = None
    slug: str | None = None
    description: str | None = None
    brand: str | None = None
    categories: tuple[str, ...] | None = None
    prices: Mapping[str, int] = field(default_factory=dict)  # minor units by currency
    options: Mapping[str, str] | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)
    images: tuple[str, ...] | None = None
    stock: int | None = None
    low_stock_at: int = 0
    backorder: bool = False
    popularity: int | None = None
    status: Status | None = None
    tax_class: str | None = None
    weight_g: int | None = None


def read(number: int, raw: Mapping[str, Any], currency: str) -> Row:
    """The row in clean values; prices are in `currency` where it names no other. ValueError says why it is refused.

    Null and empty mean: not said. A row without a SKU gets one made of its name, brand, options and first image.
    """
    given = {name: value for name, value in raw.items() if value is not None and value not in ("", [], {})}
    name = _line(given, "name", 300)
    brand = _line(given, "brand", 100)
    options = _part(given, "options", _options)
    attributes = _part(given, "attributes", _attributes) or {}
    images = _images(given)
    sku = _line(given, "sku", naming.LONGEST_SKU)
    if sku is None:
        if name is None:
            raise ValueError("a row has a sku or a name")
        sku = naming.derived_sku(name, brand or "", option_key(options or {}), images[0] if images else "")
    elif not naming.is_sku(sku):
        raise ValueError("a sku has no slash, backslash, question mark, # or %")
    return Row(
        number=number,
        sku=sku,
        product=_line(given, "product", 200),
        name=name,
        slug=_part(given, "slug", _slug),
        description=_prose(given, "description", 20_000),
        brand=brand,
        categories=_part(given, "categories", _categories),
        prices=_prices(given, currency),
        options=options,
        attributes=attributes,
        images=images,
        stock=_whole(given, "stock", _MOST_UNITS),
        low_stock_at=_whole(given, "low_stock_at", _MOST_UNITS) or 0,
        backorder=_part(given, "backorder", _truth) or False,
        popularity=_whole(given, "popularity", MOST_POPULAR),
        status=_part(given, "status", _status),
        tax_class=_part(given, "tax_class", _tax_class),
        # Who describes a product by its weight need not say it twice.
        weight_g=_whole({**attributes, **given}, "weight_g", HEAVIEST),
    )


def _part(given: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T | None:
    """One field through its reader; what it refuses names the field."""
    if name not in given:
        return None
    try:
        return read(given[name])
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from None


def _line(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    return _part(given, name, lambda value: text(value, longest)) or None


def _prose(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > longest or not naming.is_prose(naming.mended(value)):
            raise ValueError(f"a text of at most {longest} characters, without control characters")
        return naming.mended(value).strip()

    return _part(given, name, read) or None


def text(value: object, longest: int) -> str:
    """A name: one line, no control characters. A whole number is taken as its digits. ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("a text")  # noqa: TRY004  # told to people beside the row
    said = naming.mended(value).strip()
    if not naming.is_line(said):
        raise ValueError("a text in one line, in UTF-8, without control characters")
    if len(said) > longest:
        raise ValueError(f"at most {longest} characters")
    return said


def _whole(given: Mapping[str, Any], name: str, most: int) -> int | None:
    def read(value: object) -> int:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError(f"a whole number from 0 to {most}")
        return value

    return _part(given, name, read)


def _prices(given: Mapping[str, Any], currency: str) -> dict[str, int]:
    """`price` in the row's currency, and `prices` by currency or as a list of amounts with theirs."""
    said = _part(given, "currency", currency_code) or currency
    found = _part(given, "prices", _by_currency) or {}
    price = given.get("price")
    if isinstance(price, Mapping) and "currency" not in given:
        said = _part(price, "currency", currency_code) or said
    amount = _part(given, "price", lambda value: minor_units(value, said))
    if amount is not None:
        if found.get(said, amount) != amount:
            raise ValueError(f"price and prices say different things in {said}")
        found[said] = amount
    return found


def _by_currency(value: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for code, each in _each_price(value):
        if code in found:
            raise ValueError(f"{code} is there twice")
        found[code] = minor_units(each, code)
    return found


def _each_price(value: object) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and len(value) <= 50:
        return [(currency_code(code), each) for code, each in value.items() if each not in (None, "")]
    if isinstance(value, list) and len(value) <= 50 and all(isinstance(each, Mapping) for each in value):
        return [(currency_code(each.get("currency")), each) for each in value]
    raise ValueError('prices by currency, such as {"EUR": 49.99, "USD": 55}')


def _options(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_OPTIONS:
        raise ValueError(f'at most {MOST_OPTIONS}, such as {{"Colour": "Moss"}}')
    found = {text(name, LONGEST_OPTION): _choice(each) for name, each in value.items() if each not in (None, "")}
    if "" in found or len({naming.key_of(name) for name in found}) < len(found):
        raise ValueError("each option has a name of its own")
    return found


def _choice(value: object) -> str:
    if isinstance(value, float) and math.isfinite(value):
        value = f"{value:.15g}"
    said = text(value, LONGEST_OPTION)
    if not said:
        raise ValueError("an option has a value")
    return said


def _attributes(value: object) -> dict[str, Value]:
    """By code, as they were given; lists become one text. What kind each has to be is known later."""
    if not isinstance(value, Mapping) or len(value) > MOST_ATTRIBUTES:
        raise ValueError(f'at most {MOST_ATTRIBUTES}, such as {{"weight_g": 900}}')
    found: dict[str, Value] = {}
    for name, each in value.items():
        if isinstance(each, list):
            each = ", ".join(str(_scalar(part)) for part in each)
        if each not in (None, ""):
            found[text(name, 100)] = _scalar(each)
    if "" in found:
        raise ValueError("each attribute has a name")
    return found


def _scalar(value: object) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise ValueError("a number of at most 15 digits")
        return value
    return text(value, 500)


def _categories(value: object) -> tuple[str, ...]:
    """A path from the root: a list of names, or `A > B > C`."""
    parts = value.split(STEP) if isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) > DEEPEST:
        raise ValueError(f"a path of at most {DEEPEST} names, as a list or as A > B > C")
    names = tuple(text(part, 100) for part in parts)
    if not all(names):
        raise ValueError("a name in the path is empty")
    return names


def _images(given: Mapping[str, Any]) -> tuple[str, ...] | None:
    """`image`, then those of `images`, each once."""
    found: dict[str, None] = {}
    for name in ("image", "images"):
        for each in _part(given, name, _addresses) or ():
            found.setdefault(each)
    if len(found) > MOST_PICTURES:
        raise ValueError(f"images: at most {MOST_PICTURES}")
    return tuple(found) or None


def _addresses(value: object) -> list[str]:
    if isinstance(value, str):
        value = value.replace("|", " ").split()
    if not isinstance(value, list):
        raise ValueError("an address or a list of them")  # noqa: TRY004  # told to people beside the row
    return [_address(each) for each in value]


def _address(value: object) -> str:
    """An absolute http(s) URL, kept and never fetched; or a file of the shop's own, by its path below /media."""
    said = text(value, 2000)
    if said.startswith(MEDIA):
        path = said.removeprefix(MEDIA)
        parts = path.split("/")
        if not path.isascii() or not all(part and part[0] not in ".-" and _plain(part) for part in parts):
            raise ValueError(f"{said[:60]!r} is no path below /media")
        return path
    try:
        url = urlsplit(said)
        sound = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or url.username is not None or any(char in said for char in " <>\"'\\^`{|}"):
        raise ValueError(f"{said[:60]!r} is no http(s) address, and no {MEDIA}path")
    # One spelling of the scheme: what is shown tells the two kinds of picture apart by it.
    return url.scheme + said[len(url.scheme) :]


def _plain(part: str) -> bool:
    return all(char.isalnum() or char in "._-" for char in part)


def _slug(value: object) -> str:
    said = text(value, naming.LONGEST_SLUG)
    if said != naming.slug_of(said):
        raise ValueError(f"lower-case words with hyphens between, such as {naming.slug_of(said) or 'red-kettle'}")
    return said


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and str(value).strip().lower() in (*_TRUE, *_FALSE):
        return str(value).strip().lower() in _TRUE
    raise ValueError("true or false")


def _status(value: object) -> Status:
    try:
        return Status(text(value, 20).lower())
    except ValueError:
        raise ValueError("draft, published or archived") from None


def _tax_class(value: object) -> str:
    said = text(value, 40).lower()
    if not all(char in "abcdefghijklmnopqrstuvwxyz0123456789_" for char in said):
        raise ValueError("letters, digits and _")
    return said

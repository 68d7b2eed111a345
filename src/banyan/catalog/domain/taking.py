"""What of a record that an old shop hands over can be kept here as it is, and what must take another form. All pure."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from banyan.catalog.domain.attributes import LONGEST_VALUE, MOST_ATTRIBUTES, Attribute, Value, inferred
from banyan.catalog.domain.naming import LONGEST_SLUG, code_of, is_sku, key_of, slug_of, slugs_for
from banyan.catalog.domain.options import LONGEST_OPTION, MOST_OPTIONS, option_key
from banyan.catalog.domain.product import DEAREST, HEAVIEST, MOST_PICTURES, MOST_POPULAR, MOST_VARIANTS, Status
from banyan.contracts.legacy import ProductRecord, VariantRecord

LONGEST_NAME, LONGEST_SHELF, LONGEST_DESCRIPTION = 300, 100, 100_000
FURTHEST = 2**31 - 1
"""The last position among siblings."""

_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_NO_URL = re.compile(r"[\x00-\x1f\x7f<>\"'\\^`{|}]")
_MEDIA = "/media/"


@dataclass(frozen=True, slots=True)
class WantedVariant:
    """A variant as it can be kept. `prices`: minor units by currency, none of them nothing or less."""

    id: str
    sku: str
    options: Mapping[str, str]
    key: str
    prices: Mapping[str, int]
    weight_g: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A product as it can be kept; its attributes and slug are still to be matched with what there is."""

    id: str
    name: str
    description: str
    slug: str | None
    brand_id: str | None
    category_id: str | None
    status: Status
    variants: tuple[WantedVariant, ...]
    images: tuple[str, ...]
    attributes: Mapping[str, str]
    popularity: int
    created_at: datetime


def is_id(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def line(text: str, longest: int) -> str:
    """The text as a name: without control characters, blanks at its ends, and what is too long."""
    return _NO_LINE.sub(" ", text).strip()[:longest].rstrip()


def distinct(name: str, taken: Container[str], longest: int) -> str:
    """The name, or with a number behind it where its key is taken: an old shop may have two of one name."""
    for number in range(1, 1_000):
        mark = "" if number == 1 else f" ({number})"
        told = name[: longest - len(mark)].rstrip() + mark
        if key_of(told) not in taken:
            return told
    raise ValueError(f"a thousand others are called {name}")


def product(given: ProductRecord) -> Wanted:
    """The product in a form that can be kept. ValueError says what makes that impossible.

    What nobody could buy is not shown: a product that is published without any price becomes a draft.
    """
    name = line(given.name, LONGEST_NAME)
    if not is_id(given.id, "prd"):
        raise ValueError("the id is none of a product of this shop")
    if not name:
        raise ValueError("the product has no name")
    variants = _variants(given.variants)
    status = Status(given.status)
    if status is Status.PUBLISHED and not any(each.prices for each in variants):
        status = Status.DRAFT
    return Wanted(
        id=given.id,
        name=name,
        description=_NO_PROSE.sub(" ", given.description)[:LONGEST_DESCRIPTION],
        slug=slug_of(given.slug, LONGEST_SLUG) or None if given.slug else None,
        brand_id=given.brand_id,
        category_id=given.category_id,
        status=status,
        variants=variants,
        images=_images(given.images),
        attributes=dict(list(given.attributes.items())[:MOST_ATTRIBUTES]),
        popularity=max(0, min(given.popularity, MOST_POPULAR)),
        created_at=given.created_at if given.created_at.tzinfo else given.created_at.replace(tzinfo=UTC),
    )


def shelved(wanted: Wanted, brand_id: str | None, category_id: str | None) -> Wanted:
    """The product with another brand and category, where these differ."""
    if (wanted.brand_id, wanted.category_id) == (brand_id, category_id):
        return wanted
    return replace(wanted, brand_id=brand_id, category_id=category_id)


def declared(wanted: Mapping[str, str]) -> dict[str, Attribute]:
    """Attributes by code as they would be declared for these names; names that make no attribute are left out."""
    found: dict[str, Attribute] = {}
    for name, value in wanted.items():
        if told := line(name, LONGEST_OPTION):
            found.setdefault(code_of(told), inferred(told, line(value, LONGEST_VALUE)))
    return found


def attributes(wanted: Mapping[str, str], known: Mapping[str, Attribute]) -> dict[str, Value]:
    """Values by code, as the attributes that there are take them. What fits none is left out."""
    kept: dict[str, Value] = {}
    for name, value in wanted.items():
        attribute = known.get(code_of(line(name, LONGEST_OPTION)))
        if attribute is None or attribute.code in kept:
            continue
        try:
            kept[attribute.code] = attribute.accept(line(value, LONGEST_VALUE))
        except ValueError:
            continue
    return kept


def slug(wanted: Wanted, now: str | None, own: Container[str], taken: Container[str]) -> str:
    """What the product is called in addresses. One that was made stays; one that is another's gets a mark.

    `own`: slugs that lead to it already; `taken`: those of others.
    """
    plain, longer = slugs_for(wanted.slug or wanted.name, wanted.id)
    if wanted.slug is None:
        return now or (longer if plain in taken else plain)
    if wanted.slug in own or wanted.slug not in taken:
        return wanted.slug
    return now if now and now != wanted.slug and now in own else longer


def _variants(given: tuple[VariantRecord, ...]) -> tuple[WantedVariant, ...]:
    if len(given) > MOST_VARIANTS:
        raise ValueError(f"the product has {len(given)} variants, and can have at most {MOST_VARIANTS}")
    ids, skus = {each.id for each in given}, {each.sku for each in given}
    if len(ids) < len(given) or not all(is_id(each, "var") for each in ids):
        raise ValueError("each variant needs an id of its own, as variants of this shop have")
    if len(skus) < len(given):
        raise ValueError("two variants of the product have the same SKU")
    keys: set[str] = set()
    found = []
    for each in given:
        found.append(_variant(each, keys))
        keys.add(found[-1].key)
    return tuple(found)


def _variant(given: VariantRecord, keys: Container[str]) -> WantedVariant:
    if not is_sku(given.sku):
        raise ValueError(f"{given.sku[:100]!r} cannot be a SKU")
    prices = {price.currency: price.amount for price in given.prices if 0 < price.amount <= DEAREST}
    options = _options(given.options, keys, given.sku)
    weight = max(0, min(given.weight_g, HEAVIEST))
    return WantedVariant(given.id, given.sku, options, option_key(options), prices, weight)


def _options(given: Mapping[str, str], keys: Container[str], sku: str) -> dict[str, str]:
    """Told apart from the product's other variants: where two have the same options, by the SKU."""
    told = {line(name, LONGEST_OPTION): line(value, LONGEST_OPTION) for name, value in given.items()}
    options = {name: value for name, value in list(told.items())[:MOST_OPTIONS] if name and value}
    return (
        options if option_key(options) not in keys else {**dict(list(options.items())[: MOST_OPTIONS - 1]), "SKU": sku}
    )


def _images(given: tuple[str, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(path for each in given if (path := picture(each)))
    return tuple(found)[:MOST_PICTURES]


def picture(text: str) -> str | None:
    """An absolute http(s) URL, or a path below /media; None for what is neither."""
    if len(text) > 2_000 or not text.isprintable():
        return None
    if text.startswith(("http://", "https://")):
        return _url(text.replace(" ", "%20"))
    path = text.removeprefix(_MEDIA)
    return path if all(_PART.fullmatch(part) for part in path.split("/")) else None


def _url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        sound = bool(parts.hostname) and (parts.port or 1) > 0 and parts.username is None
    except ValueError:
        return None
    return text if sound and not _NO_URL.search(text) else None


def as_text(value: Any) -> str:
    """A value of an attribute as an old shop would write it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

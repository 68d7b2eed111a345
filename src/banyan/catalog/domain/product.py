"""What a new product and an edit of one are made of, and what may be said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from banyan.catalog.domain.attributes import Value
from banyan.kernel.money import Money

MOST_VARIANTS = 2_000
MOST_PICTURES = 50
DEEPEST = 10
"""Levels of the category tree."""
MOST_POPULAR = 2**31 - 1
HEAVIEST = 2**31 - 1
DEAREST = 2**53 - 1
"""Minor units: what every JSON reader keeps exactly."""
CURRENCY = r"^[A-Z]{3}$"
TAX_CLASS = r"^[a-z0-9_]{1,40}$"


class Status(StrEnum):
    """Who sees a product: operators, everybody, or operators again. Any may follow any."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class NewVariant:
    sku: str
    options: Mapping[str, str] = field(default_factory=dict)
    prices: tuple[Money, ...] = ()
    weight_g: int = 0


@dataclass(frozen=True, slots=True)
class NewPicture:
    """An absolute http(s) URL."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class NewProduct:
    name: str
    slug: str | None = None
    description: str = ""
    brand: str | None = None
    category: str | None = None  # id or slug
    status: Status = Status.DRAFT
    attributes: Mapping[str, Value] = field(default_factory=dict)
    popularity: int = 0
    tax_class: str = "standard"
    variants: tuple[NewVariant, ...] = ()
    pictures: tuple[NewPicture, ...] = ()

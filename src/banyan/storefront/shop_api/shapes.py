"""What services say, in the shapes that pages use. Fields that are not named here are ignored: contracts only grow."""

from datetime import datetime
from typing import Any

from pydantic import AliasChoices, Field

from banyan.foundation.face.line import Seen
from banyan.kernel.money import Money

# ---- the catalogue --------------------------------------------------------------------------------------------------


class Category(Seen):
    id: str
    slug: str
    name: str
    count: int = 0
    children: tuple["Category", ...] = ()


class CategoryName(Seen):
    slug: str
    name: str


class Variant(Seen):
    sku: str
    price: Money | None = None
    options: dict[str, str] = {}
    available: bool = True

    @property
    def buyable(self) -> bool:
        return self.available and self.price is not None


class Image(Seen):
    url: str
    alt: str = ""


class Attribute(Seen):
    code: str
    name: str = ""
    unit: str = ""
    value: Any = None


class Card(Seen):
    """A product in a list."""

    id: str
    slug: str
    name: str
    brand: str | None = None
    price: Money | None = None
    image: str | None = None
    category: str | None = None
    variants: tuple[Variant, ...] = ()

    @property
    def prices_differ(self) -> bool:
        return len({variant.price for variant in self.variants if variant.price}) > 1

    @property
    def available(self) -> bool:
        return not self.variants or any(variant.buyable for variant in self.variants)

    @property
    def choices(self) -> tuple[tuple[str, int], ...]:
        """How many values each option has, where there is more than one: (("Colour", 3),)."""
        values: dict[str, set[str]] = {}
        for variant in self.variants:
            for name, value in variant.options.items():
                values.setdefault(name, set()).add(value)
        return tuple((name, len(found)) for name, found in values.items() if len(found) > 1)


class Product(Card):
    description: str = ""
    images: tuple[Image, ...] = ()
    categories: tuple[CategoryName, ...] = ()
    attributes: tuple[Attribute, ...] = ()


class FacetValue(Seen):
    """A value to narrow by. `label` is how it is written, where that is not the value itself."""

    value: str
    count: int
    label: str = ""


class PriceBand(Seen):
    low: int
    high: int
    count: int


class Facets(Seen):
    brand: tuple[FacetValue, ...] = ()
    category: tuple[FacetValue, ...] = ()
    price: tuple[PriceBand, ...] = ()


class Found(Seen):
    """A page of results, and what all of them are made of."""

    items: tuple[Card, ...]
    total: int = 0
    facets: Facets = Facets()
    next_cursor: str | None = None
    corrected: str | None = None
    degraded: bool = False  # the search index is away: plain matches, and no facets


# ---- carts and orders -----------------------------------------------------------------------------------------------


class Address(Seen):
    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


class CartLine(Seen):
    id: str = Field(validation_alias=AliasChoices("id", "line_id"))
    sku: str
    slug: str = ""
    name: str
    options: dict[str, str] = {}
    image: str | None = None
    quantity: int
    unit_price: Money
    total: Money
    sellable: bool = True
    available: int | None = None


class Change(Seen):
    kind: str
    line_id: str
    before: Money | int | None = None
    after: Money | int | None = None


class Cart(Seen):
    id: str
    token: str | None = None
    status: str = "open"
    order_id: str | None = None
    email: str | None = None
    address: Address | None = None
    shipping_option: str | None = None
    lines: tuple[CartLine, ...] = ()
    changes: tuple[Change, ...] = ()
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool = True
    total: Money
    estimated: bool = False
    stale: bool = False

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def blocked(self) -> bool:
        """Whether something in it cannot be bought just now."""
        return any(not line.sellable or line.available == 0 for line in self.lines)

    def line(self, line_id: str) -> CartLine | None:
        return next((line for line in self.lines if line.id == line_id), None)


class ShippingOption(Seen):
    id: str
    name: str
    price: Money
    days: tuple[int, int] | None = None


class OrderLine(Seen):
    line_id: str = Field(validation_alias=AliasChoices("line_id", "id"))
    sku: str
    slug: str = ""
    name: str
    options: dict[str, str] = {}
    image: str | None = None
    quantity: int
    unit_price: Money
    total: Money
    fulfilled: int = 0


class Shortage(Seen):
    sku: str
    available: int = 0


class NextAction(Seen):
    """Where the shopper goes now: the payment provider's page."""

    url: str = Field(pattern=r"^https?://[\x21-\x7e]+$")


class OrderLinks(Seen):
    view: str = ""


class Order(Seen):
    id: str
    number: str = ""
    status: str
    payment_status: str = ""
    placed_at: datetime
    email: str = ""
    lines: tuple[OrderLine, ...] = ()
    address: Address = Address()
    shipping_option: str = ""
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool = True
    adjustment: Money | None = None  # what a legacy shop's total had besides
    total: Money
    refunded: Money | None = None
    reason: str | None = None
    next_action: NextAction | None = None
    short: tuple[Shortage, ...] = ()
    links: OrderLinks = OrderLinks()

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def moving(self) -> bool:
        return self.status in ("processing", "placed", "pending")


class OrderEvent(Seen):
    type: str
    at: datetime
    data: dict[str, Any] = {}


# ---- people ---------------------------------------------------------------------------------------------------------


class Me(Seen):
    id: str
    email: str
    name: str = ""
    has_password: bool = True
    version: int = 0
    created_at: datetime | None = None


class SavedAddress(Address):
    id: str
    is_default: bool = False
    version: int = 0


class Session(Seen):
    id: str
    current: bool = False
    method: str = ""
    user_agent: str = ""
    created_at: datetime | None = None
    last_used_at: datetime | None = None


# ---- ways to pay ----------------------------------------------------------------------------------------------------


class VaultCard(Seen):
    """A card that the vault keeps."""

    token: str
    brand: str = ""
    last4: str = ""


class PaymentOption(Seen):
    """A way to pay that the shop offers just now. With `token` nothing is typed in: the provider asks the shopper. `public`:
    what a page needs to ask the provider for a token."""

    provider: str
    method: str
    token: str = ""
    vault_cards: bool = False
    available: bool = True
    public: dict[str, str] = Field(default_factory=dict)


class Method(Seen):
    id: str = Field(validation_alias=AliasChoices("id", "method_id"))
    provider: str = "testbank"
    token: str = ""
    brand: str = ""
    last4: str = ""
    default: bool = False

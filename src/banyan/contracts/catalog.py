"""What catalog tells and may be asked."""

from banyan.contracts import Call, Contract, Event
from banyan.kernel.money import Money


class ProductAdded(Event, owner="catalog", key="product_id"):
    """A product is in the catalogue that was not; `published` says whether shoppers see it."""

    product_id: str
    slug: str
    published: bool


class ProductChanged(Event, owner="catalog", key="product_id"):
    """Something of a product, its variants or prices is other than before."""

    product_id: str
    slug: str
    published: bool


class ProductRemoved(Event, owner="catalog", key="product_id"):
    """A product is gone from the catalogue."""

    product_id: str
    slug: str


class PriceChanged(Event, owner="catalog", key="product_id"):
    """A variant costs something else in one currency."""

    product_id: str
    sku: str
    before: Money | None
    after: Money


class CategoriesChanged(Event, owner="catalog", key="category_id"):
    """The category tree is other than before, at this category."""

    category_id: str


class BrandsChanged(Event, owner="catalog", key="brand_id"):
    """A brand is new, has another name, or is gone."""

    brand_id: str


class Item(Contract):
    """One variant as a cart needs it. `sellable` is false for an unpublished product or one without this currency."""

    sku: str
    variant_id: str
    product_id: str
    slug: str
    name: str
    options: dict[str, str] = {}
    image: str | None = None
    price: Money | None
    sellable: bool
    tax_class: str = "standard"
    weight_g: int = 0


class Items(Contract):
    """The items found; SKUs nobody knows are absent."""

    items: tuple[Item, ...]


class AskItems(Call[Items], owner="catalog", answer=Items):
    """Name and present price of each SKU, in one currency (ISO 4217)."""

    skus: tuple[str, ...]
    currency: str

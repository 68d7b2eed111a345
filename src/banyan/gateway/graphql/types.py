"""The types of the GraphQL schema, each read from the JSON that the HTTP API gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NewType

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

Minor = NewType("Minor", int)
MINOR = strawberry.scalar(
    name="Minor", description="Minor units of a currency; may exceed 32 bits.", serialize=int, parse_value=int
)


@strawberry.type(description="An amount in integer minor units.")
class Money:
    amount: Minor
    currency: str

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> "Money | None":
        return cls(amount=given["amount"], currency=given["currency"]) if given else None

    @classmethod
    def sure(cls, given: Mapping[str, Any]) -> "Money":
        return cls(amount=given["amount"], currency=given["currency"])


@strawberry.type
class Option:
    name: str
    value: str


def options(given: Mapping[str, Any] | None) -> list[Option]:
    return [Option(name=name, value=str(value)) for name, value in (given or {}).items()]


@strawberry.type(description="What can be put into a cart.")
class Variant:
    id: strawberry.ID
    sku: str
    price: Money | None
    options: list[Option]
    available: bool

    @strawberry.field(description="Units that can be bought now; null where nobody knows.")
    async def stock(self, info: Info) -> int | None:
        level = await info.context["shop"].stock.load(self.sku)
        return level["available"] if level else None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Variant":
        return cls(
            id=given["id"],
            sku=given["sku"],
            price=Money.of(given.get("price")),
            options=options(given.get("options")),
            available=bool(given.get("available")),
        )


@strawberry.type
class Category:
    id: strawberry.ID
    slug: str
    name: str
    count: int | None = None
    children: list["Category"] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Category":
        return cls(
            id=given["id"],
            slug=given["slug"],
            name=given["name"],
            count=given.get("count"),
            children=[cls.of(child) for child in given.get("children") or ()],
        )


@strawberry.type
class Product:
    id: strawberry.ID
    slug: str
    name: str
    brand: str | None
    price: Money | None
    image: str | None
    variants: list[Variant]
    card: strawberry.Private[Mapping[str, Any]]

    @strawberry.field
    async def description(self, info: Info) -> str:
        return str((await self._whole(info)).get("description") or "")

    @strawberry.field
    async def images(self, info: Info) -> list[str]:
        found = (await self._whole(info)).get("images") or ()
        return [each if isinstance(each, str) else each["url"] for each in found]

    @strawberry.field(description="The path to its category, root first.")
    async def categories(self, info: Info) -> list[Category]:
        return [Category.of(each) for each in (await self._whole(info)).get("categories") or ()]

    @strawberry.field
    async def attributes(self, info: Info) -> JSON:
        return JSON((await self._whole(info)).get("attributes") or {})

    async def _whole(self, info: Info) -> Mapping[str, Any]:
        """Lists bring less of a product; the rest is loaded with that of its neighbours."""
        if "attributes" in self.card:
            return self.card
        return await info.context["shop"].products.load(str(self.id)) or {}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Product":
        return cls(
            id=given["id"],
            slug=given["slug"],
            name=given["name"],
            brand=given.get("brand"),
            price=Money.of(given.get("price")),
            image=given.get("image"),
            variants=[Variant.of(each) for each in given.get("variants") or ()],
            card=given,
        )


@strawberry.type
class Products:
    items: list[Product]
    next_cursor: str | None


@strawberry.type
class Facet:
    value: str
    label: str | None
    count: int


@strawberry.type
class PriceBand:
    low: Minor | None
    high: Minor | None
    count: int


@strawberry.type
class Facets:
    brand: list[Facet]
    category: list[Facet]
    price: list[PriceBand]


@strawberry.type
class Found:
    items: list[Product]
    total: int
    corrected: str | None
    facets: Facets
    next_cursor: str | None
    degraded: bool = strawberry.field(
        description="The search index is away: plain matches, without relevance, corrections and facets."
    )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Found":
        facets = given["facets"]
        return cls(
            items=[Product.of(each) for each in given["items"]],
            total=given["total"],
            corrected=given.get("corrected"),
            facets=Facets(
                brand=[Facet(value=f["value"], label=f.get("label"), count=f["count"]) for f in facets["brand"]],
                category=[Facet(value=f["value"], label=f.get("label"), count=f["count"]) for f in facets["category"]],
                price=[PriceBand(low=f.get("low"), high=f.get("high"), count=f["count"]) for f in facets["price"]],
            ),
            next_cursor=given.get("next_cursor"),
            degraded=bool(given.get("degraded")),
        )


@strawberry.type
class Address:
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> "Address | None":
        return cls(**{name: given.get(name) or "" for name in cls.__annotations__}) if given else None


@strawberry.input(name="AddressInput")
class AddressInput:
    name: str
    line1: str
    city: str
    postal_code: str
    country: str
    line2: str = ""
    region: str = ""
    phone: str = ""


@strawberry.type
class Line:
    id: strawberry.ID
    sku: str
    name: str
    slug: str | None
    image: str | None
    options: list[Option]
    quantity: int
    unit_price: Money
    total: Money

    @strawberry.field
    async def product(self, info: Info) -> Product | None:
        found = await info.context["shop"].products.load(self.slug) if self.slug else None
        return Product.of(found) if found else None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Line":
        return cls(
            id=given.get("id") or given["line_id"],
            sku=given["sku"],
            name=given["name"],
            slug=given.get("slug"),
            image=given.get("image"),
            options=options(given.get("options")),
            quantity=given["quantity"],
            unit_price=Money.sure(given["unit_price"]),
            total=Money.sure(given["total"]),
        )


@strawberry.type
class Change:
    kind: str
    line_id: strawberry.ID
    before: JSON | None
    after: JSON | None


@strawberry.type
class ShippingOption:
    id: strawberry.ID
    name: str
    price: Money


@strawberry.type
class Cart:
    id: strawberry.ID
    token: str | None = strawberry.field(description="A guest's key to this cart, told once, when it is made.")
    status: str
    email: str | None
    address: Address | None
    shipping_option: str | None
    lines: list[Line]
    changes: list[Change]
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money

    @strawberry.field
    async def shipping_options(self, info: Info) -> list[ShippingOption]:
        found = await info.context["shop"].get("orders", f"/v1/carts/{self.id}/shipping-options") or {}
        return [
            ShippingOption(id=o["id"], name=o["name"], price=Money.sure(o["price"])) for o in found.get("items", ())
        ]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Cart":
        money = {name: Money.sure(given[name]) for name in ("subtotal", "discount", "shipping", "tax", "total")}
        return cls(
            id=given["id"],
            token=given.get("token"),
            status=given["status"],
            email=given.get("email"),
            address=Address.of(given.get("address")),
            shipping_option=given.get("shipping_option"),
            lines=[Line.of(each) for each in given["lines"]],
            changes=[
                Change(kind=c["kind"], line_id=c["line_id"], before=c.get("before"), after=c.get("after"))
                for c in given.get("changes") or ()
            ],
            **money,
        )


@strawberry.type
class OrderEvent:
    version: int
    type: str
    at: datetime
    data: JSON


@strawberry.type
class Order:
    id: strawberry.ID
    number: str
    status: str
    payment_status: str | None
    email: str
    placed_at: datetime
    address: Address | None
    lines: list[Line]
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    adjustment: Money | None
    total: Money
    refunded: Money | None

    @strawberry.field(description="Everything that happened to it, in order.")
    async def events(self, info: Info) -> list[OrderEvent]:
        found = await info.context["shop"].get("orders", f"/v1/orders/{self.id}/events") or {}
        return [
            OrderEvent(version=e["version"], type=e["type"], at=datetime.fromisoformat(e["at"]), data=e["data"])
            for e in found.get("items", ())
        ]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Order":
        money = {name: Money.sure(given[name]) for name in ("subtotal", "discount", "shipping", "tax", "total")}
        return cls(
            id=given["id"],
            number=given["number"],
            status=given["status"],
            payment_status=given.get("payment_status"),
            email=given["email"],
            placed_at=datetime.fromisoformat(given["placed_at"]),
            address=Address.of(given.get("address")),
            lines=[Line.of(each) for each in given["lines"]],
            adjustment=Money.of(given.get("adjustment")),
            refunded=Money.of(given.get("refunded")),
            **money,
        )


@strawberry.type
class Orders:
    items: list[Order]
    next_cursor: str | None

"""The catalogue over HTTP: products in lists and one by one, and the edits of their words and prices."""

from collections.abc import Mapping
from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money

STATUSES = ("published", "draft", "archived")


class Variant(Seen):
    id: str = ""
    sku: str
    price: Money | None = None
    prices: tuple[Money, ...] = ()
    options: dict[str, str] = {}
    available: bool = True
    weight_g: int = 0

    def price_in(self, currency: str) -> Money | None:
        return next((price for price in self.prices if price.currency == currency), None)


class Product(Seen):
    id: str
    slug: str
    name: str
    brand: str | None = None
    description: str = ""
    price: Money | None = None
    image: str | None = None
    status: str
    variants: tuple[Variant, ...] = ()
    updated_at: datetime | None = None

    @property
    def currencies(self) -> list[str]:
        """Every currency that one of its variants has a price in."""
        return sorted({price.currency for variant in self.variants for price in variant.prices})


class Read(Seen):
    """A product, and the ETag that an edit of it must name."""

    product: Product
    etag: str


class Found(Page[Product]):
    total: int | None = None
    corrected: str | None = None


async def search(line: Line, words: str, cursor: str = "") -> Found:
    """Published products by words; typing errors are forgiven."""
    return await line.get(Found, "catalog", "/v1/search", [("q", words), ("cursor", cursor), ("limit", "25")])


async def listed(line: Line, *, status: str, sku: str, cursor: str) -> Found:
    """Oldest first. Other than published ones need `catalog:write`."""
    query = [("status", status), ("sku", sku), ("cursor", cursor), ("limit", "25")]
    return await line.get(Found, "catalog", "/v1/products", query)


async def read(line: Line, product_id: str) -> Read:
    answer = await line.ask("catalog", "GET", _at(product_id))
    return Read(product=shaped(Product, answer), etag=answer.header("etag") or "")


async def edit(line: Line, product_id: str, changes: Mapping[str, str], *, etag: str) -> None:
    """Stale when it is not as it was read any more."""
    await line.send("catalog", "PATCH", _at(product_id), changes, if_match=etag or '""')


async def set_price(line: Line, product_id: str, sku: str, price: Money, *, etag: str) -> str:
    """The ETag after it. An empty `etag` heeds nothing."""
    at = f"{_at(product_id)}/variants/{segment(sku)}/prices/{segment(price.currency)}"
    answer = await line.send("catalog", "PUT", at, {"amount": price.amount}, if_match=etag)
    return answer.header("etag") or ""


async def remove_price(line: Line, product_id: str, sku: str, currency: str, *, etag: str) -> None:
    at = f"{_at(product_id)}/variants/{segment(sku)}/prices/{segment(currency)}"
    await line.send("catalog", "DELETE", at, if_match=etag)


def _at(product_id: str) -> str:
    return f"/v1/products/{segment(product_id)}"

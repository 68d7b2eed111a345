"""The GraphQL schema: what may be asked and done. Every answer comes from the HTTP API with the caller's own rights."""

from typing import Annotated, Any

import strawberry
from strawberry.extensions import FieldExtension, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.utils.str_converters import to_camel_case

from banyan.contracts import access
from banyan.contracts.access import Row
from banyan.foundation.access import admit
from banyan.foundation.face.places import segment
from banyan.foundation.settings import WrongSettings
from banyan.gateway.graphql.limits import MAX_PAGE, TooMuch
from banyan.gateway.graphql.shop import refused
from banyan.gateway.graphql.types import (
    MINOR,
    AddressInput,
    Cart,
    Category,
    Found,
    Minor,
    Order,
    Orders,
    Product,
    Products,
)
from banyan.kernel.refusals import Refusal

First = Annotated[int, strawberry.argument(description=f"How many, at most {MAX_PAGE}.")]
Key = Annotated[str, strawberry.argument(description="Any unique text; the same one on each retry.")]


def _page(first: int) -> int:
    if not 1 <= first <= MAX_PAGE:
        raise TooMuch(f"first is 1 to {MAX_PAGE}", "page_too_large")
    return first


def _shop(info: Info) -> Any:
    return info.context["shop"]


@strawberry.type
class Query:
    @strawberry.field(description="A product by its id or slug.")
    async def product(self, info: Info, id: str) -> Product | None:
        found = await _shop(info).products.load(id)
        return Product.of(found) if found else None

    @strawberry.field
    async def products(
        self,
        info: Info,
        first: First = 20,
        after: str | None = None,
        category: str | None = None,
        brand: str | None = None,
    ) -> Products:
        found = await _shop(info).get(
            "catalog", "/v1/products", limit=_page(first), cursor=after, category=category, brand=brand
        )
        items = [Product.of(each) for each in (found or {}).get("items", ())]
        return Products(items=items, next_cursor=(found or {}).get("next_cursor"))

    @strawberry.field(description="Products by words, forgiving typing errors; with facets.")
    async def search(
        self,
        info: Info,
        q: str = "",
        first: First = 20,
        after: str | None = None,
        category: str | None = None,
        brand: list[str] | None = None,
        price_min: int | None = None,
        price_max: int | None = None,
        sort: str | None = None,
    ) -> Found:
        asked = {"category": category, "brand": brand, "price_min": price_min, "price_max": price_max, "sort": sort}
        return Found.of(await _shop(info).get("catalog", "/v1/search", q=q, limit=_page(first), cursor=after, **asked))

    @strawberry.field
    async def suggest(self, info: Info, q: str) -> list[str]:
        found = await _shop(info).get("catalog", "/v1/suggest", q=q)
        return [each if isinstance(each, str) else each["text"] for each in (found or {}).get("items", ())]

    @strawberry.field(description="The category tree.")
    async def categories(self, info: Info) -> list[Category]:
        found = await _shop(info).get("catalog", "/v1/categories")
        return [Category.of(each) for each in (found or {}).get("items", ())]

    @strawberry.field(description="A cart of the caller's: by session, or by the cart's token.")
    async def cart(self, info: Info, id: str) -> Cart | None:
        found = await _shop(info).get("orders", f"/v1/carts/{segment(id)}")
        return Cart.of(found) if found else None

    @strawberry.field(description="An order of the caller's.")
    async def order(self, info: Info, id: str) -> Order | None:
        found = await _shop(info).get("orders", f"/v1/orders/{segment(id)}")
        return Order.of(found) if found else None

    @strawberry.field(description="The signed-in shopper's orders, latest first.")
    async def orders(self, info: Info, first: First = 20, after: str | None = None) -> Orders:
        found = await _shop(info).get("orders", "/v1/orders", limit=_page(first), cursor=after)
        return Orders(items=[Order.of(each) for each in found["items"]], next_cursor=found.get("next_cursor"))


@strawberry.type
class Mutation:
    @strawberry.mutation(description="A new cart. Keep its token: send it as `Authorization: Bearer <token>`.")
    async def create_cart(self, info: Info, currency: str | None = None, idempotency_key: Key | None = None) -> Cart:
        body = {"currency": currency} if currency else {}
        return Cart.of(await _shop(info).send("orders", "POST", "/v1/carts", body, idempotency_key))

    @strawberry.mutation
    async def add_line(
        self, info: Info, cart_id: str, sku: str, quantity: int = 1, idempotency_key: Key | None = None
    ) -> Cart:
        body = {"sku": sku, "quantity": quantity}
        return Cart.of(
            await _shop(info).send("orders", "POST", f"/v1/carts/{segment(cart_id)}/lines", body, idempotency_key)
        )

    @strawberry.mutation
    async def change_line(self, info: Info, cart_id: str, line_id: str, quantity: int) -> Cart:
        path = f"/v1/carts/{segment(cart_id)}/lines/{segment(line_id)}"
        return Cart.of(await _shop(info).send("orders", "PATCH", path, {"quantity": quantity}))

    @strawberry.mutation
    async def remove_line(self, info: Info, cart_id: str, line_id: str) -> Cart:
        path = f"/v1/carts/{segment(cart_id)}/lines/{segment(line_id)}"
        gone = await _shop(info).send("orders", "DELETE", path)
        return Cart.of(gone or await _shop(info).get("orders", f"/v1/carts/{segment(cart_id)}"))

    @strawberry.mutation(description="Step 1 of the checkout: contact, address, shipping.")
    async def set_delivery(
        self, info: Info, cart_id: str, email: str, address: AddressInput, shipping_option: str
    ) -> Cart:
        body = {"email": email, "address": strawberry.asdict(address), "shipping_option": shipping_option}
        return Cart.of(await _shop(info).send("orders", "PUT", f"/v1/carts/{segment(cart_id)}/delivery", body))

    @strawberry.mutation(description="Step 2 of the checkout: places the order.")
    async def checkout(self, info: Info, cart_id: str, provider: str, token: str, idempotency_key: Key) -> Order:
        body = {"payment": {"provider": provider, "token": token}}
        path = f"/v1/carts/{segment(cart_id)}/checkout"
        return Order.of(await _shop(info).send("orders", "POST", path, body, idempotency_key))

    @strawberry.mutation
    async def cancel_order(self, info: Info, id: str, reason: str = "", idempotency_key: Key | None = None) -> Order:
        body = {"reason": reason} if reason else {}
        return Order.of(
            await _shop(info).send("orders", "POST", f"/v1/orders/{segment(id)}/cancel", body, idempotency_key)
        )


class _Held(FieldExtension):
    """Holds whoever asks a field to its row, before anything is asked of a service."""

    def __init__(self, row: Row) -> None:
        self.row = row

    async def resolve_async(self, next_: Any, source: Any, info: Info, **given: Any) -> Any:
        if not self.row.open:
            try:
                admit(self.row, await _shop(info).who())
            except Refusal as refusal:
                raise refused(refusal) from None
        return await next_(source, info, **given)


def hold(*types: Any) -> None:
    """Hold every field of these types to its row of the access table. WrongSettings for a field that has none."""
    rows = access.rows("graphql")
    for each in types:
        for field in each.__strawberry_definition__.fields:
            name = f"{each.__name__}.{to_camel_case(field.python_name)}"
            if name not in rows:
                raise WrongSettings(
                    f"nobody said who may ask {name}; add a row for it to [graphql] in src/banyan/contracts/access.toml"
                )
            field.extensions.append(_Held(rows[name]))


hold(Query, Mutation)
schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(auto_camel_case=True, scalar_map={Minor: MINOR}),
    extensions=[lambda: ParserCache(maxsize=1_000), lambda: ValidationCache(maxsize=1_000)],
)

"""The catalogue by hand: products with versions, and prices."""

from starlette.responses import JSONResponse, Response

from banyan.kernel.refusals import Fault, Invalid, NotFound
from tests.console.fake_services.asked import Asked, Handler, Json, found, match
from tests.console.fake_services.shop import FakeShop


class Catalog(FakeShop):
    def table(self) -> dict[tuple[str, str, str], Handler]:
        return super().table() | {
            ("catalog", "GET", "/v1/products"): self._list_products,
            ("catalog", "GET", "/v1/search"): self._search,
            ("catalog", "GET", "/v1/products/{id}"): self._read_product,
            ("catalog", "PATCH", "/v1/products/{id}"): self._edit_product,
            ("catalog", "PUT", "/v1/products/{id}/variants/{sku}/prices/{currency}"): self._set_price,
            ("catalog", "DELETE", "/v1/products/{id}/variants/{sku}/prices/{currency}"): self._remove_price,
        }

    async def _list_products(self, asked: Asked) -> Response:
        status = asked.one("status") or "published"
        if status != "published":
            asked.must("catalog:write")
        found = [each for each in self.products.values() if each["status"] == status]
        if asked.one("sku"):
            found = [each for each in found if asked.one("sku") in [one["sku"] for one in each["variants"]]]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _search(self, asked: Asked) -> Response:
        found = [each for each in self.products.values() if asked.one("q").lower() in each["name"].lower()]
        return JSONResponse({"items": found, "total": len(found), "next_cursor": None, "corrected": None})

    def _told(self, product: Json) -> Response:
        return JSONResponse(product, headers={"etag": f'"{product["version"]}.7"'})

    async def _read_product(self, asked: Asked) -> Response:
        return self._told(found(self.products, asked.named["id"]))

    async def _edit_product(self, asked: Asked) -> Response:
        asked.must("catalog:write")
        product = found(self.products, asked.named["id"])
        match(asked, f"{product['version']}.7")
        if asked.body.get("name") == "":
            raise Invalid(
                "no", errors=[Fault("/body/name", "string_too_short", "String should have at least 1 character")]
            )
        product |= asked.body
        product["version"] += 1
        return self._told(product)

    def _variant(self, asked: Asked) -> tuple[Json, Json]:
        asked.must("catalog:write")
        product = found(self.products, asked.named["id"])
        if "if-match" in asked.headers:
            match(asked, f"{product['version']}.7")
        variant = next((each for each in product["variants"] if each["sku"] == asked.named["sku"]), None)
        if variant is None:
            raise NotFound("the product has no such variant", code="no_such_variant")
        currency = asked.named["currency"]
        variant["prices"] = [each for each in variant["prices"] if each["currency"] != currency]
        product["version"] += 1
        return product, variant

    async def _set_price(self, asked: Asked) -> Response:
        product, variant = self._variant(asked)
        variant["prices"].append({"amount": asked.body["amount"], "currency": asked.named["currency"]})
        return self._told(product)

    async def _remove_price(self, asked: Asked) -> Response:
        self._variant(asked)
        return Response(status_code=204)

"""Shoppers browse: lists, a product, the category tree, brands, attributes."""

from fastapi import APIRouter, Response

from banyan.catalog.actions import browsing
from banyan.catalog.actions.browsing import Listed
from banyan.catalog.api.words import NOT_MODIFIED, AtName, Filter, IfNoneMatch, InCurrency, answers, safe, unchanged
from banyan.catalog.domain.product import Status
from banyan.catalog.showcase import Showcase
from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, Who

_NOT_FOR_ALL = {"cache-control": "private, no-store"}


def add_to(router: APIRouter, ports: Ports, showcase: Showcase) -> None:
    @short
    @router.get("/v1/products", response_model=None, responses=answers(200, "A page of products, oldest first"))
    async def list_products(
        who: Who,
        category: Filter = "",
        brand: Filter = "",
        sku: Filter = "",
        status: Status = Status.PUBLISHED,
        currency: InCurrency = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Products by category (id or slug, with all below it) and brand. Other than published ones: operators only."""
        if status is not Status.PUBLISHED:
            who.must("catalog:write")
        narrow = Listed(status, category or None, brand or None, sku or None)
        body = await browsing.products(ports, showcase, narrow, currency=currency, limit=limit, cursor=cursor)
        return Response(
            body, headers=None if status is Status.PUBLISHED else _NOT_FOR_ALL, media_type="application/json"
        )

    @short
    @router.get("/v1/products/{product}", response_model=None, responses=answers(200, "The product") | NOT_MODIFIED)
    async def get_product(
        who: Who, product: AtName, currency: InCurrency = None, if_none_match: IfNoneMatch = None
    ) -> Response:
        """One product by id or slug; an earlier slug finds it too, and the answer has the present one."""
        drafts = who.may("catalog:write")
        found = await browsing.product(ports, showcase, safe(product), currency=currency, drafts=drafts)
        headers = {"etag": web.etag(found.tag), "content-location": f"/v1/products/{found.slug}"}
        if not found.published:
            headers |= _NOT_FOR_ALL
        if unchanged(if_none_match, headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(found.body, headers=headers, media_type="application/json")

    @router.get("/v1/categories", response_model=None, responses=answers(200, "The tree"))
    async def get_categories() -> Response:
        """All categories as a tree, each with how many published products are in it or below."""
        return web.page(await browsing.categories(ports), None)

    @router.get("/v1/categories/{category}", response_model=None, responses=answers(200, "The category"))
    async def get_category(category: AtName) -> Response:
        """One category by id or slug: the way down to it (`trail`), how many products, and what is below."""
        version, told = await browsing.category(ports, safe(category))
        return web.json(told, etag=web.etag(version))

    @router.get("/v1/brands", response_model=None, responses=answers(200, "A page of brands, by name"))
    async def list_brands(limit: Limit = 20, cursor: Cursor = None) -> Response:
        return web.page(*await browsing.brands(ports, limit=limit, cursor=cursor))

    @router.get("/v1/attributes", response_model=None, responses=answers(200, "All attributes, by code"))
    async def list_attributes() -> Response:
        return web.page(await browsing.attributes(ports), None)

"""Shoppers browse: lists, a product, the category tree, brands, and pictures."""

from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from banyan.catalog.actions import browsing
from banyan.catalog.actions.browsing import Listed
from banyan.catalog.api.words import AtName, Filter, InCurrency, answers, safe
from banyan.catalog.domain.product import Status
from banyan.catalog.showcase import Showcase
from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, Who
from banyan.kernel.refusals import NotFound

# A picture is shown and does nothing: an SVG opened by itself runs no script and loads nothing.
_PICTURE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}
_NOT_FOR_ALL = {"cache-control": "private, no-store"}
_FOREVER = "public, max-age=31536000, immutable"  # uploads are named by a digest of their content
_A_DAY = "public, max-age=86400"
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {"image/*": {}}}}
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As you have it"}}
IfNoneMatch = Annotated[str | None, Header(max_length=500)]


def add_to(router: APIRouter, ports: Ports, showcase: Showcase) -> None:
    @router.get("/v1/products", response_model=None, responses=answers(200, "A page of products, oldest first"))
    async def list_products(
        who: Who,
        category: Filter = None,
        brand: Filter = None,
        sku: Filter = None,
        status: Status = Status.PUBLISHED,
        currency: InCurrency = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Products by category (id or slug, with all below it) and brand. Other than published ones: operators only."""
        if status is not Status.PUBLISHED:
            who.must("catalog:write")
        narrow = Listed(status, category, brand, sku)
        body = await browsing.products(ports, showcase, narrow, currency=currency, limit=limit, cursor=cursor)
        return Response(
            body, headers=None if status is Status.PUBLISHED else _NOT_FOR_ALL, media_type="application/json"
        )

    @router.get("/v1/products/{product}", response_model=None, responses=answers(200, "The product") | _NOT_MODIFIED)
    async def get_product(
        who: Who, product: AtName, currency: InCurrency = None, if_none_match: IfNoneMatch = None
    ) -> Response:
        """One product by id or slug; an earlier slug finds it too, and the answer has the present one."""
        drafts = who.may("catalog:write")
        found = await browsing.product(ports, showcase, safe(product), currency=currency, drafts=drafts)
        headers = {"etag": web.etag(found.tag), "content-location": f"/v1/products/{found.slug}"}
        if not found.published:
            headers |= _NOT_FOR_ALL
        if _has(if_none_match, headers["etag"]):
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

    @router.get(
        "/media/{path:path}",
        response_model=None,
        responses=_FILE | _NOT_MODIFIED,
    )
    async def get_media(path: str, if_none_match: IfNoneMatch = None) -> Response:
        file = await ports.media.get(path)
        if file is None:
            raise NotFound("there is no such file")
        tag = web.etag(blake2b(file.body, digest_size=12).hexdigest())
        headers = _PICTURE | {"etag": tag, "cache-control": _FOREVER if path.startswith("products/") else _A_DAY}
        if _has(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)


def _has(if_none_match: str | None, tag: str) -> bool:
    """RFC 9110 §13.1.2: weak comparison; `*` is whatever there is."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]

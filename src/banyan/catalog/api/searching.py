"""Shoppers search: words, filters, facets and suggestions."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from banyan.catalog.actions.searching import Finder
from banyan.catalog.api.words import InCurrency, answers
from banyan.catalog.domain.naming import LINE
from banyan.catalog.domain.product import DEAREST
from banyan.catalog.showcase import Showcase
from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.search import Query as Asked
from banyan.foundation.search import Sort
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit

# What is there for want of something better is kept for a moment: it spares the database, and is soon over.
_BRIEFLY = "public, max-age=2, s-maxage=2"

Words = Annotated[str, Query(max_length=500, description="anything at all; typing errors are forgiven")]
Minor = Annotated[int | None, Query(ge=0, le=DEAREST, description="minor units of the shop's currency, inclusive")]
Brands = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=LINE)]],
    Query(max_length=20, description="name, slug or id; given again: any of them"),
]
Category = Annotated[str, Query(max_length=1000, pattern=LINE, description="slug, id, or names with ` > ` between")]


def add_to(router: APIRouter, ports: Ports, showcase: Showcase) -> None:
    finder = Finder(ports)

    @short
    @router.get("/v1/search", response_model=None, responses=answers(200, "A page of products, and what there is"))
    async def search_products(
        q: Words = "",
        category: Category = "",
        brand: Brands = [],  # noqa: B006  # FastAPI copies it
        price_min: Minor = None,
        price_max: Minor = None,
        available: bool = False,
        sort: Sort = Sort.RELEVANCE,
        currency: InCurrency = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Full-text search with facets. `corrected` says which words the results are for when they are not yours.

        With `degraded` it is a plainer search for now: without relevance, corrections and facets.
        """
        asked = Asked(
            text=q,
            category=category or None,
            brands=tuple(filter(None, brand)),
            price_min=price_min,
            price_max=price_max,
            available_only=available,
            sort=sort,
            limit=limit,
        )
        page = await finder.search(showcase, asked, currency=currency, cursor=cursor)
        headers = {"cache-control": _BRIEFLY} if page.degraded else None
        return Response(page.body, media_type="application/json", headers=headers)

    @short
    @router.get("/v1/suggest", response_model=None, responses=answers(200, "Completions of what was typed so far"))
    async def suggest(q: Words = "", limit: Annotated[int, Query(ge=1, le=20)] = 8) -> Response:
        items, degraded = await finder.suggest(q, limit)
        return web.json({"items": items}, cache_control=_BRIEFLY) if degraded else web.json({"items": items})

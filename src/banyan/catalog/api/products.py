"""Operators add, edit and remove products."""

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints, model_validator

from banyan.catalog.actions import products as actions
from banyan.catalog.api.variants import VariantBody
from banyan.catalog.api.words import (
    GONE,
    AtName,
    Code,
    IdOrSlug,
    IfMatch,
    Label,
    Name,
    Prose,
    Slug,
    TaxClass,
    Value,
    Whole,
    answers,
    edits,
    safe,
)
from banyan.catalog.domain.attributes import MOST_ATTRIBUTES
from banyan.catalog.domain.naming import LINE
from banyan.catalog.domain.product import MOST_PICTURES, NewPicture, NewProduct, Status
from banyan.foundation.service import Ports
from banyan.foundation.web import Body, MaybeKey, Who, told

Url = Annotated[
    str,
    StringConstraints(
        max_length=2000, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s\x00-\x1f\x7f\"'<>\\^`{|}]*$"
    ),
]


class PictureBody(Body):
    """A picture that lies elsewhere; it is pointed at, never fetched."""

    url: Url
    alt: Annotated[str, StringConstraints(max_length=300, pattern=LINE)] = ""


class ProductBody(Body):
    name: Name
    slug: Slug | None = None
    description: Prose = ""
    brand: Label | None = None
    category: IdOrSlug | None = None
    status: Status = Status.DRAFT
    attributes: dict[Code, Value] = Field(default={}, max_length=MOST_ATTRIBUTES)
    popularity: Whole = 0
    tax_class: TaxClass = "standard"
    variants: tuple[VariantBody, ...] = Field(default=(), max_length=100)
    images: tuple[PictureBody, ...] = Field(default=(), max_length=MOST_PICTURES)

    def product(self) -> NewProduct:
        return NewProduct(
            name=self.name,
            slug=self.slug,
            description=self.description,
            brand=self.brand,
            category=self.category,
            status=self.status,
            attributes=self.attributes,
            popularity=self.popularity,
            tax_class=self.tax_class,
            variants=tuple(each.variant() for each in self.variants),
            pictures=tuple({each.url: NewPicture(each.url, each.alt) for each in self.images}.values()),
        )


class ProductEdit(Body):
    """What is left out stays. `null` takes away a brand, a category or an attribute; nothing else can be null."""

    name: Name | None = None
    slug: Slug | None = None
    description: Prose | None = None
    brand: Label | None = None
    category: IdOrSlug | None = None
    status: Status | None = None
    attributes: dict[Code, Value | None] | None = Field(default=None, max_length=MOST_ATTRIBUTES)
    popularity: Whole | None = None
    tax_class: TaxClass | None = None

    @model_validator(mode="after")
    def _only_some_can_be_null(self) -> Self:
        for name in self.model_fields_set - {"brand", "category"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


def add_to(router: APIRouter, ports: Ports) -> None:
    @router.post("/v1/products", status_code=201, response_model=None, responses=answers(201, "The new product"))
    async def add_product(who: Who, key: MaybeKey, body: ProductBody) -> Response:
        """Put a product into the catalogue, as a draft unless `status` says otherwise."""
        return told(await actions.add(ports, key, body.product()))

    @router.patch("/v1/products/{product}", response_model=None, responses=answers(200, "The product as it is now"))
    async def edit_product(who: Who, product: AtName, body: ProductEdit, if_match: IfMatch = None) -> Response:
        """Edit, publish, unpublish (`draft`) or archive. If-Match with the ETag you read is required."""
        changes = body.model_dump(exclude_unset=True)
        return told(await actions.edit(ports, safe(product), edits(if_match), changes))

    @router.delete("/v1/products/{product}", status_code=204, response_model=None, responses=GONE)
    async def remove_product(who: Who, product: AtName, if_match: IfMatch = None) -> Response:
        await actions.remove(ports, safe(product), edits(if_match))
        return Response(status_code=204)

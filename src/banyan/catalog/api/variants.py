"""Operators add, edit and remove variants and their prices."""

from typing import Self

from fastapi import APIRouter, Response
from pydantic import Field, model_validator

from banyan.catalog.actions import variants as actions
from banyan.catalog.api.words import (
    GONE,
    Amount,
    AtCurrency,
    AtName,
    AtSku,
    IfMatch,
    Option,
    Price,
    Sku,
    Whole,
    answers,
    edits,
    safe,
)
from banyan.catalog.domain.naming import is_sku
from banyan.catalog.domain.options import MOST_OPTIONS
from banyan.catalog.domain.product import NewVariant
from banyan.foundation.service import Ports
from banyan.foundation.web import Body, MaybeKey, Who, told
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound


class VariantBody(Body):
    sku: Sku
    options: dict[Option, Option] = Field(default={}, max_length=MOST_OPTIONS)
    prices: tuple[Price, ...] = Field(default=(), max_length=50)
    weight_g: Whole = 0

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if not is_sku(self.sku):
            raise ValueError("this cannot be a SKU")
        if len({price.currency for price in self.prices}) < len(self.prices):
            raise ValueError("one price per currency")
        return self

    def variant(self) -> NewVariant:
        prices = tuple(Money(price.amount, price.currency) for price in self.prices)
        return NewVariant(self.sku, self.options, prices, self.weight_g)


class VariantEdit(Body):
    """What is left out stays."""

    options: dict[Option, Option] | None = Field(default=None, max_length=MOST_OPTIONS)
    position: Whole | None = None
    weight_g: Whole | None = None

    @model_validator(mode="after")
    def _nothing_is_null(self) -> Self:
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("nothing here can be null")
        return self


class AmountBody(Body):
    """Integer minor units of the currency in the path."""

    amount: Amount


def add_to(router: APIRouter, ports: Ports) -> None:
    at = "/v1/products/{product}/variants"

    @router.post(at, status_code=201, response_model=None, responses=answers(201, "The product with the new variant"))
    async def add_variant(who: Who, key: MaybeKey, product: AtName, body: VariantBody) -> Response:
        return told(await actions.add(ports, key, safe(product), body.variant()))

    @router.patch(at + "/{sku}", response_model=None, responses=answers(200, "The product as it is now"))
    async def edit_variant(
        who: Who, product: AtName, sku: AtSku, body: VariantEdit, if_match: IfMatch = None
    ) -> Response:
        changes = body.model_dump(exclude_unset=True)
        return told(await actions.edit(ports, safe(product), _known(sku), edits(if_match), changes))

    @router.delete(at + "/{sku}", status_code=204, response_model=None, responses=GONE)
    async def remove_variant(who: Who, product: AtName, sku: AtSku, if_match: IfMatch = None) -> Response:
        await actions.remove(ports, safe(product), _known(sku), edits(if_match))
        return Response(status_code=204)

    @router.put(at + "/{sku}/prices/{currency}", response_model=None, responses=answers(200, "The product"))
    async def set_price(
        who: Who, product: AtName, sku: AtSku, currency: AtCurrency, body: AmountBody, if_match: IfMatch = None
    ) -> Response:
        price = Money(body.amount, currency)
        return told(await actions.set_price(ports, safe(product), _known(sku), price, edits(if_match)))

    @router.delete(at + "/{sku}/prices/{currency}", status_code=204, response_model=None, responses=GONE)
    async def remove_price(
        who: Who, product: AtName, sku: AtSku, currency: AtCurrency, if_match: IfMatch = None
    ) -> Response:
        await actions.remove_price(ports, safe(product), _known(sku), currency, edits(if_match))
        return Response(status_code=204)


def _known(sku: str) -> str:
    if not is_sku(sku):
        raise NotFound("the product has no such variant", code="no_such_variant")
    return sku

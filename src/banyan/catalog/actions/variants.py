"""Variants of a product and their prices are added, changed and taken away."""

from collections.abc import Mapping
from typing import Any

from banyan.catalog.actions.products import change
from banyan.catalog.domain.product import MOST_VARIANTS, NewVariant
from banyan.catalog.storage import products
from banyan.contracts.catalog import PriceChanged
from banyan.foundation.db import Row, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, NotFound


async def add(ports: Ports, key: Key | None, product: str, new: NewVariant) -> Answer:
    """Conflict when the SKU, or these options within the product, are taken."""
    variant_id = ports.ids.new("var")

    async def effect(tx: Tx, product_id: str) -> None:
        row = {"id": variant_id, "sku": new.sku, "options": dict(new.options), "weight_g": new.weight_g, "prices": ()}
        await products.add_variant(tx, product_id, row)
        if await products.count_variants(tx, product_id) > MOST_VARIANTS:
            raise Conflict(f"a product has at most {MOST_VARIANTS} variants", code="too_many_variants")
        for price in new.prices:
            await _set(tx, product_id, new.sku, variant_id, price)

    return await change(ports, product, effect, key=key, status=201)


async def edit(ports: Ports, product: str, sku: str, if_match: str | None, changes: Mapping[str, Any]) -> Answer:
    async def effect(tx: Tx, product_id: str) -> None:
        variant = await _variant(tx, product_id, sku)
        await products.change_variant(tx, variant["id"], changes)

    return await change(ports, product, effect, if_match=if_match)


async def remove(ports: Ports, product: str, sku: str, if_match: str | None) -> None:
    """Conflict when a published product would be left with nothing to sell."""

    async def effect(tx: Tx, product_id: str) -> None:
        await products.remove_variant(tx, (await _variant(tx, product_id, sku))["id"])

    await change(ports, product, effect, if_match=if_match)


async def set_price(ports: Ports, product: str, sku: str, price: Money, if_match: str | None) -> Answer:
    async def effect(tx: Tx, product_id: str) -> None:
        variant = await _variant(tx, product_id, sku)
        await _set(tx, product_id, sku, variant["id"], price)

    return await change(ports, product, effect, if_match=if_match)


async def remove_price(ports: Ports, product: str, sku: str, currency: str, if_match: str | None) -> None:
    """Conflict when a published product would be left without a price."""

    async def effect(tx: Tx, product_id: str) -> None:
        variant = await _variant(tx, product_id, sku)
        if not await products.remove_price(tx, variant["id"], currency):
            raise NotFound(f"{sku} has no price in {currency}", code="no_such_price")

    await change(ports, product, effect, if_match=if_match)


async def _variant(tx: Tx, product_id: str, sku: str) -> Row:
    variant = await products.variant(tx, product_id, sku)
    if variant is None:
        raise NotFound(f"the product has no variant {sku}", code="no_such_variant")
    return variant


async def _set(tx: Tx, product_id: str, sku: str, variant_id: str, price: Money) -> None:
    before = await products.set_price(tx, variant_id, price.currency, price.amount)
    if before != price.amount:
        was = None if before is None else Money(before, price.currency)
        tx.tell(PriceChanged(product_id=product_id, sku=sku, before=was, after=price))

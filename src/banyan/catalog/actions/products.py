"""Products are added, edited and removed by operators."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from banyan.catalog.actions import shelving
from banyan.catalog.domain import attributes as attribute_rules
from banyan.catalog.domain import shown
from banyan.catalog.domain.attributes import Value
from banyan.catalog.domain.naming import key_of, slugs_for
from banyan.catalog.domain.options import option_key
from banyan.catalog.domain.product import NewProduct, Status
from banyan.catalog.storage import clashes, products, reading, shelves
from banyan.contracts.catalog import ProductAdded, ProductChanged, ProductRemoved
from banyan.foundation import idempotency
from banyan.foundation.db import Row, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.web import etag, must_match
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound

Edit = Callable[[Tx, str], Awaitable[None]]


async def add(ports: Ports, key: Key | None, new: NewProduct) -> Answer:
    """Put a product with its variants and prices into the catalogue. Conflict when its slug or a SKU is taken."""
    product_id = ports.ids.new("prd")

    async def effect(tx: Tx) -> Answer:
        row = await _described(tx, ports, new) | {
            "id": product_id,
            "slug": new.slug or await free_slug(tx, new.name, product_id),
        }
        await products.add(tx, row)
        for variant in new.variants:
            await products.add_variant(
                tx,
                product_id,
                {
                    "id": ports.ids.new("var"),
                    "sku": variant.sku,
                    "options": dict(variant.options),
                    "weight_g": variant.weight_g,
                    "prices": [{"currency": price.currency, "amount": price.amount} for price in variant.prices],
                },
            )
        for picture in new.pictures:
            await products.add_picture(tx, product_id, ports.ids.new("med"), picture.url, picture.alt)
        await _must_be_sellable(tx, product_id, new.status)
        tx.tell(ProductAdded(product_id=product_id, slug=row["slug"], published=new.status is Status.PUBLISHED))
        return await answer(tx, ports, product_id, 201)

    _must_differ([option_key(variant.options) for variant in new.variants], "options")
    _must_differ([variant.sku for variant in new.variants], "sku")
    with clashes.told():
        return await idempotency.once(ports.db, key, effect)


async def edit(ports: Ports, name: str, if_match: str | None, changes: Mapping[str, Any]) -> Answer:
    """Change what is given of a product, if it is still as the operator read it."""

    async def effect(tx: Tx, product_id: str) -> None:
        now = await products.locked(tx, product_id)
        assert now is not None
        columns = {each: changes[each] for each in changes if each not in ("brand", "category", "attributes")}
        if "brand" in changes:
            columns["brand_id"] = await _brand(tx, ports, changes["brand"])
        if "category" in changes:
            columns["category_id"] = await _category(tx, changes["category"])
        if "attributes" in changes:
            columns["attributes"] = await _merged(tx, now["attributes"], changes["attributes"])
        if "slug" in changes:
            await products.own_slug(tx, product_id, changes["slug"])
        await products.change(tx, product_id, columns)

    return await change(ports, name, effect, if_match=if_match, sure=True)


async def remove(ports: Ports, name: str, if_match: str | None) -> None:
    """Take a product out of the catalogue. Orders keep what they say of it."""

    async def effect(tx: Tx) -> tuple[str, list[str]]:
        now = await _touched(tx, name)
        if if_match is not None:
            must_match(if_match, now["version"] - 1)
        paths = await products.picture_paths(tx, now["id"])
        await products.remove(tx, now["id"])
        tx.tell(ProductRemoved(product_id=now["id"], slug=now["slug"]))
        return now["id"], paths

    product_id, paths = await ports.db.retrying(effect)
    for path in paths:
        if path.startswith(f"products/{product_id}/"):
            await ports.media.remove(path)


async def change(
    ports: Ports,
    name: str,
    edit: Edit,
    *,
    if_match: str | None = None,
    sure: bool = False,
    key: Key | None = None,
    status: int = 200,
) -> Answer:
    """Run an edit of one product: alone, counted, told, and refused when a published product could not be sold after it.

    `sure`: If-Match is required (428), not only heeded (412).
    """

    async def effect(tx: Tx) -> Answer:
        before = await _touched(tx, name)
        if sure or if_match is not None:
            must_match(if_match, before["version"] - 1)
        await edit(tx, before["id"])
        now = await reading.find(tx, before["id"])
        assert now is not None
        await _must_be_sellable(tx, now["id"], Status(now["status"]))
        tx.tell(ProductChanged(product_id=now["id"], slug=now["slug"], published=now["status"] == Status.PUBLISHED))
        return await answer(tx, ports, now["id"], status)

    with clashes.told():
        return await idempotency.once(ports.db, key, effect)


async def answer(tx: Tx, ports: Ports, product_id: str, status: int) -> Answer:
    """The whole product as it is in this transaction, with its ETag."""
    row = await reading.whole(tx, product_id)
    assert row is not None
    body = orjson.dumps(shown.product(row, ports.settings.currency))
    tag = etag(f"{row['version']}.{row['revision']}")
    return Answer(status, body, headers=(("etag", tag), ("location", f"/v1/products/{product_id}")))


async def free_slug(tx: Tx, name: str, product_id: str) -> str:
    """A slug out of a name; with a mark of its own when the plain one is taken."""
    plain, longer = slugs_for(name, product_id)
    return plain if await products.slug_is_free(tx, plain) else longer


async def _touched(tx: Tx, name: str) -> Row:
    found = await reading.find(tx, name)
    now = await products.touch(tx, found["id"]) if found else None
    if now is None:
        raise NotFound("there is no such product", code="no_such_product")
    return now


async def _described(tx: Tx, ports: Ports, new: NewProduct) -> dict[str, Any]:
    return {
        "name": new.name,
        "description": new.description,
        "brand_id": await _brand(tx, ports, new.brand),
        "category_id": await _category(tx, new.category),
        "status": new.status,
        "attributes": await _merged(tx, {}, new.attributes),
        "popularity": new.popularity,
        "tax_class": new.tax_class,
    }


async def _brand(tx: Tx, ports: Ports, name: str | None) -> str | None:
    if not name:
        return None
    return (await shelving.brands(tx, ports.ids.new, [name]))[key_of(name)]


async def _category(tx: Tx, name: str | None) -> str | None:
    if name is None:
        return None
    row = await shelves.category(tx, name)
    if row is None:
        raise Invalid(
            "some of what was sent cannot be accepted",
            errors=[Fault("/body/category", "no_such_category", f"there is no category {name}")],
        )
    return str(row["id"])


async def _merged(tx: Tx, now: Mapping[str, Value], given: Mapping[str, Value | None]) -> dict[str, Value]:
    """Attributes after an edit: what is given counts, null takes away, the rest stays."""
    wanted = {code: value for code, value in given.items() if value is not None}
    known = await shelves.attributes_for(tx, list(wanted))
    faults, kept = [], {code: value for code, value in now.items() if code not in given}
    for code, value in wanted.items():
        try:
            kept |= attribute_rules.accepted({code: value}, known)
        except ValueError as wrong:
            faults.append(Fault(f"/body/attributes/{code}", "attribute", str(wrong)))
    if len(kept) > attribute_rules.MOST_ATTRIBUTES:
        faults.append(Fault("/body/attributes", "too_many", f"at most {attribute_rules.MOST_ATTRIBUTES}"))
    if faults:
        raise Invalid("some of what was sent cannot be accepted", errors=faults)
    return kept


async def _must_be_sellable(tx: Tx, product_id: str, status: Status) -> None:
    if status is Status.PUBLISHED and not await products.can_be_sold(tx, product_id):
        raise Conflict("a published product needs a variant with a price", code="no_price")


def _must_differ(values: Sequence[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise Invalid(
            "two of the variants are the same",
            errors=[Fault("/body/variants", f"{what}_twice", f"each has its {what}")],
        )

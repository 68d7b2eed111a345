"""A batch of rows in one transaction: what is there is read, what differs is written and told, and the file's place noted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from banyan.catalog.actions import shelving
from banyan.catalog.actions.shelving import NewId
from banyan.catalog.domain.attributes import Attribute, inferred
from banyan.catalog.domain.naming import code_of, slugs_for
from banyan.catalog.domain.product import Status
from banyan.catalog.importing.plan import Group, Known, Plan, Product, grouped, plan
from banyan.catalog.importing.rows import Row
from banyan.catalog.storage import importing as store
from banyan.catalog.storage import shelves
from banyan.contracts.catalog import PriceChanged, ProductAdded, ProductChanged
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.money import Money


class Moved(Exception):
    """Somebody changed a product between our reading and our writing it."""


@dataclass(slots=True)
class Shelves:
    """Categories found so far, to spare asking again for each batch; forgotten when a batch fails."""

    categories: dict[tuple[str, ...], str] = field(default_factory=dict)


async def settle(tx: Tx, ports: Ports, rows: Sequence[Row], shelf: Shelves) -> Plan:
    """Bring the catalogue to what these rows say. Moved and clashes of unique names: nothing was done, try again."""
    handles = {name for row in rows for name in (row.product, row.slug) if name}
    present = await store.present(tx, [row.sku for row in rows], sorted(handles))
    groups, astray = grouped(rows, present)
    known = await _known(tx, ports, rows, groups, shelf)
    result = plan(groups, known)
    for row, reason in astray:
        result.refuse(row, reason)
    await _write(tx, result)
    _tell(tx, result)
    shelf.categories.update(known.categories)
    return result


async def _known(tx: Tx, ports: Ports, rows: Sequence[Row], groups: Sequence[Group], shelf: Shelves) -> Known:
    paths = {row.categories for row in rows if row.categories}
    # Categories first: whoever changes the tree locks it before any product.
    categories = await shelving.paths(tx, ports.ids.new, sorted(paths), shelf.categories)
    brands = await shelving.brands(tx, ports.ids.new, sorted({row.brand for row in rows if row.brand}))
    wanted = [row.slug for row in rows if row.slug]
    plain = [slugs_for(row.name)[0] for group in groups if not group.product for row in group.rows if row.name]
    taken = await shelves.slugs_taken(tx, "product_slug", [*wanted, *plain])
    new_id = _rising(ports.ids.new, len(groups))
    return Known(brands, categories, await _attributes(tx, rows), frozenset(taken), new_id)


async def _attributes(tx: Tx, rows: Sequence[Row]) -> dict[str, Attribute]:
    """Attributes by code; those that nobody declared are taken for what their first value is."""
    said = {code_of(name): inferred(name, value) for row in reversed(rows) for name, value in row.attributes.items()}
    known = await shelves.attributes_for(tx, list(said))
    missing = [attribute for code, attribute in said.items() if code not in known]
    if missing:
        await shelves.add_attributes(tx, missing)
        known |= await shelves.attributes_for(tx, [attribute.code for attribute in missing])
    return known


def _rising(new_id: NewId, products: int) -> NewId:
    """New ids; those of products rise as they are taken, as lists show them. Made in one moment they would not."""
    kept = sorted((new_id("prd") for _ in range(products)), reverse=True)
    return lambda prefix: kept.pop() if prefix == "prd" else new_id(prefix)


async def _write(tx: Tx, result: Plan) -> None:
    """Only what differs; a statement for each table that has something."""
    if result.products_new:
        await store.add_products(tx, result.products_new)
    if result.slugs:
        await store.own_slugs(tx, result.slugs)
    if result.products_changed and await store.change_products(tx, result.products_changed) < len(
        result.products_changed
    ):
        raise Moved
    if result.variants_changed:
        await store.change_variants(tx, result.variants_changed)
    if result.variants_new:
        await store.add_variants(tx, result.variants_new)
    if result.prices:
        await store.set_prices(tx, result.prices)
    if result.media:
        await store.set_media(tx, result.media)


def _tell(tx: Tx, result: Plan) -> None:
    for kind, products in ((ProductAdded, result.products_new), (ProductChanged, result.products_changed)):
        tx.tell(*(kind(product_id=each["id"], slug=each["slug"], published=_published(each)) for each in products))
    for price in result.prices:
        if price["news"]:
            before = None if price["before"] is None else Money(price["before"], price["currency"])
            after = Money(price["amount"], price["currency"])
            tx.tell(PriceChanged(product_id=price["product_id"], sku=price["sku"], before=before, after=after))


def _published(product: Product) -> bool:
    return bool(product["status"] == Status.PUBLISHED)

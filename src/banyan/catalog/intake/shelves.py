"""Categories and brands as an old shop has them: few, so one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.catalog.domain.naming import key_of, slugs_for
from banyan.catalog.domain.product import DEEPEST
from banyan.catalog.domain.taking import FURTHEST, LONGEST_SHELF, distinct, is_id, line
from banyan.catalog.storage import intake as store
from banyan.catalog.storage import shelves
from banyan.contracts.catalog import BrandsChanged, CategoriesChanged, ProductChanged
from banyan.contracts.legacy import BrandRecord, CategoryRecord
from banyan.foundation.db import Row, Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Kind, Left, Offer, refused, waits

Tree = dict[str, dict[str, Any]]


async def _read_categories(tx: Tx, ids: Sequence[str]) -> dict[str, CategoryRecord]:
    asked = set(ids)
    return {
        id: CategoryRecord(id=id, version=0, name=row["name"], parent_id=row["parent_id"], position=row["position"])
        for id, row in (await store.tree(tx)).items()
        if id in asked
    }


async def _write_categories(ports: Ports, tx: Tx, offers: Sequence[Offer[CategoryRecord]]) -> Mapping[str, Left]:
    await shelves.lock_tree(tx)
    tree = await store.tree(tx)
    left: dict[str, Left] = {}
    coming = {offer.record.id: offer.record for offer in offers if not offer.record.removed}
    for id in _in_circles(coming):
        del coming[id]
        left[id] = refused("it is below itself")
    while coming:  # parents before those below them
        ready = [each for each in coming.values() if each.parent_id not in coming]
        for record in ready:
            del coming[record.id]
            if reason := await _set_category(tx, tree, record):
                left[record.id] = reason
    going = [offer.record.id for offer in offers if offer.record.removed and offer.record.id in tree]
    for id in sorted(going, key=lambda id: -len(tree[id]["path"])):  # the deepest first
        if any(row["parent_id"] == id for row in tree.values()):
            left[id] = waits("other categories are still in it")
            continue
        _tell_products(tx, await store.detach(tx, "category_id", id))
        await shelves.remove_category(tx, id)
        del tree[id]
        tx.tell(CategoriesChanged(category_id=id))
    return left


def _in_circles(coming: Mapping[str, CategoryRecord]) -> list[str]:
    """Categories that one comes back to on the way up."""
    found = []
    for id in coming:
        step, seen = coming[id].parent_id, set[str]()
        while step is not None and step in coming and step not in seen | {id}:
            seen.add(step)
            step = coming[step].parent_id
        if step == id:
            found.append(id)
    return found


async def _set_category(tx: Tx, tree: Tree, record: CategoryRecord) -> Left | None:
    name, parent, now = line(record.name, LONGEST_SHELF), record.parent_id, tree.get(record.id)
    if not is_id(record.id, "cat") or not name:
        return refused("the category has no name" if not name else "the id is none of a category of this shop")
    if parent is not None and parent not in tree:
        return waits(f"the category above it, {parent}, has not come yet")
    above = tree[parent]["path"] if parent else []
    if record.id in above:
        return refused("it is below itself")
    below = max((len(row["path"]) for row in tree.values() if record.id in row["path"]), default=0)
    if len(above) + (below - len(now["path"]) + 1 if now else 1) > DEEPEST:
        return refused(f"it is too deep: the tree has at most {DEEPEST} levels")
    taken = {row["name_key"] for id, row in tree.items() if row["parent_id"] == parent and id != record.id}
    name = distinct(name, taken, LONGEST_SHELF)
    wanted = {
        "id": record.id,
        "parent_id": parent,
        "name": name,
        "name_key": key_of(name),
        "position": max(-FURTHEST, min(record.position, FURTHEST)),
        "slug": now["slug"] if now else _free_slug(name, record.id, {row["slug"] for row in tree.values()}),
        "path": [*above, record.id],
    }
    if wanted != now:
        await _write_category(tx, wanted, now)
        _replant(tree, wanted)
    return None


async def _write_category(tx: Tx, wanted: Mapping[str, Any], now: Mapping[str, Any] | None) -> None:
    if now is None:
        await shelves.add_categories(tx, [wanted])
    else:
        if wanted["parent_id"] != now["parent_id"]:
            # Neither among its old siblings nor among the new ones may a name be there twice.
            await shelves.change_category(tx, wanted["id"], {"name_key": wanted["id"]})
            await shelves.move_category(tx, wanted["id"], wanted["parent_id"])
        await shelves.change_category(tx, wanted["id"], wanted)
        await shelves.revise_below(tx, wanted["id"])
    tx.tell(CategoriesChanged(category_id=wanted["id"]))


def _replant(tree: Tree, wanted: dict[str, Any]) -> None:
    """The tree as it is after the change, with the paths of all below it."""
    id = wanted["id"]
    for row in tree.values():
        if id in row["path"]:
            row["path"] = [*wanted["path"], *row["path"][row["path"].index(id) + 1 :]]
    tree[id] = wanted


async def _read_brands(tx: Tx, ids: Sequence[str]) -> dict[str, BrandRecord]:
    rows = await store.brands(tx)
    return {id: BrandRecord(id=id, version=0, name=rows[id]["name"]) for id in ids if id in rows}


async def _write_brands(ports: Ports, tx: Tx, offers: Sequence[Offer[BrandRecord]]) -> Mapping[str, Left]:
    await store.lock_brands(tx)
    rows = {id: dict(row) for id, row in (await store.brands(tx)).items()}
    left: dict[str, Left] = {}
    for offer in offers:
        record = offer.record
        if record.removed:
            if rows.pop(record.id, None):
                _tell_products(tx, await store.detach(tx, "brand_id", record.id))
                await store.remove_brand(tx, record.id)
                tx.tell(BrandsChanged(brand_id=record.id))
        elif reason := await _set_brand(tx, rows, record):
            left[record.id] = reason
    return left


async def _set_brand(tx: Tx, rows: dict[str, dict[str, Any]], record: BrandRecord) -> Left | None:
    name, now = line(record.name, LONGEST_SHELF), rows.get(record.id)
    if not is_id(record.id, "brd") or not name:
        return refused("the brand has no name" if not name else "the id is none of a brand of this shop")
    name = distinct(name, {row["name_key"] for id, row in rows.items() if id != record.id}, LONGEST_SHELF)
    if now is None:
        slug = _free_slug(name, record.id, {row["slug"] for row in rows.values()})
        rows[record.id] = {"id": record.id, "name": name, "name_key": key_of(name), "slug": slug}
        await shelves.add_brands(tx, [rows[record.id]])
        tx.tell(BrandsChanged(brand_id=record.id))
    elif now["name"] != name:
        now |= {"name": name, "name_key": key_of(name)}
        await store.rename_brand(tx, record.id, name, now["name_key"])
        _tell_products(tx, await store.revise_of_brand(tx, record.id))
        tx.tell(BrandsChanged(brand_id=record.id))
    return None


def _free_slug(name: str, id: str, taken: set[str]) -> str:
    plain, longer = slugs_for(name, id)
    return longer if plain in taken else plain


def _tell_products(tx: Tx, rows: Sequence[Row]) -> None:
    tx.tell(
        *(
            ProductChanged(product_id=row["id"], slug=row["slug"], published=row["status"] == "published")
            for row in rows
        )
    )


def _no_category(id: str) -> CategoryRecord:
    return CategoryRecord(id=id, version=0, name="", removed=True)


def _no_brand(id: str) -> BrandRecord:
    return BrandRecord(id=id, version=0, name="", removed=True)


CATEGORY = Kind("category", _read_categories, _write_categories, _no_category, {})
BRAND = Kind("brand", _read_brands, _write_brands, _no_brand, {})

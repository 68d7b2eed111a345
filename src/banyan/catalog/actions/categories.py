"""The category tree is changed, one change at a time."""

from collections.abc import Mapping
from typing import Any

import orjson

from banyan.catalog.domain.naming import key_of, slugs_for
from banyan.catalog.domain.product import DEEPEST
from banyan.catalog.storage import clashes, shelves
from banyan.contracts.catalog import CategoriesChanged
from banyan.foundation import idempotency
from banyan.foundation.db import Row, Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.foundation.web import etag, must_match
from banyan.kernel.refusals import Conflict, NotFound


async def add(ports: Ports, key: Key | None, new: Mapping[str, Any]) -> Answer:
    """A category below `parent` (id or slug; None: a root). Conflict when a sibling has its name."""

    async def effect(tx: Tx) -> Answer:
        await shelves.lock_tree(tx)
        parent = None if new["parent"] is None else await _found(tx, new["parent"])
        made, above = ports.ids.new("cat"), list(parent["path"]) if parent else []
        _must_not_be_too_deep(len(above) + 1)
        row = {
            "id": made,
            "parent_id": parent["id"] if parent else None,
            "name": new["name"],
            "name_key": key_of(new["name"]),
            "slug": new["slug"] or await _free_slug(tx, new["name"], made),
            "position": new["position"],
            "path": [*above, made],
        }
        await shelves.add_categories(tx, [row])
        tx.tell(CategoriesChanged(category_id=made))
        return await _answer(tx, made, 201)

    with clashes.told():
        return await idempotency.once(ports.db, key, effect)


async def edit(ports: Ports, name: str, if_match: str | None, changes: Mapping[str, Any]) -> Answer:
    """Rename, reorder or move a category with all below it. Conflict when it would come below itself."""

    async def effect(tx: Tx) -> Answer:
        await shelves.lock_tree(tx)
        now = await _found(tx, name)
        if if_match is not None:
            must_match(if_match, now["version"])
        columns = dict(changes)
        if "name" in columns:
            columns["name_key"] = key_of(columns["name"])
        await shelves.change_category(tx, now["id"], columns)
        if "parent" in changes:
            await _move(tx, now, changes["parent"])
        await shelves.revise_below(tx, now["id"])
        tx.tell(CategoriesChanged(category_id=now["id"]))
        return await _answer(tx, now["id"], 200)

    with clashes.told():
        return await ports.db.retrying(effect)


async def remove(ports: Ports, name: str) -> None:
    """Conflict while categories or products are in it."""

    async def effect(tx: Tx) -> None:
        await shelves.lock_tree(tx)
        now = await _found(tx, name)
        await shelves.remove_category(tx, now["id"])
        tx.tell(CategoriesChanged(category_id=now["id"]))

    with clashes.told():
        await ports.db.retrying(effect)


async def _move(tx: Tx, now: Row, parent_name: str | None) -> None:
    parent = None if parent_name is None else await _found(tx, parent_name)
    if parent and now["id"] in parent["path"]:
        raise Conflict("a category cannot be below itself", code="circle")
    above = len(parent["path"]) if parent else 0
    _must_not_be_too_deep(above + await shelves.deepest_below(tx, now["id"]))
    await shelves.move_category(tx, now["id"], parent["id"] if parent else None)


async def _found(tx: Tx, name: str) -> Row:
    row = await shelves.category(tx, name)
    if row is None:
        raise NotFound(f"there is no category {name}", code="no_such_category")
    return row


async def _free_slug(tx: Tx, name: str, made: str) -> str:
    plain, longer = slugs_for(name, made)
    return longer if await shelves.slugs_taken(tx, "category", [plain]) else plain


async def _answer(tx: Tx, category_id: str, status: int) -> Answer:
    row = await _found(tx, category_id)
    told = {name: row[name] for name in ("id", "parent_id", "name", "slug", "position")}
    return Answer(status, orjson.dumps(told), headers=(("etag", etag(row["version"])),))


def _must_not_be_too_deep(levels: int) -> None:
    if levels > DEEPEST:
        raise Conflict(f"the tree is at most {DEEPEST} levels deep", code="too_deep")

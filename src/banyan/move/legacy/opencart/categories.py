"""Categories: their place in the tree is the tree's business (`tree.py`), their rows are here."""

from collections.abc import Sequence

from banyan.contracts.legacy import CategoryRecord
from banyan.move.legacy import NewRows, Ref, Rows, Stock, Unwritable
from banyan.move.legacy.opencart import text, times
from banyan.move.legacy.opencart.edits import Edit, kept, put
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.legacy.opencart.tree import LONGEST_NAME
from banyan.move.rows import Row


class Ring(Exception):
    """A category is its own ancestor; the text spells the ring."""


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[CategoryRecord, ...]:
    """The category; `removed` where its row is gone, it is off, or in no store. Ring where it is its own ancestor."""
    key, id = int(ref.key), stock.id("category", ref.key)
    found = rows.get("category") or ()
    if not found:
        return (CategoryRecord(id=id, version=version, name=f"Category {key}", removed=True),)
    if ring := shop.tree.rings.get(key):
        raise Ring(f"the category is its own ancestor: {ring}; give one of them another parent")
    own = _name(shop, key, rows)
    parent = shop.tree.parent(key) if key in shop.tree.parents else None
    return (
        CategoryRecord(
            id=id,
            version=version,
            name=_shown(shop, key, own),
            parent_id=None if parent is None else stock.id("category", str(parent)),
            position=found[0].int("sort_order"),
            removed=not _is_shown(found[0], rows),
        ),
    )


def rows(
    shop: Shop, ref: Ref, record: CategoryRecord, before: CategoryRecord | None, rows: Rows, stock: Stock
) -> NewRows:
    """The category's rows with what differs. The paths of what lies below it are written when those are."""
    key, out = int(ref.key), kept(rows)
    old = rows.get("category") or ()
    edit = Edit(old[0]) if old else _new(ref, stock, out)
    own = _name(shop, key, rows) if old else None
    if own is None or record.name not in _forms(own, key):
        write_text(
            shop, stock, rows.get("category_description") or (), "category_description", key, out, name=record.name
        )
    if before is None or record.position != before.position:
        edit.number("sort_order", record.position)
    if before is None or record.parent_id != before.parent_id:
        parent = int(stock.key("category", record.parent_id)) if record.parent_id else 0
        edit.number("parent_id", parent)
        put(out, "category_path", _path(shop, key, parent, stock))
    if before is not None and before.removed and not record.removed:
        edit.number("status", 1)
    put(out, "category", [edit])
    return out


def write_text(
    shop: Shop,
    stock: Stock,
    old: Sequence[Row],
    table: str,
    key: int,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
    *,
    name: str | None = None,
    description: str | None = None,
) -> None:
    """A name or a description in the shop's language; where there are none yet, in every language."""
    edits = [Edit(row) for row in old]
    missing = [shop.language] if old else shop.languages
    for language in missing:
        if not any(edit.row.int("language_id") == language for edit in edits):
            edit = Edit.fresh(stock.tables[table])
            for column in ("description", "tag", "meta_title", "meta_description", "meta_keyword"):
                edit.raw(column, b"")
            edit.number(stock.tables[table].key[0], key)
            edit.number("language_id", language)
            edits.append(edit)
    for edit in edits:
        if edit.row.int("language_id") == shop.language or not old:
            if name is not None:
                edit.words("name", name)
                if not old:
                    edit.words("meta_title", name)
            if description is not None:
                edit.html("description", description)
    put(out, table, edits)


def _name(shop: Shop, key: int, rows: Rows) -> str:
    said = shop.spoken(rows.get("category_description") or (), "name", lambda stored: text.line(stored, LONGEST_NAME))
    return said or f"Category {key}"


def _shown(shop: Shop, key: int, own: str) -> str:
    """Its name as told apart from its neighbours, as long as the tree that knows them has heard of this name."""
    return shop.tree.name(key) if key in shop.tree.parents and shop.tree.plain(key) == own else own


def _forms(own: str, key: int) -> tuple[str, str]:
    tail = f" ({key})"
    return own, f"{own[: LONGEST_NAME - len(tail)].rstrip()}{tail}"


def _is_shown(row: Row, rows: Rows) -> bool:
    stores = {each.int("store_id") for each in rows.get("category_to_store") or ()}
    return bool(row.int("status")) and 0 in stores


def _path(shop: Shop, key: int, parent: int, stock: Stock) -> list[Edit]:
    """The closure's rows of a category below this parent. Unwritable for a parent that lies below it."""
    chain, at = [key], parent
    while at:
        if at in chain:
            raise Unwritable(f"category {key} would be its own ancestor there")
        chain.insert(0, at)
        at = shop.tree.parents.get(at, 0)
    edits = []
    for level, each in enumerate(chain):
        edit = Edit.fresh(stock.tables["category_path"])
        edit.number("category_id", key)
        edit.number("path_id", each)
        edit.number("level", level)
        edits.append(edit)
    return edits


def _new(ref: Ref, stock: Stock, out: dict[str, Sequence[tuple[bytes | None, ...]]]) -> Edit:
    edit = Edit.fresh(stock.tables["category"])
    edit.number("category_id", int(ref.key))
    edit.raw("image", b"")
    edit.number("status", 1)
    edit.number("top", 0)
    edit.number("column", 1)
    for column in ("date_added", "date_modified"):
        edit.raw(column, times.ZERO)
    store = Edit.fresh(stock.tables["category_to_store"])
    store.number("category_id", int(ref.key))
    store.number("store_id", 0)
    put(out, "category_to_store", [store])
    return edit

"""Manufacturers. Two of the same name are told apart by their numbers with us, and keep their one name there."""

from banyan.contracts.legacy import BrandRecord
from banyan.move.legacy import NewRows, Ref, Rows, Stock
from banyan.move.legacy.opencart import text
from banyan.move.legacy.opencart.edits import Edit, kept, put
from banyan.move.legacy.opencart.shop import Shop, numbered

LONGEST_NAME = 100


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[BrandRecord, ...]:
    id, found = stock.id("brand", ref.key), rows.get("manufacturer") or ()
    if not found:
        return (BrandRecord(id=id, version=version, name=f"Brand {ref.key}", removed=True),)
    own = text.line(found[0].text("name"), LONGEST_NAME)
    known = shop.brands.get(int(ref.key), "")
    name = known if known in (own, _told_apart(own, ref)) else own
    return (BrandRecord(id=id, version=version, name=name or _told_apart(own, ref)),)


def rows(shop: Shop, ref: Ref, record: BrandRecord, before: BrandRecord | None, rows: Rows, stock: Stock) -> NewRows:
    out = kept(rows)
    old = rows.get("manufacturer") or ()
    edit = Edit(old[0]) if old else Edit.fresh(stock.tables["manufacturer"])
    own = text.line(old[0].text("name"), LONGEST_NAME) if old else None
    if own is None or record.name not in (own, _told_apart(own, ref)):
        edit.words("name", record.name)
    if not old:
        edit.number("manufacturer_id", int(ref.key))
        edit.raw("image", b"")
        store = Edit.fresh(stock.tables["manufacturer_to_store"])
        store.number("manufacturer_id", int(ref.key))
        store.number("store_id", 0)
        put(out, "manufacturer_to_store", [store])
    put(out, "manufacturer", [edit])
    return out


def _told_apart(name: str, ref: Ref) -> str:
    return numbered(name or "Brand", int(ref.key), LONGEST_NAME)

"""Products: their words, place, pictures, attributes and variants. What they cost is in `prices.py`, how many there are in
`stock.py`, and what can be bought of one that began with us in `variants_back.py`.

A product is a draft with us where the legacy shop does not show it (off, in no store), where it has no name in any language,
and where none of its variants has a price above zero.
"""

from collections.abc import Sequence
from decimal import Decimal

from banyan.contracts.legacy import ProductRecord, VariantRecord
from banyan.move.legacy import NewRows, Ref, Rows, Stock, Unwritable
from banyan.move.legacy.opencart import looks, prices, text, times, variants, variants_added, variants_back
from banyan.move.legacy.opencart.categories import write_text
from banyan.move.legacy.opencart.edits import EXACT, Edit, kept, put
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.legacy.opencart.variants import Combination
from banyan.move.rows import Row

LONGEST_NAME = 300
HEAVIEST = 2**31 - 1


def record(shop: Shop, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[ProductRecord, ...]:
    """The product. TooMany where its options have more combinations than can be kept."""
    id, found = stock.id("product", ref.key), rows.get("product") or ()
    if not found:
        gone = f"Product {ref.key}"
        return (
            ProductRecord(id=id, version=version, name=gone, status="archived", created_at=times.NEVER, removed=True),
        )
    row, said = found[0], rows.get("product_description") or ()
    name = shop.spoken(said, "name", lambda stored: text.line(stored, LONGEST_NAME))
    every = _variants(shop, ref, rows, stock)
    category = shop.tree.deepest(each.int("category_id") for each in rows.get("product_to_category") or ())
    brand = row.int("manufacturer_id")
    return (
        ProductRecord(
            id=id,
            version=version,
            name=name or text.line(row.text("model")) or f"Product {ref.key}",
            description=_description(shop, said),
            slug=looks.slug(shop, rows.get("seo_url") or (), ref.key),
            brand_id=stock.id("brand", str(brand)) if brand in shop.brands else None,
            category_id=None if category is None else stock.id("category", str(category)),
            status="published" if _is_shown(row, rows) and name and any(each.prices for each in every) else "draft",
            variants=tuple(every),
            images=looks.images(shop, row, rows.get("product_image") or ()),
            attributes=looks.attributes(shop, rows),
            created_at=times.first(row, ("date_added", "date_modified"), shop.clock),
        ),
    )


def rows(
    shop: Shop, ref: Ref, record: ProductRecord, before: ProductRecord | None, rows: Rows, stock: Stock
) -> NewRows:
    """The product's rows with what differs. Unwritable for a new product whose variants OpenCart's options cannot say."""
    out = kept(rows)
    if before is None:
        return _written_anew(shop, ref, record, stock, out)
    edit = Edit(rows["product"][0])
    if (record.name, record.description) != (before.name, before.description):
        write_text(
            shop,
            stock,
            rows.get("product_description") or (),
            "product_description",
            int(ref.key),
            out,
            name=record.name if record.name != before.name else None,
            description=record.description if record.description != before.description else None,
        )
    if record.brand_id != before.brand_id:
        edit.number("manufacturer_id", int(stock.key("brand", record.brand_id)) if record.brand_id else 0)
    if record.category_id != before.category_id:
        _write_category(ref, record, before, rows, stock, out)
    if record.status != before.status:
        _write_status(ref, record, rows, stock, edit, out)
    if record.slug != before.slug and record.slug:
        looks.write_slug(shop, ref, record.slug, rows.get("seo_url") or (), stock, out)
    if record.images != before.images:
        looks.write_images(shop, ref, record.images, rows, stock, edit, out)
    looks.write_attributes(shop, ref, record, before, rows, stock, out)
    _write_variants(shop, ref, record, before, rows, stock, edit, out)
    put(out, "product", [edit])
    return out


def _description(shop: Shop, said: Sequence[Row]) -> str:
    """In the shop's own language where it speaks of the product in that at all: better none than one in another language."""
    own = [row for row in said if row.int("language_id") == shop.language]
    return shop.spoken(own or said, "description", text.prose)


def _variants(shop: Shop, ref: Ref, rows: Rows, stock: Stock) -> list[VariantRecord]:
    row, base = rows["product"][0], prices.exact(shop, rows)
    return [
        VariantRecord(
            id=stock.id("variant", each.key),
            sku=variants.sku(stock.names, row, each),
            options=each.options,
            prices=prices.prices(shop, base, each),
            weight_g=_grams(shop, row, each),
        )
        for each in variants.combinations(ref.key, variants.choices(shop, rows))
    ]


def _grams(shop: Shop, row: Row, combination: Combination) -> int:
    unit = shop.grams.get(row.int("weight_class_id"), Decimal(1000))
    weight = row.decimal("weight") + sum((value.weight for value in combination.values), Decimal(0))
    return max(0, min(HEAVIEST, int(EXACT.quantize(EXACT.multiply(weight, unit), Decimal(1)))))


def _is_shown(row: Row, rows: Rows) -> bool:
    return bool(row.int("status")) and 0 in {each.int("store_id") for each in rows.get("product_to_store") or ()}


def _write_status(
    ref: Ref,
    record: ProductRecord,
    rows: Rows,
    stock: Stock,
    edit: Edit,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
) -> None:
    """Off is off there, whether draft or archived; what is shown is in the main store."""
    edit.number("status", int(record.status == "published"))
    stores = rows.get("product_to_store") or ()
    if record.status == "published" and 0 not in {each.int("store_id") for each in stores}:
        put(
            out, "product_to_store", [*(Edit(row) for row in stores), _link(stock, "product_to_store", ref, store_id=0)]
        )


def _write_category(
    ref: Ref,
    record: ProductRecord,
    before: ProductRecord,
    rows: Rows,
    stock: Stock,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
) -> None:
    """The category that was its place gives way to the new one. Other categories stay, unless they lie deeper than that."""
    old = int(stock.key("category", before.category_id)) if before.category_id else 0
    new = int(stock.key("category", record.category_id)) if record.category_id else 0
    links = [row for row in rows.get("product_to_category") or () if row.int("category_id") != old]
    edits = [Edit(row) for row in links]
    if new and new not in {row.int("category_id") for row in links}:
        edits.append(_link(stock, "product_to_category", ref, category_id=new))
    put(out, "product_to_category", edits)


def _write_variants(
    shop: Shop,
    ref: Ref,
    record: ProductRecord,
    before: ProductRecord,
    rows: Rows,
    stock: Stock,
    edit: Edit,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
) -> None:
    if record.variants == before.variants:
        return
    every = variants.combinations(ref.key, variants.choices(shop, rows))
    by_id = {stock.id("variant", each.key): each for each in every}
    specials: dict[Row, Edit] = {}
    values = {row.int("product_option_value_id"): Edit(row) for row in rows.get("product_option_value") or ()}
    known = tuple(each for each in record.variants if each.id in by_id)
    prices.write(shop, rows, by_id, before.variants, known, edit, specials, values)
    moved = {
        new.weight_g - old.weight_g
        for new in known
        for old in before.variants
        if new.id == old.id and len(known) == len(before.variants)
    }
    if len(moved) == 1 and moved != {0}:
        _write_weight(shop, rows["product"][0], edit, moved.pop())
    for table in ("product_discount", "product_special"):
        if any(row in specials for row in rows.get(table) or ()):
            put(out, table, [specials.get(row) or Edit(row) for row in rows[table]])
    if values:
        put(out, "product_option_value", values.values())
    if len(record.variants) > len(known):
        _add_variants(shop, ref, record, len(by_id) == len(known), stock, edit, out)


def _add_variants(
    shop: Shop,
    ref: Ref,
    record: ProductRecord,
    all_stay: bool,
    stock: Stock,
    edit: Edit,
    out: dict[str, Sequence[tuple[bytes | None, ...]]],
) -> None:
    """Variants that are new, where OpenCart can sell them beside what it has; else they are listed, and the rest goes back."""
    if not all_stay:
        return
    now = {name: tuple(Row(stock.tables[name], values) for values in found) for name, found in out.items()}
    try:
        out.update(variants_added.write(shop, ref, record, {**now, "product": (edit.row,)}, stock))
    except (Unwritable, variants.TooMany):
        return


def _write_weight(shop: Shop, row: Row, edit: Edit, moved: int) -> None:
    unit = shop.grams.get(row.int("weight_class_id"), Decimal(1000))
    edit.number("weight", row.decimal("weight") + EXACT.divide(Decimal(moved), unit))


def _link(stock: Stock, table: str, ref: Ref, **columns: int) -> Edit:
    edit = Edit.fresh(stock.tables[table])
    edit.number("product_id", int(ref.key))
    for column, value in columns.items():
        edit.number(column, value)
    return edit


def _written_anew(
    shop: Shop, ref: Ref, record: ProductRecord, stock: Stock, out: dict[str, Sequence[tuple[bytes | None, ...]]]
) -> NewRows:
    """A product that began with us, as OpenCart's own form writes one: nothing of it is on the shelf yet."""
    edit = Edit.fresh(stock.tables["product"])
    edit.number("product_id", int(ref.key))
    for column in ("upc", "ean", "jan", "isbn", "mpn", "location", "variant", "override"):
        edit.raw(column, b"")
    edit.number("manufacturer_id", int(stock.key("brand", record.brand_id)) if record.brand_id else 0)
    edit.number("tax_class_id", int(shop.settings.get("tax_class_id") or 0))
    edit.number("weight_class_id", next(iter(shop.grams), 0))
    variants_back.write(shop, ref, record, stock, edit, out)
    for column, value in {"quantity": 0, "shipping": 1, "subtract": 1, "minimum": 1}.items():
        edit.number(column, value)
    edit.number("status", int(record.status == "published"))
    edit.raw("date_available", times.wall_day(record.created_at, shop.clock))
    for column in ("date_added", "date_modified"):
        edit.raw(column, times.wall(record.created_at, shop.clock))
    write_text(
        shop, stock, (), "product_description", int(ref.key), out, name=record.name, description=record.description
    )
    put(out, "product_to_store", [_link(stock, "product_to_store", ref, store_id=0)])
    if record.category_id:
        category = int(stock.key("category", record.category_id))
        put(out, "product_to_category", [_link(stock, "product_to_category", ref, category_id=category)])
    if record.slug:
        looks.write_slug(shop, ref, record.slug, (), stock, out)
    looks.write_images(shop, ref, record.images, {}, stock, edit, out)
    looks.write_attributes(shop, ref, record, None, {}, stock, out)
    put(out, "product", [edit])
    return out

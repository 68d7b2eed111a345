"""What a product shows beside its words: the name in its address, pictures, attributes."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from banyan.contracts.legacy import ProductRecord
from banyan.move.legacy import Ref, Rows, Stock
from banyan.move.legacy.opencart import text, variants
from banyan.move.legacy.opencart.edits import Edit, put
from banyan.move.legacy.opencart.shop import Shop, alike, numbered
from banyan.move.rows import Row, Values

LONGEST_ATTRIBUTE, LONGEST_VALUE, MOST_ATTRIBUTES = 100, 500, 60
MOST_IMAGES = 50
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Out = dict[str, Sequence[Values]]


def slug(shop: Shop, rows: Sequence[Row], product: str) -> str | None:
    """The product's search-friendly name in the main store and the shop's language, where it can be ours too."""
    row = _slug_row(shop, rows, product)
    keyword = text.line(row.text("keyword")).lower() if row is not None else ""
    return keyword if _SLUG.fullmatch(keyword) and len(keyword) <= 100 else None


def write_slug(shop: Shop, ref: Ref, slug: str, rows: Sequence[Row], stock: Stock, out: Out) -> None:
    found = _slug_row(shop, rows, ref.key)
    edits = [Edit(row) for row in rows]
    if found is None:
        edit = Edit.fresh(stock.tables["seo_url"])
        edit.number("seo_url_id", stock.next("seo_url"))
        edit.number("store_id", 0)
        edit.number("language_id", shop.language)
        edit.plain("key", "product_id")
        edit.plain("value", ref.key)
        edit.plain("query", f"product_id={ref.key}")
        edits.append(edit)
    for edit in edits:
        if edit is edits[-1] if found is None else edit.row == found:
            edit.words("keyword", slug)
    put(out, "seo_url", edits)


def _slug_row(shop: Shop, rows: Sequence[Row], product: str) -> Row | None:
    """OpenCart 4 keeps key and value, 3 a query."""
    wanted = ("product_id", product)
    mine = (row for row in rows if row.int("store_id") == 0 and row.int("language_id") == shop.language)
    found = [row for row in mine if named(row) == wanted]
    return min(found, key=lambda row: row.int("seo_url_id"), default=None)


def named(row: Row) -> tuple[str, str]:
    """What a search-friendly name stands for: (`product_id`, `42`)."""
    if "key" in row:
        return row.text("key"), row.text("value")
    key, _, value = row.text("query").partition("=")
    return key, value


def images(shop: Shop, row: Row, more: Sequence[Row]) -> tuple[str, ...]:
    """The pictures, the main one first, each once: at `settings["images"]` (a URL) where it is told, else below
    /media/legacy."""
    ordered = sorted(more, key=lambda each: (each.int("sort_order"), each.int("product_image_id")))
    paths = [text.line(each.text("image")) for each in (row, *ordered)]
    return tuple(dict.fromkeys(f"{_images(shop)}{quote(path)}" for path in paths if path))[:MOST_IMAGES]


def write_images(
    shop: Shop, ref: Ref, images: Sequence[str], rows: Rows, stock: Stock, product: Edit, out: Out
) -> None:
    """The pictures that the legacy shop has itself; those that were uploaded to us it cannot show."""
    begin = _images(shop)
    paths = [unquote(each[len(begin) :]) for each in images if each.startswith(begin)]
    old = {text.line(row.text("image")): row for row in rows.get("product_image") or ()}
    product.words("image", paths[0] if paths else "")
    edits = []
    for place, path in enumerate(paths[1:]):
        edit = Edit(old[path]) if path in old else Edit.fresh(stock.tables["product_image"])
        if path not in old:
            edit.number("product_image_id", stock.next("product_image"))
            edit.number("product_id", int(ref.key))
            edit.words("image", path)
        edit.number("sort_order", place)
        edits.append(edit)
    if edits or old:
        put(out, "product_image", edits)


def _images(shop: Shop) -> str:
    return str(shop.settings.get("images") or "legacy/").rstrip("/") + "/"


def attributes(shop: Shop, rows: Rows) -> dict[str, str]:
    """The product's attributes in the shop's language, and behind them its options that make no variants."""
    said = {name: text.line(row.text("text"), LONGEST_VALUE) for name, row in _attribute_rows(shop, rows).items()}
    both = {**{name: value for name, value in said.items() if value}, **variants.told(shop, rows)}
    return dict(list(both.items())[:MOST_ATTRIBUTES])


def write_attributes(
    shop: Shop, ref: Ref, record: ProductRecord, before: ProductRecord | None, rows: Rows, stock: Stock, out: Out
) -> None:
    """The values that changed, of attributes that the legacy shop has. An attribute that it has not is not made there."""
    new = {text.code(name): value for name, value in record.attributes.items()}
    old = {text.code(name): value for name, value in before.attributes.items()} if before else {}
    if new == old:
        return
    mine = {text.code(name): row for name, row in _attribute_rows(shop, rows).items()}
    ids = {text.code(name): id for id, name in sorted(shop.attributes.items(), reverse=True)}
    edits = {row: Edit(row) for row in rows.get("product_attribute") or ()}
    for name, row in mine.items():
        if name in new and new[name] != old.get(name):
            edits[row].words("text", new[name])
        elif name in old and name not in new:
            for each in [each for each in edits if each.int("attribute_id") == row.int("attribute_id")]:
                del edits[each]
    more = []
    for name in new.keys() - mine.keys() & ids.keys():
        edit = Edit.fresh(stock.tables["product_attribute"])
        edit.number("product_id", int(ref.key))
        edit.number("attribute_id", ids[name])
        edit.number("language_id", shop.language)
        edit.words("text", new[name])
        more.append(edit)
    if edits or more or rows.get("product_attribute"):
        put(out, "product_attribute", [*edits.values(), *more])


def _attribute_rows(shop: Shop, rows: Rows) -> Mapping[str, Row]:
    """Attribute name → its row in the shop's language; the same name again has its number behind it."""
    found: dict[str, Row] = {}
    taken: set[str] = set()
    for row in sorted(rows.get("product_attribute") or (), key=lambda row: row.int("attribute_id")):
        id = row.int("attribute_id")
        if row.int("language_id") != shop.language:
            continue
        name = (shop.attributes.get(id) or f"Attribute {id}")[:LONGEST_ATTRIBUTE]
        name = name if alike(name) not in taken else numbered(name, id, LONGEST_ATTRIBUTE)
        taken.add(alike(name))
        found[name] = row
    return found

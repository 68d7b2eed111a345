"""What a batch of rows changes: rows beside what is there, without asking anybody. Every row gets its fate here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.catalog.domain.attributes import Attribute, Value, accepted
from banyan.catalog.domain.naming import code_of, key_of, slugs_for
from banyan.catalog.domain.options import option_key
from banyan.catalog.domain.product import MOST_PICTURES, MOST_VARIANTS, Status
from banyan.catalog.importing.report import Fate, Outcome
from banyan.catalog.importing.rows import Row

Product = dict[str, Any]
_PLAIN = ("name", "description", "status", "popularity", "tax_class")
_OF_A_PRODUCT = (*_PLAIN, "slug", "brand_id", "category_id", "attributes")


@dataclass(slots=True)
class Group:
    """Rows of one product, in the order of the file, and that product as it is; None for a new one."""

    rows: list[Row]
    product: Product | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows name, found or made: by key of a brand's name, by keys of a path, by an attribute's code."""

    brands: Mapping[str, str]
    categories: Mapping[tuple[str, ...], str]
    attributes: Mapping[str, Attribute]
    slugs_taken: frozenset[str]
    new_id: Callable[[str], str]


@dataclass(slots=True)
class Plan:
    """What is to be written, table by table, and the fate of each row."""

    products_new: list[Product] = field(default_factory=list)
    products_changed: list[Product] = field(default_factory=list)
    slugs: list[Product] = field(default_factory=list)
    variants_new: list[dict[str, Any]] = field(default_factory=list)
    variants_changed: list[dict[str, Any]] = field(default_factory=list)
    prices: list[dict[str, Any]] = field(
        default_factory=list
    )  # with product_id, sku, before: for those who want to know
    media: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def refuse(self, row: Row, reason: str) -> None:
        self.outcomes.append(Outcome(row.number, row.sku, Fate.REFUSED, reason))


def grouped(rows: Sequence[Row], present: Sequence[Product]) -> tuple[list[Group], list[tuple[Row, str]]]:
    """Rows by product, and those that cannot be: their SKU is one product's and their handle another's."""
    by_sku = {variant["sku"]: product for product in present for variant in product["variants"]}
    by_name = {name: product for product in present for name in product["slugs"]}
    by_name |= {product["handle"]: product for product in present if product["handle"]}
    # A handle nobody knows means the product that any of its SKUs belongs to.
    for row in rows:
        if row.product and row.sku in by_sku:
            by_name.setdefault(row.product, by_sku[row.sku])
    groups: dict[str, Group] = {}
    astray = []
    for row in rows:
        own = by_sku.get(row.sku)
        named = by_name.get(row.product) if row.product else None
        if own and named and own["id"] != named["id"]:
            astray.append((row, f"this SKU belongs to another product, {own['slug']}"))
            continue
        product = own or named
        key = product["id"] if product else f"\n{row.product}" if row.product else f"\t{row.sku}"
        groups.setdefault(key, Group([], product)).rows.append(row)
    return list(groups.values()), astray


def plan(groups: Sequence[Group], known: Known) -> Plan:
    """What these groups change."""
    result, taken = Plan(), set(known.slugs_taken)
    for group in groups:
        _plan_one(group, known, taken, result)
    return result


@dataclass(slots=True)
class _Line:
    """A row with its variant as it is and as it will be."""

    row: Row
    attributes: dict[str, Value]
    now: dict[str, Any] | None
    options: dict[str, str]
    key: str


def _plan_one(group: Group, known: Known, taken: set[str], result: Plan) -> None:
    now = group.product
    status = _first(group.rows, "status") or (Status(now["status"]) if now else Status.PUBLISHED)
    if now is None and not any(row.name for row in group.rows):
        for row in group.rows:
            result.refuse(row, "a new product needs a name")
        return
    lines = _lines(group, status, known, result)
    if not lines or (now is None and not _named(lines, result)):
        return
    if now and status is Status.PUBLISHED != now["status"] and not _priced(now, lines):
        for line in lines:
            result.refuse(line.row, "a published product needs a price")
        return
    product = _product([line.row for line in lines], _facts(lines, now), now, known, taken)
    differs = now is None or any(product[name] != now[name] for name in _OF_A_PRODUCT)
    pictures = _pictures(lines, product["id"], now, known)
    before = len(result.variants_new) + len(result.variants_changed) + len(result.prices)
    fates = [_variant(line, product["id"], place, group, known, result) for place, line in enumerate(lines)]
    after = len(result.variants_new) + len(result.variants_changed) + len(result.prices)
    if differs or pictures:
        fates[0] = Fate.CHANGED if fates[0] is Fate.UNCHANGED else fates[0]
    if now is None:
        result.products_new.append(product)
    elif differs or pictures or after > before:
        result.products_changed.append(product)
    if now is None or product["slug"] not in now["slugs"]:
        result.slugs.append(product)
    result.media += pictures
    result.outcomes += [Outcome(line.row.number, line.row.sku, fate) for line, fate in zip(lines, fates, strict=True)]


def _lines(group: Group, status: Status, known: Known, result: Plan) -> list[_Line]:
    """The rows that can be taken; the others are refused."""
    variants = {each["sku"]: each for each in group.product["variants"]} if group.product else {}
    said = {row.sku for row in group.rows if row.options is not None}
    keys = {each["option_key"]: sku for sku, each in variants.items() if sku not in said}
    room = MOST_VARIANTS - len(variants)
    lines: list[_Line] = []
    for row in group.rows:
        now = variants.get(row.sku)
        options = dict(row.options) if row.options is not None else dict(now["options"]) if now else {}
        key = option_key(options)
        try:
            if keys.setdefault(key, row.sku) != row.sku:
                raise ValueError(f"{keys[key]} of the same product has these options")
            if now is None and not row.prices and status is Status.PUBLISHED:
                raise ValueError("a new variant of a published product needs a price")
            if now is None and (room := room - 1) < 0:
                raise ValueError(f"a product has at most {MOST_VARIANTS} variants")
            facts = accepted({code_of(name): value for name, value in row.attributes.items()}, known.attributes)
        except ValueError as wrong:
            result.refuse(row, str(wrong))
            continue
        lines.append(_Line(row, facts, now, options, key))
    return lines


def _named(lines: Sequence[_Line], result: Plan) -> bool:
    """Whether those that are left still have a name for the new product."""
    if any(line.row.name for line in lines):
        return True
    for line in lines:
        result.refuse(line.row, "the row with the name of this new product was refused")
    return False


def _priced(now: Product, lines: Sequence[_Line]) -> bool:
    return any(each["prices"] for each in now["variants"]) or any(line.row.prices for line in lines)


def _facts(lines: Sequence[_Line], now: Product | None) -> dict[str, Value]:
    """Attributes as they will be: the first row that says one counts, what none says stays."""
    said: dict[str, Value] = {}
    for line in lines:
        said = {**line.attributes, **said}
    return {**(now["attributes"] if now else {}), **said}


def _product(
    rows: Sequence[Row], facts: dict[str, Value], now: Product | None, known: Known, taken: set[str]
) -> Product:
    """The product as it will be: of each field, the first row that says it counts. A slug of another's is not taken."""
    blank = {"status": Status.PUBLISHED, "description": "", "popularity": 0, "tax_class": "standard"}
    before: Mapping[str, Any] = now or {**blank, "brand_id": None, "category_id": None}
    product: Product = {name: _first(rows, name, before.get(name)) for name in _PLAIN}
    brand, path = _first(rows, "brand"), _first(rows, "categories")
    product["brand_id"] = known.brands[key_of(brand)] if brand else before["brand_id"]
    product["category_id"] = known.categories[tuple(map(key_of, path))] if path else before["category_id"]
    product["attributes"] = facts
    wanted = _first(rows, "slug")
    if now is not None:
        free = wanted is not None and (wanted in now["slugs"] or wanted not in taken)
        product |= {"id": now["id"], "handle": now["handle"], "revision": now["revision"]}
        product["slug"] = wanted if free else now["slug"]
    else:
        plain, longer = slugs_for(product["name"], rows[0].sku)
        choice = next(slug for slug in (wanted, plain, longer) if slug and (slug not in taken or slug == longer))
        product |= {"id": known.new_id("prd"), "handle": rows[0].product, "slug": choice}
    taken.add(product["slug"])
    return product


def _pictures(lines: Sequence[_Line], product_id: str, now: Product | None, known: Known) -> list[dict[str, Any]]:
    """The product's pictures anew, when the rows say others than there are."""
    paths = list(dict.fromkeys(path for line in lines for path in line.row.images or ()))[:MOST_PICTURES]
    if not paths or (now is not None and paths == now["images"]):
        return []
    return [
        {"id": known.new_id("med"), "product_id": product_id, "path": path, "position": place}
        for place, path in enumerate(paths)
    ]


def _variant(line: _Line, product_id: str, place: int, group: Group, known: Known, result: Plan) -> Fate:
    row, now = line.row, line.now
    wanted = {
        "id": now["id"] if now else known.new_id("var"),
        "product_id": product_id,
        "sku": row.sku,
        "options": line.options,
        "option_key": line.key,
        "weight_g": row.weight_g if row.weight_g is not None else now["weight_g"] if now else 0,
    }
    prices = now["prices"] if now else {}
    dearer = [
        {
            "variant_id": wanted["id"],
            "currency": currency,
            "amount": amount,
            "product_id": product_id,
            "sku": row.sku,
            "before": prices.get(currency),
            "news": now is not None,
        }
        for currency, amount in row.prices.items()
        if prices.get(currency) != amount
    ]
    result.prices += dearer
    if now is None:
        last = max((each["position"] for each in group.product["variants"]), default=-1) if group.product else -1
        result.variants_new.append(wanted | {"position": last + 1 + place})
        return Fate.ADDED
    if any(wanted[name] != now[name] for name in ("options", "weight_g")):
        result.variants_changed.append(wanted)
        return Fate.CHANGED
    return Fate.CHANGED if dearer else Fate.UNCHANGED


def _first(rows: Sequence[Row], name: str, otherwise: Any = None) -> Any:
    """What the first row that says anything about it says."""
    return next((said for row in rows if (said := getattr(row, name)) is not None), otherwise)

"""What can be bought of a product that began with us, as OpenCart has it: options, and for each value what it adds.

OpenCart has no variants: it sells every combination of a product's options, at the product's price and what the chosen values
add to it. So variants go back where they are every combination, and their prices such a sum. An option of the shop with the
same name is used, and gets the values it lacks; a new one is made with numbers that are kept, so that whoever writes the
product again, or reads it, comes to the same variants.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod

from banyan.contracts.legacy import ProductRecord
from banyan.move.legacy import Ref, Stock, Unwritable
from banyan.move.legacy.opencart import prices, variants
from banyan.move.legacy.opencart.edits import EXACT, Edit, put
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.legacy.opencart.variants import MAKING_VARIANTS, Choice, Combination, Value
from banyan.move.rows import Row, Values

NOTHING = Decimal(0)
Out = dict[str, Sequence[Values]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An option that a product's variants have."""

    name: str
    values: tuple[str, ...]
    required: bool


def write(shop: Shop, ref: Ref, record: ProductRecord, stock: Stock, product: Edit, out: Out) -> None:
    """The options of a new product with their values, its price and weight, and which variant each combination is.

    Unwritable where OpenCart would sell something else, or at another price.
    """
    wanted = wanted_of(record)
    must_be_every_combination(record, wanted)
    choices = _choices(shop, ref, record, wanted, stock, out)
    if not all(numbered(value.row) for each in choices for value in each.values):
        return  # their numbers are not known yet: this will be asked for again
    by_options = {alike_options(each.options): each for each in variants.combinations(ref.key, choices)}
    by_id = {each.id: by_options[alike_options(each.options)] for each in record.variants}
    edits = {value.id: Edit(value.row) for choice in choices for value in choice.values}
    _write_prices(shop, record, by_id, product, edits)
    _write_weights(shop, record, by_id, product, edits)
    if edits:
        put(out, "product_option_value", edits.values())
    must_read_back(shop, ref, record, stock, out)
    for column in ("model", "sku"):
        product.words(column, _code([each.sku for each in record.variants]))
    for each in record.variants:
        stock.names.claim("variant", by_id[each.id].key, [each.id])
        stock.names.claim("sku", by_id[each.id].key, [each.sku])


def _code(skus: Sequence[str]) -> str:
    """What the variants' SKUs begin with: `TEE` for `TEE-S` and `TEE-M`; the first where they share nothing."""
    same = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*(sku.split("-") for sku in skus), strict=False))
    return "-".join(parts[0] for parts in same) or skus[0]


def wanted_of(record: ProductRecord) -> list[Wanted]:
    """The options of a product's variants, and the values of each."""
    every = record.variants
    names = dict.fromkeys(name for each in every for name in each.options)
    return [
        Wanted(
            name,
            tuple(dict.fromkeys(each.options[name] for each in every if name in each.options)),
            all(name in each.options for each in every),
        )
        for name in names
    ]


def must_be_every_combination(record: ProductRecord, wanted: Sequence[Wanted]) -> None:
    """Unwritable where they are not: nothing else can be sold there."""
    every = record.variants
    if not every:
        raise Unwritable(f"{record.name!r} has no variants: nothing of it can be sold there")
    if len({alike_options(each.options) for each in every}) < len(every):
        raise Unwritable(f"{record.name!r} has {len(every)} variants, and their options do not tell them apart")
    count = prod(len(each.values) + (not each.required) for each in wanted)
    if count != len(every):
        raise Unwritable(
            f"{record.name!r} has {len(every)} variants of the {count} combinations of its options "
            f"({', '.join(each.name for each in wanted)}), and OpenCart sells every combination: add the others, or make "
            "it products of their own"
        )


def alike_options(options: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The same for the same choices."""
    return frozenset(options.items())


def _choices(
    shop: Shop, ref: Ref, record: ProductRecord, wanted: Sequence[Wanted], stock: Stock, out: Out
) -> list[Choice]:
    """The product's options, with their rows and those of what the shop has not yet."""
    choices, links = [], []
    made: dict[str, list[Edit]] = {}
    for place, each in enumerate(wanted):
        option, values = option_of(shop, each, place, stock, made)
        key, link = fresh_link(ref, record, each, option, stock)
        links.append(link)
        own = [fresh_value(ref, record, each, name, (key, option, values[name]), stock) for name in each.values]
        choices.append(Choice(key, each.name, each.required, tuple(own)))
    if links:
        put(out, "product_option", links)
    for table, edits in made.items():
        put(out, table, edits)
    return choices


def fresh_link(ref: Ref, record: ProductRecord, wanted: Wanted, option: int, stock: Stock) -> tuple[int, Edit]:
    """A product's use of an option of the shop, by its number."""
    key = int(stock.key("product_option", f"{record.id} {wanted.name}"))
    link = Edit.fresh(stock.tables["product_option"])
    for column, number in {"product_option_id": key, "product_id": int(ref.key), "option_id": option}.items():
        link.number(column, number)
    link.raw("value", b"")
    link.number("required", int(wanted.required))
    return key, link


def fresh_value(
    ref: Ref, record: ProductRecord, wanted: Wanted, name: str, numbers: tuple[int, int, int], stock: Stock
) -> Value:
    """A value of it, by the numbers of the use, the option and the option's value. Nothing of it is on the shelf yet, and
    what there will be is counted."""
    key = int(stock.key("product_option_value", f"{record.id} {wanted.name}={name}"))
    edit = Edit.fresh(stock.tables["product_option_value"])
    said = {
        "product_option_value_id": key,
        "product_option_id": numbers[0],
        "product_id": int(ref.key),
        "option_id": numbers[1],
        "option_value_id": numbers[2],
        "quantity": 0,
        "subtract": 1,
        "points": 0,
    }
    for column, number in said.items():
        edit.number(column, number)
    for column in ("price_prefix", "points_prefix", "weight_prefix"):
        edit.raw(column, b"+")
    return Value(key, name, NOTHING, NOTHING, edit.row)


def numbered(row: Row) -> bool:
    """Whether all its numbers are known."""
    return all(row.int(column) for column in row.table.place if column.endswith("_id"))


def option_of(
    shop: Shop, wanted: Wanted, place: int, stock: Stock, made: dict[str, list[Edit]], option: int = 0
) -> tuple[int, dict[str, int]]:
    """The shop's option of that name, or the `option` that it is, and its values by name; rows of what it lacks are `made`."""
    same = (id for id, each in shop.options.items() if each.name == wanted.name and each.type in MAKING_VARIANTS)
    option = option or min(same, default=0)
    known: dict[str, int] = {}
    if option:
        theirs = [row.int("option_value_id") for row in shop.rows("option_value") if row.int("option_id") == option]
        known = {shop.option_values[id].name: id for id in sorted(theirs, reverse=True)}
        place = max((shop.option_values[id].order for id in theirs), default=-1) + 1
    else:
        option = int(stock.key("option", wanted.name))
        row = Edit.fresh(stock.tables["option"])
        row.number("option_id", option)
        row.plain("type", "select")
        row.number("sort_order", place)
        made.setdefault("option", []).append(row)
        _describe(shop, stock, "option_description", {"option_id": option}, wanted.name, made)
        place = 0
    for name in wanted.values:
        if name not in known:
            known[name] = _new_value(shop, stock, option, wanted.name, name, place, made)
            place += 1
    return option, known


def _new_value(
    shop: Shop, stock: Stock, option: int, within: str, name: str, place: int, made: dict[str, list[Edit]]
) -> int:
    value = int(stock.key("option_value", f"{within}={name}"))
    row = Edit.fresh(stock.tables["option_value"])
    for column, number in {"option_value_id": value, "option_id": option, "sort_order": place}.items():
        row.number(column, number)
    row.raw("image", b"")
    made.setdefault("option_value", []).append(row)
    keys = {"option_value_id": value, "option_id": option}
    _describe(shop, stock, "option_value_description", keys, name, made)
    return value


def _describe(
    shop: Shop, stock: Stock, table: str, keys: Mapping[str, int], name: str, made: dict[str, list[Edit]]
) -> None:
    """A name in every language: the shop's own is the only one we know."""
    for language in shop.languages:
        row = Edit.fresh(stock.tables[table])
        for column, number in {**keys, "language_id": language}.items():
            row.number(column, number)
        row.words("name", name)
        made.setdefault(table, []).append(row)


def _write_prices(
    shop: Shop, record: ProductRecord, by_id: Mapping[str, Combination], product: Edit, edits: Mapping[int, Edit]
) -> None:
    own = {each.id: prices.own(shop, each) for each in record.variants}
    without = [each.sku for each in record.variants if own[each.id] is None]
    if without and len(without) < len(own):
        raise Unwritable(f"{', '.join(without[:5])} of {record.name!r} has no price in {shop.currency}: give it one")
    parts = prices.parts(by_id, {id: prices.major(shop, amount or 0) for id, amount in own.items()})
    if parts is None:
        raise Unwritable(
            f"the prices of {record.name!r} are no sum of one price and what each value of "
            f"{', '.join(each.name for each in wanted_of(record))} adds, and OpenCart knows nothing else: make them such a "
            "sum, or make it products of their own"
        )
    product.number("price", parts[0])
    add(edits, "price", parts[1], Decimal(1))


def _write_weights(
    shop: Shop, record: ProductRecord, by_id: Mapping[str, Combination], product: Edit, edits: Mapping[int, Edit]
) -> None:
    """Weights that are no such sum are the first variant's: parcels are a little off, and it is listed."""
    unit = shop.grams.get(product.row.int("weight_class_id"), Decimal(1000))
    found = prices.parts(by_id, {each.id: Decimal(each.weight_g) for each in record.variants})
    base, more = found or (Decimal(record.variants[0].weight_g), {})
    product.number("weight", EXACT.divide(base, unit))
    add(edits, "weight", more, unit)


def add(edits: Mapping[int, Edit], column: str, more: Mapping[int, Decimal], unit: Decimal) -> None:
    """What each value adds to the price or the weight."""
    for id, edit in edits.items():
        added = more.get(id, NOTHING)
        edit.number(column, EXACT.divide(abs(added), unit))
        edit.plain(f"{column}_prefix", "-" if added < 0 else "+")


def must_read_back(
    shop: Shop, ref: Ref, record: ProductRecord, stock: Stock, out: Mapping[str, Sequence[Values]]
) -> None:
    """Unwritable where the rows say other variants: names can be cut or cleaned where they are kept."""
    rows = {name: [Row(stock.tables[name], values) for values in found] for name, found in out.items()}
    seen = variants.combinations(ref.key, variants.choices(shop.besides(rows), rows))
    strange = _texts(each.options for each in record.variants) ^ _texts(each.options for each in seen)
    if strange:
        raise Unwritable(
            f"the options of {record.name!r} would be read otherwise there ({', '.join(sorted(strange)[:4])}): names "
            "without blanks around them, of at most 100 characters, that differ in more than capitals go back"
        )


def _texts(options: Iterable[Mapping[str, str]]) -> set[str]:
    return {", ".join(f"{name}: {value}" for name, value in sorted(each.items())) for each in options}

"""Variants that a product which the legacy shop has got with us afterwards: values that its options lack there, and options
that need not be chosen. What was there keeps its rows and its numbers, so that every variant stays the one it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from banyan.contracts.legacy import ProductRecord
from banyan.move.legacy import Ref, Rows, Stock, Unwritable
from banyan.move.legacy.opencart import prices, variants
from banyan.move.legacy.opencart.edits import EXACT, Edit
from banyan.move.legacy.opencart.shop import Shop
from banyan.move.legacy.opencart.variants import Choice, Combination, Value
from banyan.move.legacy.opencart.variants_back import (
    NOTHING,
    Wanted,
    add,
    alike_options,
    fresh_link,
    fresh_value,
    must_be_every_combination,
    must_read_back,
    numbered,
    option_of,
    wanted_of,
)
from banyan.move.rows import Values


@dataclass(slots=True)
class _Made:
    """What is new: rows of the shop's own options, the product's uses of them, and values."""

    shared: dict[str, list[Edit]]
    links: list[Edit]
    values: dict[int, Edit]


def write(shop: Shop, ref: Ref, record: ProductRecord, rows: Rows, stock: Stock) -> Mapping[str, Sequence[Values]]:
    """The rows that such variants need, whole tables of the product's each; `rows` are the product's as they are to be
    otherwise. Unwritable where OpenCart would sell something else, or at another price."""
    wanted, shop = wanted_of(record), shop.besides(rows)
    must_be_every_combination(record, wanted)
    made = _Made({}, [], {})
    links = {row.int("product_option_id"): Edit(row) for row in rows.get("product_option") or ()}
    choices = _choices(shop, ref, record, wanted, rows, stock, links, made)
    if not all(numbered(edit.row) for edit in (*made.links, *made.values.values())):
        return {}  # their numbers are not known yet: this will be asked for again
    by_options = {alike_options(each.options): each for each in variants.combinations(ref.key, choices)}
    by_id = {each.id: by_options[alike_options(each.options)] for each in record.variants}
    _write_prices(shop, record, rows, by_id, made)
    _write_weights(shop, record, rows, by_id, made)
    out: dict[str, Sequence[Values]] = {
        name: [*(row.values for row in rows.get(name) or ()), *(edit.done() for edit in edits)]
        for name, edits in made.shared.items()
    }
    out["product_option"] = [edit.done() for edit in (*links.values(), *made.links)]
    there = [row.values for row in rows.get("product_option_value") or ()]
    out["product_option_value"] = [*there, *(edit.done() for edit in made.values.values())]
    must_read_back(shop, ref, record, stock, out)
    for each in record.variants:
        stock.names.claim("variant", by_id[each.id].key, [each.id])
        stock.names.claim("sku", by_id[each.id].key, [each.sku])
    return out


def _choices(
    shop: Shop,
    ref: Ref,
    record: ProductRecord,
    wanted: Sequence[Wanted],
    rows: Rows,
    stock: Stock,
    links: Mapping[int, Edit],
    made: _Made,
) -> list[Choice]:
    """The product's options with what they lacked. Unwritable where one of them has values that no variant has."""
    there = {each.name: each for each in variants.choices(shop, rows)}
    choices = []
    for place, each in enumerate(wanted):
        known = there.pop(each.name, None)
        option = links[known.id].row.int("option_id") if known else 0
        own = {value.name: value for value in known.values} if known else {}
        lacking = replace(each, values=tuple(name for name in each.values if name not in own))
        option, values = option_of(shop, lacking, place, stock, made.shared, option)
        if known:
            key = known.id
            links[key].number("required", int(each.required))
        else:
            key, link = fresh_link(ref, record, each, option, stock)
            made.links.append(link)
        for name in lacking.values:
            own[name] = value = fresh_value(ref, record, each, name, (key, option, values[name]), stock)
            made.values[value.id] = Edit(value.row)
        choices.append(Choice(key, each.name, each.required, tuple(own.values())))
    if there or any(
        {value.name for value in each.values} - set(one.values) for each, one in zip(choices, wanted, strict=True)
    ):
        raise Unwritable(f"{record.name!r} is sold there with options that none of its variants has")
    return choices


def _write_prices(shop: Shop, record: ProductRecord, rows: Rows, by_id: Mapping[str, Combination], made: _Made) -> None:
    own = {each.id: prices.own(shop, each) for each in record.variants}
    without = [each.sku for each in record.variants if own[each.id] is None]
    if without:
        raise Unwritable(f"{', '.join(without[:5])} of {record.name!r} has no price in {shop.currency}: give it one")
    amounts = {id: prices.major(shop, amount or 0) for id, amount in own.items()}
    base = prices.exact(shop, rows)
    more = _solved(base, amounts, by_id, made, lambda value: value.more)
    if any(base + sum((more[value.id] for value in by_id[id].values), NOTHING) != amounts[id] for id in by_id):
        raise Unwritable(
            f"the prices of {record.name!r} are no sum of its price there and what each value adds, and OpenCart knows "
            "nothing else: make them such a sum, or make the new variants products of their own"
        )
    add(made.values, "price", more, Decimal(1))


def _write_weights(
    shop: Shop, record: ProductRecord, rows: Rows, by_id: Mapping[str, Combination], made: _Made
) -> None:
    """Weights that are no such sum are a little off, and listed."""
    row = rows["product"][0]
    unit = shop.grams.get(row.int("weight_class_id"), Decimal(1000))
    grams = {each.id: Decimal(each.weight_g) for each in record.variants}
    base = EXACT.multiply(row.decimal("weight"), unit)
    add(
        made.values, "weight", _solved(base, grams, by_id, made, lambda value: EXACT.multiply(value.weight, unit)), unit
    )


def _solved(
    base: Decimal,
    amounts: Mapping[str, Decimal],
    by_id: Mapping[str, Combination],
    made: _Made,
    known: Callable[[Value], Decimal],
) -> dict[int, Decimal]:
    """What each value adds: those that were there as before, the new ones by variants in which they are the only such."""
    every = {value.id: value for each in by_id.values() for value in each.values}
    more = {id: known(value) for id, value in every.items() if id not in made.values}
    found = True
    while found:
        found = False
        for id, each in by_id.items():
            open_ = [value.id for value in each.values if value.id not in more]
            if len(open_) == 1:
                rest = sum((more[value.id] for value in each.values if value.id in more), NOTHING)
                more[open_[0]], found = amounts[id] - base - rest, True
    return {id: more.get(id, NOTHING) for id in every}

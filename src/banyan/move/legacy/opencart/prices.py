"""What a product costs: its price, or an open-ended special that everybody gets; and how a change of ours goes back.

Amounts are net and in the shop's currency; each currency the shop sells in has its price by the shop's rate of now. A special
with a first or a last day is no price of ours: it would change by itself, without a row that changes. Nor are quantity breaks.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from banyan.contracts.legacy import VariantRecord
from banyan.kernel.money import Money, exponent
from banyan.move.legacy import Rows
from banyan.move.legacy.opencart.edits import EXACT, Edit
from banyan.move.legacy.opencart.shop import Shop, minor
from banyan.move.legacy.opencart.variants import Combination
from banyan.move.rows import Row

_OPEN = (b"0000-00-00", b"")
_ZERO = Decimal(0)


def exact(shop: Shop, rows: Rows) -> Decimal:
    """The price of the product without options, in the shop's currency."""
    regular = rows["product"][0].decimal("price")
    row = special(shop, rows)
    return regular if row is None else _special(row, regular)


def special(shop: Shop, rows: Rows) -> Row | None:
    """The special that stands for the price: open at both ends, for the shop's own group of customers, for one piece."""
    group = shop.number("config_customer_group_id", 1)
    marked = (row for row in rows.get("product_discount") or () if "special" in row and row.int("special"))
    found = [
        row
        for row in (*marked, *(rows.get("product_special") or ()))
        if row.int("customer_group_id") == group
        and ("quantity" not in row or row.int("quantity") <= 1)
        and all((row[column] or b"")[:10] in _OPEN for column in ("date_start", "date_end"))
    ]
    return min(
        found, key=lambda row: (row.int("priority"), row.decimal("price"), row.int(row.table.key[0])), default=None
    )


def prices(shop: Shop, base: Decimal, combination: Combination) -> tuple[Money, ...]:
    """One price per currency; none where it is not above zero. ValueError where one is more than can be kept."""
    amount = base + sum((value.more for value in combination.values), _ZERO)
    found = (Money(minor(amount, rate, currency), currency) for currency, rate in shop.rates.items())
    return tuple(money for money in found if money.amount > 0)


def write(
    shop: Shop,
    rows: Rows,
    combinations: Mapping[str, Combination],
    before: Sequence[VariantRecord],
    after: Sequence[VariantRecord],
    product: Edit,
    specials: dict[Row, Edit],
    values: dict[int, Edit],
) -> None:
    """Write the prices in the shop's currency that are other than before; those in other currencies follow its rates.

    A difference goes to the product's price as far as all variants share it, and to the options' values as far as all
    variants with a value share it. What is left cannot be said in OpenCart, and then nothing is written.
    """
    new = {each.id: own(shop, each) for each in after}
    old = {each.id: own(shop, each) for each in before}
    if all(new.get(id, price) == price for id, price in old.items()):
        return
    base = exact(shop, rows)
    if len(combinations) == 1 and not next(iter(combinations.values())).chosen:
        id, price = next(iter(new.items()))
        if price is not None and id in old:
            _write_base(shop, rows, major(shop, price), product, specials)
        return
    if new.keys() != old.keys() or any(each is None for each in (*new.values(), *old.values())):
        return
    moved = {id: major(shop, (new[id] or 0) - (old[id] or 0)) for id in old}
    found = parts(combinations, moved)
    if found is None:
        return
    shared, by_value = found
    if shared:
        _write_base(shop, rows, base + shared, product, specials)
    for combination in combinations.values():
        for value in combination.values:
            if by_value.get(value.id):
                more = value.more + by_value[value.id]
                values[value.id].number("price", abs(more))
                values[value.id].plain("price_prefix", "-" if more < 0 else "+")


def parts(
    combinations: Mapping[str, Combination], moved: Mapping[str, Decimal]
) -> tuple[Decimal, dict[int, Decimal]] | None:
    """What all variants share, and what each value adds, by its number. None where the amounts are no such sum.

    Where an option need not be chosen, its absence adds nothing; where it must be, its first value adds nothing.
    """
    first = {
        choice.id: choice.values[0].id for each in combinations.values() for choice, _ in each.chosen if choice.required
    }

    def strange(combination: Combination) -> list[int]:
        return [value.id for choice, value in combination.chosen if first.get(choice.id) != value.id]

    shared = next((moved[id] for id, each in combinations.items() if not strange(each)), _ZERO)
    alone = {strange(each)[0]: moved[id] - shared for id, each in combinations.items() if len(strange(each)) == 1}
    fits = all(
        moved[id] == shared + sum((alone.get(value, _ZERO) for value in strange(each)), _ZERO)
        for id, each in combinations.items()
    )
    return (shared, alone) if fits else None


def _write_base(shop: Shop, rows: Rows, price: Decimal, product: Edit, specials: dict[Row, Edit]) -> None:
    row = special(shop, rows)
    if row is None:
        product.number("price", price)
        return
    edit = specials.setdefault(row, Edit(row))
    edit.plain("type", "F")
    edit.number("price", price)


def _special(row: Row, regular: Decimal) -> Decimal:
    """OpenCart 4.1: F is the price, P takes percents off, S takes an amount off; OpenCart 3 knows only prices."""
    kind = row.text("type") if "type" in row else "F"
    if kind == "P":
        return regular - EXACT.divide(EXACT.multiply(regular, row.decimal("price")), Decimal(100))
    return regular - row.decimal("price") if kind == "S" else row.decimal("price")


def own(shop: Shop, variant: VariantRecord) -> int | None:
    """A variant's price in the shop's currency, in minor units."""
    return next((price.amount for price in variant.prices if price.currency == shop.currency), None)


def major(shop: Shop, amount: int) -> Decimal:
    """An amount in the shop's currency as its rows have it."""
    return Decimal(amount).scaleb(-exponent(shop.currency))

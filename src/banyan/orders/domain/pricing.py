"""What a basket costs: Σ lines − discount + shipping (+ tax where prices exclude it), in integers.

The one rounding rule: tax is rounded half up once per line, and once for shipping; everything else is a sum of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.kernel.money import Money, included, portion, share, total
from banyan.kernel.refusals import Conflict
from banyan.orders.domain import tax


@dataclass(frozen=True, slots=True)
class Goods:
    """So many of something at a price each."""

    quantity: int
    unit_price: Money
    tax_class: str = tax.STANDARD


@dataclass(frozen=True, slots=True)
class LinePrice:
    """`total` is quantity × unit price; `tax` is that of the line after its share of the discount."""

    total: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Price:
    """total = subtotal − discount + shipping (+ tax unless it is included); tax = Σ of the lines' and shipping's."""

    lines: tuple[LinePrice, ...]
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool
    total: Money


def price(
    goods: Sequence[Goods], *, shipping: Money, country: str, tax_included: bool, discount: Money | None = None
) -> Price:
    """Price goods sent to `country`. A discount takes at most all the goods cost, never shipping.

    Conflict (`total_too_large`) when the sum is more than can be charged.
    """
    currency = shipping.currency
    try:
        totals = [each.unit_price * each.quantity for each in goods]
        subtotal = total(totals, currency)
        off = min(discount or Money(0, currency), subtotal)
        shares = share(off, [each.amount for each in totals]) if goods else []
        taxes = [
            _tax(whole - part, country, each.tax_class, tax_included)
            for each, whole, part in zip(goods, totals, shares, strict=True)
        ]
        all_tax = total(taxes, currency) + _tax(shipping, country, tax.STANDARD, tax_included)
        sum_ = subtotal - off + shipping + (Money(0, currency) if tax_included else all_tax)
    except ValueError:
        raise Conflict("this is more than can be charged at once", code="total_too_large") from None
    lines = tuple(map(LinePrice, totals, taxes))
    return Price(lines, subtotal, off, shipping, all_tax, tax_included, sum_)


def _tax(amount: Money, country: str, tax_class: str, tax_included: bool) -> Money:
    rate = tax.rate(country, tax_class)
    return included(amount, rate) if tax_included else portion(amount, rate)

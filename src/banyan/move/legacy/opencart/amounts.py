"""An order's money. OpenCart keeps it in the shop's currency with four decimals; what was charged is that times the order's own
`currency_value`, rounded half away from zero to the currency's minor unit, row by row, as its pages and mails did.

subtotal, shipping and tax are the rows of those codes; what takes off (coupon, credit, reward, voucher) is the discount, as far
as goods were bought; fees, what a credit pays beyond the goods, and the rounding between the rows are the adjustment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from banyan.kernel.money import Money
from banyan.move.legacy import Rows
from banyan.move.legacy.opencart.shop import Shop, is_currency, minor
from banyan.move.rows import Row

TAKING_OFF = frozenset({"coupon", "credit", "reward", "voucher"})


@dataclass(frozen=True, slots=True)
class Coin:
    """The order's currency, and what one unit of the shop's is in it."""

    currency: str
    rate: Decimal

    def of(self, amount: Decimal) -> Money:
        return Money(minor(amount, self.rate, self.currency), self.currency)


@dataclass(frozen=True, slots=True)
class Sums:
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    adjustment: Money
    total: Money


def coin(shop: Shop, order: Row) -> Coin:
    """An order without a usable currency is in the shop's own. One without a rate has the shop's of now, as its admin shows."""
    code = order.text("currency_code").strip().upper()
    if not is_currency(code):
        return Coin(shop.currency, Decimal(1))
    rate = order.decimal("currency_value")
    return Coin(code, rate if rate > 0 else shop.rate(code) or Decimal(1))


def sums(coin: Coin, order: Row, rows: Rows, goods: Money) -> Sums:
    """The order's sums; `goods` are its lines together, for an order that has no totals."""
    totals: Sequence[Row] = rows.get("order_total") or ()
    nothing = Money(0, coin.currency)
    by_code: dict[str, Money] = {}
    off = nothing
    for row in totals:
        code, amount = row.text("code"), coin.of(row.decimal("value"))
        if code in TAKING_OFF and amount.amount < 0:
            off = off - amount
        else:
            by_code[code] = by_code.get(code, nothing) + amount
    subtotal = max(by_code.get("sub_total", nothing if totals else goods), nothing)
    discount = min(off, subtotal)
    shipping, tax = max(by_code.get("shipping", nothing), nothing), max(by_code.get("tax", nothing), nothing)
    total = by_code["total"] if "total" in by_code else coin.of(order.decimal("total"))
    return Sums(subtotal, discount, shipping, tax, total - (subtotal - discount + shipping + tax), total)

"""Orders over HTTP: lists, one with its story, and what may be done with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money

STATUSES = ("processing", "confirmed", "fulfilled", "cancelled", "payment_failed", "rejected")


class Address(Seen):
    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""

    @property
    def lines(self) -> list[str]:
        """As on a parcel, without what is empty."""
        town = ", ".join(part for part in (f"{self.postal_code} {self.city}".strip(), self.region) if part)
        return [line for line in (self.name, self.line1, self.line2, town, self.country) if line]


class OrderLine(Seen):
    line_id: str
    sku: str
    product_id: str = ""
    name: str
    options: dict[str, str] = {}
    quantity: int
    unit_price: Money
    total: Money
    tax: Money | None = None
    fulfilled: int = 0

    @property
    def left(self) -> int:
        """Units still to send."""
        return self.quantity - self.fulfilled


class Parcel(Seen):
    id: str
    lines: dict[str, int] = {}
    tracking: str = ""


class Refund(Seen):
    id: str
    amount: Money
    reason: str = ""


class Shortage(Seen):
    sku: str
    wanted: int = 0
    available: int = 0


class Taken(Seen):
    """That a legacy shop had the order, and how it last told it."""

    status: str = ""
    payment_method: str = ""


class Links(Seen):
    view: str = ""


class Order(Seen):
    id: str
    number: str
    status: str
    payment_status: str = ""
    placed_at: datetime
    cart_id: str = ""
    user_id: str | None = None
    email: str = ""
    lines: tuple[OrderLine, ...] = ()
    address: Address = Address()
    shipping_option: str = ""
    currency: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool = True
    adjustment: Money | None = None  # what a legacy shop's total has besides
    total: Money
    refunded: Money
    refunds: tuple[Refund, ...] = ()
    fulfilments: tuple[Parcel, ...] = ()
    reason: str | None = None
    short: tuple[Shortage, ...] = ()
    taken_over: Taken | None = None
    links: Links = Links()

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def may_be_cancelled(self) -> bool:
        return self.status == "processing" or (self.status == "confirmed" and not self.fulfilments)

    @property
    def may_be_refunded(self) -> bool:
        paid = self.taken_over is not None and self.payment_status in ("captured", "partially_refunded")
        return (paid or self.status in ("confirmed", "fulfilled")) and self.refunded < self.total

    @property
    def may_be_sent(self) -> bool:
        return self.status == "confirmed"

    @property
    def may_be_forgotten(self) -> bool:
        """A guest's that says whose it is; an account's orders go with the account."""
        return self.user_id is None and bool(self.email)

    def name_of(self, line_id: str) -> str:
        """What a line of it is called; its id for none of its lines."""
        return next((line.name for line in self.lines if line.line_id == line_id), line_id)


class OrderEvent(Seen):
    version: int
    type: str
    at: datetime
    data: dict[str, Any] = {}


class _Events(Seen):
    items: tuple[OrderEvent, ...]


class _Sum(Seen):
    total: Money


class Tally(Seen):
    """How many orders there are, `more` when there are more than were counted, and what they come to by currency."""

    count: int = 0
    more: bool = False
    totals: tuple[Money, ...] = ()


async def listed(line: Line, wanted: Mapping[str, str], *, limit: int = 25) -> Page[Order]:
    """Newest first. `wanted`: status, email, number, from, to, cursor, where not empty."""
    return await line.get(Page[Order], "orders", "/v1/orders", [*wanted.items(), ("limit", str(limit))])


async def tally(line: Line, **wanted: str) -> Tally:
    """Count orders, up to a hundred."""
    page = await line.get(Page[_Sum], "orders", "/v1/orders", [*wanted.items(), ("limit", "100")])
    totals: dict[str, Money] = {}
    for each in page.items:
        known = totals.get(each.total.currency)
        totals[each.total.currency] = known + each.total if known else each.total
    return Tally(count=len(page.items), more=page.next_cursor is not None, totals=tuple(totals.values()))


async def read(line: Line, order_id: str) -> Order:
    return await line.get(Order, "orders", _at(order_id))


async def events(line: Line, order_id: str) -> tuple[OrderEvent, ...]:
    return (await line.get(_Events, "orders", f"{_at(order_id)}/events")).items


async def cancel(line: Line, order_id: str, reason: str, *, key: str) -> None:
    await line.send("orders", "POST", f"{_at(order_id)}/cancel", {"reason": reason}, key=key)


async def refund(line: Line, order_id: str, amount: Money, reason: str, *, key: str, elsewhere: bool = False) -> bool:
    """Whether the money has gone back; False while the provider takes its time. `elsewhere`: it went back at the legacy
    shop where it was paid, and is noted."""
    body: dict[str, Any] = {"amount": {"amount": amount.amount, "currency": amount.currency}, "reason": reason}
    if elsewhere:
        body["elsewhere"] = True
    return (await line.send("orders", "POST", f"{_at(order_id)}/refunds", body, key=key)).status != 202


async def fulfil(line: Line, order_id: str, lines: Mapping[str, int], tracking: str, *, key: str) -> None:
    body = {"lines": dict(lines), "tracking": tracking}
    await line.send("orders", "POST", f"{_at(order_id)}/fulfillments", body, key=key)


async def forget(line: Line, order_id: str) -> None:
    await line.send("orders", "POST", f"{_at(order_id)}/erasure", None)


def _at(order_id: str) -> str:
    return f"/v1/orders/{segment(order_id)}"

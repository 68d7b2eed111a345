"""Razorpay's own book: links and orders, the payments made for them, refunds, settlements to the shop's bank.

Rules after Razorpay's public API reference. What is authorized and not captured goes back to the payer by itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
THOUSANDTHS = frozenset({"BHD", "KWD", "OMR"})
UNCAPTURED = timedelta(days=5)  # after which it goes back
SOON = 900  # seconds; a link lives at least so long


class Refused(Exception):
    """A 400 with Razorpay's description and reason; `payment_id` of an attempt that it made all the same."""

    def __init__(self, description: str, reason: str = "input_validation_failed", payment_id: str = "") -> None:
        super().__init__(description)
        self.description, self.reason, self.payment_id = description, reason, payment_id


class Unknown(Refused):
    def __init__(self) -> None:
        super().__init__("The id provided does not exist")


@dataclass(slots=True)
class Order:
    id: str
    amount: int
    currency: str
    receipt: str | None
    notes: dict[str, str]
    captures: bool  # whether its payment is captured at once
    made_at: datetime
    attempts: int = 0
    status: str = "created"


@dataclass(slots=True)
class Link:
    id: str
    order: Order
    reference_id: str
    notes: dict[str, str]
    callback_url: str
    expire_by: int
    made_at: datetime
    status: str = "created"
    cancelled_at: int = 0


@dataclass(slots=True)
class Payment:
    id: str
    order: Order
    notes: dict[str, str]
    method: str
    made_at: datetime
    status: str = "created"
    captured: bool = False
    refunded: int = 0
    fee: int = 0
    tax: int = 0
    error: str | None = None
    customer_id: str | None = None
    token_id: str | None = None

    @property
    def amount(self) -> int:
        return self.order.amount


@dataclass(slots=True)
class Refund:
    id: str
    payment: Payment
    amount: int
    receipt: str | None
    notes: dict[str, str]
    made_at: datetime
    status: str = "processed"
    by_itself: bool = False  # of a payment that was never captured: it never was the shop's money


@dataclass(slots=True)
class Token:
    id: str
    customer_id: str
    declines: bool = False


@dataclass(slots=True)
class Row:
    """A movement of the shop's balance; `settlement_id` once it has been paid out."""

    id: str
    kind: str  # payment, refund, adjustment (a dispute that was lost)
    credit: int
    debit: int
    fee: int
    tax: int
    payment: Payment
    made_at: datetime
    settlement_id: str = ""
    settled_at: datetime | None = None
    dispute_id: str = ""

    @property
    def currency(self) -> str:
        return self.payment.order.currency


@dataclass(slots=True)
class Settlement:
    id: str
    amount: int
    made_at: datetime


@dataclass(slots=True)
class Book:
    clock: Clock
    ids: Ids
    captures: bool = False  # the account's setting: whether payments of links are captured at once
    links: dict[str, Link] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)

    def id(self, prefix: str) -> str:
        """A prefix and fourteen letters and digits, as Razorpay's."""
        return f"{prefix}_{''.join(_LETTERS[each % 62] for each in self.ids.secret(14))}"

    def order(
        self, amount: object, currency: object, receipt: str | None, notes: dict[str, str], *, captures: bool
    ) -> Order:
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            raise Refused("The amount must be at least 1.")
        if not isinstance(currency, str) or len(currency) != 3:
            raise Refused("The currency is invalid.")
        if currency == "INR" and amount < 100:
            raise Refused("Order amount less than minimum amount allowed")
        if currency in THOUSANDTHS and amount % 10:
            raise Refused("The amount must end with a zero in this currency.")
        if receipt is not None and len(receipt) > 40:
            raise Refused("The receipt may not be greater than 40 characters.")
        order = Order(self.id("order"), amount, currency, receipt, notes, captures, self.clock.now())
        self.orders[order.id] = order
        return order

    def link(self, asked: dict[str, object]) -> Link:
        reference, expire_by = str(asked.get("reference_id") or ""), asked.get("expire_by") or 0
        now = self.clock.now().timestamp()
        if reference and any(each.reference_id == reference for each in self.links.values()):
            raise Refused(f"payment link creation failed with reference id already attempted: {reference}")
        if len(reference) > 40:
            raise Refused("The reference id may not be greater than 40 characters.")
        if not isinstance(expire_by, int) or 0 < expire_by < now + SOON - 60:
            raise Refused("expire_by should be at least 15 minutes after current time")
        if asked.get("callback_url") and asked.get("callback_method") != "get":
            raise Refused("callback_method must be get")
        notes = _notes(asked)
        order = self.order(asked.get("amount"), asked.get("currency"), reference or None, notes, captures=self.captures)
        made = Link(
            self.id("plink"), order, reference, notes, str(asked.get("callback_url") or ""), expire_by, self.clock.now()
        )
        self.links[made.id] = made
        return made

    def cancel(self, link: Link) -> None:
        if link.status != "created":
            raise Refused(f"Payment Link cannot be cancelled, for it is {link.status}", "link_not_cancellable")
        link.status, link.cancelled_at = "cancelled", int(self.clock.now().timestamp())

    def attempt(self, order: Order, method: str = "upi", notes: dict[str, str] | None = None) -> Payment:
        """A payer has begun; the bank has not told yet."""
        if any(each.order is order and each.status in ("authorized", "captured") for each in self.payments.values()):
            raise Refused("The order has been paid already", "order_already_paid")
        order.attempts += 1
        order.status = "attempted"
        made = Payment(self.id("pay"), order, dict(notes or order.notes), method, self.clock.now())
        self.payments[made.id] = made
        return made

    def banked(self, payment: Payment, error: str | None = None) -> None:
        """What the bank says of an attempt, however late."""
        if payment.status not in ("created", "failed"):
            raise Refused("The bank has told already")
        payment.status, payment.error = ("failed", error) if error else ("authorized", None)
        if not error and payment.order.captures:
            self.capture(payment, payment.amount, payment.order.currency)

    def capture(self, payment: Payment, amount: object, currency: object) -> None:
        if payment.captured:
            raise Refused("This payment has already been captured", "payment_already_captured")
        if payment.status != "authorized":
            raise Refused("Only payments which have been authorized can be captured", "payment_not_authorized")
        if (amount, currency) != (payment.amount, payment.order.currency):
            raise Refused("Capture amount must be equal to the amount authorized", "amount_mismatch")
        payment.status, payment.captured, payment.order.status = "captured", True, "paid"
        for link in self.links.values():
            if link.order is payment.order:
                link.status = "paid"
        base = (payment.amount * 200 + 5_000) // 10_000  # 2 %
        payment.tax = (base * 18 + 50) // 100  # of the fee, and part of it
        payment.fee = base + payment.tax
        credit = payment.amount - payment.fee
        self._enter(Row(payment.id, "payment", credit, 0, payment.fee, payment.tax, payment, self.clock.now()))

    def refund(self, payment: Payment, amount: object, receipt: str | None, notes: dict[str, str]) -> Refund:
        if not payment.captured:
            raise Refused("The payment status should be captured for action to be taken", "payment_not_captured")
        part = payment.amount - payment.refunded if amount is None else amount
        if not isinstance(part, int) or isinstance(part, bool) or part < 1:
            raise Refused("The amount must be at least 1.")
        if payment.refunded + part > payment.amount:
            raise Refused("The total refund amount is greater than the refund payment amount", "refund_amount_exceeded")
        made = Refund(self.id("rfnd"), payment, part, receipt, notes, self.clock.now())
        self.refunds[made.id] = made
        payment.refunded += part
        payment.status = "refunded" if payment.refunded == payment.amount else "captured"
        self._enter(Row(made.id, "refund", 0, part, 0, 0, payment, self.clock.now()))
        return made

    def pass_time(self) -> None:
        """Links end; what nobody captured goes back to its payer."""
        now = self.clock.now()
        for link in self.links.values():
            if link.status == "created" and 0 < link.expire_by <= now.timestamp():
                link.status = "expired"
        for payment in self.payments.values():
            if payment.status == "authorized" and now - payment.made_at > UNCAPTURED:
                made = Refund(self.id("rfnd"), payment, payment.amount, None, {}, now, by_itself=True)
                self.refunds[made.id] = made
                payment.status, payment.refunded = "refunded", payment.amount

    def dispute(self, payment: Payment) -> str:
        """The payer's bank takes back what is left."""
        made = self.id("disp")
        left = payment.amount - payment.refunded
        self._enter(Row(made, "adjustment", 0, left, 0, 0, payment, self.clock.now(), dispute_id=made))
        return made

    def end_dispute(self, dispute_id: str, *, won: bool) -> Row:
        """The row by which it was opened. What was won comes back."""
        opened = next(each for each in self.rows if each.id == dispute_id)
        if won:
            name, now = self.id("adj"), self.clock.now()
            self._enter(Row(name, "adjustment", opened.debit, 0, 0, 0, opened.payment, now, dispute_id=dispute_id))
        return opened

    def settle(self, currency: str = "") -> Settlement | None:
        """Pay out all that has not been paid out, of one currency."""
        waiting = [each for each in self.rows if not each.settlement_id]
        currency = currency or (waiting[0].currency if waiting else "")
        rows = [each for each in waiting if each.currency == currency]
        amount = sum(each.credit - each.debit for each in rows)
        if not rows or amount <= 0:
            return None
        made = Settlement(self.id("setl"), amount, self.clock.now())
        for each in rows:
            each.settlement_id, each.settled_at = made.id, made.made_at
        self.settlements.append(made)
        return made

    def _enter(self, row: Row) -> None:
        self.rows.append(row)

    def broken(self) -> list[str]:
        """What does not add up; empty in a sound book."""
        wrong = []
        for order in self.orders.values():
            captured = [each.id for each in self.payments.values() if each.order is order and each.captured]
            if len(captured) > 1:
                wrong.append(f"{order.id}: captured twice, {captured}")
        receipts = [each.order.receipt for each in self.payments.values() if each.captured and each.order.receipt]
        wrong += [f"receipt {each} is paid twice" for each in sorted(set(receipts)) if receipts.count(each) > 1]
        for payment in self.payments.values():
            back = sum(each.amount for each in self.refunds.values() if each.payment is payment)
            if back != payment.refunded or back > payment.amount:
                wrong.append(f"{payment.id}: {back} of {payment.amount} went back")
        settled = sum(each.amount for each in self.settlements)
        rows = sum(each.credit - each.debit for each in self.rows if each.settlement_id)
        return wrong + ([] if settled == rows else [f"{settled} settled, {rows} of rows"])


def _notes(asked: dict[str, object]) -> dict[str, str]:
    told = asked.get("notes")
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}

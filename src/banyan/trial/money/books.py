"""The providers' own books, read whole: what each has of our payments, and what its balance is."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from banyan.simulators.stripe.book import broken
from banyan.trial.money.stage import Stage

_BANK = "SELECT merchant_key, state, approved, captured, refunded FROM charge"
_BANK_BALANCE = "SELECT currency, sum(amount)::bigint AS amount FROM entry WHERE account = 'merchant' GROUP BY currency"


@dataclass(slots=True)
class Sums:
    """Of one payment, in minor units."""

    takings: int = 0  # how often money was taken for it
    held: int = 0
    taken: int = 0
    refunded: int = 0


Book = Mapping[str, Sums]
"""By our payment."""


async def read(stage: Stage) -> dict[str, Book]:
    """By provider."""
    bank: dict[str, Sums] = {}
    for row in await stage.shop.ports["testbank"].db.fetch(_BANK):
        held = row["approved"] if row["state"] == "authorized" else 0
        bank[row["merchant_key"]] = Sums(int(row["captured"] > 0), held, row["captured"], row["refunded"])
    return {"testbank": bank, "stripe": _stripe(stage), "paypal": _paypal(stage), "razorpay": _razorpay(stage)}


def _stripe(stage: Stage) -> Book:
    book, found = stage.stripe.book, defaultdict[str, Sums](Sums)
    for intent in book.of("payment_intent").values():
        found[intent["metadata"].get("payment_id", "")].held += intent["amount_capturable"]
    for charge in book.of("charge").values():
        sums = found[charge["metadata"].get("payment_id", "")]
        sums.takings += int(charge["captured"])
        sums.taken += charge["amount_captured"]
        sums.refunded += charge["amount_refunded"]
    return found


def _paypal(stage: Stage) -> Book:
    found = defaultdict[str, Sums](Sums)
    for order in stage.paypal.book.orders.values():
        sums, whole = found[order.custom_id or ""], 100 if order.currency == "HUF" else 1
        sums.takings += len(order.taken)
        sums.held += whole * sum(each.amount for each in order.held if each.status == "CREATED")
        sums.taken += whole * sum(each.amount for each in order.taken)
        sums.refunded += whole * sum(each.refunded for each in order.taken)
    return found


def _razorpay(stage: Stage) -> Book:
    """What nobody captured goes back by itself, and never was the shop's."""
    found = defaultdict[str, Sums](Sums)
    for payment in stage.razorpay.book.payments.values():
        sums = found[payment.order.receipt or ""]
        sums.held += payment.amount if payment.status == "authorized" and "void" not in payment.notes else 0
        if payment.captured:
            sums.takings += 1
            sums.taken += payment.amount
            sums.refunded += payment.refunded
    return found


async def balances(stage: Stage) -> dict[tuple[str, str], int]:
    """By provider and currency: what each owes the shop, in minor units as we count them."""
    found = defaultdict[tuple[str, str], int](int)
    for row in await stage.shop.ports["testbank"].db.fetch(_BANK_BALANCE):
        found["testbank", row["currency"]] += row["amount"]
    for each in stage.stripe.book.money():
        found["stripe", each["currency"].upper()] += each["net"]
    for entry in stage.paypal.book.entries:
        found["paypal", entry.currency] += (entry.amount + entry.fee) * (100 if entry.currency == "HUF" else 1)
    for waiting in stage.razorpay.book.rows:
        if not waiting.settlement_id:
            found["razorpay", waiting.currency] += waiting.credit - waiting.debit
    return found


def sound(stage: Stage) -> list[str]:
    """What does not add up in a book of theirs."""
    wrong = {"stripe": broken(stage.stripe.book), "paypal": stage.paypal.broken(), "razorpay": stage.razorpay.broken()}
    return [f"{name}: {each}" for name, found in wrong.items() for each in found]

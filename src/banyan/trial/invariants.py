"""What must hold over all services: each service's own queries, and what only two databases together can show."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from banyan.foundation.db import Db
from banyan.foundation.operate import MOST_ROWS, Finding, prove
from banyan.foundation.service import Service


async def check(dbs: Mapping[str, Db], services: Sequence[Service]) -> list[Finding]:
    """Run every invariant over these services' databases; findings in the order of their ids."""
    findings: list[Finding] = []
    for service in services:
        findings += await prove(service, dbs[service.name])
    for id, parties, promise, compare in ACROSS:
        if all(party in dbs for party in parties):
            rows = await compare({party: dbs[party] for party in parties})
            findings.append(Finding(id, " + ".join(parties), promise, len(rows), tuple(rows[:MOST_ROWS])))
    return sorted(findings, key=lambda each: (each.id[0] != "I", each.id[0], int(each.id[1:]), each.service))


# What is under way right now is left alone: only what has come to rest can be compared across databases.
_OUR_BOOK = """
SELECT id AS reference, currency, captured, refunded FROM payment
WHERE captured > 0 AND provider = 'testbank'
AND NOT EXISTS (SELECT FROM operation WHERE payment_id = payment.id AND next_look_at IS NOT NULL)"""
_MOVING = "SELECT payment_id AS reference FROM operation WHERE next_look_at IS NOT NULL"
_BANKS_BOOK = "SELECT merchant_key AS reference, currency, captured, refunded FROM charge WHERE captured > 0"

_SETTLED_ORDERS = """
SELECT order_id, status, total, refunded FROM order_view JOIN saga USING (order_id)
WHERE finished_at < shop_now() - interval '5 seconds' AND NOT taken"""
# Orders that a legacy shop took money for, except those that payments is about to be told of.
_PAID_ELSEWHERE = """
SELECT order_id, greatest(total, 0) - refunded AS kept, currency FROM order_view
WHERE EXISTS (SELECT FROM event WHERE stream = order_id AND version = 1 AND type = 'orders.OrderTakenOver')
  AND payment_status IN ('captured', 'partially_refunded') AND total > refunded
  AND NOT EXISTS (SELECT FROM payment_due WHERE payment_due.order_id = order_view.order_id)"""
_DUE = "SELECT order_id FROM payment_due"
_PAYMENTS = """
SELECT order_id, state, amount, captured, refunded, refunding,
       (SELECT amount FROM operation WHERE payment_id = payment.id AND kind = 'capture' AND state = 'done') AS part
FROM payment"""  # `part`: an operator may have captured less than all
_LEGACY_PAYMENTS = """
SELECT order_id, captured - refunded AS kept, currency FROM payment WHERE provider = 'legacy' AND captured > refunded"""
_RESERVATIONS = "SELECT order_id, state FROM reservation WHERE order_id IS NOT NULL"
_KNOWN_ORDERS = "SELECT order_id FROM order_view"

GOOD = frozenset({"confirmed", "fulfilled"})


async def _books_agree(dbs: Mapping[str, Db]) -> list[dict[str, Any]]:
    moving = {row["reference"] for row in await dbs["payments"].fetch(_MOVING)}
    theirs = {row["reference"]: tuple(row) for row in await dbs["testbank"].fetch(_BANKS_BOOK)}
    ours = {row["reference"]: tuple(row) for row in await dbs["payments"].fetch(_OUR_BOOK)}
    moving |= {row["reference"] for row in await dbs["payments"].fetch(_MOVING)}
    return [
        {"payment": each, "ours": ours.get(each), "the bank's": theirs.get(each)}
        for each in sorted((ours.keys() | theirs.keys()) - moving)
        if ours.get(each) != theirs.get(each)
    ]


async def _orders_are_paid(dbs: Mapping[str, Db]) -> list[dict[str, Any]]:
    orders = await dbs["orders"].fetch(_SETTLED_ORDERS)
    payments = {row["order_id"]: row for row in await dbs["payments"].fetch(_PAYMENTS)}
    wrong = []
    for order in orders:
        payment = payments.get(order["order_id"])
        captured = payment["captured"] if payment else 0
        kept = captured - payment["refunded"] - payment["refunding"] if payment else 0
        if order["status"] in GOOD:
            fits = captured == order["total"] or (
                payment is not None
                and (
                    payment["state"] == "authorized"
                    or captured == payment["part"] < payment["amount"] == order["total"]
                )
            )
        else:
            fits = kept == 0 and (payment is None or payment["state"] in ("declined", "voided", "refunded"))
        if not fits:
            wrong.append(
                {"order": order["order_id"], "status": order["status"], "payment": dict(payment) if payment else None}
            )
    return wrong


async def _money_of_the_legacy_shop(dbs: Mapping[str, Db]) -> list[dict[str, Any]]:
    moving = {row["order_id"] for row in await dbs["orders"].fetch(_DUE)}
    said = {row["order_id"]: (row["kept"], row["currency"]) for row in await dbs["orders"].fetch(_PAID_ELSEWHERE)}
    booked = {row["order_id"]: (row["kept"], row["currency"]) for row in await dbs["payments"].fetch(_LEGACY_PAYMENTS)}
    moving |= {row["order_id"] for row in await dbs["orders"].fetch(_DUE)}
    return [
        {"order": each, "paid": said.get(each), "booked": booked.get(each)}
        for each in sorted((said.keys() | booked.keys()) - moving)
        if said.get(each) != booked.get(each)
    ]


async def _no_money_without_an_order(dbs: Mapping[str, Db]) -> list[dict[str, Any]]:
    payments = await dbs["payments"].fetch(_PAYMENTS)  # read first: its order was there before it
    known = {row["order_id"] for row in await dbs["orders"].fetch(_KNOWN_ORDERS)}
    return [dict(row) for row in payments if row["captured"] and row["order_id"] not in known]


async def _stock_follows_orders(dbs: Mapping[str, Db]) -> list[dict[str, Any]]:
    orders = await dbs["orders"].fetch(_SETTLED_ORDERS)
    held = {row["order_id"]: row["state"] for row in await dbs["inventory"].fetch(_RESERVATIONS)}
    return [
        {"order": order["order_id"], "status": order["status"], "reservation": held.get(order["order_id"])}
        for order in orders
        if (held.get(order["order_id"]) == "sold") != (order["status"] in GOOD)
        or (order["status"] not in GOOD and held.get(order["order_id"]) == "promised")
    ]


Compare = Callable[[Mapping[str, Db]], Awaitable[list[dict[str, Any]]]]

ACROSS: tuple[tuple[str, tuple[str, ...], str, Compare], ...] = (
    ("I2", ("payments", "testbank"), "our ledger and the bank's book agree, payment by payment", _books_agree),
    (
        "I2",
        ("orders", "payments"),
        "a confirmed order is paid in full or in the part an operator took, an ended one keeps nobody's money",
        _orders_are_paid,
    ),
    (
        "I2",
        ("orders", "payments"),
        "what a legacy shop was paid for an order is in our books, and nothing else as its money",
        _money_of_the_legacy_shop,
    ),
    ("I3", ("orders", "payments"), "no money was taken without an order", _no_money_without_an_order),
    (
        "I18",
        ("orders", "inventory"),
        "stock is sold for confirmed orders and free again for ended ones",
        _stock_follows_orders,
    ),
)

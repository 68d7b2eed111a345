"""Stripe's own ledger: what each charge, refund, dispute and payout moves, what it costs, and the report of it."""

import csv
import io
from datetime import UTC, datetime

from banyan.kernel.money import exponent
from banyan.simulators.stripe.book import ApiError, Book, Obj

_DAY = 86_400
FEE_PERCENT, FEE_FIXED, DISPUTE_FEE = 290, 30, 1500  # hundredths of a percent; minor units
COLUMNS = (
    *(
        "balance_transaction_id",
        "created_utc",
        "created",
        "available_on_utc",
        "available_on",
        "currency",
        "gross",
        "fee",
    ),
    *("net", "reporting_category", "source_id", "description", "customer_facing_amount", "customer_facing_currency"),
    *("automatic_payout_id", "automatic_payout_effective_at", "customer_id", "charge_id", "payment_intent_id"),
    *("charge_created", "refund_id", "dispute_reason", "payment_metadata[payment_id]", "refund_metadata[reference]"),
)


def enter(book: Book, kind: str, source: Obj, amount: int, *, fee: int = 0, category: str = "") -> Obj:
    """A balance transaction: minor units, below zero for what leaves."""
    now = book.now()
    return book.add(
        "balance_transaction",
        "txn",
        amount=amount,
        available_on=now if kind == "payout" else now + 2 * _DAY,
        currency=source["currency"],
        description=source.get("description"),
        exchange_rate=None,
        fee=fee,
        fee_details=_details(fee, source["currency"]),
        net=amount - fee,
        reporting_category=category or kind,
        source=source["id"],
        status="pending",
        type=kind,
    )


def charged(book: Book, charge: Obj) -> None:
    """A captured charge, and Stripe's fee: 2.9 % and 30 minor units, rounded half up."""
    captured = charge["amount_captured"]
    fee = (captured * FEE_PERCENT + 5_000) // 10_000 + FEE_FIXED
    charge["balance_transaction"] = enter(book, "charge", charge, captured, fee=fee)["id"]


def _details(fee: int, currency: str) -> list[Obj]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]


def balance(book: Book) -> Obj:
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for each in book.money():
        where = "available" if each["available_on"] <= book.now() else "pending"
        sums[where][each["currency"]] = sums[where].get(each["currency"], 0) + each["net"]
    shown = {
        where: [{"amount": amount, "currency": currency} for currency, amount in sorted(of.items())] or []
        for where, of in sums.items()
    }
    return {"object": "balance", "livemode": False, **shown}


def payouts(book: Book) -> list[Obj]:
    """Pay out what is available and was not before, one payout for each currency that has some."""
    ready: dict[str, list[Obj]] = {}
    for each in book.money():
        if each["available_on"] <= book.now() and each["type"] != "payout" and each["id"] not in book.paid:
            ready.setdefault(each["currency"], []).append(each)
    return [made for currency, entries in sorted(ready.items()) if (made := _pay_out(book, currency, entries))]


def _pay_out(book: Book, currency: str, entries: list[Obj]) -> Obj | None:
    amount = sum(each["net"] for each in entries)
    if amount <= 0:
        return None
    made = book.add(
        "payout",
        "po",
        amount=amount,
        arrival_date=book.now() + 2 * _DAY,
        automatic=True,
        balance_transaction=None,
        currency=currency,
        description="STRIPE PAYOUT",
        destination=None,
        failure_balance_transaction=None,
        failure_code=None,
        failure_message=None,
        livemode=False,
        metadata={},
        method="standard",
        original_payout=None,
        reconciliation_status="completed",
        reversed_by=None,
        source_type="card",
        statement_descriptor=None,
        status="paid",
        type="bank_account",
    )
    made["balance_transaction"] = enter(book, "payout", made, -amount)["id"]
    for each in entries:
        each["status"] = "available"
        book.paid[each["id"]] = made["id"]
    book.tell("payout.created", made)
    book.tell("payout.paid", made)
    return made


def dispute(book: Book, charge: Obj, reason: str = "fraudulent") -> Obj:
    """The cardholder wants the money back: it is gone at once, with a fee."""
    if not charge["captured"] or charge["disputed"]:
        raise ApiError("This charge cannot be disputed.", code="charge_not_captured")
    charge["disputed"] = True
    amount = charge["amount_captured"] - charge["amount_refunded"]
    made = book.add(
        "dispute",
        "dp",
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        evidence={},
        evidence_details={
            "due_by": book.now() + 7 * _DAY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        livemode=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
    )
    entered = enter(book, "adjustment", made, -amount, fee=DISPUTE_FEE, category="dispute")
    made["balance_transactions"].append(entered)
    book.tell("charge.dispute.created", made)
    book.tell("charge.dispute.funds_withdrawn", made)
    return made


def end_dispute(book: Book, made: Obj, status: str) -> Obj:
    """`won`: the money comes back, the fee does not. `lost`: it stays away."""
    if made["status"] in ("won", "lost") or status not in ("won", "lost"):
        raise ApiError("This dispute is already closed.", code="dispute_already_closed")
    made["status"] = status
    if status == "won":
        made["balance_transactions"].append(
            enter(book, "adjustment", made, made["amount"], category="dispute_reversal")
        )
        book.tell("charge.dispute.funds_reinstated", made)
    book.tell("charge.dispute.closed", made)
    return made


def report(book: Book, begin: int, end: int) -> str:
    """The columns that count of Stripe's report `balance_change_from_activity.itemized.3`, as CSV; payouts are not activity."""
    told = io.StringIO()
    lines = csv.DictWriter(told, COLUMNS, lineterminator="\n")
    lines.writeheader()
    for each in book.money():
        if each["type"] != "payout" and begin <= each["created"] < end:
            lines.writerow(_line(book, each, book.of("payout").get(book.paid.get(each["id"], ""))))
    return told.getvalue()


def _line(book: Book, each: Obj, payout: Obj | None) -> dict[str, object]:
    source = each["source"]
    refund, disputed = book.of("refund").get(source), book.of("dispute").get(source)
    charge = book.of("charge")[(refund or disputed or {"charge": source})["charge"]]
    created, available = _utc(each["created"]), _utc(each["available_on"])
    amounts = {
        name: _major(each[part], each["currency"])
        for name, part in (("gross", "amount"), ("fee", "fee"), ("net", "net"))
    }
    return amounts | {
        "balance_transaction_id": each["id"],
        "created_utc": created,
        "created": created,
        "available_on_utc": available,
        "available_on": available,
        "currency": each["currency"],
        "reporting_category": each["reporting_category"],
        "source_id": source,
        "description": each["description"] or "",
        "customer_facing_amount": amounts["gross"],
        "customer_facing_currency": each["currency"],
        "automatic_payout_id": payout["id"] if payout else "",
        "automatic_payout_effective_at": _utc(payout["arrival_date"]) if payout else "",
        "customer_id": charge["customer"] or "",
        "charge_id": charge["id"],
        "payment_intent_id": charge["payment_intent"],
        "charge_created": _utc(charge["created"]),
        "refund_id": refund["id"] if refund else "",
        "dispute_reason": disputed["reason"] if disputed else "",
        "payment_metadata[payment_id]": charge["metadata"].get("payment_id", ""),
        "refund_metadata[reference]": refund["metadata"].get("reference", "") if refund else "",
    }


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _major(amount: int, currency: str) -> str:
    digits = exponent(currency.upper())
    whole, rest = divmod(abs(amount), 10**digits)
    return ("-" if amount < 0 else "") + (f"{whole}.{rest:0{digits}d}" if digits else str(whole))

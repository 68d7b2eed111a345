"""What PayPal reports of its book: the transaction search (v1/reporting) and the settlement report (STL, CSV)."""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from banyan.simulators.paypal.amounts import money
from banyan.simulators.paypal.book import Book, Entry, Refused

COLUMNS = (
    "Transaction ID", "Invoice ID", "PayPal Reference ID", "PayPal Reference ID Type", "Transaction Event Code",
    "Transaction Initiation Date", "Transaction Completion Date", "Transaction Debit or Credit",
    "Gross Transaction Amount", "Gross Transaction Currency", "Fee Debit or Credit", "Fee Amount", "Fee Currency",
    "Custom Field", "Consumer ID", "Payment Tracking ID", "Store ID", "Bank Reference ID", "Credit Transactional Fee",
    "Credit Promotional Fee", "Credit Term",
)  # fmt: skip
"""Of the settlement report, version 9 and later; amounts in it have neither sign nor decimal point."""
_LONGEST = timedelta(days=31)


def search(book: Book, asked: Mapping[str, str]) -> dict[str, Any]:
    """`GET /v1/reporting/transactions`: of at most 31 days, in pages."""
    try:
        start, end = (datetime.fromisoformat(asked[name].replace("Z", "+00:00")) for name in ("start_date", "end_date"))
        page, size = int(asked.get("page", "1")), int(asked.get("page_size", "100"))
    except (KeyError, ValueError):
        raise Refused("INVALID_PARAMETER_SYNTAX", 400) from None
    if not timedelta() <= end - start <= _LONGEST or not 1 <= size <= 500 or page < 1:
        raise Refused("INVALID_PARAMETER_VALUE", 400)
    found = [each for each in book.entries if start <= each.at <= end]
    shown = found[(page - 1) * size : page * size]
    return {
        "transaction_details": [{"transaction_info": _info(each)} for each in shown],
        "account_number": "QYR5Z8XDVJNXQ",
        "start_date": _time(start),
        "end_date": _time(end),
        "last_refreshed_datetime": _time(book.clock.now()),
        "page": page,
        "total_items": len(found),
        "total_pages": -(-len(found) // size),
        "links": [{"href": "https://api-m.paypal.com/v1/reporting/transactions", "rel": "self", "method": "GET"}],
    }


def _info(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "transaction_id": entry.id,
        "transaction_event_code": entry.code,
        "transaction_initiation_date": _time(entry.at),
        "transaction_updated_date": _time(entry.at),
        "transaction_amount": money(entry.amount, entry.currency),
        "transaction_status": "S",
    }
    if entry.fee:
        told["fee_amount"] = money(entry.fee, entry.currency)
    if entry.about:
        told |= {"paypal_reference_id": entry.about, "paypal_reference_id_type": "TXN"}
    if entry.invoice_id:
        told["invoice_id"] = entry.invoice_id
    if entry.custom_id:
        told["custom_field"] = entry.custom_id
    return told


def settlement(book: Book, day: date, merchant: str) -> str:
    """The settlement report of a day (UTC) as PayPal lays it out: RH, FH, then SH CH SB… SF SC, then RF and FF."""
    out = io.StringIO()
    write = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow
    rows = [each for each in book.entries if each.at.date() == day]
    start, end = f"{day:%Y/%m/%d} 00:00:00 +0000", f"{day:%Y/%m/%d} 23:59:59 +0000"
    write(["RH", f"{book.clock.now():%Y/%m/%d %H:%M:%S} +0000", "A", merchant, "011"])
    write(["FH", 1])
    write(["SH", start, end, merchant, ""])
    write(["CH", *COLUMNS])
    for each in rows:
        write(["SB", *_row(each)])
    for currency in sorted({each.currency for each in rows}):
        ours = [each for each in rows if each.currency == currency]
        credit = sum(each.amount for each in ours if each.amount > 0)
        debit = -sum(each.amount for each in ours if each.amount < 0)
        write(["SF", currency, credit, debit, 0, -sum(each.fee for each in ours)])
    write(["SC", len(rows)])
    write(["RF", len(rows)])
    write(["FF", len(rows)])
    return out.getvalue()


def _row(entry: Entry) -> list[object]:
    at = f"{entry.at:%Y/%m/%d %H:%M:%S} +0000"
    kind = "TXN" if entry.about else ""
    side = "CR" if entry.amount > 0 else "DR"
    fee = ("DR", -entry.fee, entry.currency) if entry.fee else ("", "", "")
    named = (entry.id, entry.invoice_id or "", entry.about or "", kind, entry.code, at, at, side)
    return [*named, abs(entry.amount), entry.currency, *fee, entry.custom_id or "", *[""] * 7]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

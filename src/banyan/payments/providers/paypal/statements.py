"""PayPal's movements: its transaction search (v1/reporting), its settlement report (STL, CSV), and dispute webhooks.

Transaction event codes: developer.paypal.com/docs/reports/reference/tcodes. The search is up to three hours behind.
"""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field

from banyan.foundation.service import Ports
from banyan.kernel.money import Money, exponent
from banyan.payments.domain.statement import Disputed, DisputeNews, Line, Moved, Statement
from banyan.payments.providers import Unclear, strict
from banyan.payments.providers.paypal import amounts
from banyan.payments.providers.paypal.shapes import Amount, Id, Shape
from banyan.payments.providers.paypal.wire import Wire
from banyan.payments.providers.sheets import LONGEST, when
from banyan.payments.providers.statements import Unreadable

_CODES = {"T0106": Moved.DISPUTE_FEE, "T1201": Moved.DISPUTE, "T1202": Moved.DISPUTE_REVERSAL}
_CODES |= {"T1110": Moved.DISPUTE, "T1111": Moved.DISPUTE_REVERSAL}  # held for a dispute, and let go of
_CLASSES = {"T00": Moved.PAYMENT, "T01": Moved.FEE, "T04": Moved.PAYOUT, "T11": Moved.REFUND}
_DONE = ("S", "V")  # of the search: succeeded, and reversed later (the reversal is a movement of its own)
_MONTH = timedelta(days=31)
_SIZE = 500
_WHOLE = frozenset({"HUF", "TWD"})  # written without digits that ISO 4217 gives them
_SEEN = {"BUYER": Disputed.LOST, "SELLER": Disputed.WON}
Moment = Annotated[datetime, Field(strict=False)]


class _Info(Shape):
    transaction_id: str
    transaction_event_code: str
    transaction_initiation_date: Moment
    transaction_amount: Amount
    transaction_status: str = "S"
    fee_amount: Amount | None = None
    paypal_reference_id: str = ""
    invoice_id: str = ""
    custom_field: str = ""


class _Detail(Shape):
    transaction_info: _Info


class _Page(Shape):
    transaction_details: list[_Detail]
    total_pages: int


class _Disputed(Shape):
    seller_transaction_id: str = ""
    invoice_number: str = ""


class _Outcome(Shape):
    outcome_code: str = ""


class _Dispute(Shape):
    dispute_id: Id
    status: str
    reason: str = ""
    create_time: Moment | None = None
    seller_response_due_date: Moment | None = None
    dispute_amount: Amount
    disputed_transactions: list[_Disputed] = []
    dispute_outcome: _Outcome = _Outcome()

    def news(self) -> DisputeNews:
        about = self.disputed_transactions[0] if self.disputed_transactions else _Disputed()
        return DisputeNews(
            id=self.dispute_id,
            state=self._state(),
            amount=self.dispute_amount.money(),
            payment_id=about.invoice_number,
            reason=self.reason.lower(),
            respond_by=self.seller_response_due_date,
            at=self.create_time,
        )

    def _state(self) -> Disputed:
        if self.status == "RESOLVED":
            code = self.dispute_outcome.outcome_code
            return next((state for word, state in _SEEN.items() if word in code), Disputed.WON)
        return Disputed.UNDER_REVIEW if self.status == "UNDER_REVIEW" else Disputed.NEEDS_RESPONSE


class PayPal:
    """`paypal`."""

    grace = timedelta(hours=4)

    def __init__(self) -> None:
        self._wire = Wire()

    async def fetch(self, ports: Ports, since: datetime, until: datetime) -> Statement:
        lines: dict[str, Line] = {}
        begin = since.replace(microsecond=0)
        while begin < until:
            end = min(begin + _MONTH, until)
            for each in await self._month(ports, begin, end):
                if since <= each.at < until:
                    lines[each.id] = each
            begin = end
        return Statement(list(lines.values()))

    async def _month(self, ports: Ports, begin: datetime, end: datetime) -> list[Line]:
        found: list[Line] = []
        page, pages = 1, 1
        while page <= pages:
            asked = {
                "start_date": _text(begin),
                "end_date": _text(end),
                "fields": "all",
                "page_size": _SIZE,
                "page": page,
            }
            answer = await self._wire.ask(ports, "GET", f"/v1/reporting/transactions?{urlencode(asked)}")
            if answer.status != 200:
                raise Unclear(f"PayPal answered {answer.status}")
            try:
                told = _Page.model_validate_json(answer.body)
                infos = [each.transaction_info for each in told.transaction_details]
                found += [_line(info) for info in infos if info.transaction_status in _DONE]
            except ValueError as why:
                raise Unclear("PayPal's report cannot be read") from why
            page, pages = page + 1, told.total_pages
        return found

    def read(self, text: str) -> Statement:
        if len(text) > LONGEST:
            raise Unreadable("it is too long")
        names: list[str] = []
        lines = []
        try:
            for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
                if row and row[0] == "CH":
                    names = row[1:]
                elif row and row[0] == "SB":
                    lines.append(_row(dict(zip(names, row[1:], strict=False))))
        except (csv.Error, KeyError, ValueError) as why:
            raise Unreadable(f"a row of it cannot be read ({why})") from why
        if not names:
            raise Unreadable("it has no column heads (CH)")
        return Statement(lines)

    def hear(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> tuple[str, Statement] | None:
        event: dict[str, Any] = json.loads(body)
        if not str(event.get("event_type", "")).startswith("CUSTOMER.DISPUTE."):
            return None
        try:
            return str(event["id"]), Statement(disputes=[_Dispute.model_validate(event["resource"]).news()])
        except (KeyError, ValueError) as why:
            raise strict.wrong("it is no dispute of PayPal") from why


def _kind(code: str) -> Moved:
    return _CODES.get(code) or _CLASSES.get(code[:3], Moved.OTHER)


def _line(info: _Info) -> Line:
    fee = -_signed(info.fee_amount).amount if info.fee_amount else 0
    return _made(
        info.transaction_id, info.transaction_event_code, _signed(info.transaction_amount), fee,
        info.transaction_initiation_date, info.invoice_id, info.custom_field,
    )  # fmt: skip


def _row(row: Mapping[str, str]) -> Line:
    """Amounts of the settlement report have neither sign nor decimal point."""
    currency = row["Gross Transaction Currency"]
    amount = _minor(int(row["Gross Transaction Amount"]), currency)
    fee = _minor(int(row["Fee Amount"] or "0"), currency)
    return _made(
        row["Transaction ID"], row["Transaction Event Code"],
        Money(amount if row["Transaction Debit or Credit"] == "CR" else -amount, currency),
        fee if row["Fee Debit or Credit"] != "CR" else -fee,
        when(row["Transaction Initiation Date"]), row["Invoice ID"], row["Custom Field"],
    )  # fmt: skip


def _made(name: str, code: str, amount: Money, fee: int, at: datetime, invoice: str, custom: str) -> Line:
    """`invoice` is our payment's id; `custom` likewise, and of a refund our reference."""
    kind = _kind(code)
    reference = custom if kind is Moved.REFUND and custom != invoice else ""
    return Line(name, kind, name, amount, at, fee, payment_id=invoice, reference=reference)


def _signed(told: Amount) -> Money:
    amount = amounts.money(told.value.removeprefix("-"), told.currency_code)
    return -amount if told.value.startswith("-") else amount


def _minor(number: int, currency: str) -> int:
    return number * 10 ** exponent(currency) if currency in _WHOLE else number


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

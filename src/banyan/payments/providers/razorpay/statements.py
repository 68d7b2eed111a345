"""Razorpay's settlement reconciliation (`/settlements/recon/combined`), as API and as CSV, and dispute webhooks.

It tells of what was settled: a payment stands in it days after it was captured. Payouts are added up from its rows.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BeforeValidator

from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.payments.domain.statement import Disputed, DisputeNews, Line, Moved, Statement
from banyan.payments.providers import Unclear, strict
from banyan.payments.providers.razorpay.shapes import MARK, Notes, Shape
from banyan.payments.providers.razorpay.wire import ask, unclear
from banyan.payments.providers.sheets import rows
from banyan.payments.providers.statements import Unreadable

_COUNT = 1000  # rows of a page
_NEEDED = {"entity_id", "type", "debit", "credit", "currency", "fee", "settlement_id", "settled_at", "created_at"}
_STATES = {
    "open": Disputed.NEEDS_RESPONSE,
    "under_review": Disputed.UNDER_REVIEW,
    "won": Disputed.WON,
    "closed": Disputed.WON,
    "lost": Disputed.LOST,
}
_DISPUTES = "payment.dispute."
Number = Annotated[int, BeforeValidator(lambda told: int(told or 0))]
Text = Annotated[str, BeforeValidator(lambda told: "" if told is None else str(told))]


class _Row(Shape):
    entity_id: str
    type: str
    debit: Number
    credit: Number
    fee: Number
    currency: str
    created_at: Number
    settled_at: Number
    settlement_id: Text = ""
    payment_id: Text = ""
    dispute_id: Text = ""
    order_receipt: Text = ""
    notes: Notes = {}

    def line(self) -> Line:
        """A fee is in what was credited already; of a debit it is taken besides."""
        amount = self.credit - self.debit + (self.fee if self.credit else 0)
        return Line(
            id=self.entity_id,
            kind=self._kind(),
            source=self.dispute_id or self.entity_id,
            amount=Money(amount, self.currency),
            at=datetime.fromtimestamp(self.created_at, UTC),
            fee=self.fee if self.credit else 0,
            payment_id=self.notes.get(MARK, "") or self.order_receipt,
            charge_id=self.entity_id if self.type == "payment" else self.payment_id,
        )

    def _kind(self) -> Moved:
        if self.dispute_id and self.type in ("adjustment", "dispute"):
            return Moved.DISPUTE if self.debit else Moved.DISPUTE_REVERSAL
        return {"payment": Moved.PAYMENT, "refund": Moved.REFUND}.get(self.type, Moved.OTHER)


class _Rows(Shape):
    items: list[_Row]


class _Dispute(Shape):
    id: str
    payment_id: str
    amount: int
    currency: str
    status: str
    reason_code: Text = ""
    respond_by: int | None = None
    created_at: int

    def news(self) -> DisputeNews:
        return DisputeNews(
            id=self.id,
            state=_STATES.get(self.status, Disputed.NEEDS_RESPONSE),
            amount=Money(self.amount, self.currency),
            charge_id=self.payment_id,
            reason=self.reason_code,
            respond_by=datetime.fromtimestamp(self.respond_by, UTC) if self.respond_by else None,
            at=datetime.fromtimestamp(self.created_at, UTC),
        )


class Razorpay:
    """`razorpay`."""

    grace = timedelta(days=7)

    async def fetch(self, ports: Ports, since: datetime, until: datetime) -> Statement:
        """By the day on which things were settled."""
        found: list[_Row] = []
        day = since.astimezone(UTC).date()
        while day <= until.astimezone(UTC).date():
            found += await _day(ports, day.year, day.month, day.day)
            day += timedelta(days=1)
        return _told(each for each in found if since.timestamp() <= each.settled_at < until.timestamp())

    def read(self, text: str) -> Statement:
        try:
            return _told([_Row.model_validate(each) for each in rows(text, _NEEDED)])
        except Unreadable:
            raise
        except ValueError as why:
            raise Unreadable("a row of it cannot be read") from why

    def hear(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> tuple[str, Statement] | None:
        event: dict[str, Any] = json.loads(body)
        if not str(event.get("event", "")).startswith(_DISPUTES):
            return None
        try:
            dispute = _Dispute.model_validate(event["payload"]["dispute"]["entity"])
        except (KeyError, TypeError, ValueError) as why:
            raise strict.wrong("it is no dispute of Razorpay") from why
        return headers.get("x-razorpay-event-id", ""), Statement(disputes=[dispute.news()])


async def _day(ports: Ports, year: int, month: int, day: int) -> list[_Row]:
    found: list[_Row] = []
    while True:
        query = urlencode({"year": year, "month": month, "day": day, "count": _COUNT, "skip": len(found)})
        answer = await ask(ports, "GET", f"/settlements/recon/combined?{query}")
        if answer.status != 200:
            raise unclear(answer)
        try:
            told = _Rows.model_validate_json(answer.body).items
        except ValueError as why:
            raise Unclear("Razorpay's report cannot be read") from why
        found += told
        if len(told) < _COUNT:
            return found


def _told(found: Iterable[_Row]) -> Statement:
    """The rows, and a payout for each settlement and currency: what the rows of it come to."""
    lines: list[Line] = []
    payouts: dict[tuple[str, str], tuple[int, int]] = {}
    for row in found:
        line = row.line()
        lines.append(line)
        if row.settlement_id:
            before, at = payouts.get((row.settlement_id, row.currency), (0, row.settled_at))
            payouts[row.settlement_id, row.currency] = before + line.net, at
    for (settlement, currency), (amount, at) in payouts.items():
        name = settlement if currency == "INR" else f"{settlement}.{currency}"
        moment = datetime.fromtimestamp(at, UTC)
        lines.append(Line(name, Moved.PAYOUT, settlement, Money(-amount, currency), moment))
    return Statement(lines)

"""Razorpay's settlement reconciliation (`/settlements/recon/combined`), as API and as CSV; webhooks of settlements and disputes.

It tells of what was settled: a payment stands in it days after it was captured. Payouts are added up from its rows, which is
what `settlement.processed` tells as one sum (razorpay.com/docs/webhooks/settlements): the same payout, under the same name.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field

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
_DISPUTES, _SETTLED = "payment.dispute.", "settlement.processed"
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


class _Settlement(Shape):
    """It names no currency: an account is paid out in that of its country."""

    id: Annotated[str, Field(pattern="^setl_[A-Za-z0-9]{1,40}$")]
    entity: Literal["settlement"]
    amount: Annotated[int, Field(ge=1, le=2**53 - 1)]
    status: Literal["processed"]
    created_at: Annotated[int, Field(ge=0, le=2**40)]


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
        kind, event_id = str(event.get("event", "")), headers.get("x-razorpay-event-id", "")
        try:
            if kind == _SETTLED:
                settled = _Settlement.model_validate(event["payload"]["settlement"]["entity"])
                return event_id, Statement([_settled(settled, ports.settings.razorpay_settles_in)])
            if kind.startswith(_DISPUTES):
                dispute = _Dispute.model_validate(event["payload"]["dispute"]["entity"])
                return event_id, Statement(disputes=[dispute.news()])
        except (KeyError, TypeError, ValueError) as why:
            raise strict.wrong("it is no dispute or settlement of Razorpay") from why
        return None


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
    lines += [_payout(settlement, Money(amount, of), at) for (settlement, of), (amount, at) in payouts.items()]
    return Statement(lines)


def _settled(it: _Settlement, currency: str) -> Line:
    return _payout(it.id, Money(it.amount, currency), it.created_at)


def _payout(settlement: str, amount: Money, at: int) -> Line:
    """By one name, whoever tells of it."""
    name = settlement if amount.currency == "INR" else f"{settlement}.{amount.currency}"
    return Line(name, Moved.PAYOUT, settlement, -amount, datetime.fromtimestamp(at, UTC))

"""Stripe's balance transactions (docs.stripe.com/reports/reporting-categories), by API, in its itemized CSV, and in webhooks.

By CSV: *Balance change from activity, itemized*, and *Payouts, itemized*; the first has no payouts.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from banyan.foundation.service import Ports
from banyan.kernel.money import Money, parse
from banyan.payments.domain.statement import Disputed, DisputeNews, Line, Moved, Statement
from banyan.payments.providers import Unclear, strict
from banyan.payments.providers.sheets import rows, when
from banyan.payments.providers.statements import Unreadable
from banyan.payments.providers.stripe import amounts, wire
from banyan.payments.providers.stripe.shapes import Id, Metadata, Shaped
from banyan.payments.providers.stripe.wire import Refused, Value

_KINDS = {
    "charge": Moved.PAYMENT,
    "refund": Moved.REFUND,
    "refund_failure": Moved.REFUND_RETURNED,
    "dispute": Moved.DISPUTE,
    "dispute_reversal": Moved.DISPUTE_REVERSAL,
    "fee": Moved.FEE,
    "network_cost": Moved.FEE,
    "tax": Moved.FEE,
    "payout": Moved.PAYOUT,
    "payout_reversal": Moved.PAYOUT,
}
_STATES = {
    "needs_response": Disputed.NEEDS_RESPONSE,
    "warning_needs_response": Disputed.NEEDS_RESPONSE,
    "under_review": Disputed.UNDER_REVIEW,
    "warning_under_review": Disputed.UNDER_REVIEW,
    "won": Disputed.WON,
    "warning_closed": Disputed.WON,
    "lost": Disputed.LOST,
}
_NEEDED = {"balance_transaction_id", "currency", "gross", "fee", "reporting_category"}
_PAGES = 1_000  # of 100
_DISPUTES = "charge.dispute."


class _Source(Shaped):
    """What a balance transaction is of: a charge, refund, dispute or payout."""

    id: Id
    object: str
    metadata: Metadata = Metadata()
    payment_intent: Id | None = None


class _Entry(Shaped):
    id: Id
    amount: int
    fee: int
    currency: str
    created: int
    reporting_category: str
    source: _Source | Id | None = None


class _Evidence(Shaped):
    due_by: int | None = None


class _Dispute(Shaped):
    id: Id
    object: Literal["dispute"]
    amount: int
    currency: str
    status: str
    reason: str = ""
    created: int
    payment_intent: Id | None = None
    metadata: Metadata = Metadata()
    balance_transactions: list[_Entry] = []
    evidence_details: _Evidence = _Evidence()

    def news(self) -> DisputeNews:
        return DisputeNews(
            id=self.id,
            state=_STATES.get(self.status, Disputed.NEEDS_RESPONSE),
            amount=amounts.told(self.amount, self.currency),
            charge_id=self.payment_intent or "",
            reason=self.reason,
            respond_by=_moment(self.evidence_details.due_by) if self.evidence_details.due_by else None,
            at=_moment(self.created),
        )

    def lines(self) -> list[Line]:
        charge = self.payment_intent or ""
        return [_line(each, self.id, Metadata(), charge) for each in self.balance_transactions]


class _Payout(Shaped):
    id: Id
    object: Literal["payout"]
    amount: int
    currency: str
    created: int
    balance_transaction: Id | None = None


class Stripe:
    """`stripe`."""

    grace = timedelta(hours=2)

    async def fetch(self, ports: Ports, since: datetime, until: datetime) -> Statement:
        asked: dict[str, Value] = {
            "limit": 100,
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "expand": ["data.source"],
        }
        lines: list[Line] = []
        disputes: dict[str, DisputeNews] = {}
        for _ in range(_PAGES):
            page = await _page(ports, asked)
            for entry, raw in page:
                source = entry.source if isinstance(entry.source, _Source) else None
                name = source.id if source else entry.source if isinstance(entry.source, str) else ""
                charge = (source.payment_intent if source else None) or ""
                lines.append(_line(entry, name, source.metadata if source else Metadata(), charge))
                if source and source.object == "dispute":
                    disputes[source.id] = _dispute(raw["source"]).news()
            if len(page) < 100:
                return Statement(lines, list(disputes.values()))
            asked = asked | {"starting_after": page[-1][0].id}
        raise Unclear("Stripe has too many movements in this time; ask for a shorter one")

    def read(self, text: str) -> Statement:
        found = rows(text, _NEEDED)
        activity = "payout_id" not in found[0] if found else True
        return Statement([_row(each) for each in found], silent=frozenset({Moved.PAYOUT} if activity else set()))

    def hear(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> tuple[str, Statement] | None:
        event = strict.read(body, fractions=True)
        kind, told = str(event.get("type", "")), event.get("data", {}).get("object", {})
        try:
            if kind.startswith(_DISPUTES):
                dispute = _dispute(told)
                return str(event["id"]), Statement(dispute.lines(), [dispute.news()])
            if kind == "payout.paid":
                payout = _Payout.model_validate(told)
                if payout.balance_transaction is None:
                    return None
                amount = amounts.told(-payout.amount, payout.currency)
                line = Line(payout.balance_transaction, Moved.PAYOUT, payout.id, amount, _moment(payout.created))
                return str(event["id"]), Statement([line])
        except (KeyError, ValueError) as why:
            raise strict.wrong("it does not have Stripe's shape") from why
        return None


async def _page(ports: Ports, asked: Mapping[str, Value]) -> list[tuple[_Entry, dict[str, Any]]]:
    try:
        said = await wire.get(ports, "/v1/balance_transactions", asked)
        raw: list[dict[str, Any]] = json.loads(said.body)["data"]
        return [(_Entry.model_validate(each), each) for each in raw]
    except Refused as no:
        raise Unclear(f"Stripe refuses to tell: {no.reason}") from None
    except (KeyError, TypeError, ValueError) as why:
        raise Unclear("Stripe's report cannot be read") from why


def _dispute(told: object) -> _Dispute:
    return _Dispute.model_validate(told)


def _line(entry: _Entry, source: str, ours: Metadata, charge: str) -> Line:
    return Line(
        id=entry.id,
        kind=_KINDS.get(entry.reporting_category, Moved.OTHER),
        source=source,
        amount=amounts.told(entry.amount, entry.currency),
        at=_moment(entry.created),
        fee=amounts.told(entry.fee, entry.currency).amount,
        payment_id=ours.payment_id or "",
        reference=ours.reference or "",
        charge_id=charge,
    )


def _row(row: Mapping[str, str]) -> Line:
    currency = row["currency"].upper()
    try:
        amount, fee = parse(row["gross"], currency), parse(row["fee"] or "0", currency)
        category = row["reporting_category"]
        at = when(row.get("created_utc") or row.get("effective_at_utc") or row.get("created") or "")
    except ValueError as why:
        raise Unreadable(str(why)) from why
    return Line(
        id=row["balance_transaction_id"],
        kind=_KINDS.get(category, Moved.OTHER),
        source=row.get("source_id") or row.get("payout_id") or "",
        amount=Money(amount.amount, currency),
        at=at,
        fee=fee.amount,
        payment_id=row.get("payment_metadata[payment_id]", ""),
        reference=row.get("refund_metadata[reference]", ""),
        charge_id=row.get("payment_intent_id", ""),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

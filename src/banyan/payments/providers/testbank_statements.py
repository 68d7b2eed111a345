"""The test bank's report: captures and refunds, by its API and as CSV. It takes no fee, and pays nothing out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.payments.domain.statement import Line, Moved, Statement
from banyan.payments.providers import Unclear
from banyan.payments.providers.sheets import rows, when
from banyan.payments.providers.statements import Unreadable
from banyan.payments.providers.testbank import ask

_KINDS = {"capture": Moved.PAYMENT, "refund": Moved.REFUND}
_NEEDED = {"id", "kind", "reference", "charge_reference", "amount", "currency", "made_at"}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    kind: str
    reference: str
    charge_reference: str
    charge_id: str
    amount: int
    currency: str
    made_at: datetime

    def line(self) -> Line:
        return Line(
            id=self.id,
            kind=_KINDS.get(self.kind, Moved.OTHER),
            source=self.charge_id,
            amount=Money(self.amount, self.currency),
            at=self.made_at,
            payment_id=self.charge_reference,
            reference=self.reference if self.kind == "refund" else "",
            charge_id=self.charge_id,
        )


class _Page(BaseModel):
    items: list[_Entry]
    next: str | None


class Testbank:
    """`testbank`."""

    grace = timedelta(minutes=5)

    async def fetch(self, ports: Ports, since: datetime, until: datetime) -> Statement:
        lines: list[Line] = []
        asked = {"since": _text(since), "until": _text(until), "after": ""}
        while True:
            answer = await ask(ports, "GET", f"/bank/report?{urlencode(asked)}")
            if answer.status != 200:
                raise Unclear(f"the bank answered {answer.status}")
            try:
                page = _Page.model_validate_json(answer.body)
                lines += [each.line() for each in page.items]
            except ValueError as why:
                raise Unclear("the bank's report cannot be read") from why
            if page.next is None:
                return Statement(lines)
            asked["after"] = page.next

    def read(self, text: str) -> Statement:
        try:
            found = [row | {"made_at": when(row["made_at"]).isoformat()} for row in rows(text, _NEEDED)]
            return Statement([_Entry.model_validate(row).line() for row in found])
        except Unreadable:
            raise
        except ValueError as why:
            raise Unreadable("a row of it cannot be read") from why

    def hear(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> tuple[str, Statement] | None:
        return None


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

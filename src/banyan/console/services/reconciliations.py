"""Reconciliation over HTTP: comparisons with providers' reports, what differs, and why."""

from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money

_AT = "/v1/reconciliations"


class Total(Seen):
    ours: Money
    theirs: Money
    timing: Money
    unexplained: Money


class Run(Seen):
    id: str
    provider: str
    source: str
    since: datetime
    until: datetime
    made_by: str = ""
    made_at: datetime
    lines: int
    new_lines: int
    booked: int
    totals: tuple[Total, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether every minor unit is explained."""
        return not any(each.unexplained.amount for each in self.totals)


class Difference(Seen):
    id: str
    provider: str
    subject: str
    kind: str
    ours: Money
    theirs: Money
    payment_id: str | None = None
    at: datetime
    found_at: datetime


async def runs(line: Line, cursor: str) -> Page[Run]:
    return await line.get(Page[Run], "payments", _AT, [("cursor", cursor)] if cursor else [])


async def open_differences(line: Line) -> Page[Difference]:
    return await line.get(Page[Difference], "payments", f"{_AT}/differences", [("limit", "100")])


async def upload(line: Line, provider: str, report: str) -> Run:
    return shaped(Run, await line.send("payments", "POST", f"{_AT}/reports", {"provider": provider, "report": report}))


async def explain(line: Line, difference: str, why: str) -> None:
    await line.send("payments", "POST", f"{_AT}/differences/{segment(difference)}/explanation", {"why": why})

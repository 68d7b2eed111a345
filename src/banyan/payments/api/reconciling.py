"""Reconciliation over HTTP, for operators: compare with a provider's report, see what differs, say why; the trial balance."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, Who
from banyan.kernel.money import Money
from banyan.kernel.refusals import Malformed
from banyan.payments import actions
from banyan.payments.providers.desk import Desk

Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
OfProvider = Annotated[str | None, Query(pattern="^[a-z][a-z0-9_]{0,39}$")]
RunId = Annotated[str, Path(pattern="^rec_[0-9a-z]{26}$")]
DifferenceId = Annotated[str, Path(pattern="^dif_[0-9a-z]{26}$")]
Moment = Annotated[datetime, Field(description="with its zone, as 2026-01-31T00:00:00Z")]


class NewReconciliation(web.Body):
    """Read the provider's report from `since` up to, not including, `until`: at most 92 days."""

    provider: Name
    since: Moment
    until: Moment


class UploadedReport(web.Body):
    """A report as the provider publishes it, as text."""

    provider: Name
    report: Annotated[str, Field(min_length=1, max_length=950_000)]


class NewExplanation(web.Body):
    why: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ShownTotal(BaseModel):
    """How the balance moved by their report and by our ledger; what a later report will settle; what nobody explained."""

    ours: Money
    theirs: Money
    timing: Money
    unexplained: Money


class ShownReconciliation(BaseModel):
    """`booked`: transfers that the ledger had not had. `made_by` is empty for the nightly one."""

    id: str
    provider: str
    source: Literal["api", "csv"]
    since: datetime
    until: datetime
    made_by: str
    made_at: datetime
    lines: int
    new_lines: int
    booked: int
    totals: list[ShownTotal]


class ShownReconciliations(BaseModel):
    items: list[ShownReconciliation]
    next_cursor: str | None


class ShownDifference(BaseModel):
    """`subject` is the provider's id of its line, or ours of a transfer."""

    id: str
    provider: str
    subject: str
    kind: Literal["ours_only", "theirs_only", "amount", "currency", "duplicate", "timing"]
    ours: Money
    theirs: Money
    payment_id: str | None
    at: datetime
    found_at: datetime
    closed_at: datetime | None
    who: str | None
    why: str | None
    explained_at: datetime | None


class ShownDifferences(BaseModel):
    items: list[ShownDifference]
    next_cursor: str | None


class ShownAccount(BaseModel):
    account: str
    amount: Money


class TrialBalance(BaseModel):
    """Debits above zero, credits below; of each currency the sum is zero."""

    items: list[ShownAccount]
    next_cursor: str | None


def routes(desk: Desk, ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/reconciliations", tags=["reconciliation"])
    _reading(router, ports)
    _comparing(router, desk, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    @router.get("", responses={200: {"model": ShownReconciliations}}, response_model=None)
    async def list_reconciliations(
        who: Who, provider: OfProvider = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Response:
        """Comparisons with providers' reports, newest first. Needs `payments:read`."""
        who.must("payments:read")
        items = await actions.reconciliations(ports, provider=provider, below=_below(cursor, "rec_"), limit=limit + 1)
        return _page([_run(each) for each in items], limit)

    @router.get("/differences", responses={200: {"model": ShownDifferences}}, response_model=None)
    async def list_differences(
        who: Who,
        provider: OfProvider = None,
        only_open: Annotated[bool, Query(description="neither settled since nor explained")] = True,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """What is not the same in both books, newest first. Needs `payments:read`."""
        who.must("payments:read")
        items = await actions.differences(
            ports, provider=provider, below=_below(cursor, "dif_"), only_open=only_open, limit=limit + 1
        )
        return _page([_difference(each) for each in items], limit)

    @router.get("/balance", responses={200: {"model": TrialBalance}}, response_model=None)
    async def trial_balance(who: Who) -> Response:
        """The ledger's trial balance: every account in every currency. Needs `payments:read`."""
        who.must("payments:read")
        found = await actions.trial_balance(ports)
        return web.page([{"account": account, "amount": amount} for account, amount in found], None)

    @router.get("/{reconciliation_id}", responses={200: {"model": ShownReconciliation}}, response_model=None)
    async def read_reconciliation(reconciliation_id: RunId, who: Who) -> Response:
        """One comparison. Needs `payments:read`."""
        who.must("payments:read")
        return web.json(_run(await actions.reconciliation(ports, reconciliation_id)))


def _comparing(router: APIRouter, desk: Desk, ports: Ports) -> None:
    made: dict[int | str, dict[str, Any]] = {201: {"model": ShownReconciliation}}

    @router.post("", status_code=201, responses=made, response_model=None)
    async def reconcile(asked: NewReconciliation, who: Who) -> Response:
        """Compare with the provider's own report now. Twice is as once. Needs `payments:write`."""
        who.must("payments:write")
        if asked.since.tzinfo is None or asked.until.tzinfo is None:
            raise Malformed("send times with their zone", code="no_zone")
        run = await actions.reconcile(desk, ports, asked.provider, asked.since, asked.until, who.signed_in())
        return web.json(_run(run), 201)

    @router.post("/reports", status_code=201, responses=made, response_model=None)
    async def upload_report(asked: UploadedReport, who: Who) -> Response:
        """Compare with a report that was downloaded from the provider (CSV). Twice is as once. Needs `payments:write`."""
        who.must("payments:write")
        return web.json(
            _run(await actions.reconcile_file(desk, ports, asked.provider, asked.report, who.signed_in())), 201
        )

    @router.post(
        "/differences/{difference_id}/explanation",
        status_code=201,
        responses={201: {"model": ShownDifference}},
        response_model=None,
    )
    async def explain(difference_id: DifferenceId, asked: NewExplanation, who: Who) -> Response:
        """Say why a difference is as it should be. It cannot be taken back. Needs `payments:write`."""
        who.must("payments:write")
        return web.json(_difference(await actions.explain(ports, difference_id, who.signed_in(), asked.why)), 201)


def _below(cursor: str | None, prefix: str) -> str | None:
    place = web.place(cursor, str)
    if place and not place[0].startswith(prefix):
        raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
    return place[0] if place else None


def _page(items: list[dict[str, Any]], limit: int) -> Response:
    return web.page(items[:limit], web.cursor(items[limit - 1]["id"]) if len(items) > limit else None)


def _run(run: dict[str, Any]) -> dict[str, Any]:
    totals = [
        {name: Money(each[name], each["currency"]) for name in ("ours", "theirs", "timing", "unexplained")}
        for each in run["totals"]
    ]
    return {name: run[name] for name in ShownReconciliation.model_fields if name != "totals"} | {"totals": totals}


def _difference(of: dict[str, Any]) -> dict[str, Any]:
    told = {name: of[name] for name in ShownDifference.model_fields}
    sums = {name: Money(of[name], of["currency"]) for name in ("ours", "theirs")}
    return told | sums | {"payment_id": of["payment_id"] or None}

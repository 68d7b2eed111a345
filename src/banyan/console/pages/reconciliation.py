"""Reconciliation: providers' reports beside our ledger, what differs, why it may, and a report to be uploaded."""

import asyncio

from starlette.responses import Response

from banyan.console.services import reconciliations
from banyan.console.services.parts import part
from banyan.console.visit import Visit
from banyan.kernel.refusals import Refusal

REPORTING = ("stripe", "paypal", "razorpay", "testbank")
PAGE = "/console/reconciliation"


async def reconciliation(visit: Visit) -> Response:
    """`/console/reconciliation`"""
    return await _page(visit)


async def upload(visit: Visit) -> Response:
    """`POST /console/reconciliation`"""
    try:
        run = await reconciliations.upload(visit.line, visit.form["provider"], visit.form["report"])
    except Refusal as refusal:
        if refusal.status in (401, 403):
            raise
        return await _page(visit, refusal)
    return visit.to(PAGE, "all-explained" if run.settled else "not-explained")


async def explain(visit: Visit) -> Response:
    """`POST /console/reconciliation/{id}`"""
    try:
        await reconciliations.explain(visit.line, visit.path["id"], visit.form["why"])
    except Refusal as refusal:
        if refusal.status in (401, 403, 404):
            raise
        return await _page(visit, refusal)
    return visit.to(PAGE, "explained")


async def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    runs, left = await asyncio.gather(
        part(reconciliations.runs(visit.line, visit.query["cursor"])),
        part(reconciliations.open_differences(visit.line)),
    )
    if runs.refusal is not None and runs.refusal.status == 403:
        raise runs.refusal
    return await visit.page(
        "reconciliation.html",
        refusal.status if refusal else 200,
        runs=runs,
        left=left,
        refusal=refusal,
        providers=REPORTING,
    )

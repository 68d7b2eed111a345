"""Accounts that were closed to be forgotten, and how far each is."""

from starlette.responses import Response

from banyan.console.pages.listing import listing
from banyan.console.services import users as services
from banyan.console.visit import Visit
from banyan.kernel.refusals import Refusal


async def erasures(visit: Visit) -> Response:
    """`/console/erasures`"""
    return await listing(visit, "erasures.html", services.erasures(visit.line, cursor=visit.query["cursor"]))


async def call_off(visit: Visit) -> Response:
    """`POST /console/erasures/{id}/call-off`"""
    try:
        await services.call_off(visit.line, visit.path["id"])
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return visit.to("/console/erasures", "erasure-begun")
    return visit.to("/console/erasures", "erasure-called-off")

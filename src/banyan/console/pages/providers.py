"""Payment providers: which of them the shop deals with, and which operations of theirs are not asked for just now."""

from starlette.responses import Response

from banyan.console.pages.listing import listing
from banyan.console.services import payments
from banyan.console.visit import Visit


async def providers(visit: Visit) -> Response:
    """`/console/payment-providers`"""
    return await listing(visit, "providers.html", payments.providers(visit.line))

"""Who holds what: reservations of carts and orders, and the end of a cart's hold by hand."""

from starlette.responses import Response

from banyan.console.asking import Question, ask_first
from banyan.console.pages.listing import listing
from banyan.console.services import stock
from banyan.console.shown import counted
from banyan.console.visit import Visit
from banyan.kernel.refusals import Refusal

FILTERS = ("state", "sku", "order_id", "cart_id")


async def reservations(visit: Visit) -> Response:
    """`/console/reservations`"""
    found = stock.reservations(visit.line, visit.asked(*FILTERS, "cursor"))
    return await listing(visit, "reservations.html", found, asked=visit.asked(*FILTERS), states=stock.STATES)


async def release(visit: Visit) -> Response:
    """`POST /console/reservations/{id}/release`"""
    hold = await stock.reservation(visit.line, visit.path["id"])

    async def act(_: str) -> Response:
        await stock.release(visit.line, hold.id)
        return visit.to("/console/reservations?state=held", "released")

    async def again(refusal: Refusal) -> Response:
        raise refusal

    lines = [(line.sku, counted(line.quantity, "unit")) for line in hold.lines]
    facts = [("Hold", hold.id), ("Cart", hold.cart_id or "–"), *lines]
    note = "The shopper may still order, if there are units left then."
    question = Question("End this hold?", facts, "End the hold", "/console/reservations?state=held", note=note)
    return await ask_first(visit, question, act, again)

"""One order with all that belongs to it: lines, money, ledger, stock, parcels, and the story of its events."""

from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response

from banyan.console.asking import status_of
from banyan.console.services import orders, payments, stock
from banyan.console.services.parts import parts
from banyan.console.visit import Visit
from banyan.kernel.refusals import Refusal


async def order(visit: Visit) -> Response:
    """`/console/orders/{id}`"""
    return await shown(visit)


async def shown(visit: Visit, refusal: Refusal | None = None) -> Response:
    """The page; `refusal`: of what was to be done with the order."""
    order_id = visit.path["id"]
    found = await orders.read(visit.line, order_id)
    asked: dict[str, Awaitable[Any]] = {"events": orders.events(visit.line, order_id)}
    if visit.who.may("payments:read"):
        asked["paid"] = payments.of_order(visit.line, order_id)
    if visit.who.may("stock:read"):
        asked["held"] = stock.reservations(visit.line, {"order_id": order_id})
    got = dict(zip(asked, await parts(*asked.values()), strict=True))
    return await visit.page("order.html", status_of(refusal, {}), order=found, got=got, refusal=refusal)

"""An order's page: how it stands, its story, and what can still be done about it."""

import asyncio

from starlette.responses import Response

from banyan.foundation.face.line import or_none
from banyan.foundation.face.places import segment, with_query
from banyan.kernel.refusals import Refusal
from banyan.storefront import addresses, basket, countries, story
from banyan.storefront.shop_api import orders
from banyan.storefront.shop_api.shapes import Order
from banyan.storefront.visit import Visit

_CANCELLABLE = ("processing", "confirmed")
_PATIENT = 15  # seconds
_AGAIN = (1, 1, 2, 3, 5)  # seconds between two looks at an order that is still moving, then always the last


async def order(visit: Visit) -> Response:
    """`/orders/{id}`, for a guest with the `access` of its link."""
    order_id, access = visit.path["id"], visit.query["access"]
    found, events = await asyncio.gather(
        orders.read(visit.line, order_id, access), or_none(orders.events(visit.line, order_id, access))
    )
    looks = visit.query.count("look", 0, least=0, most=60)
    again = with_query(f"/orders/{segment(order_id)}", [("access", access), ("look", str(looks + 1))])
    if found.next_action and visit.query["go"]:
        refresh = f"0;url={found.next_action.url}"
    else:
        refresh = f"{_pause(found, looks)};url={again}" if found.moving and looks < 60 else ""
    return await visit.page(
        "order.html",
        order=found,
        access=access,
        standing=story.standing(found),
        steps=story.steps(events or ()),
        address_lines=addresses.lines(
            found.address, countries.COUNTRIES.get(found.address.country, found.address.country)
        ),
        cancellable=found.status in _CANCELLABLE and not any(line.fulfilled for line in found.lines),
        refresh=refresh,
    )


def _pause(found: Order, looks: int) -> int:
    """Seconds until the page looks again; while the shopper is asked to confirm the payment, there is time to read it."""
    return _PATIENT if found.next_action else _AGAIN[min(looks, len(_AGAIN) - 1)]


async def come_back(visit: Visit) -> Response:
    """`/checkout/return/{id}`: the shopper is back from the payment provider, and the payment is looked at.

    Whatever else the address says is the provider's way of speaking, and may be anybody's: nothing of it is read.
    """
    order_id, access = visit.path["id"], visit.query["access"]
    await orders.settle(visit.line, order_id, access)
    await or_none(basket.find(visit))  # it is open again where the payment failed, and over where it did not
    return visit.to(with_query(f"/orders/{segment(order_id)}", [("access", access)] if access else []))


async def cancel(visit: Visit) -> Response:
    """`POST /orders/{id}/cancel`"""
    order_id = visit.path["id"]
    here = with_query(f"/orders/{segment(order_id)}", [("access", visit.form["access"])])
    try:
        await orders.cancel(visit.line, order_id, key=visit.form["key"])
    except Refusal as refusal:
        if refusal.status not in (404, 409):
            raise
        return visit.to(here, "not-cancelled" if refusal.status == 409 else "not-yours-to-cancel")
    return visit.to(here, "cancelled")

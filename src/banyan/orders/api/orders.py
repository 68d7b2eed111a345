"""Orders over HTTP: reading them, and what operators and shoppers may do with them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from banyan.contracts.orders import OrderStatus
from banyan.foundation import web
from banyan.foundation.express import short
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, MaybeKey, SureKey, Who, told
from banyan.kernel.refusals import Invalid, Malformed
from banyan.orders.actions import cancelling, confirming, forgetting, fulfilling, one_click, reading, refunding
from banyan.orders.api.answers import AWAY, private
from banyan.orders.api.bodies import (
    CancelBody,
    FulfilmentBody,
    OneClickBody,
    RefundBody,
    Words,
)
from banyan.orders.domain.number import read as read_number
from banyan.orders.domain.shown import EventShown, OrderAnswer

Access = Annotated[str | None, Query(max_length=100, description="The signed part of an order's link")]
_ORDER: dict[int | str, dict[str, Any]] = {200: {"model": OrderAnswer, "description": "The order"}, **AWAY}


class OrderPage(BaseModel):
    items: list[OrderAnswer]
    next_cursor: str | None


class EventList(BaseModel):
    items: list[EventShown]


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/orders", tags=["orders"])
    _reading(router, ports)
    _shopping(router, ports)
    _operating(router, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    @short
    @router.get("", responses={200: {"model": OrderPage}, **AWAY}, response_model=None)
    async def list_orders(
        who: Who,
        status: OrderStatus | None = None,
        email: Annotated[Words | None, Query()] = None,
        number: Annotated[Words | None, Query()] = None,
        since: Annotated[datetime | None, Query(alias="from", description="Placed then or later")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="Placed before then")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """My orders, newest first; with `orders:read` anybody's."""
        who.signed_in()
        place = web.place(cursor, str, str)
        found = await reading.listed(
            ports,
            who,
            status=status,
            email=email,
            numbers={number.strip(), read_number(number) or number} if number else (),
            since=_moment(since, "/query/from"),
            until=_moment(until, "/query/to"),
            before=_before(*place) if place else None,
            most=limit + 1,
        )
        last = found[limit - 1] if len(found) > limit else None
        more = web.cursor(last["placed_at"], last["id"]) if last else None
        return private(web.page(found[:limit], more))

    @short
    @router.get("/{order_id}", responses=_ORDER, response_model=None)
    async def read_order(order_id: str, who: Who, access: Access = None) -> Response:
        """For its shopper, for the token of its cart (30 days), for its signed link, and with `orders:read`."""
        return private(web.json(await reading.read(ports, who, order_id, access)))

    @router.get("/{order_id}/events", responses={200: {"model": EventList}, **AWAY}, response_model=None)
    async def read_events(order_id: str, who: Who, access: Access = None) -> Response:
        """Everything that happened to the order, for the same readers."""
        return private(web.json({"items": await reading.history(ports, who, order_id, access)}))


def _shopping(router: APIRouter, ports: Ports) -> None:
    @router.post(
        "/one-click",
        status_code=201,
        responses={201: {"model": OrderAnswer}, 202: {"model": OrderAnswer}, **AWAY},
        response_model=None,
    )
    async def buy_now(body: OneClickBody, who: Who, key: SureKey) -> Response:
        """Buy at once, to the saved address and with the saved way to pay."""
        price = body.unit_price.money() if body.unit_price else None
        return private(told(await one_click.buy_now(ports, who, body.sku, body.quantity, price, key)))

    @router.post("/{order_id}/settle", responses=_ORDER, response_model=None)
    async def settle_order(order_id: str, who: Who, access: Access = None) -> Response:
        """The shopper is back from confirming the payment: look at it now. For the order's readers; safe to repeat."""
        await reading.readable(ports, who, order_id, access)
        await confirming.settle(ports, order_id)
        return private(web.json(await reading.read(ports, who, order_id, access)))

    @router.post("/{order_id}/erasure", responses=_ORDER, response_model=None)
    async def forget_order(order_id: str, who: Who, access: Access = None) -> Response:
        """Forget the guest who ordered: for who has the order's link, or with `users:write`. It cannot be taken back.

        Amounts, tax and country stay, as law wants. An account's orders go with the account (`order_of_an_account`); what is
        paid and not sent yet goes for operators alone (`not_sent_yet`). Safe to repeat.
        """
        return private(web.json(await forgetting.forget(ports, who, order_id, access)))

    @router.post("/{order_id}/cancel", responses=_ORDER, response_model=None)
    async def cancel_order(order_id: str, who: Who, key: MaybeKey, body: CancelBody | None = None) -> Response:
        """Call it off before anything has left: as its shopper, or with `orders:write`."""
        return private(told(await cancelling.cancel(ports, who, order_id, body.reason if body else "", key)))


def _operating(router: APIRouter, ports: Ports) -> None:
    @router.post(
        "/{order_id}/fulfillments",
        status_code=201,
        responses={201: {"model": OrderAnswer}, **AWAY},
        response_model=None,
    )
    async def fulfil_order(order_id: str, who: Who, key: SureKey, body: FulfilmentBody | None = None) -> Response:
        """Note that a parcel has left (`orders:write`): these units, or all that are left."""
        lines, tracking = (dict(body.lines) if body.lines else None, body.tracking) if body else (None, "")
        return private(told(await fulfilling.fulfil(ports, order_id, lines, tracking, key)))

    @router.post(
        "/{order_id}/refunds",
        status_code=201,
        responses={
            201: {"model": OrderAnswer, "description": "Refunded"},
            202: {"model": OrderAnswer, "description": "Under way: the provider takes its time"},
            **AWAY,
        },
        response_model=None,
    )
    async def refund_order(order_id: str, body: RefundBody, who: Who, key: SureKey) -> Response:
        """Give money back, in part or in full (`payments:write`).

        What was paid at a legacy shop goes back there; with `elsewhere` it is written down here that it has.
        """
        refunded = refunding.refund(ports, order_id, body.amount.money(), body.reason, key, elsewhere=body.elsewhere)
        return private(told(await refunded))


def _before(placed_at: str, order_id: str) -> tuple[datetime, str]:
    """Where a list goes on. Malformed for what this list never gave."""
    try:
        when = datetime.fromisoformat(placed_at)
    except ValueError:
        when = None
    if when is None or when.utcoffset() != timedelta(0) or not reading.is_order_id(order_id):
        raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
    return when, order_id


def _moment(given: datetime | None, pointer: str) -> datetime | None:
    """A time with its zone (UTC where none is said), within the centuries a shop lives in."""
    if given is None:
        return None
    if not 2000 <= given.year <= 2200:
        raise Invalid(f"{pointer}: a time between the years 2000 and 2200", code="time_out_of_range")
    return given if given.tzinfo else given.replace(tzinfo=UTC)

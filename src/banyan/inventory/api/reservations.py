"""`/v1/reservations`: who holds what, holds made by hand, and their end, for operators."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from banyan.contracts.inventory import HoldStock, StockHold, StockLine
from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, SureKey, Who
from banyan.inventory import actions
from banyan.inventory.api.shapes import Id, IdInPath, IdInQuery, Quantity, Seconds, Sku, SkuInQuery, refused
from banyan.inventory.domain import State


class ReservedLine(BaseModel):
    sku: str
    warehouse_id: str
    quantity: int


class Reservation(BaseModel):
    """Units set aside, or what became of them. A hold whose time is over is `expired`, ended or not."""

    id: str
    cart_id: str | None
    order_id: str | None
    state: Literal["held", "promised", "sold", "released", "expired"]
    reason: str | None
    expires_at: datetime | None
    made_at: datetime
    changed_at: datetime
    lines: list[ReservedLine]


class ReservationPage(BaseModel):
    items: list[Reservation]
    next_cursor: str | None


class WantedLine(web.Body):
    sku: Sku
    quantity: Quantity


class NewReservation(web.Body):
    """Units to set aside for a cart; what the cart held before is replaced."""

    cart_id: Id
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=200)]
    seconds: Seconds = 900

    def wish(self) -> HoldStock:
        lines = tuple(StockLine(sku=each.sku, quantity=each.quantity) for each in self.lines)
        return HoldStock(cart_id=self.cart_id, lines=lines, seconds=self.seconds)


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/reservations", tags=["reservations"])

    @router.get("", response_model=ReservationPage, responses=refused(400, 401, 403, 422))
    async def list_reservations(
        who: Who,
        sku: SkuInQuery = None,
        cart_id: IdInQuery = None,
        order_id: IdInQuery = None,
        state: State | None = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Reservations, newest first: of one SKU, cart, order or state, or all."""
        begin = web.place(cursor, str)
        before = begin[0] if begin else None
        found, last = await actions.reservations(
            ports, before=before, cart_id=cart_id, order_id=order_id, state=state, sku=sku, limit=limit
        )
        return web.page(found, web.cursor(last) if last else None)

    @router.get("/{reservation_id}", response_model=Reservation, responses=refused(401, 403, 404, 422))
    async def read_reservation(who: Who, reservation_id: IdInPath) -> Response:
        """One reservation."""
        return web.json(await actions.reservation(ports, reservation_id))

    @router.post("", status_code=201, response_model=StockHold, responses=refused(400, 401, 403, 409, 422))
    async def hold_stock(who: Who, reservation: NewReservation, key: SureKey) -> Response:
        """Set units aside for a cart by hand: all lines, or 409 `out_of_stock` naming what is short."""
        return web.told(await actions.hold_by_hand(ports, key, reservation.wish()))

    @router.delete(
        "/{reservation_id}",
        status_code=204,
        response_class=Response,
        responses=refused(401, 403, 404, 409, 422),
    )
    async def release_stock(who: Who, reservation_id: IdInPath) -> Response:
        """End a cart's hold. What an order holds ends with the order: 409 `held_by_order`."""
        await actions.release_by_hand(ports, reservation_id)
        return Response(status_code=204)

    return router

"""Payments over HTTP: read by operators and by the shopper whose they are; captured, voided, refunded by operators."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from banyan.contracts.payments import PaymentState
from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, SureKey, Who
from banyan.kernel.refusals import Malformed
from banyan.payments import actions
from banyan.payments.api.shapes import NewCapture, NewRefund, ShownEntries, ShownPayment, ShownPayments
from banyan.payments.providers.desk import Desk

PaymentId = Annotated[str, Path(pattern="^pay_[0-9a-z]{26}$")]
OrderId = Annotated[str | None, Query(pattern="^[A-Za-z0-9_-]{1,100}$")]
_ID = re.compile("pay_[0-9a-z]{26}")


def routes(desk: Desk, ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/payments", tags=["payments"])
    _reading(router, ports)
    _moving(router, desk, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    @router.get("", responses={200: {"model": ShownPayments}}, response_model=None)
    async def list_payments(
        who: Who, order_id: OrderId = None, state: PaymentState | None = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Response:
        """Payments, newest first; their refunds are told one by one. Needs `payments:read`."""
        who.must("payments:read")
        place = web.place(cursor, str)
        if place and not _ID.fullmatch(place[0]):
            raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
        items = await actions.page(
            ports, order_id=order_id, state=state, below=place[0] if place else None, limit=limit + 1
        )
        more = web.cursor(items[limit - 1]["id"]) if len(items) > limit else None
        return web.page(items[:limit], more)

    @router.get("/{payment_id}", responses={200: {"model": ShownPayment}}, response_model=None)
    async def read_payment(payment_id: PaymentId, who: Who) -> Response:
        """One payment with its refunds, for its shopper and for `payments:read`."""
        owner = None if who.may("payments:read") else who.signed_in()
        return web.json(await actions.one(ports, payment_id, owner=owner))

    @router.get("/{payment_id}/entries", responses={200: {"model": ShownEntries}}, response_model=None)
    async def read_entries(payment_id: PaymentId, who: Who) -> Response:
        """What this payment moved in the ledger, oldest first. Needs `payments:read`."""
        who.must("payments:read")
        return web.page(await actions.entries(ports, payment_id), None)


def _moving(router: APIRouter, desk: Desk, ports: Ports) -> None:
    settled: dict[int | str, dict[str, Any]] = {
        200: {"model": ShownPayment},
        202: {"model": ShownPayment, "description": "Being settled; read it again"},
    }

    @router.post("/{payment_id}/capture", responses=settled, response_model=None)
    async def capture(payment_id: PaymentId, who: Who, key: SureKey, asked: NewCapture | None = None) -> Response:
        """Take the authorized money: all of it, or `amount`, and the rest is let go. Needs `payments:write`."""
        who.must("payments:write")
        amount = asked.amount.money() if asked and asked.amount else None
        return web.told(await actions.capture_once(desk, ports, key, payment_id, amount))

    @router.post("/{payment_id}/void", responses=settled, response_model=None)
    async def void(payment_id: PaymentId, who: Who, key: SureKey) -> Response:
        """Let go of money that was not taken yet. Needs `payments:write`."""
        who.must("payments:write")
        return web.told(await actions.void_once(desk, ports, key, payment_id))

    @router.post(
        "/{payment_id}/refunds",
        status_code=201,
        responses={
            201: {"model": ShownPayment, "description": "The refund has ended: its `state` says how"},
            202: {"model": ShownPayment, "description": "Being settled; read it again"},
        },
        response_model=None,
    )
    async def refund(payment_id: PaymentId, asked: NewRefund, who: Who, key: SureKey) -> Response:
        """Give back part of what was captured. Needs `payments:write`."""
        who.must("payments:write")
        money = asked.amount.money()
        return web.told(await actions.refund_once(desk, ports, key, payment_id, money, asked.reason))

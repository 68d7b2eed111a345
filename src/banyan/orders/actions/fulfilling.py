"""A parcel has left."""

from pydantic_core import to_json

from banyan.contracts.orders import OrderFulfilled, OrderStatus
from banyan.contracts.payments import LATER
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.orders.actions.reading import is_order_id, no_such_order
from banyan.orders.domain.order import Order, PaymentStatus
from banyan.orders.domain.shown import shown
from banyan.orders.saga.links import links
from banyan.orders.saga.steps import Step
from banyan.orders.storage import events, sagas


async def fulfil(ports: Ports, order_id: str, lines: dict[str, int] | None, tracking: str, key: Key) -> Answer:
    """Note that these units (None: all that are left) have been sent. With `capture=fulfilment` the money is taken now, and
    what is paid later counts as come.

    Conflict: `not_confirmed`, `nothing_left`.
    """
    tell = (await links(ports)).answer
    parcel_id = ports.ids.new("prc")

    async def effect(tx: Tx) -> Answer:
        order = await events.locked(tx, order_id) if is_order_id(order_id) else None
        if order is None:
            raise no_such_order()
        sent = _sendable(order, lines)
        fact = OrderFulfilled(
            order_id=order_id,
            parcel_id=parcel_id,
            lines=sent,
            tracking=tracking,
            complete=sent == order.left(),
        )
        order = await events.append(tx, ports.ids, order, [fact])
        later = ports.settings.capture == "fulfilment" or order.placed.provider in LATER
        if later and order.payment_status is PaymentStatus.AUTHORIZED:
            await sagas.turn_to(tx, order_id, Step.CAPTURE)
        return Answer(201, to_json(tell(shown(order))))

    answer = await idempotency.once(ports.db, key, effect)
    ports.db.wake.ring()
    ports.due["saga"].ring()
    return answer


def _sendable(order: Order, lines: dict[str, int] | None) -> dict[str, int]:
    left = order.left()
    if order.status is OrderStatus.FULFILLED:
        raise Conflict("all of this order has been sent", code="nothing_left")
    if order.status is not OrderStatus.CONFIRMED:
        raise Conflict("only a confirmed order is sent", code="not_confirmed")
    wanted = left if lines is None else lines
    if not wanted:  # an order that was taken over may have no lines
        raise Conflict("this order has nothing to send", code="nothing_left")
    if any(units > left.get(line_id, 0) for line_id, units in wanted.items()):
        raise Conflict("there are not so many left to send", code="nothing_left", more={"left": left})
    return wanted

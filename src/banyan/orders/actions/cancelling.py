"""Calling an order off, before anything has left."""

from pydantic_core import to_json

from banyan.contracts.orders import OrderCancelled, OrderStatus
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.orders.actions.reading import mine, no_such_order
from banyan.orders.domain.shown import shown
from banyan.orders.saga.links import links
from banyan.orders.saga.steps import LIMIT_SECONDS, Step
from banyan.orders.storage import events, sagas


async def cancel(ports: Ports, who: Principal, order_id: str, reason: str, key: Key | None) -> Answer:
    """Cancel as its shopper, or with `orders:write`. Whatever the saga was doing, it gives back from now on.

    Asked again: the same. Conflict (`too_late`) once a parcel has left, (`order_ended`) when it came to nothing before.
    """
    tell = (await links(ports)).answer

    async def effect(tx: Tx) -> Answer:
        own = await mine(tx, ports, who, order_id)
        order = await events.locked(tx, order_id) if own or who.may("orders:write") else None
        if order is None:
            raise no_such_order()
        if order.status is not OrderStatus.CANCELLED:
            if not order.may_be_cancelled():
                ended = order.status in (OrderStatus.REJECTED, OrderStatus.PAYMENT_FAILED)
                code, detail = ("order_ended", "nothing was bought") if ended else ("too_late", "it is on its way")
                raise Conflict(f"this order cannot be cancelled: {detail}", code=code)
            by = who.user_id or "guest"
            order = await events.append(tx, ports.ids, order, [OrderCancelled(order_id=order_id, reason=reason, by=by)])
            if not await sagas.turn_to(tx, order_id, Step.RELEASE):
                await sagas.give_back(tx, order_id, Step.RELEASE, order.placed.provider, LIMIT_SECONDS)
        return Answer(200, to_json(tell(shown(order))))

    answer = await idempotency.once(ports.db, key, effect)
    ports.db.wake.ring()
    ports.due["saga"].ring()
    return answer

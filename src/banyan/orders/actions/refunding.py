"""Money goes back, in part or in full."""

from hashlib import sha256

from pydantic_core import to_json

from banyan.contracts import Event
from banyan.contracts.orders import OrderCompensated, OrderRefunded, OrderStatus
from banyan.contracts.payments import PaymentRefunded, RefundPayment
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict
from banyan.orders.actions.reading import is_order_id, no_such_order
from banyan.orders.domain.order import ENDED, Order
from banyan.orders.domain.shown import shown
from banyan.orders.saga.links import Links, links
from banyan.orders.storage import events

_PAID = (OrderStatus.CONFIRMED, OrderStatus.FULFILLED)


async def refund(
    ports: Ports, order_id: str, amount: Money, reason: str, key: Key, *, elsewhere: bool = False
) -> Answer:
    """Refund part of a captured order: 201, or 202 while the provider takes its time (`PaymentRefunded` ends it).

    The same key is the same refund, however often it is asked for. `elsewhere`: it went back at the legacy shop where it
    was paid, and is noted. Conflict: `not_paid`, `too_much`, `paid_elsewhere`, `paid_here`, and what payments refuses.
    """
    tell = await links(ports)
    async with ports.db.transaction() as tx:
        if kept := await idempotency.begin(tx, key):
            return kept
        order = await events.load(tx, order_id) if is_order_id(order_id) else None
    if order is None:
        raise no_such_order()
    refund_id = f"rfd_{sha256(f'{order_id} {key.scope} {key.key}'.encode()).hexdigest()[:26]}"
    known = any(each.refund_id == refund_id for each in order.refunds)
    if not known:
        _must_be_due(order, amount, elsewhere=elsewhere)
        before = order.refunded
        payment = await ports.peers.ask(
            RefundPayment(order_id=order_id, refund_id=refund_id, amount=amount, reason=reason, elsewhere=elsewhere)
        )
        # Anything else means that it, or another one, is still under way: payments tells when it is done.
        if not elsewhere and payment.refunded != before + amount:
            return Answer(202, to_json(tell.answer(shown(order))))
    answer = await _noted(ports, tell, order_id, refund_id, amount, reason, key)
    ports.db.wake.ring()
    return answer


async def note_refund(ports: Ports, tx: Tx, told: PaymentRefunded) -> None:
    """A refund that payments tells of is noted, unless it was; what a void refunds is noted by the saga."""
    order = await events.locked(tx, told.order_id)
    if order is None or (order.status in ENDED and not order.elsewhere):
        return
    await _append(ports, tx, order, told.refund_id, told.amount, "refunded by payments")


async def _noted(
    ports: Ports, tell: Links, order_id: str, refund_id: str, amount: Money, reason: str, key: Key
) -> Answer:
    async def effect(tx: Tx) -> Answer:
        order = await events.locked(tx, order_id)
        assert order is not None
        order = await _append(ports, tx, order, refund_id, amount, reason)
        return Answer(201, to_json(tell.answer(shown(order))))

    return await idempotency.once(ports.db, key, effect)


async def _append(ports: Ports, tx: Tx, order: Order, refund_id: str, amount: Money, reason: str) -> Order:
    together = order.refunded + amount
    if any(each.refund_id == refund_id for each in order.refunds) or together > order.placed.total:
        return order
    fact: Event = OrderRefunded(order_id=order.id, refund_id=refund_id, amount=amount, refunded=together, reason=reason)
    all_back = order.status in ENDED and not order.compensated and order.owed == amount
    return await events.append(
        tx, ports.ids, order, [fact, OrderCompensated(order_id=order.id)] if all_back else [fact]
    )


def _must_be_due(order: Order, amount: Money, *, elsewhere: bool) -> None:
    paid = order.captured is not None if order.elsewhere else order.status in _PAID
    if not paid:
        raise Conflict("this order has no money that could go back", code="not_paid")
    if order.elsewhere and not elsewhere:
        raise Conflict(
            "this order was paid at the legacy shop: give the money back there, then note it here with `elsewhere`",
            code="paid_elsewhere",
        )
    if elsewhere and not order.elsewhere:
        raise Conflict("this order was paid here: its money goes back from here", code="paid_here")
    if amount.currency != order.placed.currency:
        raise Conflict(f"this order was paid in {order.placed.currency}", code="wrong_currency")
    if order.refunded + amount > order.placed.total:
        left = order.placed.total - order.refunded
        raise Conflict(f"at most {left} can go back", code="too_much", more={"left": left})

"""Payments is told what a legacy shop has of its orders' money: after the orders are here, as often as it takes."""

from banyan.contracts.payments import TakenPayment, TakePayments
from banyan.foundation.service import Ports
from banyan.orders.domain.order import Order
from banyan.orders.storage import events, taking

_MOST = 200
_IDLE = 5.0  # seconds; what other processes take does not ring here


async def tell_payments(ports: Ports) -> float:
    """One pass of the chore; seconds until the next. Unavailable while payments does not answer: nothing is lost."""
    owed = await taking.payments_owed(ports.db, _MOST)
    if not owed:
        return _IDLE
    orders = await events.load_many(ports.db, owed)
    await ports.peers.ask(TakePayments(payments=tuple(_payment(order) for order in orders.values())))
    async with ports.db.transaction() as tx:
        await taking.payments_told(tx, [(order.id, order.version) for order in orders.values()])
    return 0


def _payment(order: Order) -> TakenPayment:
    return TakenPayment(
        order_id=order.id,
        version=order.version,
        amount=order.owed,
        reference=order.taken.payment_reference if order.taken else "",
        user_id=order.placed.user_id,
        paid_at=order.placed.placed_at,
    )

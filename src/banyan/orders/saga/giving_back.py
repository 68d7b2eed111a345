"""The way back: release, void. Both are safe where nothing was taken, and keep late arrivals from taking anything."""

from banyan.contracts.inventory import ReleaseStock, StockLine
from banyan.contracts.orders import OrderCompensated, OrderRefunded
from banyan.contracts.payments import Payment, PaymentState, VoidPayment
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.orders.domain.order import Order
from banyan.orders.saga.run import Run, Wait, Went
from banyan.orders.saga.steps import Step

_OVER = frozenset({PaymentState.VOIDED, PaymentState.DECLINED, PaymentState.REFUNDED})


async def release(ports: Ports, run: Run) -> Went | Wait:
    """Units held are free, units sold are back on the books: also those that a legacy shop sold."""
    order = run.order
    lines = [StockLine(sku=each.sku, quantity=each.quantity) for each in order.placed.lines] if order.elsewhere else []
    await ports.peers.ask(ReleaseStock(order_id=order.id, reason=order.status.value, lines=tuple(lines)))
    return Went((), Step.VOID)


async def void(ports: Ports, run: Run) -> Went | Wait:
    """The money is let go, or refunded where it was taken; with that everything is given back."""
    placed = run.order.placed
    if run.order.elsewhere:  # what a legacy shop took, no provider of ours can give back
        if run.order.owed.amount:
            return Went(
                (), None, f"{run.order.owed} were paid at the legacy shop: give them back there and note it here"
            )
        return Went((OrderCompensated(order_id=run.order.id),), None)
    payment = await ports.peers.ask(VoidPayment(order_id=run.order.id, amount=placed.total, provider=placed.provider))
    if payment.state not in _OVER:
        return Wait(f"the payment is {payment.state}")
    back = _refunded(run.order, payment)
    return Went((*back, OrderCompensated(order_id=run.order.id)), None)


def _refunded(order: Order, payment: Payment) -> tuple[OrderRefunded, ...]:
    """What went back beyond the refunds already noted."""
    rest = (
        payment.refunded - order.refunded if payment.refunded > order.refunded else Money(0, payment.refunded.currency)
    )
    if not rest.amount:
        return ()
    return (
        OrderRefunded(
            order_id=order.id,
            refund_id=f"{payment.payment_id}:void",
            amount=rest,
            refunded=payment.refunded,
            reason=order.status.value,
        ),
    )

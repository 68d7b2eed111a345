"""What a legacy shop hands over and gets back: orders and carts, by the rules of foundation.taking."""

from banyan.contracts.legacy import CartRecord, Fates, Handed, OrdersHandOver, OrdersTake
from banyan.foundation import taking
from banyan.foundation.service import Ports
from banyan.orders.intake import carts, orders
from banyan.orders.intake.carts import touched
from banyan.orders.intake.payments import tell_payments
from banyan.orders.intake.unsettled import unsettled

__all__ = ["hand_over", "take", "tell_payments", "touched", "unsettled"]


async def take(ports: Ports, call: OrdersTake) -> Fates:
    """Answer OrdersTake: a fate for each record, in their order."""
    items = await carts.items(ports, [each for each in call.records if isinstance(each, CartRecord)])
    records = [
        carts.without_token(each) if isinstance(each, CartRecord) and each.removed else each for each in call.records
    ]
    fates = await taking.take(ports, (orders.ORDER, carts.cart(items)), records, again=call.again)
    ports.db.wake.ring()
    ports.due["takings"].ring()
    return fates


async def hand_over(ports: Ports, call: OrdersHandOver) -> Handed:
    """Answer OrdersHandOver."""
    return await taking.hand_over(ports, (orders.ORDER, carts.cart(None)), call.kind, call.ids)

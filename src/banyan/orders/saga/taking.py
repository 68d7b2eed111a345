"""The way forward: hold, authorize, sell, capture. Each asks others once and says what came of it."""

import logging

from banyan.contracts.inventory import HoldOutcome, HoldStock, SellStock, Shortage, StockLine
from banyan.contracts.orders import (
    OrderCancelled,
    OrderCompensated,
    OrderConfirmed,
    OrderPaymentActionRequired,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentFailed,
    OrderRejected,
    OrderStatus,
    OrderStockHeld,
)
from banyan.contracts.payments import LATER, AskPayment, Authorize, CapturePayment, Payment, PaymentState
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.orders.saga.links import links
from banyan.orders.saga.run import Run, Wait, Went
from banyan.orders.saga.steps import CONFIRM_WAIT, Step

_log = logging.getLogger(__name__)
_SURE = frozenset({PaymentState.AUTHORIZED, PaymentState.CAPTURED})
_OPEN = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})


async def hold(ports: Ports, run: Run) -> Went | Wait:
    """Set the units aside. Without them nothing is charged."""
    placed = run.order.placed
    lines = tuple(StockLine(sku=line.sku, quantity=line.quantity) for line in placed.lines)
    answer = await ports.peers.ask(HoldStock(cart_id=placed.cart_id, lines=lines, order_id=placed.order_id))
    if answer.outcome is HoldOutcome.REFUSED:
        rejected = _rejected(run, "out_of_stock", answer.short)
        if run.fresh:  # nobody asked for anything else, nor will: there is nothing to give back, and no door to shut
            return Went((*rejected.facts, OrderCompensated(order_id=placed.order_id)), None)
        return rejected
    held = OrderStockHeld(order_id=placed.order_id, reservation_id=answer.reservation_id or "", parcels=answer.parcels)
    return Went((held,), Step.AUTHORIZE)


async def authorize(ports: Ports, run: Run) -> Went | Wait:
    """Reserve the money: all of it, in the order's currency, or none."""
    placed = run.order.placed
    payment = await ports.peers.ask(
        Authorize(
            order_id=placed.order_id,
            amount=placed.total,
            provider=placed.provider,
            token=run.token or "",
            user_id=placed.user_id,
            return_url=await _way_back(ports, run) if placed.present else "",
            save=placed.save_method,
        )
    )
    if payment.state in _OPEN:
        return Wait(f"the payment is {payment.state}")
    if payment.state is PaymentState.REQUIRES_ACTION:
        if run.order.asked:
            return Wait("the shopper has not confirmed the payment yet", CONFIRM_WAIT)
        asked = OrderPaymentActionRequired(order_id=placed.order_id, payment_id=payment.payment_id)
        return Went((asked,), Step.AUTHORIZE)
    if payment.state not in _SURE:
        return _not_paid(run, payment.reason or payment.state.value)
    if payment.amount != placed.total:
        _log.error("a payment differs from its order", extra={"order": placed.order_id, "paid": str(payment.amount)})
        return _not_paid(run, "amount_differs")
    sure = OrderPaymentAuthorized(order_id=placed.order_id, payment_id=payment.payment_id, amount=payment.amount)
    return Went((sure,), Step.SELL)


async def _way_back(ports: Ports, run: Run) -> str:
    placed = run.order.placed
    return (await links(ports)).way_back(ports.settings.origin, placed.order_id, placed.placed_at)


async def sell(ports: Ports, run: Run) -> Went | Wait:
    """The units leave the books, and with that the order is sure."""
    placed = run.order.placed
    await ports.peers.ask(SellStock(order_id=placed.order_id))
    confirmed = OrderConfirmed(order_id=placed.order_id, number=placed.number, email=placed.email, total=placed.total)
    now = ports.settings.capture == "confirmation" and placed.provider not in LATER
    return Went((confirmed,), Step.CAPTURE if now else None)


async def capture(ports: Ports, run: Run) -> Went | Wait:
    """Take the money of a confirmed order. Money that can no longer be taken calls off what has not left yet."""
    order = run.order
    if order.captured:
        return Went((), None)
    payment = await _captured(ports, order.id)
    if payment.captured.amount > 0:
        taken = OrderPaymentCaptured(order_id=order.id, payment_id=payment.payment_id, amount=payment.captured)
        return Went((taken,), None)
    if payment.state in _OPEN or payment.state in _SURE:
        return Wait(f"the payment is {payment.state}")
    if order.may_be_cancelled():
        return Went((OrderCancelled(order_id=order.id, reason="payment_lost", by="shop"),), Step.RELEASE)
    _log.error("goods have left and the money cannot be taken", extra={"order": order.id, "state": payment.state})
    return Went((), None, f"the payment is {payment.state} after goods have left")


async def _captured(ports: Ports, order_id: str) -> Payment:
    """The payment after capture was asked for; where that is refused, as it stands."""
    try:
        return await ports.peers.ask(CapturePayment(order_id=order_id))
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return await ports.peers.ask(AskPayment(order_id=order_id))


def refused(run: Run, refusal: Refusal) -> Went | Wait:
    """Somebody said no, and will say so again."""
    match run.step:
        case Step.HOLD | Step.SELL:
            return _rejected(run, refusal.code)
        case Step.AUTHORIZE:
            return _not_paid(run, refusal.code)
    return Wait(f"{refusal.code}: {refusal.detail}")  # what must be, goes on being asked for


def given_up(run: Run) -> Went:
    """It has taken too long."""
    if run.order.status is not OrderStatus.PROCESSING:
        return Went((), Step.RELEASE)
    return _not_paid(run, "took_too_long") if run.step is Step.AUTHORIZE else _rejected(run, "took_too_long")


def _rejected(run: Run, reason: str, short: tuple[Shortage, ...] = ()) -> Went:
    return Went((OrderRejected(order_id=run.order.id, reason=reason, short=short),), Step.RELEASE)


def _not_paid(run: Run, reason: str) -> Went:
    return Went((OrderPaymentFailed(order_id=run.order.id, reason=reason),), Step.RELEASE)

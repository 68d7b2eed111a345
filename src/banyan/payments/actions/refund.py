"""Refund: part of what was captured goes back, once by its id, and never more than there is."""

from banyan.contracts.payments import LEGACY, Payment, RefundPayment
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments.actions import show
from banyan.payments.actions.carry_out import LEASE, Intent, in_phases, in_phases_once
from banyan.payments.actions.settle import refunded
from banyan.payments.domain import Standing
from banyan.payments.providers import Desk
from banyan.payments.storage import operations, payments
from banyan.payments.storage.operations import Job


async def refund(desk: Desk, ports: Ports, call: RefundPayment) -> Payment:
    """The order's payment with this refund asked of the provider; its end is told by PaymentRefunded or RefundFailed."""

    async def intend(tx: Tx) -> Intent:
        known = show.found(await payments.lock_of_order(tx, call.order_id))
        return await _intend(ports, tx, known, call.refund_id, call.amount, call.reason, elsewhere=call.elsewhere)

    return (await in_phases(desk, ports, intend)).told()


async def refund_once(desk: Desk, ports: Ports, key: Key, payment_id: str, amount: Money, reason: str) -> Answer:
    """For an operator. The refund's id comes from the key, so that a request cut off half-way makes no second one."""
    refund_id = f"rfd_{Key.of(key.scope, key.key, key.key.encode(), key.scope.encode()).fingerprint.hex()}"

    async def intend(tx: Tx) -> Intent:
        known = show.found(await payments.lock(tx, payment_id))
        return await _intend(ports, tx, known, refund_id, amount, reason)

    return await in_phases_once(desk, ports, key, intend, show.refund_answer(refund_id))


async def _intend(
    ports: Ports, tx: Tx, known: Standing, refund_id: str, amount: Money, reason: str, *, elsewhere: bool = False
) -> Intent:
    if amount.currency != known.amount.currency or amount.amount <= 0:
        raise Invalid(f"a refund is more than nothing, in {known.amount.currency}", code="refund_amount")
    if elsewhere is not (known.provider == LEGACY):
        raise _not_so(elsewhere)
    before = await operations.find(tx, known.id, "refund", refund_id)
    if before is not None and before.amount != amount.amount:
        raise Conflict("this refund was asked for with another amount", code="other_amount")
    if before is not None and before.state != "failed":
        return known, None
    reserved = await payments.reserve_refund(tx, known.id, amount.amount)
    if reserved is None:
        left = Money(known.left, known.amount.currency)
        raise Conflict(f"only {left} of what was taken are left to refund", code="refund_too_large")
    if before is not None:
        operation = await operations.reopen(tx, before.id, LEASE)
    else:
        name = ports.ids.new("pop")
        operation = await operations.intend(
            tx,
            name,
            known.id,
            "refund",
            amount.amount,
            reference=name,
            refund_id=refund_id,
            note=reason,
            seconds=LEASE,
        )
    assert operation is not None, "the payment is locked: nobody else asked for this refund meanwhile"
    if elsewhere:  # it is done: nobody is to be asked
        after = await refunded(tx, reserved, [operation])
        await payments.save(tx, after)
        return after, None
    return reserved, Job(reserved, operation)


def _not_so(elsewhere: bool) -> Conflict:
    if elsewhere:
        return Conflict("this was paid here: its money goes back from here", code="paid_here")
    return Conflict(
        "this was paid at the legacy shop: give the money back there, then note it at the order with `elsewhere`",
        code="paid_elsewhere",
    )

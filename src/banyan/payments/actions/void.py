"""Void: whatever became of the order's money, none of it is kept."""

from dataclasses import replace

from banyan.contracts.payments import LEGACY, Payment, PaymentState, PaymentVoided, VoidPayment
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments import domain
from banyan.payments.actions import show
from banyan.payments.actions.carry_out import LEASE, Intent, in_phases, in_phases_once
from banyan.payments.actions.settle import pursue_void
from banyan.payments.domain import Standing
from banyan.payments.providers import Desk
from banyan.payments.storage import payments
from banyan.payments.storage.operations import Job


async def void(desk: Desk, ports: Ports, call: VoidPayment) -> Payment:
    """The order's payment on its way to `voided`, `declined` or `refunded`; a voided one where there was none."""
    if call.amount.amount < 0:
        raise Invalid("an amount is not negative", code="amount")

    async def intend(tx: Tx) -> Intent:
        known = await payments.lock_of_order(tx, call.order_id)
        if known is None:
            tombstone = await payments.open_payment(
                tx,
                ports.ids.new("pay"),
                order_id=call.order_id,
                provider=call.provider,
                token="",
                amount=call.amount,
                state=PaymentState.VOIDED,
            )
            if tombstone is not None:
                tx.tell(PaymentVoided(payment_id=tombstone.id, order_id=tombstone.order_id))
                return tombstone, None
            known = show.found(await payments.lock_of_order(tx, call.order_id))  # authorized in between
        return await _intend(ports, tx, known)

    return (await in_phases(desk, ports, intend)).told()


async def void_once(desk: Desk, ports: Ports, key: Key, payment_id: str) -> Answer:
    """For an operator. Conflict when the money was taken already: that is a refund, and says so to the shopper."""

    async def intend(tx: Tx) -> Intent:
        known = show.found(await payments.lock(tx, payment_id))
        if known.captured:
            raise Conflict("the money was taken; refund it instead", code="captured")
        return await _intend(ports, tx, known)

    return await in_phases_once(desk, ports, key, intend, show.answer)


async def _intend(ports: Ports, tx: Tx, known: Standing) -> Intent:
    if known.state in domain.FINAL or known.provider == LEGACY:  # what a legacy shop took goes back there
        return known, None
    if not known.void_wanted:
        known = replace(known, void_wanted=True)
        await payments.save(tx, known)
    now, operation = await pursue_void(tx, ports.ids, known, seconds=LEASE)
    return now, Job(now, operation) if operation else None

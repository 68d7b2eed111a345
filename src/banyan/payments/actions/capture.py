"""Capture: all of the authorized money is taken, once."""

from collections.abc import Awaitable, Callable

from banyan.contracts.payments import CapturePayment, Payment, PaymentState
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.payments.actions import show
from banyan.payments.actions.carry_out import LEASE, Intent, in_phases, in_phases_once
from banyan.payments.domain import Standing
from banyan.payments.providers import Desk
from banyan.payments.storage import operations, payments
from banyan.payments.storage.operations import Job


async def capture(desk: Desk, ports: Ports, call: CapturePayment) -> Payment:
    """The order's payment after taking its money; as it stands where there is none to take. NotFound without one."""

    async def find(tx: Tx) -> Standing | None:
        return await payments.lock_of_order(tx, call.order_id)

    return (await in_phases(desk, ports, _intending(ports, find))).told()


async def capture_once(desk: Desk, ports: Ports, key: Key, payment_id: str) -> Answer:
    """For an operator. Conflict when the payment is not authorized, or is to be voided."""

    async def find(tx: Tx) -> Standing | None:
        known = await payments.lock(tx, payment_id)
        if known and (known.void_wanted or known.state not in (PaymentState.AUTHORIZED, PaymentState.CAPTURED)):
            raise Conflict(f"a payment that is {known.state} cannot be captured", code="not_authorized")
        return known

    return await in_phases_once(desk, ports, key, _intending(ports, find), show.answer)


def _intending(ports: Ports, find: Callable[[Tx], Awaitable[Standing | None]]) -> Callable[[Tx], Awaitable[Intent]]:
    async def intend(tx: Tx) -> Intent:
        known = show.found(await find(tx))
        if known.state is not PaymentState.AUTHORIZED or known.void_wanted:
            return known, None
        name, reference = ports.ids.new("pop"), f"{known.id}.capture"
        operation = await operations.intend(
            tx, name, known.id, "capture", known.amount.amount, reference=reference, seconds=LEASE
        )
        if operation is None and (before := await operations.find(tx, known.id, "capture")):
            operation = await operations.reopen(tx, before.id, LEASE)
        return known, Job(known, operation) if operation else None

    return intend

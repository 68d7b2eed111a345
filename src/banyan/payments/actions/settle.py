"""Bring a payment up to what its provider's book says: one way for direct answers, webhooks and looks.

Evidence may be late, repeated, or out of order: what is known only ever grows, and what fits nothing changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from banyan.contracts.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentState,
    PaymentVoided,
)
from banyan.foundation.db import Tx
from banyan.kernel.ids import Ids
from banyan.kernel.money import Money
from banyan.payments import domain
from banyan.payments.domain import Evidence, Standing
from banyan.payments.storage import ledger, operations, payments
from banyan.payments.storage.operations import Operation

_log = logging.getLogger(__name__)


class Misfit(Exception):
    """The evidence is not of this payment as it was asked for; nothing was changed."""


async def settle(tx: Tx, ids: Ids, known: Standing, seen: Evidence) -> tuple[Standing, Operation | None]:
    """The payment after this evidence, and what is to be asked of the provider because of it, if anything.

    `known` is locked. Misfit when the evidence contradicts what was asked for.
    """
    all_asked = await operations.of_payment(tx, known.id)
    asked = [each for each in all_asked if each.open]
    wrong = [each for each in asked if seen.refunds.get(each.reference, each.amount) != each.amount]
    if why := domain.misfit(known, seen) or ("a refund is of another amount" if wrong else None):
        raise Misfit(why)
    if strange := seen.refunds.keys() - {each.reference for each in all_asked if each.state != "failed"}:
        _log.error("refunds that nobody here asked for", extra={"payment": known.id, "references": sorted(strange)})
    if seen.captured and known.state in (PaymentState.VOIDED, PaymentState.DECLINED):
        _log.error("a provider took money for a payment that has ended", extra={"payment": known.id})
    now = replace(known, charge_id=known.charge_id or seen.charge_id or None)
    for state in domain.follows(known, seen):
        now = await _enter(tx, now, state, seen)
    now = await refunded(tx, now, [each for each in asked if each.kind == "refund" and each.reference in seen.refunds])
    for each in asked:
        if each.kind != "refund" and (end := domain.outcome(each.kind, now, seen)):
            await operations.end(tx, each.id, end, None if end == "done" else now.reason or str(seen.state))
    if now != known:
        await payments.save(tx, now)
    return await pursue_void(tx, ids, now)


async def _enter(tx: Tx, now: Standing, state: PaymentState, seen: Evidence) -> Standing:
    """One step of the payment: its sums, its transfer, its fact."""
    currency = now.amount.currency
    match state:
        case PaymentState.AUTHORIZED:
            now = replace(now, state=state, authorized=now.amount.amount, reason=None)
            moved = domain.movements("authorize", now.authorized)
            await ledger.post(tx, f"{now.id}.authorize", now.id, "authorize", currency, moved)
            tx.tell(PaymentAuthorized(payment_id=now.id, order_id=now.order_id, amount=now.amount))
        case PaymentState.CAPTURED:
            now = replace(now, state=state, captured=now.authorized, reason=None)
            moved = domain.movements("capture", now.captured)
            await ledger.post(tx, f"{now.id}.capture", now.id, "capture", currency, moved)
            tx.tell(PaymentCaptured(payment_id=now.id, order_id=now.order_id, amount=now.amount))
        case PaymentState.DECLINED:
            now = replace(now, state=state, reason=seen.reason or "declined")
            tx.tell(PaymentDeclined(payment_id=now.id, order_id=now.order_id, reason=now.reason or "declined"))
        case PaymentState.VOIDED:
            now = replace(now, state=state, reason=None)
            if now.authorized:
                moved = domain.movements("release", now.authorized)
                await ledger.post(tx, f"{now.id}.release", now.id, "release", currency, moved)
            tx.tell(PaymentVoided(payment_id=now.id, order_id=now.order_id))
        case _:
            raise AssertionError(f"no evidence alone leads to {state}")
    return now


async def refunded(tx: Tx, now: Standing, done: Sequence[Operation]) -> Standing:
    """Refunds that have been made, as the provider's book says."""
    for each in done:
        if not await operations.end(tx, each.id, "done"):
            continue
        together = now.refunded + each.amount
        state = PaymentState.REFUNDED if together == now.captured else now.state
        now = replace(now, state=state, refunding=now.refunding - each.amount, refunded=together)
        currency = now.amount.currency
        await ledger.post(tx, each.reference, now.id, "refund", currency, domain.movements("refund", each.amount))
        tx.tell(
            PaymentRefunded(
                payment_id=now.id,
                order_id=now.order_id,
                refund_id=each.refund_id or each.id,
                amount=Money(each.amount, currency),
                refunded=Money(now.refunded, currency),
            )
        )
    return now


async def pursue_void(tx: Tx, ids: Ids, now: Standing, seconds: float = 0.0) -> tuple[Standing, Operation | None]:
    """Where no money may be kept, what is still to be asked: a void, or a refund of all that is left.

    With `seconds` it is taken by the caller for so long; without, the chore finds it due.
    """
    if not now.void_wanted or now.state in domain.FINAL:
        return now, None
    if now.state is not PaymentState.CAPTURED:
        reference = f"{now.id}.void"
        whole = now.amount.amount
        return now, await operations.intend(
            tx, ids.new("pop"), now.id, "void", whole, reference=reference, seconds=seconds
        )
    if not now.left:
        return now, None
    reserved = await payments.reserve_refund(tx, now.id, now.left)
    assert reserved is not None, "what is left of a locked payment cannot be less"
    name = ids.new("pop")
    return reserved, await operations.intend(
        tx, name, now.id, "refund", now.left, reference=name, refund_id=f"{name}.void", note="void", seconds=seconds
    )

"""Money of a legacy shop's orders in our books: as captured by the provider `legacy`, which nobody here can ask.

What the legacy shop says it has is what stays: more of it is a capture, less of it a refund. Nothing is told of it, for
nothing has happened but that it is known here.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from banyan.contracts.payments import LEGACY, Noted, PaymentState, TakenPayment, TakePayments
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.ids import Ids
from banyan.payments.domain import Standing
from banyan.payments.storage import taking

_log = logging.getLogger(__name__)
_Transfer = tuple[str, str, str, str, int, datetime]


async def take_payments(ports: Ports, call: TakePayments) -> Noted:
    """Answer TakePayments, all in one transaction."""
    newest: dict[str, TakenPayment] = {}
    for each in call.payments:
        if each.order_id not in newest or newest[each.order_id].version < each.version:
            newest[each.order_id] = each
    if not newest:
        return Noted(changed=0)

    async def effect(tx: Tx) -> Noted:
        fresh = await taking.newer(tx, {id: newest[id].version for id in sorted(newest)})
        known = await taking.lock_of_orders(tx, fresh)
        moves = [
            move for id in sorted(fresh) if (move := _move(ports.ids, newest[id], known.get(id), ports.clock.now()))
        ]
        if moves:
            await taking.write(tx, [payment for payment, _ in moves])
            await taking.post(tx, [transfer for _, transfer in moves])
        return Noted(changed=len(moves))

    return await ports.db.retrying(effect)


def _move(ids: Ids, said: TakenPayment, known: Standing | None, now: datetime) -> tuple[Standing, _Transfer] | None:
    """The payment after this news, and the transfer that leads there; None where it changes nothing."""
    currency, when = said.amount.currency, said.paid_at if said.paid_at.tzinfo else said.paid_at.replace(tzinfo=UTC)
    if known is None:
        if said.amount.amount <= 0:
            return None
        known = Standing(
            id=ids.new("pay"), order_id=said.order_id, provider=LEGACY, token="", amount=replace(said.amount, amount=0),
            state=PaymentState.CAPTURED, created_at=when,
        )  # fmt: skip
    else:
        when = now
    if known.provider != LEGACY:
        return None  # ours: what it has is what we took
    if known.amount.currency != currency:
        _log.error("a legacy order changed its currency", extra={"order": said.order_id, "now": currency})
        return None
    change = max(0, said.amount.amount) - (known.captured - known.refunded)
    if not change:
        return None
    kind = "capture" if change > 0 else "refund"
    captured, refunded = known.captured + max(0, change), known.refunded + max(0, -change)
    state = PaymentState.REFUNDED if refunded == captured else PaymentState.CAPTURED
    payment = replace(
        known, captured=captured, refunded=refunded, state=state, charge_id=said.reference or None, user_id=said.user_id
    )
    return payment, (f"{known.id}.taken.{said.version}", known.id, kind, currency, abs(change), when)

"""Refund: part of what was captured goes back, once by its id, and never more than there is."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from banyan.contracts.payments import LEGACY, Payment, RefundPayment
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments.actions import rounds, show
from banyan.payments.actions.carry_out import LEASE, in_phases, in_phases_once
from banyan.payments.actions.rounds import Intent
from banyan.payments.actions.settle import refunded
from banyan.payments.domain import Account, Operation
from banyan.payments.providers.desk import Desk


async def refund(desk: Desk, ports: Ports, call: RefundPayment) -> Payment:
    """The order's payment with this refund asked of the provider; its end is told by PaymentRefunded or RefundFailed."""
    return (await in_phases(desk, ports, _intend_all, call)).told()


async def refund_once(desk: Desk, ports: Ports, key: Key, payment_id: str, amount: Money, reason: str) -> Answer:
    """For an operator. The refund's id comes from the key, so that a request cut off half-way makes no second one."""
    refund_id = f"rfd_{Key.of(key.scope, key.key, key.key.encode(), key.scope.encode()).fingerprint.hex()}"

    def act(account: Account) -> Intent:
        call = RefundPayment(order_id=account.now.order_id, refund_id=refund_id, amount=amount, reason=reason)
        return _act(ports, account, call)

    async def intend(tx: Tx) -> Intent:
        return await rounds.alone(tx, payment_id, act)

    return await in_phases_once(desk, ports, key, intend, show.refund_answer(refund_id))


async def _intend_all(ports: Ports, asked: Sequence[Asked[RefundPayment]]) -> list[Intent | Exception]:
    return await rounds.on_orders(ports, asked, lambda call: call.order_id, partial(_act, ports))


def _act(ports: Ports, account: Account, call: RefundPayment) -> Intent:
    known, amount = account.now, call.amount
    if amount.currency != known.amount.currency or amount.amount <= 0:
        raise Invalid(f"a refund is more than nothing, in {known.amount.currency}", code="refund_amount")
    if call.elsewhere is not (known.provider == LEGACY):
        raise _not_so(call.elsewhere)
    before = account.find("refund", call.refund_id)
    if before is not None and before.amount != amount.amount:
        raise Conflict("this refund was asked for with another amount", code="other_amount")
    if before is not None and before.state != "failed":
        return known, None
    if amount.amount > known.left:
        left = Money(known.left, known.amount.currency)
        raise Conflict(f"only {left} of what was taken are left to refund", code="refund_too_large")
    account.now = replace(known, refunding=known.refunding + amount.amount)
    if before is not None:
        operation = account.reopen(before, LEASE)
    else:
        name = ports.ids.new("pop")
        asked = Operation(name, known.id, "refund", name, amount.amount, call.refund_id, call.reason)
        operation = account.intend(asked, LEASE)
    if call.elsewhere:  # it is done: nobody is to be asked
        refunded(account, [operation])
        return account.now, None
    return rounds.intent(account, operation)


def _not_so(elsewhere: bool) -> Conflict:
    if elsewhere:
        return Conflict("this was paid here: its money goes back from here", code="paid_here")
    return Conflict(
        "this was paid at the legacy shop: give the money back there, then note it at the order with `elsewhere`",
        code="paid_elsewhere",
    )
